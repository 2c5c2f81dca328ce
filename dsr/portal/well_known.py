"""Addresses under /.well-known/ (RFC 8615): whom to tell of a hole, where staff change a password, and GPC."""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import NoReverseMatch, path, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

FRESH = timedelta(days=180)  # RFC 9116 recommends less than a year
SINCE = date(2026, 11, 23)  # when what the portal does about the signal was last looked at


@require_safe
@cache_control(max_age=86_400)
def security(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — Django's signature
    """security.txt (RFC 9116), with the contact of the settings."""
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + FRESH
    lines = [
        *(f"Contact: {contact}" for contact in settings.DSR_SECURITY_CONTACT),
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, zh",
        f"Canonical: {settings.DSR_BASE_URL}/.well-known/security.txt",
    ]
    return HttpResponse("".join(f"{line}\r\n" for line in lines), content_type="text/plain; charset=utf-8")


@require_safe
def change_password(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — Django's signature
    """Where a password manager leads staff (W3C, A Well-Known URL for Changing Passwords); others have no password."""
    try:
        return HttpResponseRedirect(reverse("desk:password_change"))
    except NoReverseMatch:  # staff have a host name of their own, and this is not it
        raise Http404 from None


@require_safe
@cache_control(max_age=86_400)
def gpc(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — Django's signature
    """That the signal is heeded (W3C, Global Privacy Control): the portal sells and shares nothing, of anybody."""
    return JsonResponse({"gpc": True, "lastUpdate": f"{SINCE:%Y-%m-%d}"})


urlpatterns = [
    path("security.txt", security),
    path("change-password", change_password),
    path("gpc.json", gpc),
]
