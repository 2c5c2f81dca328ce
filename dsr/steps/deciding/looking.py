"""A look before the release: where a controller asks for it, no answer leaves before one person, or two, saw it.

The item that puts the package together stands behind an item that no worker claims. It is done when enough people said
yes to exactly what goes out: to one digest over what was found, what is left out of it, and the map. Whatever changes
one of these makes every look so far void.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import CLOSED
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Look, PlanItem, Redaction, SubjectRequest
from dsr.steps import bell, ledger, maps, permissions
from dsr.steps.move import Conflict, lock
from dsr.steps.recording import record

PEOPLE = {"none": 0, "one": 1, "two": 2}
NOTE = "Somebody looks at the answer first."
CALLED_OFF = "Called off."
_ANSWERS = frozenset({Right.ACCESS, Right.PORTABILITY})  # which leave without a decision of their own
OVER = "This answer does not wait for a look."


def asked(subject_request: SubjectRequest) -> int:
    """How many people look at such an answer before it leaves; asks no database."""
    wanted = maps.controller(subject_request.controller).controller.release
    people = PEOPLE[wanted.get(Right(subject_request.right), "none")]
    return max(people, 1) if subject_request.of_staff and subject_request.right in _ANSWERS else people


def first(item: PlanItem, finds: Iterable[PlanItem], *, at: datetime) -> bool:
    """Whether people look first: not enough saw exactly what goes out now, so its package waits. Raises Fenced."""
    subject_request, needed = item.subject_request, asked(item.subject_request)
    if not needed:
        return False
    digest = digest_of(subject_request, finds)
    with transaction.atomic():
        lock(subject_request)  # who cancels it comes before or after: nobody is asked to look at what is called off
        if SubjectRequest.objects.filter(pk=subject_request.pk, state__in=CLOSED).exists():
            ledger.postpone(item, note=CALLED_OFF, at=at)
            return True
        if _standing(subject_request).filter(digest=digest).count() >= needed:
            return False
        look, made = PlanItem.objects.get_or_create(
            subject_request=subject_request,
            kind=Kind.LOOK,
            system="",
            until=None,
            defaults={"state": ItemState.TO_LOOK, "not_before": at, "created_at": at},
        )
        if not made:
            again = {"state": ItemState.TO_LOOK, "outcome": "", "finished_at": None, "fence": F("fence") + 1}
            PlanItem.objects.filter(pk=look.pk).update(**again)
        _standing(subject_request).exclude(digest=digest).update(void_at=at)
        item.after.add(look)
        ledger.postpone(item, note=NOTE, at=at)
        record.write(subject_request, "release:waits", by=PORTAL, at=at, looks=needed, digest=digest)
    return True


def look(subject_request: SubjectRequest, *, digest: str, by: Actor, at: datetime) -> bool:
    """Say yes to what goes out as it was seen; whether it is on its way now, or waits for a second person.

    Raises Forbidden for who may not be that second person, Conflict when it is not what was seen any more.
    """
    permissions.require(by, permissions.Duty.RELEASE, subject_request)
    with transaction.atomic():
        _touch(subject_request)
        if digest != digest_of(subject_request, _finds(subject_request)):
            message = "This is not what you saw: something was changed meanwhile. Look at it again."
            raise Conflict(message)
        _standing(subject_request).exclude(digest=digest).update(void_at=at)
        if why := why_not_by(subject_request, by):
            raise permissions.Forbidden(why)
        number = _standing(subject_request).count() + 1
        try:
            with transaction.atomic():
                Look.objects.create(
                    subject_request=subject_request, number=number, digest=digest, by_id=int(by.id), at=at
                )
        except IntegrityError:
            message = "Somebody looked in the same moment. Load the page again."
            raise Conflict(message) from None
        enough = number >= asked(subject_request)
        record.write(subject_request, "release:looked", by=by, at=at, number=number, digest=digest)
        if enough:
            done = {"state": ItemState.DONE, "outcome": Outcome.FOUND, "finished_at": at}
            _waiting(subject_request).update(**done)
    if enough:
        bell.ring_after_commit()
    return enough


def why_not_by(subject_request: SubjectRequest, by: Actor) -> str:
    """Why the look that is wanted now is not theirs; empty when it is.

    The second is another person's than the first, and of nobody who marked what is left out, or put it back.
    """
    if by.kind is not ActorKind.STAFF:
        return "A person looks at it."
    if subject_request.of_staff and str(subject_request.accepted_by_id) == by.id:
        return "A second person has to look: this is about somebody who works here, and you accepted it."
    other = _standing(subject_request).first()
    if other is None:
        return ""
    if str(other.by_id) == by.id:
        return "A second person has to look: the first look was yours."
    put_back = subject_request.redactions.filter(undone_by_id=int(by.id)).exclude(by_id=int(by.id))
    if standing_marks(subject_request).filter(by_id=int(by.id)).exists() or put_back.exists():
        return "A second person has to look, who changed nothing of what is left out: you did."
    return ""


def changed(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Something else is left out from now on: no look counts any more. Call it first in that transaction.

    Raises Conflict when the answer waits for no look: it is on its way, or called off.
    """
    _touch(subject_request)
    _standing(subject_request).update(void_at=at)


def opened(subject_request: SubjectRequest, *, part: str = "overview", by: Actor, at: datetime) -> None:
    """What would go out is shown to this member of staff: each time an Event. Raises Forbidden."""
    permissions.require(by, permissions.Duty.RELEASE, subject_request)
    record.write(subject_request, "release:opened", by=by, at=at, part=part)


def waits(subject_request: SubjectRequest) -> bool:
    """Whether its answer waits for a look."""
    return _waiting(subject_request).exists()


def waiting() -> Q:
    """The same, of SubjectRequest."""
    return Q(Exists(PlanItem.objects.filter(subject_request=OuterRef("pk"), **_TO_LOOK)))


def standing_looks(subject_request: SubjectRequest) -> list[Look]:
    """Who has looked, and it counts."""
    return list(_standing(subject_request).select_related("by").order_by("number"))


def standing_marks(subject_request: SubjectRequest) -> QuerySet[Redaction]:
    """What is left out."""
    return subject_request.redactions.filter(undone_at=None).order_by("at", "id")


def seen(subject_request: SubjectRequest) -> str:
    """The digest of what would go out now."""
    return digest_of(subject_request, _finds(subject_request))


def digest_of(subject_request: SubjectRequest, finds: Iterable[PlanItem]) -> str:
    """SHA-256 over everything that a look is a yes to."""
    found = sorted((item.system, item.outcome, item.part.sha256 if item.part else "") for item in finds)
    marks = standing_marks(subject_request).values_list("system", "collection", "row", "field", "ground")
    version = maps.controller(subject_request.controller).version
    return hashlib.sha256(json.dumps([version, found, sorted(marks)]).encode()).hexdigest()


_TO_LOOK = {"kind": Kind.LOOK, "state": ItemState.TO_LOOK}


def _finds(subject_request: SubjectRequest) -> QuerySet[PlanItem]:
    return subject_request.items.filter(kind=Kind.FIND, state=ItemState.DONE).select_related("part")


def _waiting(subject_request: SubjectRequest) -> QuerySet[PlanItem]:
    return subject_request.items.filter(**_TO_LOOK)


def _standing(subject_request: SubjectRequest) -> QuerySet[Look]:
    return subject_request.looks.filter(void_at=None)


def _touch(subject_request: SubjectRequest) -> None:
    """Hold the item that waits until this transaction ends: marks and looks come one after the other."""
    if _waiting(subject_request).update(fence=F("fence") + 1) != 1:
        raise Conflict(OVER)
