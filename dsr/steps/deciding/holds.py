"""Legal holds: what blocks an erasure, and a freeze, which blocks the handing-over of answers as well.

A legal hold stands on one request or on a person, which is every identifier proven there; it spreads to requests
that found rows of that person by another name (see carried). Whoever set it owns it until its review date, on which
the owner is reminded; nothing ends it but a release (P13, J14).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.deadlines import local_day
from dsr.law.rights import Right
from dsr.law.states import OPEN, State
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import Identity, LegalHold, Package, PlanItem, SubjectRequest, sealed
from dsr.steps import bell, ledger, maps, permissions
from dsr.steps.answering import delivery, grants, on_file
from dsr.steps.deciding import blocking, carried, hands
from dsr.steps.fulfilling import window
from dsr.steps.move import Conflict, lock
from dsr.steps.post import notices
from dsr.steps.recording import record

REASON = 2_000  # characters
FREEZE_DAYS = 14  # until somebody looks at a freeze again
_EARLIEST = timedelta(hours=14)  # the zone whose day begins first
PAUSE = timedelta(hours=1)  # of an item that met a legal hold after its claim


WAITING = (Kind.ERASE, Kind.STOP)
OBJECTS = "An address on file was told, and its owner can object still. It goes on by itself after that."
_WAITS = "A legal hold stands. It goes on by itself once that is released."


class Held(Exception):
    """A legal hold stands, or somebody has days to object `until` then: what was to be done waits."""

    def __init__(self, note: str = _WAITS, until: datetime | None = None, *, untouched: bool = False) -> None:
        """Why, as staff read it; `untouched`: it was asked before anything was sent to a system in this claim."""
        super().__init__(note)
        self.note, self.until, self.untouched = note, until, untouched


@dataclass(frozen=True, slots=True)
class Order:
    """What staff say when they set a legal hold: why, until when it is looked at again, and on what."""

    reason: str
    review_on: date
    kind: str = LegalHold.LEGAL
    person: bool = False  # on all identifiers, not on this request alone
    unproven: bool = False  # on those too that nobody has proven: staff know better, or fear the worst
    others: tuple[tuple[str, str], ...] = ()  # further identifiers: kind and value


def set_hold(subject_request: SubjectRequest, order: Order, *, by: Actor, at: datetime) -> list[LegalHold]:
    """Set a legal hold or a freeze; who sets it owns it. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if not order.reason.strip():
        message = "Give the reason: without one nobody can review it."
        raise Conflict(message)
    if order.review_on <= local_day(at, maps.calendar(subject_request.controller)):
        message = "The review date has to lie in the future."
        raise Conflict(message)
    places = _hashes(subject_request, order) if order.person else [""]
    if not places:
        message = "No identifier is proven here. Set it on this request, or on what was named without a proof."
        raise Conflict(message)
    return _set(subject_request, order, places, by=by, at=at)


def freeze(subject_request: SubjectRequest, *, at: datetime) -> list[LegalHold]:
    """Freeze at once what the mailbox of a report has proven, and nothing more (J14)."""
    review_on = local_day(at, maps.calendar(subject_request.controller)) + timedelta(days=FREEZE_DAYS)
    order = Order("Reported as compromised by its owner.", review_on, LegalHold.FREEZE, person=True)
    places = _hashes(subject_request, order)
    return _set(subject_request, order, places, by=PORTAL, at=at) if places else []


def freeze_request(subject_request: SubjectRequest, *, at: datetime) -> list[LegalHold]:
    """Freeze this request alone: whoever reads an address on file says that its package must not be opened."""
    review_on = local_day(at, maps.calendar(subject_request.controller)) + timedelta(days=FREEZE_DAYS)
    order = Order("An address on file stopped a download.", review_on, LegalHold.FREEZE)
    return _set(subject_request, order, [""], by=PORTAL, at=at)


