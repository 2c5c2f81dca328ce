"""Seals of a house of its own, whose record has four entries, made without a portal."""

from collections.abc import Mapping
from typing import Any

from dsr.package.bag import Sealing
from dsr.record import certificate as certificates
from dsr.record import note, package_seal, tree
from dsr.record.leaf import leaf_hash
from dsr.record.note import Head, SigningKey
from dsr.record.proof import Proof
from tests.record.vectors import leaves

ORIGIN = "example.com/audit"
LOG = SigningKey(ORIGIN, bytes(range(32)))
ISSUER = SigningKey(f"{ORIGIN}/certificates", bytes(range(1, 33)))
KEYS = [ISSUER.verifier, LOG.verifier]
STATED = {
    "controller": "joypix",
    "reference": "R3K-2WN-P5M",
    "right": "access",
    "version": 1,
    "sealed_at": "2026-03-12T09:30:00+00:00",
}


def entry(digest: str, **other: object) -> dict[str, Any]:
    """What the record says of a package."""
    details = {"digest": digest, "version": 1}
    return {"tag": "package:sealed", "controller": "joypix", "actor": "portal", "details": details, **other}


def proof(content: Mapping[str, object], log: SigningKey = LOG) -> Proof:
    """That this entry is the third of four."""
    four = leaves(4)
    four[2] = leaf_hash(content)
    signed = note.sign(Head(log.name, 4, tree.root(four)).text(), log)
    return Proof(2, tuple(tree.inclusion(2, 4, tree.over(four))), signed)


def seal(digest: str, issuer: SigningKey = ISSUER, log: SigningKey = LOG) -> str:
    """A seal that is right."""
    content = entry(digest)
    return package_seal.build({**STATED, "digest": digest}, content, proof(content, log), issuer)


SEALING: Sealing = seal


def certificate(digest: str) -> str:
    """Signed by the same key, and of another kind."""
    content = entry(digest)
    return certificates.build({**STATED, "digest": digest}, leaf_hash(content), proof(content), ISSUER)
