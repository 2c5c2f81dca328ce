"""The seal of a package: who made it, signed; and the entry of the record that names the digest of its lists.

The entry itself is in the seal, so whoever has a public key computes its leaf, and needs no portal for that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsr.record import jws as signed
from dsr.record import proof
from dsr.record.certificate import issuer_of
from dsr.record.leaf import leaf_hash
from dsr.record.note import Head, SigningKey, Unverified, VerifierKey

KIND = "package"
SEALED = "package:sealed"  # the tag of the entry


@dataclass(frozen=True, slots=True)
class Genuine:
    """A seal that was checked: what it states, who signed it, and the checkpoint of the record it stands in."""

    statement: dict[str, Any]
    issuer: VerifierKey
    head: Head
    leaf: str

    @property
    def says(self) -> str:
        """Whose answer it is, in a line."""
        of = self.statement
        return f"{of['controller']} {of['reference']}, {of['right']}, version {of['version']}, of {of['sealed_at']}."

    @property
    def position(self) -> int:
        """Of the entry in the record."""
        return int(self.statement["record"]["position"])


def build(statement: Mapping[str, object], entry: Mapping[str, object], of: proof.Proof, key: SigningKey) -> str:
    """The signed seal in compact form; `entry` is the content of the Event that names the digest, `of` its proof."""
    placed = {"position": of.position, "entry": entry, "proof": of.text()}
    return signed.sign(KIND, {**statement, "record": placed}, key)


def verify(jws: str, digest: str, keys: Iterable[VerifierKey]) -> Genuine:
    """See that we signed this seal, for the list with this digest, and that the record says so. Raises Unverified.

    `keys` are those of packages and of the record: each is known by its name, and none does the other's work.
    """
    keys = list(keys)
    statement, issuer = signed.signed_by(jws.strip(), KIND, keys)
    placed, entry = statement["record"], statement["record"]["entry"]
    if digest != statement["digest"]:
        raise Unverified("it is the seal of another package")
    if (entry["tag"], entry["details"].get("digest")) != (SEALED, digest):
        raise Unverified("the entry of the record that it names is about something else")
    found = proof.read(placed["proof"])
    if found.position != placed["position"]:
        raise Unverified("its proof is of another entry")
    leaf = leaf_hash(entry)
    head = found.require(leaf, keys)
    if issuer.name != issuer_of(head.origin):
        raise Unverified(f"{issuer.name} does not sign packages for the record {head.origin}")
    return Genuine(statement, issuer, head, leaf)
