"""When a session of a staff member is good: two factors, an active account, at most half a day old."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Staff

LONGEST = timedelta(hours=12)  # ASVS V7.3.2; the idle end is SESSION_COOKIE_AGE
_SIGNED_IN_AT = "signed_in_at"


def begin(request: HttpRequest, **_: object) -> None:
    """Note the moment of sign-in. A receiver of Django's signal."""
    request.session[_SIGNED_IN_AT] = timezone.now().timestamp()


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
