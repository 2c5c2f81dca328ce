"""Merging: a second request of the same person for the same right is answered with the first; others are linked.

What nobody has proven never blocks, absorbs or joins what somebody has: only proven identifiers are compared.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from dsr.law.actors import PORTAL, Actor
from dsr.law.states import CLOSED, State
from dsr.law.work import Letter
from dsr.models import Identity, Link, Representative, SubjectRequest, sealed
from dsr.steps import permissions
from dsr.steps.asking import ladder
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices
from dsr.steps.recording import record

_ANSWERED = frozenset({State.PACKAGED, State.DELIVERED})
_OVER = CLOSED | _ANSWERED
_UNPROVEN = frozenset({State.RECEIVED, State.LAPSED})


def originals(subject_request: SubjectRequest) -> list[SubjectRequest]:
    """Earlier open requests that this proven one repeats, earliest first; empty unless it can still be merged."""
    if subject_request.state != State.VERIFIED or original(subject_request) is not None:
        return []
    same = _of_the_same_person(subject_request).exclude(state__in=_OVER | _UNPROVEN)
    duplicates = Link.objects.filter(kind=Link.DUPLICATE, ended_at=None).values("of")
    earlier = same.filter(received_at__lte=subject_request.received_at, scope=subject_request.scope)
    purposes = _purposes(subject_request)
    found = earlier.exclude(pk__in=duplicates).order_by("received_at")
    who = _who_asks(subject_request)
    sure = ladder.settled(subject_request)  # what is proven surely enough never waits for one that is not
    return [
        each
        for each in found
        if _purposes(each) == purposes and _who_asks(each) == who and (ladder.settled(each) or not sure)
    ]


def original(subject_request: SubjectRequest) -> SubjectRequest | None:
    """The request that this one is answered with, while it is its duplicate."""
    links = Link.objects.filter(of=subject_request, kind=Link.DUPLICATE, ended_at=None).prefetch_related("to")
    return next((link.to for link in links[:1]), None)  # it repeats one at most


def merge(subject_request: SubjectRequest, into: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Answer this request with an earlier one of the same person for the same right. Raises Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    with transaction.atomic():
        # Both rows are locked: neither is accepted, closed or merged elsewhere meanwhile.
        pks = [subject_request.pk, into.pk]
        locked = {row.pk: row for row in SubjectRequest.objects.select_for_update().filter(pk__in=pks).order_by("pk")}
        if into.pk not in {each.pk for each in originals(locked[subject_request.pk])}:
            message = "These two are not open requests of the same proven person for the same right."
            raise Conflict(message)
        if subject_request.linked_from.filter(kind=Link.DUPLICATE, ended_at=None).exists():
            message = "Another request is answered with this one. Merge that one first."
            raise Conflict(message)
        _link(subject_request, into, Link.DUPLICATE, by=by, at=at)
        record.write(subject_request, "request:merged", by=by, at=at, into=into.reference)
        record.write(into, "request:absorbed", by=by, at=at, duplicate=subject_request.reference)
        notices.queue(subject_request, Letter.MERGED, at=at, original=into.reference)


def link(subject_request: SubjectRequest, to: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Note that two requests to one controller belong together; nothing else changes. Raises Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if to.pk == subject_request.pk or to.controller != subject_request.controller:
        message = "Give the reference of another request to the same controller."
        raise Conflict(message)
    with transaction.atomic():
        _link(subject_request, to, Link.RELATED, by=by, at=at)
        record.write(subject_request, "request:linked", by=by, at=at, to=to.reference)


def follow_up(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Now that it is proven who asks: link it to the latest closed request of the same person for the same right.

    A decision stands; who asks again files a new request.
    """
    closed = _of_the_same_person(subject_request).filter(state__in=_OVER - _UNPROVEN)
    before = closed.filter(received_at__lte=subject_request.received_at).order_by("-received_at").first()
    if before is None or Link.objects.filter(of=subject_request, to=before, kind=Link.FOLLOW_UP).exists():
        return
    Link.objects.create(of=subject_request, to=before, kind=Link.FOLLOW_UP, at=at, by=str(PORTAL))
    record.write(subject_request, "request:linked", by=PORTAL, at=at, to=before.reference)


