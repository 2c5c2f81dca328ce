"""Tells when a staff member gets a second factor, or loses one. Receivers of Django's signals."""

from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import signals
from accounts.models import Staff


def saved(instance: TOTPDevice, *, created: bool, **_: object) -> None:
    """A new one; each use of a device saves it too, and is none."""
    if created:
        signals.second_factor_added.send(Staff, staff=instance.user, by=None)


def deleted(instance: TOTPDevice, **_: object) -> None:
    """One that is gone."""
    signals.second_factor_removed.send(Staff, staff=instance.user, by=None)
