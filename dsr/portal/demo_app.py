"""The controllers' apps, as the demo plays them: somebody is signed in there, and opens the portal from the app."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from controllers import sample_app
from controllers.sample_people import CAST
from dsr.portal import pages
from dsr.steps import maps
from dsr.steps.asking import assertions

PEOPLE = tuple(email for _, email, _, _ in CAST)


@require_http_methods(["GET", "HEAD", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """Who is signed in where; the button does what the app's server would do through the API."""
    slug, email = request.POST.get("app", ""), request.POST.get("email", "")
    if request.method == "POST":
        if slug not in sample_app.PREFIXES or email not in PEOPLE:
            raise Http404
        folder, at = settings.DSR_VAR / "demo" / "systems", timezone.now()
        known = sample_app.signed_in(slug, email)
        signed = sample_app.vouch(folder, slug, known, portal=settings.DSR_BASE_URL, at=at)
        return redirect("portal:from_app", slug, assertions.take(signed, slug, at=at)[0])
    apps = [pages.controller_map(slug).controller for slug in maps.controllers() if slug in sample_app.PREFIXES]
    return render(request, "portal/demo_app.html", {"apps": apps, "people": PEOPLE})
