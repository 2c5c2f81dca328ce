"""Recovery codes: ten ways in for who lost the authenticator, each good once, kept as hashes."""

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from accounts import signals
from accounts.models import RecoveryCode, Staff

ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # nothing that is taken for something else when read from paper
COUNT, GROUPS, GROUP = 10, 4, 4  # 78 bits each: nobody guesses one, so no wait and no lock is needed
LENGTH = GROUPS * GROUP


@transaction.atomic
def issue(staff: Staff, *, by: Staff | None = None) -> list[str]:
    """New codes, shown once; those of before are good no more."""
    RecoveryCode.objects.filter(staff=staff).delete()
    made = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
    RecoveryCode.objects.bulk_create(RecoveryCode(staff=staff, code_hash=_hashed(staff, code)) for code in made)
    signals.recovery_codes_made.send(Staff, staff=staff, by=by)
    return ["-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP)) for code in made]


@transaction.atomic
def spend(staff: Staff, code: str) -> bool:
    """Whether this is one of theirs, and now it is used. Of fifty who type it at once, one is let in."""
    standing = RecoveryCode.objects.filter(staff=staff, code_hash=_hashed(staff, code), used_at=None)
    if standing.update(used_at=timezone.now()) != 1:
        return False
    signals.recovery_code_used.send(Staff, staff=staff, by=None, told={"left": left(staff)})
    return True


def left(staff: Staff) -> int:
    """How many are good."""
    return RecoveryCode.objects.filter(staff=staff, used_at=None).count()


def _hashed(staff: Staff, code: str) -> str:
    return hashlib.sha256(f"{staff.pk}:{code}".encode()).hexdigest()
