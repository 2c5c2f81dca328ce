"""Seals: each package carries who made it, signed, and the proof that the record names its digest."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from dsr.law.actors import PORTAL
from dsr.models import Event, Leaf, SubjectRequest
from dsr.record import answered, package_seal
from dsr.record.proof import Proof
from dsr.steps.recording import record, sequencer, signing


def seal(subject_request: SubjectRequest, version: int, digest: str, *, at: datetime) -> str:
    """The seal of a package whose tag manifest has this SHA-256. Raises NotAsSigned.

    The Event stands by itself: where the package is not finished after it, the record names one that nobody has.
    """
    try:
        event, proof = _proven(subject_request, version, digest, at)
    except sequencer.Backlog:
        sequencer.catch_up(at=at)
        event, proof = _proven(subject_request, version, digest, at, caught_up=True)
    stated = {
        "issuer": settings.DSR_BASE_URL,
        "controller": subject_request.controller,
        "reference": subject_request.reference,
        "right": subject_request.right,
        "version": version,
        "sealed_at": at.isoformat(timespec="seconds"),
        "digest": digest,
    }
    return package_seal.build(stated, event.content(), proof, signing.certificate_key(proof.origin))


def certify(stated: Mapping[str, object]) -> str:
    """A statement of what was done, signed, for the package that tells of it."""
    return answered.build({"issuer": settings.DSR_BASE_URL, **stated}, signing.certificate_key())


def _proven(
    subject_request: SubjectRequest, version: int, digest: str, at: datetime, *, caught_up: bool = False
) -> tuple[Event, Proof]:
    with transaction.atomic():
        event = record.write(subject_request, package_seal.SEALED, by=PORTAL, at=at, version=version, digest=digest)
        return event, sequencer.prove_now(event, at=at, caught_up=caught_up)


def in_record(seal: package_seal.Genuine) -> bool:
    """Whether the record of this installation holds the very entry that a seal names."""
    return Leaf.objects.filter(position=seal.position, hash=seal.leaf).exists()
