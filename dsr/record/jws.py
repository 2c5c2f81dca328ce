"""Statements signed as JWS (RFC 7515) with EdDSA (RFC 8037), each of its own kind.

The algorithm is fixed here. What the header says of it is compared, and never chooses anything.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any

from dsr.record.leaf import canonical
from dsr.record.note import SigningKey, Unverified, VerifierKey

ALGORITHM = "EdDSA"
FORMAT = 1
LONGEST = 300_000  # characters


def sign(kind: str, content: Mapping[str, object], key: SigningKey) -> str:
    """The statement in compact form; `kind` is the header's `typ`, so that no kind passes for another."""
    header = {"alg": ALGORITHM, "typ": f"rightful-{kind}", "kid": key.verifier.kid}
    signed = f"{_encoded(canonical(header))}.{_encoded(canonical({**content, 'format': FORMAT}))}"
    return f"{signed}.{_encoded(key.sign(signed.encode()))}"


def signed_by(jws: str, kind: str, keys: Iterable[VerifierKey]) -> tuple[dict[str, Any], VerifierKey]:
    """What a statement of this kind says, and the key that signed it. Raises Unverified."""
    head, content, signature = _parts(jws, kind)
    header = _read(head, kind)
    of_its_kind = header.get("alg") == ALGORITHM and header.get("typ") == f"rightful-{kind}"
    if not of_its_kind or header.keys() != {"alg", "typ", "kid"}:
        said = f"its header is not of the kind rightful-{kind}, signed with {ALGORITHM}"
        raise Unverified(f"this is no {kind}: {said}")
    key = next((key for key in keys if key.kid == header["kid"]), None)
    if key is None:
        raise Unverified(f"its key {header['kid']!r} is not known here")
    key.verify(_decoded(signature, kind), f"{head}.{content}".encode())
    statement = _read(content, kind)
    if statement.get("format") != FORMAT:
        raise Unverified("it is signed, and of a form that this program does not know")
    return statement, key


def _parts(jws: str, kind: str) -> list[str]:
    """Header, content and signature, as they are spelled (RFC 7515 §3.1). Raises Unverified."""
    match jws.split(".") if len(jws) <= LONGEST else []:
        case [_, _, _] as parts:
            return parts
    raise Unverified(f"this is no {kind}: three parts between dots are expected")


def _read(part: str, kind: str) -> dict[str, Any]:
    try:
        read = json.loads(_decoded(part, kind))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise Unverified(f"this is no {kind}: a part of it is no JSON object")
    return read


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str, kind: str) -> bytes:
    """Base64url in its one spelling (RFC 7515 §2). Raises Unverified."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if _encoded(raw) != text:
        raise Unverified(f"this is no {kind}: it is not spelled in base64url")
    return raw