def release(hold: LegalHold, *, by: Actor, at: datetime) -> None:
    """End a legal hold, on a person with all its identifiers; work that waited goes on. Raises Forbidden, Conflict."""
    subject_request = _home(hold)
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if why := why_not_by(hold, by):
        raise permissions.Forbidden(why)
    with transaction.atomic():
        for each in sorted({*affected(hold), *_offered(hold)}, key=lambda one: one.pk):
            lock(each)
        waiting, frozen = affected(hold), _offered(hold)  # as they are now: one may have ended meanwhile
        rows = together(hold).filter(released_at=None).update(released_at=at, released_by=str(by))
        if not rows:
            message = "Somebody else has released this already."
            raise Conflict(message)
        record.write(subject_request, "hold:released", by=by, at=at, kind=hold.kind, identifiers=rows)
        PlanItem.objects.filter(
            subject_request__in=waiting, kind__in=WAITING, state=ItemState.READY, note=_WAITS, not_before__gt=at
        ).update(not_before=at, note="")
        for each in waiting:
            _goes_on(each, hold, offered=each in frozen, by=by, at=at)
        for each in frozen:
            if each not in waiting and not blocking.blocks_delivery(each):
                _renew(each, at)
    bell.ring_after_commit()


def _goes_on(subject_request: SubjectRequest, hold: LegalHold, *, offered: bool, by: Actor, at: datetime) -> None:
    """What a freeze took the person's time for has it anew; and a letter, once nothing holds the request any more."""
    if hold.kind == LegalHold.FREEZE and blocking.blocks_delivery(subject_request):
        return
    # A legal hold keeps back an erasure, and nothing else.
    free = subject_request.right != Right.ERASURE or not blocking.standing(subject_request)
    if free:
        notices.take_back(subject_request, [Letter.HELD], "Taken back: it is released.", by=by, at=at)
    until = _renew(subject_request, at) if offered else delivery.offered_until(subject_request, at=at)
    if hold.kind == LegalHold.FREEZE and window.renew(subject_request, at=at):
        return  # the letter that asks anew says that it has ended
    if free or offered:  # an answer is kept back by a freeze alone
        opens_on = on_file.opens_on(subject_request, at=at) if until else None
        said: dict[str, Any] = {"expires_on": until, "opens_on": opens_on, "still_held": not free}
        notices.queue(subject_request, Letter.RELEASED, at=at, **said)


def why_not_by(hold: LegalHold, by: Actor) -> str:
    """A freeze is an owner's objection: who had the request in hand that it stops does not wave it aside.

    Where the person's mailbox was proven, they stand for the request; without one only staff do. Empty when they can.
    """
    stopped = affected(hold) if hold.kind == LegalHold.FREEZE else []
    mine = [one.reference for one in stopped if one.own_mailbox() is None and hands.in_hand(one, by)]
    return f"A second person has to release it: you entered, checked or accepted {', '.join(mine)}." if mine else ""


def wait(item: PlanItem, *, at: datetime, held: Held | None = None) -> None:
    """An item met a legal hold after its claim, or days to object: it waits, and nothing counts against it."""
    held = held or Held()
    until = held.until or at + PAUSE
    ledger.put_back(item, note=held.note, untouched=held.untouched, not_before=until, at=at)


def together(hold: LegalHold) -> QuerySet[LegalHold]:
    """The rows that were set as one: a person's identifiers with what they spread to, or the one of a request."""
    same = LegalHold.objects.filter(controller=hold.controller, kind=hold.kind, set_at=hold.set_at)
    own = Q(subject_request=hold.subject_request_id)
    return same.filter(own & ~Q(lookup="") | ~own & Q(lookup="")) if hold.lookup else same.filter(own, lookup="")


def affected(hold: LegalHold) -> list[SubjectRequest]:
    """The requests that it holds back: open erasures, and for a freeze whatever is open."""
    found = _reached(hold)
    waiting = Q(state__in=OPEN - {State.RECEIVED}) | Q(
        items__in=PlanItem.objects.exclude(until=None).exclude(state=ItemState.DONE)
    )
    if hold.kind == LegalHold.LEGAL:
        found = found.filter(right=Right.ERASURE)
    return list(found.filter(waiting).distinct())


def _reached(hold: LegalHold) -> QuerySet[SubjectRequest]:
    rows = together(hold)
    proven = Identity.objects.filter(folded__in=rows.exclude(lookup="").values("lookup")).exclude(proven_at=None)
    by_name = Q(identities__in=proven, controller=hold.controller)
    return SubjectRequest.objects.filter(by_name | Q(pk__in=rows.filter(lookup="").values("subject_request")))


def _offered(hold: LegalHold) -> list[SubjectRequest]:
    """The requests whose package a freeze keeps back from its end, also one that was taken before."""
    offers = Package.objects.exclude(expires_at=None).exclude(wrapped_key="")
    found = _reached(hold) if hold.kind == LegalHold.FREEZE else SubjectRequest.objects.none()
    return list(found.filter(packages__in=offers).distinct())


