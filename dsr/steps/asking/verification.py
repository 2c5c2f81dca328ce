"""Verification: a code goes to exactly the typed address and proves that mailbox only."""

import hmac
import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.deadlines import local_day
from dsr.law.references import read_reference
from dsr.law.rights import URGENT
from dsr.law.states import CLOSED, State
from dsr.law.work import Asker, Letter
from dsr.models import Identity, Proof, Representative, SubjectRequest, sealed
from dsr.sealing.fields import Unsealable
from dsr.steps import maps
from dsr.steps.asking import codes, ladder, reports
from dsr.steps.counting import clock
from dsr.steps.deciding import floods, merging
from dsr.steps.frames import tell
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices, outbox
from dsr.steps.recording import record

log = logging.getLogger(__name__)

TRIES = 5
CODES_PER_HOUR = 5  # for one request and purpose
MAILBOX_CODES_PER_HOUR = 20  # for all unproven requests that name one mailbox; reports have as many of their own
# Counted so: else who reads a mailbox filed again and again to write to its owner's other address, and to guess there.
OF_A_MAILBOX = frozenset({Proof.VERIFY, Proof.SECOND})
LAPSE = timedelta(days=7)
REMIND = timedelta(days=1)


class Confirmation(StrEnum):
    """What became of a typed code."""

    CONFIRMED = "confirmed"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED_UP = "used up"  # five wrong tries: a new code is needed
    NONE = "none"  # no code was asked for


def ask(subject_request: SubjectRequest, *, at: datetime, letter: Letter = Letter.CODE) -> bool:
    """Send a new code, which ends the older ones; False when too many were sent within the hour."""
    return _send(subject_request, Proof.VERIFY, letter, at)


def asked(subject_request: SubjectRequest) -> bool:
    """Whether a code was ever sent for it: none is for a mailbox that had enough of them in that hour."""
    return Proof.objects.filter(identity__subject_request=subject_request, purpose=Proof.VERIFY).exists()


def confirm(subject_request: SubjectRequest, code: str, *, at: datetime) -> Confirmation:
    """Spend the code once; the mailbox is proven and a received request becomes verified."""
    with transaction.atomic():
        result, proof = _spend(subject_request, Proof.VERIFY, code, at)
        if proof is None:
            return result
        _confirmed(subject_request, str(proof.identity_id), at=at)
    return result


