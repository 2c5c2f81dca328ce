"""Assertions: a controller's app or site signs that somebody is signed in there. Pure: keys, text and clock come in.

A JWS (RFC 7515) with EdDSA; its type is `rightful-assertion`. Whoever can make one can prove an account here, so it
says for whom it is (RFC 7519: `iss`, `aud`), lives five minutes at most, and has a number that counts once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dsr.record import jws
from dsr.record.note import SigningKey, Unverified, VerifierKey

KIND = "assertion"
LIFE = timedelta(minutes=5)
AHEAD = timedelta(seconds=30)  # by which the app's clock may run before ours
MOST = 5  # identifiers
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,100}")  # 128 random bits and more, in base64url
_CLAIMS = {"iss", "aud", "iat", "exp", "jti", "identifiers", "format"}


@dataclass(frozen=True, slots=True)
class Vouched:
    """What an app vouches for: identifiers by kind, as the app knows them."""

    identifiers: Mapping[str, str]
    nonce: str
    expires_at: datetime


def make(
    controller: str, audience: str, identifiers: Mapping[str, str], key: SigningKey, *, nonce: str, at: datetime
) -> str:
    """The signed text, as an app makes it."""
    claims = {
        "iss": controller,
        "aud": audience,
        "iat": int(at.timestamp()),
        "exp": int((at + LIFE).timestamp()),
        "jti": nonce,
        "identifiers": dict(identifiers),
    }
    return jws.sign(KIND, claims, key)


def read(text: str, controller: str, audience: str, keys: Iterable[VerifierKey], *, at: datetime) -> Vouched:
    """What it says. Raises Unverified: not signed by these keys, not for us, too old, or lives too long."""
    said, _ = jws.signed_by(text.strip(), KIND, keys)
    if said.keys() != _CLAIMS:
        raise Unverified("it does not have exactly the claims iss, aud, iat, exp, jti, identifiers and format")
    if said["iss"] != controller or said["aud"] != audience:
        raise Unverified("it is not of this controller, or not for this portal")
    expires_at = _living(said["iat"], said["exp"], at)
    nonce, identifiers = said["jti"], said["identifiers"]
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise Unverified("its jti is no number of 128 random bits or more, written in base64url")
    if not isinstance(identifiers, dict) or not 0 < len(identifiers) <= MOST:
        raise Unverified(f"it names no identifiers, or more than {MOST}")
    if not all(isinstance(value, str) for value in identifiers.values()):
        raise Unverified("an identifier is no text")
    return Vouched(identifiers, nonce, expires_at)


def _living(issued: object, expires: object, at: datetime) -> datetime:
    """Until when it counts. Raises Unverified."""
    if type(issued) is not int or type(expires) is not int or not 0 < expires - issued <= LIFE.total_seconds():
        raise Unverified(f"it lives longer than {LIFE.total_seconds():.0f} seconds, or its times cannot be read")
    now = at.timestamp()
    if issued > now + AHEAD.total_seconds() or now >= expires:
        raise Unverified("its time is over, or has not begun")
    return datetime.fromtimestamp(expires, UTC)
