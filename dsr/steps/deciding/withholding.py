"""Withholding: staff refuse a part of a request, one collection at a time; the answer names it with its ground."""

from collections.abc import Container, Iterator
from datetime import datetime

from django.db import IntegrityError, transaction

from dsr.connectors.contract import Found
from dsr.law.actors import Actor
from dsr.law.grounds import GROUNDS, Ground, grounds_for
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import PartRefusal, SubjectRequest
from dsr.package.contents import OpenPart, RefusedPart
from dsr.steps import maps, permissions
from dsr.steps.move import Conflict
from dsr.steps.post import grounds
from dsr.steps.recording import record

WORDS = 1_000  # characters
# Rights that are answered collection by collection; a rectification is declined field by field instead.
DIVIDED = frozenset({Right.ACCESS, Right.PORTABILITY, Right.ERASURE})


def possible(subject_request: SubjectRequest) -> bool:
    """Whether a part can be refused now: before the result of the search is put together."""
    early = subject_request.state in {State.VERIFIED, State.ACCEPTED} and subject_request.right in DIVIDED
    return early and not _put_together(subject_request)


def refuse_part(
    subject_request: SubjectRequest,
    *,
    system: str,
    collection: str,
    ground: Ground,
    words: str,
    by: Actor,
    at: datetime,
) -> None:
    """Leave a collection out of an access, or keep it in an erasure, on a ground that this right knows."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    _check(subject_request, system, collection, ground, words)
    with transaction.atomic():
        # The item that puts the result together is locked: it begins after this, or has begun.
        locked = subject_request.items.select_for_update().filter(kind__in=[Kind.CLOSE, Kind.ASSEMBLE])
        list(locked)
        subject_request.refresh_from_db(fields=["state"])
        if not possible(subject_request):
            message = "The result is put together already: a part cannot be refused any more."
            raise Conflict(message)
        row = PartRefusal(subject_request=subject_request, system=system, collection=collection, ground=ground, at=at)
        row.by_id = int(by.id)
        row.seal_words(words.strip())
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            message = "This part is refused already. A decision stands."
            raise Conflict(message) from None
        citation = grounds.cited(subject_request, ground)
        place = f"{system}.{collection}"
        why = {"reason": words.strip()} if words.strip() else None
        record.write(
            subject_request, "part:refused", by=by, at=at, secret=why, part=place, ground=ground, citation=citation
        )


def refused(subject_request: SubjectRequest) -> dict[tuple[str, str], PartRefusal]:
    """The parts that are refused, by system and collection."""
    return {(row.system, row.collection): row for row in subject_request.part_refusals.order_by("system", "collection")}


def said(row: PartRefusal) -> RefusedPart:
    """Why this part is refused, as the person reads it."""
    facts = GROUNDS[Ground(row.ground)]
    return RefusedPart(facts.plain, grounds.cited(row.subject_request, row.ground), row.words())


def left(refused: Container[tuple[str, str]], system: str, opened: OpenPart) -> Iterator[Found]:
    """What was found in a system, without the parts that are refused."""
    return (found for found in opened() if (system, found.collection) not in refused)


def _put_together(subject_request: SubjectRequest) -> bool:
    return subject_request.items.filter(kind__in=[Kind.CLOSE, Kind.ASSEMBLE], fence__gt=0).exists()


def _check(subject_request: SubjectRequest, system: str, collection: str, ground: Ground, words: str) -> None:
    known = maps.controller(subject_request.controller).systems.get(system)
    if known is None or collection not in known.collections:
        message = "The data map knows no such collection."
        raise Conflict(message)
    if ground not in grounds_for(Right(subject_request.right), part=True):
        message = "This ground does not hold for a part of such a request."
        raise Conflict(message)
    if not words.strip():
        message = "Say in your own words why: the person reads it beside the ground."
        raise Conflict(message)
    if len(words) > WORDS:
        message = f"Your words are too long: at most {WORDS} characters fit."
        raise Conflict(message)
