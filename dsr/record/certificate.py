"""Certificates: a signed statement of what became of a request, proven to be in the record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsr.record import jws as signed
from dsr.record import proof
from dsr.record.jws import LONGEST
from dsr.record.note import Head, SigningKey, Unverified, VerifierKey

KIND = "certificate"


@dataclass(frozen=True, slots=True)
class Genuine:
    """A certificate that was checked: what it states, who signed it, and the checkpoint of the record it stands in."""

    statement: dict[str, Any]
    issuer: VerifierKey
    head: Head


def build(statement: Mapping[str, object], leaf: str, of: proof.Proof, key: SigningKey) -> str:
    """The signed certificate in compact form; `leaf` is the closing Event's, `of` its proof."""
    placed = {"position": of.position, "leaf": leaf, "proof": of.text()}
    return signed.sign(KIND, {**statement, "record": placed}, key)


def signed_by(jws: str, keys: Iterable[VerifierKey]) -> tuple[dict[str, Any], VerifierKey]:
    """The statement of a certificate and the key that signed it. Raises Unverified."""
    return signed.signed_by(jws, KIND, keys)


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


__all__ = ["KIND", "LONGEST", "Genuine", "build", "issuer_of", "signed_by", "verify"]
