"""Links by which staff set a password or a second factor: 256 random bits, kept as a hash, good once and not for long.

A link for a new password asks for a code of the second factor, one for a new second factor for the password: neither
way drops what the other one proves.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import recovery, second_factor, signals
from accounts.models import Invitation, Purpose, Staff

LASTS = {
    Purpose.ENROL: timedelta(days=3),
    Purpose.PASSWORD: timedelta(hours=1),
    Purpose.FACTOR: timedelta(hours=1),
}
MOST_TRIES = 5  # ASVS V6.6.3


class NotTaken(Exception):
    """The link is used, over, or of somebody whose account is closed; nothing was changed."""


@transaction.atomic
def make(staff: Staff, purpose: Purpose, *, by: Staff | None = None) -> str:
    """The path of a new link, under the staff site; links of before are good no more. Written into the record."""
    Invitation.objects.filter(staff=staff, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    ends_at = timezone.now() + LASTS[purpose]
    Invitation.objects.create(staff=staff, purpose=purpose, token_hash=hashed(token), ends_at=ends_at)
    signals.invited.send(Staff, staff=staff, by=by, told={"purpose": str(purpose)})
    return f"enrol/{token}/"


def hashed(token: str) -> str:
    """What is kept of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def standing(token_hash: str) -> Invitation | None:
    """The invitation that a link opens now."""
    return (
        Invitation.objects.select_related("staff")
        .filter(
            token_hash=token_hash,
            used_at=None,
            tries__lt=MOST_TRIES,
            ends_at__gt=timezone.now(),
            staff__is_active=True,
        )
        .first()
    )


def tried(invitation: Invitation) -> None:
    """A wrong password or code was typed: after five, the link is over."""
    Invitation.objects.filter(pk=invitation.pk).update(tries=F("tries") + 1)
    signals.sign_in_failed.send(Staff, staff=invitation.staff, by=None)


@transaction.atomic
def use(invitation: Invitation, *, password: str = "", factor: tuple[str, int] | None = None) -> list[str]:
    """Set what the link is for, once; new recovery codes where there is a new factor. Raises NotTaken."""
    mine = Invitation.objects.filter(pk=invitation.pk, used_at=None, tries__lt=MOST_TRIES)
    if mine.update(used_at=timezone.now()) != 1:
        raise NotTaken
    staff = invitation.staff
    if password:
        staff.set_password(password)
        staff.save()
    codes: list[str] = []
    if factor:
        second_factor.put(staff, *factor)
        codes = recovery.issue(staff)
    signals.enrolled.send(Staff, staff=staff, by=None, told={"purpose": invitation.purpose})
    return codes
