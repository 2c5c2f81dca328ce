"""Who tries to sign in too often waits: by their connection, never by a name, so nobody is kept out by strangers.

A browser in which somebody has signed in before is known by a cookie, and counted by itself: who shares a connection
with whoever tries is not kept out either (OWASP's device cookies).
"""

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import Staff
from dsr.steps import limiting

WHAT = "staff-from-address"
KNOWN = timedelta(days=180)
_SALT = "dsr.desk.known"


def limited(request: HttpRequest, sign_in: Callable[[], HttpResponse], context: dict[str, object]) -> HttpResponse:
    """The answer of the sign-in, or the page that says to wait."""
    if request.method != "POST":
        return sign_in()
    at, whose = timezone.now(), _whose(request)
    if limiting.hit(WHAT, whose, at=at):
        wait = limiting.left(WHAT, whose, at=at)
        minutes = max(1, -(-wait // timedelta(minutes=1)))
        why = f"Too many tries came from your connection. Try again in {minutes} min, or from another connection."
        told = {**context, "title": "Wait a little", "why": why}
        response = render(request, "desk/no_page.html", told, status=429)
        response["Retry-After"] = str(max(1, int(wait.total_seconds())))
        return response
    response = sign_in()
    if isinstance(request.user, Staff):
        _remember(request.user, response)
    return response


def _whose(request: HttpRequest) -> str:
    """The known browser of the name that is typed, else the connection."""
    value = str(request.get_signed_cookie(_name(), "", salt=_SALT, max_age=KNOWN))
    number, _, browser = value.partition(":")
    typed = request.POST.get("username", "")
    if browser and Staff.objects.filter(pk=int(number), username=typed).exists():
        return f"browser:{browser}"
    return limiting.address_of(request.META)


def _remember(staff: Staff, response: HttpResponse) -> None:
    value = f"{staff.pk}:{secrets.token_urlsafe(16)}"
    secure = bool(settings.SESSION_COOKIE_SECURE)
    response.set_signed_cookie(
        _name(), value, salt=_SALT, max_age=KNOWN, secure=secure, httponly=True, samesite="Strict"
    )


def _name() -> str:
    return "__Host-known" if settings.SESSION_COOKIE_SECURE else "known"
