"""Certificates: a statement signed as JWS (RFC 7515) with EdDSA (RFC 8037), and proven to be in the record.

The algorithm is fixed here. What the header says of it is compared, and never chooses anything.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsr.record import proof
from dsr.record.leaf import canonical
from dsr.record.note import Head, SigningKey, Unverified, VerifierKey

ALGORITHM, TYPE = "EdDSA", "rightful-certificate"
FORMAT = 1
LONGEST = 300_000  # characters


@dataclass(frozen=True, slots=True)
class Genuine:
    """A certificate that was checked: what it states, who signed it, and the checkpoint of the record it stands in."""

    statement: dict[str, Any]
    issuer: VerifierKey
    head: Head


def build(statement: Mapping[str, object], leaf: str, of: proof.Proof, key: SigningKey) -> str:
    """The signed certificate in compact form; `leaf` is the closing Event's, `of` its proof."""
    placed = {"position": of.position, "leaf": leaf, "proof": of.text()}
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.verifier.kid}
    content = {**statement, "format": FORMAT, "record": placed}
    signed = f"{_encoded(canonical(header))}.{_encoded(canonical(content))}"
    return f"{signed}.{_encoded(key.sign(signed.encode()))}"


def signed_by(jws: str, keys: Iterable[VerifierKey]) -> tuple[dict[str, Any], VerifierKey]:
    """The statement of a certificate and the key that signed it. Raises Unverified."""
    head, content, signature = _parts(jws)
    header = _read(head)
    if header.get("alg") != ALGORITHM or header.get("typ") != TYPE or header.keys() != {"alg", "typ", "kid"}:
        raise Unverified(f"this is no certificate: its header is not of the kind {TYPE}, signed with {ALGORITHM}")
    key = next((key for key in keys if key.kid == header["kid"]), None)
    if key is None:
        raise Unverified(f"its key {header['kid']} is not known here")
    key.verify(_decoded(signature), f"{head}.{content}".encode())
    statement = _read(content)
    if statement.get("format") != FORMAT:
        raise Unverified("it is signed, and of a form that this program does not know")
    return statement, key


def verify(jws: str, keys: Iterable[VerifierKey], log_keys: Iterable[VerifierKey]) -> Genuine:
    """See that a certificate is signed, and that its closing Event is in the signed record. Raises Unverified."""
    statement, issuer = signed_by(jws.strip(), keys)
    placed = statement["record"]
    found = proof.read(placed["proof"])
    if found.position != placed["position"]:
        raise Unverified("its proof is of another entry")
    head = found.require(placed["leaf"], log_keys)
    if issuer.name != issuer_of(head.origin):
        raise Unverified(f"{issuer.name} does not issue for the record {head.origin}")
    return Genuine(statement, issuer, head)


def issuer_of(origin: str) -> str:
    """The name under which certificates of a record are signed."""
    return f"{origin}/certificates"


def _parts(jws: str) -> list[str]:
    """Header, content and signature, as they are spelled (RFC 7515 §3.1). Raises Unverified."""
    match jws.split(".") if len(jws) <= LONGEST else []:
        case [_, _, _] as parts:
            return parts
    raise Unverified("this is no certificate: three parts between dots are expected")


def _read(part: str) -> dict[str, Any]:
    try:
        read = json.loads(_decoded(part))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise Unverified("this is no certificate: a part of it is no JSON object")
    return read


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Base64url in its one spelling (RFC 7515 §2). Raises Unverified."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if _encoded(raw) != text:
        raise Unverified("this is no certificate: it is not spelled in base64url")
    return raw
