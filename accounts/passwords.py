"""Which passwords are taken (ASVS 5.0 V6.2): long ones that nobody guesses first. There are no rules of composition.

The list is Django's, of twenty thousand common passwords; it lies with the code, and nothing is asked of anybody else.
"""

import re

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from accounts.models import Authenticator, Staff

ALONE, WITH_FACTOR, MOST = 15, 8, 256  # characters; ASVS V6.2.1, V6.2.12 and V6.2.9
OURS = frozenset({"rightful", "datarights", "datasubject", "privacy", "privacyofficer", "gdpr", "ccpa"})
SIGNS = 4  # different ones, at least: abababab has two
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")  # what people add to a common word


class LongEnough:
    """Fifteen characters, or eight where a second factor stands beside it."""

    def validate(self, password: str, user: Staff | None = None) -> None:
        """Raises ValidationError."""
        least = WITH_FACTOR if _has_factor(user) else ALONE
        if len(password) < least:
            message = f"This password is too short. It has to have {least} characters or more."
            raise ValidationError(message, code="too_short")
        if len(password) > MOST:
            message = f"This password is too long. It may have {MOST} characters."
            raise ValidationError(message, code="too_long")

    def get_help_text(self) -> str:
        """For the page."""
        return (
            f"{WITH_FACTOR} characters or more, and any of them: a few words that do not belong together are good. "
            "A password manager makes and keeps better ones."
        )


class NotCommon(CommonPasswordValidator):
    """Nothing of the list, and nothing of it twice over or with figures and signs around it."""

    def validate(self, password: str, user: Staff | None = None) -> None:  # noqa: ARG002 — Django's signature
        """Raises ValidationError."""
        plain = password.casefold().strip()
        cores = {plain, _ENDS.sub("", plain), re.sub(r"[\W_]", "", plain)}
        cores |= {core[: size + 1] for core in [*cores] for size in range(len(core) // 2) if _repeats(core, size + 1)}
        if any(core in self.passwords or core in OURS for core in cores) or len(set(plain)) < SIGNS:
            message = "This password is among those that are guessed first, or is one of them with something added."
            raise ValidationError(message, code="password_too_common")

    def get_help_text(self) -> str:
        """For the page."""
        return "It is none of those that are guessed first."


def _repeats(text: str, size: int) -> bool:
    return text == text[:size] * (len(text) // size)


def _has_factor(user: Staff | None) -> bool:
    """Whether one stands beside it; who enrols types its first code together with the password."""
    if user is None or user.pk is None:
        return False
    return getattr(user, "enrols", False) or Authenticator.objects.filter(user=user, confirmed=True).exists()
