"""Certificates: what a closed request is answered with for good, signed, and proven to stand in the record.

A lapsed request gets none: nobody was proven, so there is nobody to whom it could be certified. Nothing in a
certificate is personal data: a reference, dates, counts, grounds and digests.
"""

import hashlib
from datetime import datetime

from django.db import transaction

from dsr.law.actors import PORTAL, Actor
from dsr.law.states import CLOSED, State
from dsr.models import Certificate, Checkpoint, Event, Leaf, SubjectRequest
from dsr.record import certificate
from dsr.steps import setbacks
from dsr.steps.recording import proving, record, sequencer, signing, statement

CERTIFIED = sorted(CLOSED - {State.LAPSED})


def due(*, at: datetime, most: int, since: int | None = None) -> list[setbacks.Due]:
    """The closing Events that have no certificate yet and a checkpoint over them.

    It looks among the Events of the last hour or so; with `since`, among all younger than the Event of that id.
    """
    covering = sequencer.newest()
    if covering is None:
        return []
    floor = sequencer.settled(at=at) if since is None else since
    closings = Event.objects.filter(id__gt=floor, moved_to__in=CERTIFIED, sequenced__position__lt=covering.size)
    return setbacks.due(closings.filter(subject_request__certificate=None), at=at, most=most, of="subject_request__")


def issue(event: int, *, at: datetime) -> bool:
    """Issue the certificate of the request that this Event closed; whether there was none yet."""
    covering = Checkpoint.objects.latest("size")
    closing = Event.objects.select_related("sequenced").get(pk=event)
    subject_request = SubjectRequest.objects.get(events=closing)
    leaf = closing.sequenced
    proof = proving.proof(leaf.position, covering)
    stated = statement.of(subject_request, closing, at=at)
    jws = certificate.build(stated, leaf.hash, proof, signing.certificate_key())
    with transaction.atomic():
        _, new = Certificate.objects.get_or_create(
            subject_request=subject_request,
            defaults={"jws": jws, "position": leaf.position, "size": covering.size, "issued_at": at},
        )
        if new:
            digest = hashlib.sha256(jws.encode()).hexdigest()
            record.write(subject_request, "certificate:issued", by=PORTAL, at=at, sha256=digest, position=leaf.position)
    return new


def take(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> Certificate | None:
    """Hand the certificate out; None while there is none."""
    found = Certificate.objects.filter(subject_request=subject_request).first()
    if found is not None:
        record.write(subject_request, "certificate:downloaded", by=by, at=at)
    return found


def in_record(genuine: certificate.Genuine) -> bool:
    """Whether the record of this installation holds the very entry that a certificate names."""
    placed = genuine.statement["record"]
    return Leaf.objects.filter(position=placed["position"], hash=placed["leaf"]).exists()
