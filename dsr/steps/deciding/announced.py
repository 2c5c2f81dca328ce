"""An erasure without a mailbox is announced by a letter on paper, and waits until staff have posted it.

A letter that lay on a desk leaves no days to cancel, so they are counted from its posting as well: at least the
controller's `grace_days`. The letter may then name an earlier day than the one on which erasing begins, never a later.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, NoticeState
from dsr.models import Notice, SubjectRequest
from dsr.steps import maps
from dsr.steps.recording import record

MOVED = "grace:moved"
WAIT = (Kind.STOP, Kind.ERASE, Kind.ASSEMBLE)


def waits(subject_request: SubjectRequest) -> bool:
    """Whether the letter still waits to be posted; only erasures are announced."""
    return subject_request.right == Right.ERASURE and _waiting().filter(subject_request=subject_request).exists()


def unposted() -> Exists:
    """Part of the claim's statement: whether an item's request still waits for its letter to be posted."""
    return Exists(_waiting().filter(subject_request=OuterRef("subject_request_id")))


def _waiting() -> QuerySet[Notice]:
    return Notice.objects.filter(letter=Letter.APPROVED, state=NoticeState.TO_POST)


def posted(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """The letter is in the post: whoever reads it has the grace from now. Call it in that transaction."""
    ends_at = at + timedelta(days=maps.controller(subject_request.controller).controller.grace_days)
    waiting = SubjectRequest.objects.filter(pk=subject_request.pk, state=State.APPROVED, erase_after__lt=ends_at)
    if waiting.update(erase_after=ends_at) != 1:
        return
    items = subject_request.items.filter(kind__in=WAIT, until=None, state=ItemState.READY)
    items.filter(not_before__lt=ends_at).update(not_before=ends_at)
    record.write(subject_request, MOVED, by=by, at=at, erase_after=ends_at.isoformat())
