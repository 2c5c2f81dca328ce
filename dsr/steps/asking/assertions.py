"""Assertions: the controller's own app or site vouches for an account or a device, for one request.

The app's server sends what it signed and gets a link; the person's browser opens it, and one request of that browser
takes it. The API's token alone proves nobody: without the app's signature, made minutes ago, nothing is taken.
"""

import hashlib
import json
import os
import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dsr.connectors.settings import resolve
from dsr.datamap.schema import Controller, IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.identifiers import clean
from dsr.law.ladder import Rung, reaches
from dsr.law.states import State
from dsr.law.work import Asker
from dsr.models import Assertion, Identity, SubjectRequest, sealed
from dsr.record import assertion as signed
from dsr.record.note import Unverified, VerifierKey, read_key
from dsr.steps import maps
from dsr.steps.asking import ladder
from dsr.steps.deciding import merging
from dsr.steps.move import Conflict, lock
from dsr.steps.recording import record

KEPT = timedelta(hours=1)  # in the browser that opened it, for the request that it fills in
BOUND = "identity:vouched-by-app"
OTHER_ACCOUNT = gettext_noop(
    "You are signed in there with another account than this request is about. Use that one, and come from there again."
)
_LONG = 6  # characters
_SPOKEN_FOR = frozenset({State.RECEIVED, State.VERIFIED})


class NotTaken(ValueError):
    """Why an assertion counts for nothing; for the engineers of the app."""


def keys(facts: Controller) -> list[VerifierKey]:
    """By which this controller's app signs. Raises NotTaken when one is missing or broken."""
    try:
        return [read_key(resolve(text, os.environ)) for text in facts.proof.app_keys]
    except (ValueError, Unverified) as error:
        message = f"This portal does not know the app's key: {error}."
        raise NotTaken(message) from None


def offered(facts: Controller) -> bool:
    """Whether there is an app that vouches."""
    return bool(facts.proof.app_keys)


def take(text: str, controller: str, *, at: datetime) -> tuple[str, datetime]:
    """The hand-over link's secret part, and until when it opens. Raises NotTaken; the same text is taken once."""
    facts = maps.controller(controller).controller
    try:
        vouched = signed.read(text, controller, settings.DSR_BASE_URL, keys(facts), at=at)
        known = {IdentityKind(kind): clean(kind, value) for kind, value in vouched.identifiers.items()}
    except (Unverified, ValueError) as error:
        message = f"The assertion is not taken: {error}"
        raise NotTaken(message) from None
    if strange := sorted(known.keys() - facts.identities.keys()):
        message = f"The assertion is not taken: {facts.name} does not know people by {', '.join(strange)}."
        raise NotTaken(message)
    token = secrets.token_urlsafe(32)
    row = Assertion(id=uuid.uuid4(), controller=controller, nonce_hash=_hash(vouched.nonce), link_hash=_hash(token))
    row.made_at, row.expires_at = at, vouched.expires_at
    row.seal_identifiers(json.dumps(known))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        message = "The assertion is not taken: its number was used before. Sign a new one."
        raise NotTaken(message) from None
    return token, row.expires_at


def take_opened(text: str, controller: str, *, at: datetime) -> Assertion:
    """The same for a program that files the request itself, and needs no link. Raises NotTaken."""
    token, _until = take(text, controller, at=at)
    found = open_link(controller, token, at=at)
    if found is None:
        message = "The assertion is not taken: its time ran out just now. Sign a new one."
        raise NotTaken(message)
    return found


def waiting(controller: str, token: str, *, at: datetime) -> Assertion | None:
    """What a hand-over link leads to, unopened; to look changes nothing."""
    rows = Assertion.objects.filter(controller=controller, link_hash=_hash(token), opened_at=None, expires_at__gt=at)
    return rows.first()


def shown(found: Assertion) -> str:
    """Enough of an identifier that its owner knows the account, and a stranger with the link learns none."""
    identifiers: dict[str, str] = json.loads(found.identifiers())
    email = identifiers.get(IdentityKind.EMAIL, "")
    value, at, domain = email.rpartition("@") if email else (next(iter(identifiers.values())), "", "")
    end = "" if email or len(value) < _LONG else value[-2:]
    return f"{value[0]}…{end}{at}{domain}"


def open_link(controller: str, token: str, *, at: datetime) -> Assertion | None:
    """Open it, once, whoever else opens it at the same moment."""
    found = waiting(controller, token, at=at)
    if found is None:
        return None
    mine = Assertion.objects.filter(pk=found.pk, opened_at=None, expires_at__gt=at)
    return found if mine.update(opened_at=at) else None


def held(controller: str, pk: str, *, at: datetime) -> Assertion | None:
    """What a browser opened, and no request has taken yet."""
    rows = Assertion.objects.filter(pk=pk, controller=controller, bound_at=None, opened_at__gt=at - KEPT)
    return rows.first()


def fits(subject_request: SubjectRequest) -> bool:
    """Whether a request can take one: its own person asks, and nobody has decided."""
    return subject_request.asker == Asker.PERSON and subject_request.state in _SPOKEN_FOR


