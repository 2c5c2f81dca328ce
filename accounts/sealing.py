"""Where seeds of second factors are sealed: the accounts know no keys, the portal lends them its own by a setting."""

from importlib import import_module
from typing import Protocol, cast

from django.conf import settings


class Seals(Protocol):
    """A module that seals a text for one place."""

    def seal(self, text: str, *place: str) -> str:
        """The sealed text."""

    def unseal(self, sealed: str, *place: str) -> str:
        """What was sealed for the same place; raises when it was sealed for another, or changed."""


def seal(seed: str, staff: int) -> str:
    """Seal a seed for one staff member; it opens for nobody else."""
    return _seals().seal(seed, "staff", str(staff), "seed")


def unseal(sealed: str, staff: int) -> str:
    """The seed, as hexadecimal digits."""
    return _seals().unseal(sealed, "staff", str(staff), "seed")


def _seals() -> Seals:
    return cast("Seals", import_module(settings.ACCOUNTS_SEALED_BY))
