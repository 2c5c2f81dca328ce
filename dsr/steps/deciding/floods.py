"""Floods: the same asked again and again by one person is answered once; nothing is refused by itself (I15).

Up to FLOOD of a kind wait for a person at the desk as they always did. What is merged here says the very same, to the
letter: another word, another identifier or another purpose is another request.
"""

from datetime import datetime

from dsr.law.actors import PORTAL
from dsr.law.states import State
from dsr.law.work import Asker, Channel
from dsr.models import Identity, Link, SubjectRequest, sealed
from dsr.steps.deciding import merging
from dsr.steps.move import move

FLOOD = 3


def settle(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Now that it is proven who asks: merge it where it is one of many. Call it in the transaction of the proof."""
    _end_unproven(subject_request, at)
    earlier = [each for each in merging.originals(subject_request) if _same(each, subject_request)]
    if len(earlier) + _merged_into(earlier) >= FLOOD:
        merging.merge(subject_request, earlier[0], by=PORTAL, at=at)


def _merged_into(earlier: list[SubjectRequest]) -> int:
    """How many were merged into the first of them already."""
    return earlier[0].linked_from.filter(kind=Link.DUPLICATE, ended_at=None).count() if earlier else 0


def _end_unproven(subject_request: SubjectRequest, at: datetime) -> None:
    """Copies that nobody has proven say nothing that this one does not say: they end now, each without a letter."""
    mailbox = subject_request.own_mailbox()
    if subject_request.asker != Asker.PERSON or mailbox is None:
        return
    lookups = sealed.lookups(mailbox.kind, mailbox.value())
    named = Identity.objects.filter(lookup__in=lookups, kind=mailbox.kind, of_representative=False)
    waiting = SubjectRequest.objects.filter(
        state=State.RECEIVED,
        channel=Channel.WEB,
        controller=subject_request.controller,
        right=subject_request.right,
        pk__in=named.values("subject_request"),
    ).prefetch_related("identities")
    copies = [each for each in waiting.exclude(pk=subject_request.pk) if _same(each, subject_request)]
    if len(copies) < FLOOD:
        return
    for copy in copies:
        move(copy, State.LAPSED, by=PORTAL, at=at, event="request:repeated", of=subject_request.reference)


def _same(one: SubjectRequest, other: SubjectRequest) -> bool:
    """Whether they ask for the same in the same words, by the same identifiers."""
    return _said(one) == _said(other)


def _said(one: SubjectRequest) -> tuple[object, ...]:
    named = frozenset((each.kind, each.value()) for each in one.identities.all())
    purposes = frozenset(one.withdrawals.values_list("purpose", flat=True))
    return one.asker, one.region, one.scope, one.details().split(), named, purposes
