"""Making a staff member: invited by a link that they enrol by, or at once, as the demo makes its made-up ones."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import authenticator, invitations, recovery, sealing, second_factor, signals
from accounts.models import Authenticator, Membership, Purpose, Role, Staff

_GROUPS, _GROUP = 4, 5  # 98 bits


class NotAdded(Exception):
    """The staff member could not be made; the message says why."""


class NoSecondFactor(Exception):
    """There is no such staff member, or no confirmed device of theirs."""


@dataclass(frozen=True, slots=True)
class NewStaff:
    """What is shown once, and kept nowhere readable."""

    password: str
    otpauth: str


@transaction.atomic
def invite(
    username: str, name: str, roles: Iterable[tuple[str, Role]], *, email: str = "", administrator: bool = False
) -> str:
    """Make a staff member without any secret; the path of the link by which they choose theirs. Raises NotAdded."""
    return invitations.make(_made(username, name, roles, email, administrator=administrator), Purpose.ENROL)


@transaction.atomic
def add(
    username: str, name: str, roles: Iterable[tuple[str, Role]], *, email: str = "", administrator: bool = False
) -> NewStaff:
    """Make a staff member who can sign in at once. Raises NotAdded; an existing one is never overwritten."""
    password, seed = _new_password(), authenticator.new_seed()
    staff = _made(username, name, roles, email, administrator=administrator, password=password)
    second_factor.put(staff, sealing.seal(seed, staff.pk), -1)
    return NewStaff(password, authenticator.otpauth(username, seed))


def _made(
    username: str,
    name: str,
    roles: Iterable[tuple[str, Role]],
    email: str,
    *,
    administrator: bool,
    password: str | None = None,
) -> Staff:
    """The row and its roles; without a password nobody signs in."""
    if Staff.objects.filter(username=username).exists():
        raise NotAdded(f"there is a staff member '{username}' already; nothing was changed")
    first, _, last = name.strip().partition(" ")
    staff = Staff(username=username, first_name=first, last_name=last, email=email, is_superuser=administrator)
    staff.set_password(password)
    try:
        UnicodeUsernameValidator()(username)
        staff.full_clean()
        staff.save()
        signals.added.send(Staff, staff=staff, by=None)
        for controller, role in dict.fromkeys(roles):
            membership = Membership(staff=staff, controller=controller, role=role)
            membership.full_clean()
            membership.save()
            signals.role_given.send(Membership, staff=staff, by=None, controller=controller, role=str(role))
    except ValidationError as wrong:
        raise NotAdded(" ".join(wrong.messages)) from None
    return staff


def demo_code(username: str) -> str:
    """The one-time code that signs this staff member in now. It reads the device and changes nothing."""
    device = Authenticator.objects.filter(user__username=username, confirmed=True).first()
    if device is None:
        raise NoSecondFactor(f"no staff member '{username}' with a second factor")
    totp = device.totp()
    if totp.t() <= device.last_t:  # spent: the next one is good already
        totp.time += (device.last_t + 1 - totp.t()) * authenticator.STEP
    return f"{totp.token():0{authenticator.DIGITS}d}"


def _new_password() -> str:
    groups = ("".join(secrets.choice(recovery.ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
