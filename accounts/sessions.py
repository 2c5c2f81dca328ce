"""When a session of a staff member is good: two factors, an active account, at most half a day old."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from accounts import signals
from accounts.models import Staff

LONGEST = timedelta(hours=12)  # ASVS V7.3.2; the idle end is SESSION_COOKIE_AGE
_SIGNED_IN_AT = "signed_in_at"


def begin(request: HttpRequest, user: Staff, **_: object) -> None:
    """Note the moment of sign-in, and tell of it. A receiver of Django's signal."""
    request.session[_SIGNED_IN_AT] = timezone.now().timestamp()
    signals.signed_in.send(Staff, staff=user, by=user)


def end(user: Staff | None, **_: object) -> None:
    """Tell of a sign-out; where nobody was signed in, nobody left. A receiver of Django's signal."""
    if user is not None:
        signals.signed_out.send(Staff, staff=user, by=user)


def verified(request: HttpRequest) -> bool:
    """Whether an active staff member is behind the request who gave both factors, not too long ago."""
    user = request.user
    if not isinstance(user, Staff) or not (user.is_active and user.is_staff):
        return False
    # django-otp's middleware sets the device; where it is missing, nobody is verified.
    return getattr(user, "otp_device", None) is not None and _fresh(request)


def _fresh(request: HttpRequest) -> bool:
    began = request.session.get(_SIGNED_IN_AT)
    if not isinstance(began, float):
        return False
    return 0 <= timezone.now().timestamp() - began < LONGEST.total_seconds()