def bind(subject_request: SubjectRequest, held_one: Assertion, *, at: datetime) -> None:
    """Prove by it what the app vouched for: identifiers that were typed, and the account's others. Raises Conflict.

    An address that it names proves the mailbox only where it is the request's own; letters go nowhere else by it. What
    is known surely already takes no other account: who reads the mailbox later would put an own one beside it.
    """
    if not fits(subject_request) or held_one.controller != subject_request.controller:
        message = _("This request takes no more proof.")
        raise Conflict(message)
    identifiers: dict[str, str] = json.loads(held_one.identifiers())
    with transaction.atomic():
        lock(subject_request)
        if _is_another(subject_request, identifiers):
            raise Conflict(_(OTHER_ACCOUNT))
        _use(held_one, subject_request, at)
        kinds = [kind for kind, value in identifiers.items() if _prove(subject_request, kind, value, at)]
        record.write(subject_request, BOUND, by=SUBJECT, at=at, kinds=sorted(kinds))
        if subject_request.state == State.VERIFIED:
            merging.follow_up(subject_request, at=at)


def bind_to_open(subject_request: SubjectRequest, held_one: Assertion, *, at: datetime) -> None:
    """Use it up for opening the answer: it names who is known surely there, and proves nobody else. Raises Conflict.

    Call it in the transaction that opens.
    """
    vouched = json.loads(held_one.identifiers()) if held_one.controller == subject_request.controller else {}
    if not _same_account(_sure(subject_request), vouched):
        raise Conflict(_(OTHER_ACCOUNT))
    _use(held_one, subject_request, at)


def opens(subject_request: SubjectRequest) -> bool:
    """Whether the app can vouch for who is known there: not where a mailbox alone is, which nobody signed in with."""
    return any(each.kind != IdentityKind.EMAIL or each.rung == Rung.APP for each in _sure(subject_request))


def _is_another(subject_request: SubjectRequest, vouched: dict[str, str]) -> bool:
    """Whether somebody else is known by more than a mailbox; also before the mailbox's own code is typed.

    Where staff asked for more since, the mailbox that another channel proved has to be the account's.
    """
    known = list(subject_request.identities.filter(of_representative=False).exclude(rung=Rung.MAILBOX))
    sure = any(reaches(each.rung, subject_request.proof_needed) for each in known)
    if sure or any(each.kind != IdentityKind.EMAIL for each in known):
        return not _same_account(known, vouched)
    email = sealed.lookups(IdentityKind.EMAIL, vouched.get(IdentityKind.EMAIL, ""))
    return bool(known) and not any(each.lookup in email for each in known)


def _sure(subject_request: SubjectRequest) -> list[Identity]:
    known = (each for each in subject_request.identities.all() if not each.of_representative)
    return [each for each in known if ladder.enough(subject_request, each)]


def _same_account(sure: list[Identity], vouched: dict[str, str]) -> bool:
    """Whether the app names an account that is known surely, and no other of its kind.

    An e-mail address alone is the same only where the app names nothing else, and had named it before: two accounts of
    one service may have one address.
    """
    lookups = {kind: sealed.lookups(IdentityKind(kind), value) for kind, value in vouched.items()}
    accounts = {kind: hashes for kind, hashes in lookups.items() if kind != IdentityKind.EMAIL}
    if not accounts:
        named = lookups.get(IdentityKind.EMAIL, ())
        return all(each.kind == IdentityKind.EMAIL for each in sure) and any(
            each.rung == Rung.APP and each.lookup in named for each in sure
        )
    known = [each for each in sure if each.kind in accounts]
    return bool(known) and all(each.lookup in accounts[each.kind] for each in known)


def _use(held_one: Assertion, subject_request: SubjectRequest, at: datetime) -> None:
    mine = Assertion.objects.filter(pk=held_one.pk, bound_at=None, opened_at__gt=at - KEPT)
    if not mine.update(bound_at=at, subject_request=subject_request, identifiers_sealed=""):
        message = _("This was used before. Open the link in the app again.")
        raise Conflict(message)


def _prove(subject_request: SubjectRequest, kind: str, value: str, at: datetime) -> bool:
    own = subject_request.identities.filter(of_representative=False, kind=kind, lookup__in=sealed.lookups(kind, value))
    if identity := own.first():
        # A mailbox is proven by its own code all the same: the app knows whose it is, and not who reads it now.
        proven_at = identity.proven_at if kind == IdentityKind.EMAIL else identity.proven_at or at
        return bool(own.filter(pk=identity.pk).update(rung=Rung.APP, proven_at=proven_at))
    if kind == IdentityKind.EMAIL:
        return False
    identity = Identity(subject_request=subject_request, kind=kind, proven_at=at, rung=Rung.APP)
    identity.seal_value(value)
    identity.save(force_insert=True)
    return True


def forget_next(*, at: datetime) -> bool:
    """Forget one that no request took, once its link and its hour are over; whether there was one."""
    over = Assertion.objects.filter(bound_at=None, expires_at__lt=at - KEPT).first()
    return bool(over and Assertion.objects.filter(pk=over.pk, bound_at=None).delete()[0])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