def end_next(*, at: datetime) -> bool:
    """End one merger: the duplicate is closed with its answered original, or goes its own way again."""
    standing = Link.objects.filter(kind=Link.DUPLICATE, ended_at=None)
    answered = Q(to__state=State.PACKAGED) & ~Q(to__answered_at=None)  # a package that lies here answers nobody
    ended = answered | Q(to__state__in=CLOSED) | Q(of__state__in=CLOSED)
    over = standing.filter(ended).select_related("of", "to").first()
    if over is None:
        return False
    try:
        with transaction.atomic():
            if Link.objects.filter(pk=over.pk, ended_at=None).update(ended_at=at):
                _close(over.of, over.to, at=at)
    except Conflict:
        return False  # staff or the person were faster; the next turn looks again
    return True


def _purposes(subject_request: SubjectRequest) -> set[str]:
    """What a withdrawal stops: one that stops something else repeats nothing."""
    return set(subject_request.withdrawals.values_list("purpose", flat=True))


def _who_asks(subject_request: SubjectRequest) -> tuple[str, str, str]:
    """Who asks, and where the answer goes: what another asks for somebody never takes the place of their own."""
    representative = Representative.objects.filter(subject_request=subject_request).first()
    mailbox = subject_request.mailbox()
    where = mailbox.value() if mailbox else " ".join(subject_request.postal().split())
    return subject_request.asker, representative.email() if representative else "", where


def _close(duplicate: SubjectRequest, original: SubjectRequest, *, at: datetime) -> None:
    event = "request:closed-with-original"
    columns: dict[str, object] = {"answered_at": at}
    if duplicate.closed:
        record.write(duplicate, "request:parted", by=PORTAL, at=at, original=original.reference)
    elif original.state in _ANSWERED:
        move(duplicate, State.DELIVERED, by=PORTAL, at=at, event=event, columns=columns, original=original.reference)
        notices.queue(duplicate, Letter.ANSWERED_WITH, at=at, original=original.reference)
    elif original.state == State.REFUSED:
        columns["ground"] = original.ground
        columns["refusal_sealed"] = duplicate.sealed_refusal(original.refusal())
        move(duplicate, State.REFUSED, by=PORTAL, at=at, event=event, columns=columns, ground=original.ground)
        notices.queue(duplicate, Letter.REFUSED, at=at)
    else:
        record.write(duplicate, "request:parted", by=PORTAL, at=at, original=original.reference)


def _link(subject_request: SubjectRequest, to: SubjectRequest, kind: str, *, by: Actor, at: datetime) -> None:
    again = Link.objects.filter(of=subject_request, to=to, kind=kind).exclude(ended_at=None)
    if again.update(at=at, by=str(by), ended_at=None):
        return
    try:
        with transaction.atomic():
            Link.objects.create(of=subject_request, to=to, kind=kind, at=at, by=str(by))
    except IntegrityError:
        message = "These two are linked already."
        raise Conflict(message) from None


def _of_the_same_person(subject_request: SubjectRequest) -> QuerySet[SubjectRequest]:
    """Other requests for this right, here, that name an identifier which both have proven."""
    mine = subject_request.identities.filter(of_representative=False).exclude(proven_at=None)
    same = Q(pk=None)
    for identity in mine:
        same |= Q(kind=identity.kind, lookup__in=sealed.lookups(identity.kind, identity.value()))
    theirs = Identity.objects.filter(same, of_representative=False).exclude(proven_at=None)
    others = SubjectRequest.objects.filter(controller=subject_request.controller, right=subject_request.right)
    return others.filter(pk__in=theirs.values("subject_request")).exclude(pk=subject_request.pk)
