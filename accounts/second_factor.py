"""The second factor: spending a code, setting the authenticator, and telling of one that is gone."""

from django.db import transaction

from accounts import recovery, signals
from accounts.models import Authenticator, Staff


@transaction.atomic  # one code opens one door, however many arrive at once
def spend(user: Staff, typed: str) -> Authenticator | None:
    """Their authenticator, if this is its code now, or one of their recovery codes; good for nothing afterwards.

    Wrong codes of the authenticator are slowed down. Recovery codes are too long to be guessed and never wait, so
    whoever makes the authenticator wait locks nobody out.
    """
    token = "".join(typed.split()).replace("-", "").lower()
    device: Authenticator | None = Authenticator.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return None
    right = recovery.spend(user, token) if len(token) == recovery.LENGTH else device.verify_token(token)
    return device if right else None


@transaction.atomic
def put(staff: Staff, sealed: str, spent: int, *, by: Staff | None = None) -> Authenticator:
    """This seed is theirs from now on, and no other; `spent` is the step of the code that proved it. Sessions end."""
    fresh = {"seed_sealed": sealed, "last_t": spent, "drift": 0, "confirmed": True, "name": "authenticator app"}
    fresh |= {"throttling_failure_count": 0, "throttling_failure_timestamp": None}
    device: Authenticator = Authenticator.objects.update_or_create(user=staff, defaults=fresh)[0]
    signals.second_factor_added.send(Staff, staff=staff, by=by)
    staff.end_sessions()
    return device


def deleted(instance: Authenticator, **_: object) -> None:
    """Tell of one that is gone, and end the sessions that it opened. A receiver of Django's signal."""
    signals.second_factor_removed.send(Staff, staff=instance.user, by=None)
    instance.user.end_sessions()
