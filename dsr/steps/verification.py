"""Verification: a code goes to exactly the typed address and proves that mailbox only."""

import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.references import read_reference
from dsr.law.states import CLOSED, State
from dsr.law.work import Letter
from dsr.models import Identity, Proof, SubjectRequest, sealed
from dsr.sealing.fields import keyed_hash
from dsr.sealing.keyring import Role
from dsr.steps import notices, record
from dsr.steps.move import move

MINUTES = 10  # ASVS V6.5.5
TRIES = 5
CODES_PER_HOUR = 5
LAPSE = timedelta(days=7)


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


def confirm(subject_request: SubjectRequest, code: str, *, at: datetime) -> Confirmation:
    """Spend the code once; the mailbox is proven and a received request becomes verified."""
    with transaction.atomic():
        result, proof = _spend(subject_request, Proof.VERIFY, code, at)
        if proof is None:
            return result
        Identity.objects.filter(pk=proof.identity_id, proven_at=None).update(proven_at=at)
        if subject_request.state == State.RECEIVED:
            move(
                subject_request,
                State.VERIFIED,
                by=SUBJECT,
                at=at,
                event="identity:confirmed",
                kind=IdentityKind.EMAIL,
            )
    return result


def ask_sign_in(controller: str, reference: str, email: str, *, at: datetime) -> None:
    """Send a code if this reference and address belong together; the caller learns nothing either way."""
    subject_request = _known(controller, reference)
    if subject_request is None:
        return
    lookup = sealed.lookup(IdentityKind.EMAIL, email)
    if subject_request.identities.filter(kind=IdentityKind.EMAIL, lookup=lookup).exists():
        purpose = Proof.VERIFY if subject_request.state == State.RECEIVED else Proof.SIGN_IN
        _send(subject_request, purpose, Letter.CODE, at)


def confirm_sign_in(controller: str, reference: str, code: str, *, at: datetime) -> SubjectRequest | None:
    """The request whose mailbox typed the right code; None otherwise, whatever the reason."""
    subject_request = _known(controller, reference)
    if subject_request is None:
        return None
    if subject_request.state == State.RECEIVED:
        done = confirm(subject_request, code, at=at) is Confirmation.CONFIRMED
    else:
        with transaction.atomic():
            done = _spend(subject_request, Proof.SIGN_IN, code, at)[0] is Confirmation.CONFIRMED
            if done:
                record.write(subject_request, "identity:signed-in", by=SUBJECT, at=at)
    return subject_request if done else None


def lapse_next(*, at: datetime) -> bool:
    """Close one request that stayed unproven for seven days; whether there was one."""
    subject_request = (
        SubjectRequest.objects.filter(state=State.RECEIVED, received_at__lt=at - LAPSE).order_by("received_at").first()
    )
    if subject_request is None:
        return False
    with transaction.atomic():
        move(subject_request, State.LAPSED, by=PORTAL, at=at, event="request:lapsed")
        notices.queue(subject_request, Letter.LAPSED, at=at)
    return True


def _known(controller: str, reference: str) -> SubjectRequest | None:
    readable = read_reference(reference)
    return SubjectRequest.objects.filter(controller=controller, reference=readable).first() if readable else None


def _send(subject_request: SubjectRequest, purpose: str, letter: Letter, at: datetime) -> bool:
    identity = subject_request.identities.filter(kind=IdentityKind.EMAIL).first()
    if identity is None or (purpose == Proof.VERIFY and subject_request.state in CLOSED):
        return False
    with transaction.atomic():
        # Counted per identifier over all requests: filing anew does not buy new tries.
        recent = Proof.objects.filter(identity__lookup=identity.lookup, created_at__gt=at - timedelta(hours=1))
        if recent.count() >= CODES_PER_HOUR and letter is not Letter.RECEIVED:
            return False
        identity.proofs.filter(purpose=purpose, spent_at=None).update(expires_at=at)
        code = f"{secrets.randbelow(10**8):08d}"
        proof = Proof(identity=identity, purpose=purpose, created_at=at, expires_at=at + timedelta(minutes=MINUTES))
        proof.code_hash = _hash(proof, code)
        proof.save(force_insert=True)
        record.write(subject_request, "identity:asked", by=PORTAL, at=at, kind=identity.kind, purpose=purpose)
        spoken = f"{code[:4]} {code[4:]}"
        notices.queue(subject_request, letter, at=at, code=spoken, code_minutes=MINUTES)
    return True


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
    typed = "".join(character for character in code if character.isalnum())
    if not hmac.compare_digest(_hash(proof, typed), proof.code_hash):
        record.write(subject_request, "identity:wrong-code", by=SUBJECT, at=at, tries=proof.tries + 1)
        return (Confirmation.USED_UP if proof.tries + 1 >= TRIES else Confirmation.WRONG), None
    # Spent once, whoever else types it at the same moment.
    won = Proof.objects.filter(pk=proof.pk, spent_at=None).update(spent_at=at)
    return (Confirmation.CONFIRMED, proof) if won else (Confirmation.NONE, None)


def _hash(proof: Proof, code: str) -> str:
    return keyed_hash(sealed.ring(Role.CODES), f"proof:{proof.pk}:{proof.purpose}", code)
