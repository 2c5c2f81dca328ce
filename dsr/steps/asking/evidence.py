"""Evidence: a document that shows that somebody may ask for another. Sealed, and destroyed with the decision.

After the check only the note of who checked stays (EDPB 01/2022: take no copy, or delete it at once).
"""

import uuid
from datetime import datetime
from functools import partial
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from dsr.law.actors import PORTAL, Actor
from dsr.models import Evidence, SubjectRequest, sealed
from dsr.sealing import files
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import Role
from dsr.steps import permissions
from dsr.steps.asking import redrawing
from dsr.steps.recording import record

MOST = 5 << 20  # bytes
# By their first bytes: what a file calls itself proves nothing.
_SIGNS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class NotTaken(ValueError):
    """Why a document is not taken; the message is for the person."""


def content_type_of(content: bytes) -> str:
    """What the document is. Raises NotTaken for anything but a PDF, PNG or JPEG of at most 5 MB."""
    if len(content) > MOST:
        message = _("This file is too large. The most is 5 MB.")
        raise NotTaken(message)
    for sign, content_type in _SIGNS.items():
        if content.startswith(sign):
            return content_type
    message = _("This file is no PDF, PNG or JPEG.")
    raise NotTaken(message)


def keep(subject_request: SubjectRequest, kind: str, content: bytes, *, by: Actor, at: datetime) -> Evidence:
    """Seal a document for one request. Raises NotTaken."""
    content_type = content_type_of(content)
    try:
        content = redrawing.redrawn(content, content_type)
    except redrawing.Unreadable as why:
        raise NotTaken(str(why)) from why
    evidence = Evidence(id=uuid.uuid4(), subject_request=subject_request, kind=kind, content_type=content_type, at=at)

    def fill(out: BinaryIO) -> None:
        out.write(content)

    place = sealed.file_place(evidence.pk)
    try:
        done = files.write(sealed.file_spot(evidence.pk), place, sealed.ring(Role.FILES), fill)
    except OSError:  # disk full, or a store that cannot be reached: nothing half was left behind
        message = _("We cannot keep files just now. Try again in a few minutes.")
        raise NotTaken(message) from None
    evidence.wrapped_key, evidence.sha256, evidence.size = done.wrapped_key, done.sha256, done.size
    with transaction.atomic():
        evidence.save(force_insert=True)
        record.write(subject_request, "evidence:kept", by=by, at=at, kind=kind, content_type=content_type)
    return evidence


def read(evidence: Evidence, *, by: Actor, at: datetime) -> bytes:
    """The document, for who may see personal data of this request. Each look is an Event. Raises Unsealable."""
    permissions.require(by, permissions.Duty.VIEW, evidence.subject_request)
    if not evidence.wrapped_key:
        raise Unsealable(str(evidence.pk))
    place, ring = sealed.file_place(evidence.pk), sealed.ring(Role.FILES)
    with files.reading(sealed.file_spot(evidence.pk), place, ring, evidence.wrapped_key) as stream:
        content = stream.read()
    record.write(evidence.subject_request, "evidence:viewed", by=by, at=at, kind=evidence.kind)
    return content


def destroy(subject_request: SubjectRequest, *, at: datetime) -> None:
    """The decision is made: forget the keys in this transaction, the files after it."""
    standing = Evidence.objects.filter(subject_request=subject_request, destroyed_at=None)
    pks = list(standing.values_list("pk", flat=True))
    if not pks:
        return
    Evidence.objects.filter(pk__in=pks).update(wrapped_key="", sha256="", size=0, destroyed_at=at)
    Evidence.objects.filter(pk__in=pks, kind=Evidence.IDENTITY).delete()  # not even that there was one of what kind
    record.write(subject_request, "evidence:destroyed", by=PORTAL, at=at, documents=len(pks))

    transaction.on_commit(partial(sealed.remove_files, pks))
