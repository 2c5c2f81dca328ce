"""When a session of a staff member is good: two factors, an active account, at most half a day old."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from accounts import second_factor, signals
from accounts.authenticator import Authenticator
from accounts.models import Staff

LONGEST = timedelta(hours=12)  # ASVS V7.3.2; the idle end is SESSION_COOKIE_AGE
FRESH = timedelta(minutes=5)  # ASVS V7.5.3: how long a code opens what is grave
_SIGNED_IN_AT = "signed_in_at"
_FACTOR_AT = "factor_at"


def begin(request: HttpRequest, user: Staff, **_: object) -> None:
    """Note the moment of sign-in, and tell of it. A receiver of Django's signal."""
    request.session[_SIGNED_IN_AT] = timezone.now().timestamp()
    if getattr(user, "otp_device", None) is not None:
        request.session[_FACTOR_AT] = request.session[_SIGNED_IN_AT]
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
    return isinstance(getattr(user, "otp_device", None), Authenticator) and _within(request, _SIGNED_IN_AT, LONGEST)


def fresh(request: HttpRequest) -> bool:
    """Whether the second factor was given within the last five minutes."""
    return verified(request) and _within(request, _FACTOR_AT, FRESH)


def step_up(request: HttpRequest, typed: str) -> bool:
    """Give the second factor again: the session gets a new key (ASVS V7.2.4), and what is grave is open for a while."""
    user = request.user
    if not isinstance(user, Staff) or second_factor.spend(user, typed) is None:
        signals.step_up_failed.send(Staff, staff=user if isinstance(user, Staff) else None, by=None)
        return False
    request.session.cycle_key()
    request.session[_FACTOR_AT] = timezone.now().timestamp()
    signals.stepped_up.send(Staff, staff=user, by=user)
    return True


def _within(request: HttpRequest, name: str, span: timedelta) -> bool:
    began = request.session.get(name)
    if not isinstance(began, float):
        return False
    return 0 <= timezone.now().timestamp() - began < span.total_seconds()