def confirm_signed_in(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Who signed in just now with a code from its mailbox says that it is theirs. Raises Conflict.

    So nobody keeps the person from proving it by wrong codes, or by using up the letters of an hour.
    """
    identity = subject_request.mailbox()
    if subject_request.state != State.RECEIVED or identity is None:
        message = "This request does not wait for a proof."
        raise Conflict(message)
    with transaction.atomic():
        _confirmed(subject_request, str(identity.pk), at=at, by_sign_in=True)


def _confirmed(subject_request: SubjectRequest, identity: str, *, at: datetime, **how: Any) -> None:
    Identity.objects.filter(pk=identity, proven_at=None).update(proven_at=at)
    # The person's own confirmation that an agent may ask: the code went to the person, not to the agent.
    Representative.objects.filter(subject_request=subject_request, kind=Asker.AGENT, confirmed_at=None).update(
        confirmed_at=at
    )
    if subject_request.state == State.RECEIVED:
        event, kind = "identity:confirmed", IdentityKind.EMAIL
        move(subject_request, State.VERIFIED, by=SUBJECT, at=at, event=event, kind=kind, **how)
        proven(subject_request, at=at)


def proven(subject_request: SubjectRequest, *, at: datetime) -> None:
    """What every proof of a request sets going, by a code or by staff. Call it in the transaction of the proof."""
    clock.proven(subject_request, at=at)
    merging.follow_up(subject_request, at=at)
    floods.settle(subject_request, at=at)
    ladder.tell(subject_request, at=at)
    reports.proven(subject_request, at=at)


def spend(subject_request: SubjectRequest, code: str, *, at: datetime) -> Confirmation:
    """Spend the code without proving anything by it. Call it in a transaction."""
    return _spend(subject_request, Proof.VERIFY, code, at)[0]


def ask_download(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """Send a code that opens one download of its package; False when too many were sent within the hour."""
    return _send(subject_request, Proof.DOWNLOAD, Letter.CODE, at)


def asked_download(subject_request: SubjectRequest) -> bool:
    """Whether such a code was sent, and not spent yet."""
    mine = Proof.objects.filter(identity__subject_request=subject_request, purpose=Proof.DOWNLOAD)
    return mine.filter(spent_at=None).exists()


def spend_download(subject_request: SubjectRequest, code: str, *, at: datetime) -> tuple[Confirmation, Proof | None]:
    """Spend that code; the proof is there when it was right. Call it in a transaction."""
    return _spend(subject_request, Proof.DOWNLOAD, code, at)


def spend_for(
    subject_request: SubjectRequest, purpose: str, code: str, *, at: datetime
) -> tuple[Confirmation, Proof | None]:
    """The same for a code of another purpose."""
    return _spend(subject_request, purpose, code, at)


def ask_sign_in(controller: str, reference: str, email: str, *, at: datetime) -> None:
    """Send a code if this reference and address belong together; the caller learns nothing either way."""
    subject_request = _known(controller, reference)
    if subject_request is None:
        return
    lookups = sealed.lookups(IdentityKind.EMAIL, email)
    mailbox = subject_request.mailbox()
    if mailbox is not None and mailbox.lookup in lookups:
        # To look is not to confirm: a request that a stranger filed is not started by its victim's sign-in.
        _send(subject_request, Proof.SIGN_IN, Letter.CODE, at)


def confirm_sign_in(controller: str, reference: str, code: str, *, at: datetime) -> SubjectRequest | None:
    """The request whose mailbox typed the right code; None otherwise, whatever the reason."""
    subject_request = _known(controller, reference)
    if subject_request is None:
        return None
    with transaction.atomic():
        done = _spend(subject_request, Proof.SIGN_IN, code, at)[0] is Confirmation.CONFIRMED
        if done:
            record.write(subject_request, "identity:signed-in", by=SUBJECT, at=at)
    return subject_request if done else None


def lapse_next(*, at: datetime) -> bool:
    """Close one request that stayed unproven for seven days; whether there was one."""
    subject_request = _unproven(before=at - LAPSE).order_by("received_at").first()
    if subject_request is None:
        return False
    try:
        with transaction.atomic():
            move(subject_request, State.LAPSED, by=PORTAL, at=at, event="request:lapsed")
            _write(subject_request, Letter.LAPSED, at=at)
    except Conflict:
        log.info("another worker or the person moved %s on", subject_request.reference)
    return True


def remind_next(*, at: datetime) -> bool:
    """Remind one mailbox, a day after a request named it and once, that nobody has proven it; whether there was one.

    Every worker takes the one that waits longest, so none writes of two of one mailbox at the same time (see outbox).
    """
    due = _unproven(before=at - REMIND, after=at - LAPSE).filter(reminded_at=None)
    subject_request = due.first()
    if subject_request is None:
        return False
    with transaction.atomic():
        here = SubjectRequest.objects.filter(pk=subject_request.pk, state=State.RECEIVED, reminded_at=None)
        if here.update(reminded_at=at) and subject_request.mailbox() is not None:
            ends_at = (subject_request.entered_at or subject_request.received_at) + LAPSE
            ends_on = local_day(ends_at, maps.calendar(subject_request.controller))
            _write(subject_request, Letter.UNPROVEN, at=at, ends_on=ends_on)
    return True


def _write(subject_request: SubjectRequest, letter: Letter, *, at: datetime, **told: Any) -> None:
    """A mailbox that cannot be read gets no letter, and keeps nobody behind it waiting. Call it in a transaction."""
    try:
        with transaction.atomic():
            notices.queue(subject_request, letter, at=at, **told)
    except Unsealable as error:
        tell(log, f"no letter '{letter}'", subject_request.reference, error)


def _unproven(*, before: datetime, after: datetime | None = None) -> QuerySet[SubjectRequest]:
    """Requests that wait since then for the proof of a mailbox, longest first; what has none waits for staff."""
    # From when it was entered here: a letter may have been received long before.
    since = Coalesce("entered_at", "received_at")
    provable = Exists(Identity.objects.filter(subject_request=OuterRef("pk"), kind=IdentityKind.EMAIL))
    there = SubjectRequest.objects.filter(provable, state=State.RECEIVED, received_at__lt=before)
    there = there.alias(since=since).filter(since__lt=before).order_by("since", "pk")
    return there.filter(since__gte=after) if after else there


def _known(controller: str, reference: str) -> SubjectRequest | None:
    readable = read_reference(reference)
    return SubjectRequest.objects.filter(controller=controller, reference=readable).first() if readable else None


def _send(subject_request: SubjectRequest, purpose: str, letter: Letter, at: datetime) -> bool:
    identity = subject_request.mailbox()
    if identity is None or (purpose == Proof.VERIFY and subject_request.state in CLOSED):
        return False
    with transaction.atomic():
        if enough(identity, purpose, at):
            return False
        identity.proofs.filter(purpose=purpose, spent_at=None).update(expires_at=at)
        # No code yet: whoever sends the letter makes it, and its minutes run from then.
        proof = Proof.objects.create(identity=identity, purpose=purpose, created_at=at, expires_at=at)
        record.write(subject_request, "identity:asked", by=PORTAL, at=at, kind=identity.kind, purpose=purpose)
        told: dict[str, Any] = {"proof": str(proof.pk), "code_minutes": codes.MINUTES, "purpose": purpose}
        notices.queue(subject_request, letter, at=at, **told)
    return True


def send_elsewhere(mailbox: Identity, addresses: list[str], purpose: str, *, at: datetime) -> bool:
    """Send a code for that mailbox to the next of these other addresses; False: too many were sent within the hour."""
    subject_request = mailbox.subject_request
    with transaction.atomic():
        if enough(mailbox, purpose, at):
            return False
        before = mailbox.proofs.filter(purpose=purpose)
        address = addresses[before.count() % len(addresses)]
        before.filter(spent_at=None).update(expires_at=at)
        proof = Proof.objects.create(identity=mailbox, purpose=purpose, created_at=at, expires_at=at)
        record.write(subject_request, "identity:asked", by=PORTAL, at=at, kind=mailbox.kind, purpose=purpose)
        told: dict[str, Any] = {
            "proof": str(proof.pk),
            "code_minutes": codes.MINUTES,
            "purpose": purpose,
            "elsewhere": True,
        }
        outbox.queue(subject_request, Letter.CODE, at=at, to_address=address, **told)
    return True


def enough(identity: Identity, purpose: str, at: datetime) -> bool:
    """Whether this hour has seen enough codes: for the request, or for the mailbox by unproven requests.

    What strangers file for a mailbox never keeps its owner from a request that is proven. Reports are counted apart:
    whoever took an account over cannot keep its owner from saying so by filing something else again and again.
    """
    recent = Proof.objects.filter(purpose=purpose, created_at__gt=at - timedelta(hours=1))
    if recent.filter(identity=identity).count() >= CODES_PER_HOUR:
        return True
    # Requests of one mailbox may have been written under an older key; the lookup of now covers this hour.
    mailbox = recent.filter(identity__lookup=identity.lookup)
    reported = Q(identity__subject_request__right__in=URGENT)
    mailbox = mailbox.filter(reported if identity.subject_request.right in URGENT else ~reported)
    return purpose in OF_A_MAILBOX and mailbox.count() >= MAILBOX_CODES_PER_HOUR


def _spend(subject_request: SubjectRequest, purpose: str, code: str, at: datetime) -> tuple[Confirmation, Proof | None]:
    """One try at the newest code. The count goes up before the comparison, so parallel tries count too."""
    unspent = Proof.objects.filter(identity__subject_request=subject_request, purpose=purpose, spent_at=None)
    proof = unspent.order_by("-created_at").first()
    if proof is None:
        return Confirmation.NONE, None
    if proof.tries < TRIES and at >= proof.expires_at:
        return Confirmation.EXPIRED, None
    if not unspent.filter(pk=proof.pk, tries__lt=TRIES).update(tries=F("tries") + 1):
        return Confirmation.USED_UP, None
    if not any(hmac.compare_digest(each, proof.code_hash) for each in codes.hashes(proof, code)):
        record.write(subject_request, "identity:wrong-code", by=SUBJECT, at=at, tries=proof.tries + 1)
        return (Confirmation.USED_UP if proof.tries + 1 >= TRIES else Confirmation.WRONG), None
    # Spent once, whoever else types it at the same moment.
    won = Proof.objects.filter(pk=proof.pk, spent_at=None).update(spent_at=at)
    return (Confirmation.CONFIRMED, proof) if won else (Confirmation.NONE, None)
