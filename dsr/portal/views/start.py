"""Pages that know nobody: whose data, what one can ask for, how data is used, where help is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from dsr.datamap import facts
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.portal import access, pages, vouched
from dsr.portal.words import WORDS
from dsr.steps import maps
from dsr.steps.asking import intake


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Whose data it is about."""
    offered = [pages.controller_map(slug).controller for slug in maps.controllers()]
    return pages.page(request, "choose.html", None, controllers=offered)


@require_safe
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """What one can ask this controller for."""
    about = pages.controller_map(slug)
    from_app = vouched.held(request, slug)
    return pages.page(request, "start.html", about, choices=list(pages.choices(about)), vouched=from_app)


@require_safe
@cache_control(public=True, max_age=3600)
def brand(request: HttpRequest, slug: str) -> HttpResponse:
    """The controller's two colours, so that no page needs a style of its own."""
    colours = pages.controller_map(slug).controller.brand
    own = f"--controller-colour:{colours.colour};--controller-ink:{colours.text_on_colour}"
    return HttpResponse(f".controller-{slug}{{{own}}}\n", content_type="text/css; charset=utf-8")


@require_safe
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Contact, complaint, and how to tell our mail from somebody else's."""
    about = pages.controller_map(slug)
    return pages.page(request, "help.html", about, offers=list(pages.offers(about)))


@require_http_methods(["GET", "HEAD", "POST"])
def processing(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything the map says about the processing; asking for it can be recorded, without personal data."""
    about = pages.controller_map(slug)
    offered = Right.PROCESSING_INFORMATION in about.controller.rights
    if request.method == "POST" and offered:
        asked = intake.Intake(controller=slug, right=Right.PROCESSING_INFORMATION, identities=())
        access.remember_filed(request, intake.receive(asked, by=SUBJECT, at=timezone.now()))
        return redirect("portal:processing", slug)
    collections = [
        (system.title, [facts.collection_facts(about, system.slug, name, gettext) for name in system.collections])
        for system in about.systems.values()
    ]
    return pages.page(
        request,
        "processing.html",
        about,
        facts=facts.facts(about, gettext),
        systems=collections,
        recorded=access.filed_of(request, about, Right.PROCESSING_INFORMATION),
        wording=WORDS[Right.PROCESSING_INFORMATION] if offered else None,
    )
