"""Sealed columns: `v1.kid.nonce.ciphertext`, AES-256-GCM, bound to the place they stand in."""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dsr.sealing.keyring import Ring

NONCE = 12  # bytes, NIST SP 800-38D


class Unsealable(Exception):
    """The text was not sealed by us, not for this place, or has been changed."""


def seal(ring: Ring, plain: bytes, place: str) -> str:
    """Seal `plain` for one place, such as 'identity/<id>/value'; it opens nowhere else."""
    nonce = secrets.token_bytes(NONCE)
    sealed = AESGCM(ring.key(ring.current)).encrypt(nonce, plain, place.encode())
    return ".".join(("v1", ring.current, _text(nonce), _text(sealed)))


def unseal(ring: Ring, sealed: str, place: str) -> bytes:
    """Open what `seal` made for the same place. Raises Unsealable, KeysMissing."""
    try:
        version, kid, nonce, ciphertext = sealed.split(".")
        if version != "v1":
            raise Unsealable(place)
        return AESGCM(ring.key(kid)).decrypt(_bytes(nonce), _bytes(ciphertext), place.encode())
    except (ValueError, binascii.Error, InvalidTag):
        raise Unsealable(place) from None


def key_id(sealed: str) -> str:
    """Which key sealed it. Raises Unsealable."""
    version, dot, rest = sealed.partition(".")
    if version != "v1" or not dot:
        raise Unsealable("a sealed text")
    return rest.partition(".")[0]


def keyed_hash(ring: Ring, purpose: str, value: str) -> str:
    """HMAC-SHA-256 of a value for one purpose, as 64 hex digits: to look up or compare without the value."""
    return _keyed_hash(ring.key(ring.current), purpose, value)


def keyed_hash_by(ring: Ring, kid: str, purpose: str, value: str) -> str:
    """The hash by one key of the ring; no name stands for the oldest one. Raises KeysMissing."""
    return _keyed_hash(ring.key(kid or ring.oldest), purpose, value)


def keyed_hashes(ring: Ring, purpose: str, value: str) -> tuple[str, ...]:
    """The hash by every key on the ring: what was written before a change of keys is still found."""
    return tuple(_keyed_hash(key, purpose, value) for key in ring.keys.values())


def _keyed_hash(key: bytes, purpose: str, value: str) -> str:
    return hmac.new(key, purpose.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
