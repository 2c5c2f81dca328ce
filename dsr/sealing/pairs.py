"""Pairs of age keys (X25519): what is wrapped for the one half opens with the other half alone, which is never kept."""

from base64 import b64decode, b64encode

from pyrage import DecryptError, IdentityError, RecipientError, decrypt, encrypt, x25519

from dsr.sealing.fields import Unsealable


def pair() -> tuple[str, str]:
    """A new pair: the secret half, and the public one."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def fits(secret: str, public: str) -> bool:
    """Whether this is the secret half of that public one."""
    try:
        return str(x25519.Identity.from_str(secret).to_public()) == public
    except IdentityError:
        return False


def wrap(text: str, public: str) -> str:
    """Seal a short text, such as a file's key, for whoever has the secret half. Raises Unsealable: it is no half."""
    try:
        return b64encode(encrypt(text.encode(), [x25519.Recipient.from_str(public)])).decode("ascii")
    except RecipientError as error:
        place = "for a half of a pair that is none"
        raise Unsealable(place) from error


def unwrap(wrapped: str, secret: str) -> str:
    """Open what `wrap` made. Raises Unsealable."""
    try:
        return bytes(decrypt(b64decode(wrapped), [x25519.Identity.from_str(secret)])).decode()
    except (DecryptError, IdentityError, ValueError) as error:
        place = "what was wrapped for one download"
        raise Unsealable(place) from error