def _renew(subject_request: SubjectRequest, at: datetime) -> date | None:
    """The offer gets its whole time anew, and so does its keeping; a browser that had it open before types a code."""
    grants.end(subject_request, at=at)
    expires_at, held_until = delivery.dates(subject_request, at=at)
    if subject_request.mailbox() is None:
        expires_at = held_until  # staff hand it over, and again as long as it is held
    offers = subject_request.packages.exclude(offered_at=None).exclude(wrapped_key="")
    offers.update(expires_at=expires_at, held_until=held_until)
    return delivery.offered_until(subject_request, at=at)


def tell(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Tell a person whose request begins that something holds it; nobody is told twice of the same."""
    for hold in blocking.standing(subject_request):
        if hold.kind == LegalHold.FREEZE or subject_request.right == Right.ERASURE:
            _letter(subject_request, hold, at)


def remind_next(*, at: datetime) -> bool:
    """Remind the owner of one hold whose review date has come, once; whether there was one."""
    open_ones = LegalHold.objects.filter(released_at=None, reminded_at=None, review_on__lte=(at + _EARLIEST).date())
    due = (one for one in open_ones if one.review_on <= local_day(at, maps.calendar(one.controller)))
    hold = next(due, None)
    if hold is None:
        return False
    with transaction.atomic():
        if together(hold).filter(reminded_at=None, released_at=None).update(reminded_at=at):
            home = _home(hold)
            for member in [hold.owner] if hold.owner else permissions.team(hold.controller):
                notices.queue(home, Letter.HOLD_REVIEW, at=at, to_staff=member, review_on=hold.review_on)
            record.write(home, "hold:reminded", by=PORTAL, at=at, kind=hold.kind)
    return True


def _set(
    subject_request: SubjectRequest, order: Order, places: Iterable[str], *, by: Actor, at: datetime
) -> list[LegalHold]:
    free = [one for one in places if not _stands(subject_request, order.kind, one)]
    owner = int(by.id) if by.kind is ActorKind.STAFF else subject_request.owner_id
    holds = [LegalHold(controller=subject_request.controller, kind=order.kind, lookup=one) for one in free]
    for hold in holds:
        hold.subject_request, hold.owner_id, hold.set_at = subject_request, owner, at
        hold.review_on = order.review_on
        hold.seal_reason(order.reason.strip()[:REASON])
    try:
        with transaction.atomic():
            LegalHold.objects.bulk_create(holds)
            if holds:
                place, day = "person" if order.person else "request", order.review_on.isoformat()
                told, why = {"place": place, "review_on": day}, {"reason": order.reason.strip()}
                record.write(subject_request, "hold:set", by=by, at=at, secret=why, kind=order.kind, **told)
                for each in affected(holds[0]):
                    _letter(each, holds[0], at)
                if order.person:
                    carried.reach(subject_request.controller, free, at=at)
    except IntegrityError:
        holds = []
    if not holds and by.kind is ActorKind.STAFF:
        message = "A hold of this kind stands here already. Release it first, or leave it as it is."
        raise Conflict(message)
    return holds


def _stands(subject_request: SubjectRequest, kind: str, lookup: str) -> bool:
    same = LegalHold.objects.filter(kind=kind, lookup=lookup, released_at=None)
    if lookup:
        return same.filter(controller=subject_request.controller).exists()
    return same.filter(subject_request=subject_request).exists()


def _hashes(subject_request: SubjectRequest, order: Order) -> list[str]:
    # The person's own: who asked for a child is not held with it.
    own = subject_request.identities.filter(of_representative=False)
    named = own if order.unproven else own.exclude(proven_at=None)
    # Under every key that a request may have been filed under.
    places = [identity.held_by() for identity in named]
    places += [sealed.held_by(kind, value) for kind, value in order.others]
    return list(dict.fromkeys(each for those in places for each in those))


def _letter(subject_request: SubjectRequest, hold: LegalHold, at: datetime) -> None:
    frozen = hold.kind == LegalHold.FREEZE
    notices.queue(subject_request, Letter.HELD, at=at, frozen=frozen, review_on=hold.review_on)


def _home(hold: LegalHold) -> SubjectRequest:
    if hold.subject_request is None:
        message = "This legal hold names no request."
        raise Conflict(message)
    return hold.subject_request
