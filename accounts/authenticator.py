"""The authenticator app of a staff member: django-otp's one-time codes (RFC 6238) over a seed that is sealed."""

import secrets
from base64 import b32encode
from typing import ClassVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from accounts import sealing

STEP, DIGITS = 30, 6  # seconds; RFC 6238 and ASVS V6.5.5
NEIGHBOURS = 1  # codes before and after the one of now that count too: clocks differ
SEED = 20  # bytes, RFC 4226 R6


class Authenticator(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]  # django-otp ships no types
    """What django-otp's own TOTP device is, but for its seed, which that one keeps in clear."""

    seed_sealed = models.TextField()
    drift = models.SmallIntegerField(default=0, help_text="Steps by which their clock is ahead of ours (RFC 6238 6)")
    last_t = models.BigIntegerField(default=-1, help_text="Step of the last code that was good; none before it is")

    class Meta:
        """One per person."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user"], name="accounts_authenticator_once")]

    def verify_token(self, token: str) -> bool:
        """Spend a code. A wrong one doubles the wait until the next try."""
        if not self.verify_is_allowed()[0]:
            return False
        totp = self.totp()
        right = len(token) == DIGITS and token.isascii() and token.isdigit()
        if not (right and totp.verify(int(token), NEIGHBOURS, self.last_t + 1)):
            self.throttle_increment()
            return False
        self.last_t, self.drift = totp.t(), totp.drift
        self.throttle_reset(commit=False)
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> int:
        """Seconds after the first wrong code."""
        return 1

    def totp(self) -> TOTP:
        """The codes, at this moment."""
        return codes(sealing.unseal(self.seed_sealed, self.user_id), self.drift)

    @property
    def config_url(self) -> str:
        """What an app scans."""
        return otpauth(self.user.get_username(), sealing.unseal(self.seed_sealed, self.user_id))


def new_seed() -> str:
    """Hexadecimal digits."""
    return secrets.token_hex(SEED)


def codes(seed: str, drift: int = 0) -> TOTP:
    """The codes of a seed, at this moment."""
    totp = TOTP(bytes.fromhex(seed), STEP, 0, DIGITS, drift)
    totp.time = timezone.now().timestamp()
    return totp


def otpauth(name: str, seed: str) -> str:
    """The address by which apps take a seed (Google's Key URI format)."""
    issuer = settings.OTP_TOTP_ISSUER
    told = {"secret": b32encode(bytes.fromhex(seed)).decode(), "issuer": issuer, "digits": DIGITS, "period": STEP}
    return f"otpauth://totp/{quote(f'{issuer}:{name}')}?{urlencode(told)}"
