"""Making a staff member, with a password and a second factor from the first moment on."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import signals
from accounts.models import Membership, Role, Staff

_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # nothing that is taken for something else when read from paper
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
def add(
    username: str, name: str, roles: Iterable[tuple[str, Role]], *, email: str = "", administrator: bool = False
) -> NewStaff:
    """Make a staff member who can sign in at once. Raises NotAdded; an existing one is never overwritten."""
    if Staff.objects.filter(username=username).exists():
        raise NotAdded(f"there is a staff member '{username}' already; nothing was changed")
    first, _, last = name.strip().partition(" ")
    password = _new_password()
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
    device = TOTPDevice.objects.create(user=staff, name="authenticator app", confirmed=True)
    return NewStaff(password, device.config_url)


def demo_code(username: str) -> str:
    """The one-time code that signs this staff member in now. It reads the device and changes nothing."""
    device = TOTPDevice.objects.filter(user__username=username, confirmed=True).first()
    if device is None:
        raise NoSecondFactor(f"no staff member '{username}' with a second factor")
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = timezone.now().timestamp()
    if totp.t() <= device.last_t:  # spent: the next one is good already
        totp.time += (device.last_t + 1 - totp.t()) * device.step
    return f"{totp.token():0{device.digits}d}"


def _new_password() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
