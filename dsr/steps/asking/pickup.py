"""The pickup code: with it, beside the mailbox, who handed in a document opens the answer, as one claims a parcel.

It is shown once, on the page that took the document, and stands in no letter: who reads the mail later has not got it.
It counts from the moment in which staff say that the document shows who asks, and as often as it is needed.
"""

import hmac
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dsr.law.actors import SUBJECT
from dsr.law.ladder import Rung
from dsr.models import Evidence, Proof, SubjectRequest
from dsr.steps import limiting
from dsr.steps.asking import codes, ladder
from dsr.steps.asking.verification import Confirmation
from dsr.steps.move import Conflict, lock
from dsr.steps.recording import record

GOOD = timedelta(days=2 * 366)  # longer than an answer is held
GIVEN, WRONG = "pickup:given", "pickup:wrong"
_SHOWS = (Evidence.IDENTITY, Evidence.GUARDIANSHIP)


def awaited(subject_request: SubjectRequest) -> bool:
    """Whether one can be had: a document lies here that staff have not looked at, and its answer asks for more.

    One for each document: who takes the mailbox over meanwhile gets no second, and ends none.
    """
    if subject_request.opened_by is Rung.MAILBOX or not ladder.waits(subject_request):
        return False
    return (
        not _of(subject_request).exists()
        and Evidence.objects.filter(subject_request=subject_request, kind__in=_SHOWS, destroyed_at=None).exists()
    )


def give(subject_request: SubjectRequest, *, at: datetime) -> str:
    """Make it; nobody can read it again. Raises Conflict."""
    mailbox = subject_request.mailbox()
    with transaction.atomic():
        lock(subject_request)  # staff may look at the document at this moment
        subject_request.refresh_from_db(fields=["state", "proof_needed"])
        if mailbox is None or not awaited(subject_request):
            message = _("There is no document here that waits to be looked at, or the pickup code was shown already.")
            raise Conflict(message)
        proof = Proof.objects.create(identity=mailbox, purpose=Proof.PICKUP, created_at=at, expires_at=at)
        record.write(subject_request, GIVEN, by=SUBJECT, at=at)
        return codes.keep(proof)


def count(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Staff say that the document shows who asks: from now on it opens."""
    _of(subject_request).update(expires_at=at + GOOD)


def withdraw(subject_request: SubjectRequest) -> None:
    """The document did not show it."""
    _of(subject_request).delete()


def confirm(subject_request: SubjectRequest, typed: str, *, at: datetime) -> Confirmation:
    """Compare it; nobody guesses 39 bits at so many tries an hour. Call it in a transaction."""
    proof = _of(subject_request).filter(expires_at__gt=at).first()
    if proof is None:
        return Confirmation.NONE
    if limiting.hit("pickup-codes-of-request", str(subject_request.pk), at=at):
        return Confirmation.USED_UP
    if any(hmac.compare_digest(each, proof.code_hash) for each in codes.hashes(proof, typed)):
        return Confirmation.CONFIRMED
    record.write(subject_request, WRONG, by=SUBJECT, at=at)
    return Confirmation.WRONG


def had(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """Whether there is one that opens."""
    return _of(subject_request).filter(expires_at__gt=at).exists()


def _of(subject_request: SubjectRequest) -> QuerySet[Proof]:
    return Proof.objects.filter(identity__subject_request=subject_request, purpose=Proof.PICKUP)
