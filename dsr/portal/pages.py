"""What every page shares: its controller, its template's context, and who may cache it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from dsr.datamap.schema import ControllerMap, Region, RightOffer
from dsr.law.rights import Right
from dsr.portal.language import spoken_at
from dsr.portal.words import WORDS, Text
from dsr.steps import maps
from dsr.steps.asking import intake


def controller_map(slug: str) -> ControllerMap:
    """The controller in the address, its texts in the reader's language; or the page that says there is none."""
    try:
        return maps.localised(slug, get_language() or settings.LANGUAGE_CODE)
    except KeyError:
        message = "no such controller"
        raise Http404(message) from None


def page(
    request: HttpRequest, template: str, about: ControllerMap | None, *, status: int = 200, **context: object
) -> HttpResponse:
    """Render a page in the controller's name. No cache keeps it: it may be about a person."""
    context["controller"] = about.controller if about else None
    response = render(request, f"portal/{template}", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def languages(request: HttpRequest) -> dict[str, object]:
    """For the switch at the top of every page: what is spoken there, and which page to show again."""
    names = dict(settings.LANGUAGES)
    offered = {code: names[code] for code in spoken_at(request.path_info)}
    # What was sent with a form is not sent again: its page is opened anew.
    return {
        "languages_here": offered,
        "page_here": request.get_full_path() if request.method == "GET" else request.path,
    }


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent with a form, even when it is empty; None when the page was only opened."""
    return request.POST if request.method == "POST" else None


@dataclass(frozen=True, slots=True)
class Choice:
    """One right on the start page."""

    url: str
    title: Text
    says: Text


def offered_anywhere(about: ControllerMap, right: Right) -> bool:
    """Whether this controller offers the right to anybody; where, the first question finds out."""
    regions = ("", *about.controller.regions)
    return any(intake.offered(about.controller, right, region) for region in regions)


def choices(about: ControllerMap, region: str | None = None) -> Iterator[Choice]:
    """What this controller offers, in our order: to anybody, or to people of one region."""
    slug = about.controller.slug
    for right in WORDS:
        there = region is None and offered_anywhere(about, right)
        if not there and (region is None or intake.offered(about.controller, right, region) is None):
            continue
        url = reverse("portal:processing", args=[slug])
        if right is not Right.PROCESSING_INFORMATION:
            url = reverse("portal:ask", args=[slug, right])
        yield Choice(url, WORDS[right].title, WORDS[right].says)


def offers(about: ControllerMap) -> Iterator[tuple[Region, list[tuple[Text, RightOffer]], list[Text]]]:
    """For each region: what is offered with its grantor, and what is not."""
    for slug, region in about.controller.regions.items():
        there = {right: intake.offered(about.controller, right, slug) for right in WORDS}
        offered = [(WORDS[right].title, offer) for right, offer in there.items() if offer]
        yield region, offered, [WORDS[right].title for right, offer in there.items() if offer is None]
