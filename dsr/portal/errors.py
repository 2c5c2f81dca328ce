"""What a person reads when something does not work: plain words, no numbers, nothing about our machines."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from dsr.portal import pages
from dsr.steps import maps


def expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was open for too long, or that cookies are switched off."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that what was sent could not be read, such as a text that is far too long."""
    return render(request, "400.html", status=400)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the page is for somebody else."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is no such page, in the same way whether something is hidden there or not.

    Below a controller's address it is said in its name, so that its own ways on stand there.
    """
    slug = request.path_info.lstrip("/").partition("/")[0]
    about = pages.controller_map(slug).controller if slug in maps.controllers() else None
    return render(request, "404.html", {"controller": about}, status=404)


def our_fault(request: HttpRequest) -> HttpResponse:
    """Say that we failed; without the request's context, for that may be what failed."""
    return HttpResponse(render_to_string("500.html"), status=500)
