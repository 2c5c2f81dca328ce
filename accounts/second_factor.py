"""The second factor: spending a one-time code, and telling when a staff member gets a factor or loses one."""

from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import signals
from accounts.models import Staff


@transaction.atomic  # one code opens one door, however many arrive at once
def spend(user: Staff, typed: str) -> TOTPDevice | None:
    """The device whose code this is now; the code is good for nothing afterwards. Wrong ones are slowed down."""
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    token = "".join(typed.split()).replace("-", "")
    if device is None or not device.verify_is_allowed()[0] or not device.verify_token(token):
        return None
    return device


def saved(instance: TOTPDevice, *, created: bool, **_: object) -> None:
    """Tell of a new one, as a receiver of Django's signal; each use of a device saves it too, and is none."""
    if created:
        signals.second_factor_added.send(Staff, staff=instance.user, by=None)


def deleted(instance: TOTPDevice, **_: object) -> None:
    """Tell of one that is gone, as a receiver of Django's signal."""
    signals.second_factor_removed.send(Staff, staff=instance.user, by=None)
