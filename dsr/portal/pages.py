"""What every page shares: its controller, its template's context, and who may cache it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.portal.words import WORDS, Text
from dsr.steps import maps


def controller_map(slug: str) -> ControllerMap:
    """The controller in the address, or the page that says there is none."""
    try:
        return maps.controller(slug)
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
    # Under 'no-referrer' browsers send 'Origin: null' with a form, which the check against forgery refuses.
    response["Referrer-Policy"] = "same-origin"
    return response


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent with a form, even when it is empty; None when the page was only opened."""
    return request.POST if request.method == "POST" else None


@dataclass(frozen=True, slots=True)
class Choice:
    """One right on the start page."""

    url: str
    title: Text
    says: Text


def choices(about: ControllerMap) -> Iterator[Choice]:
    """What this controller offers, in our order."""
    slug = about.controller.slug
    for right in (right for right in WORDS if right in about.controller.rights):
        url = reverse("portal:processing", args=[slug])
        if right is not Right.PROCESSING_INFORMATION:
            url = reverse("portal:ask", args=[slug, right])
        yield Choice(url, WORDS[right].title, WORDS[right].says)
