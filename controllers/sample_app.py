"""The server of a controller's app, as far as it vouches for who is signed in there: keys of its own, and a signature.

Written as an app's own engineers would write it, without a line of the portal's.
"""

import base64
import hashlib
import json
import secrets
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controllers.sample_people import CAST

PREFIXES = {"joypix": "jp", "pixplus": "pp"}
LIFE = 300  # seconds


def environment(folder: Path) -> dict[str, str]:
    """The public keys that the controllers' files name."""
    return {f"{slug.upper()}_APP_KEY": public_key(folder, slug) for slug in PREFIXES}


def public_key(folder: Path, slug: str) -> str:
    """The public half, as `name+hash+base64`."""
    kid, public = _named(folder, slug)
    return f"{kid}+{base64.b64encode(public).decode()}"


def signed_in(slug: str, email: str) -> dict[str, str]:
    """What the app knows of somebody who is signed in."""
    number = next(number for number, (_, known, _, _) in enumerate(CAST, 1) if known == email)
    return {"account": f"{PREFIXES[slug]}{number:06d}", "email": email}


def vouch(folder: Path, slug: str, identifiers: dict[str, str], *, portal: str, at: datetime) -> str:
    """A signed assertion (JWS, RFC 7515, EdDSA) for five minutes and one use."""
    header = {"alg": "EdDSA", "typ": "rightful-assertion", "kid": _named(folder, slug)[0]}
    now = int(at.timestamp())
    claims = {
        "iss": slug,
        "aud": portal,
        "iat": now,
        "exp": now + LIFE,
        "jti": secrets.token_urlsafe(16),
        "identifiers": identifiers,
        "format": 1,
    }
    signed = f"{_text(json.dumps(header).encode())}.{_text(json.dumps(claims).encode())}"
    return f"{signed}.{_text(_key(folder, slug).sign(signed.encode()))}"


def _named(folder: Path, slug: str) -> tuple[str, bytes]:
    """Name and hash of the public key, and the key with its kind before it."""
    public = b"\x01" + _key(folder, slug).public_key().public_bytes_raw()
    name = f"{slug}-app"
    named = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    return f"{name}+{named.hex()}", public


def _key(folder: Path, slug: str) -> Ed25519PrivateKey:
    """Made when it is first asked for, and kept beside the app's other files."""
    path = folder / f"{slug}-app.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
