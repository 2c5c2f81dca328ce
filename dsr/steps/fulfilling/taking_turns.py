"""A copy and an erasure of the same person's data in one system take turns, so that no copy is half of before.

Either is marked as running before it looks for the other, so at least one of them sees the other and steps back. Who
asked for a copy has it before the data goes; an erasure that has begun is not stopped half-way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Exists, QuerySet

from dsr.connectors.contract import Rejected
from dsr.law.rights import COPIED
from dsr.law.work import ItemState, Kind
from dsr.models import Identity, PlanItem
from dsr.models.plan import OPEN
from dsr.steps.deciding.holds import Held

PAUSE = timedelta(seconds=10)
COPY_FIRST = "A copy for the same person is taken from this system first."
ERASURE_FIRST = "Data of the same person is being erased in this system; it is searched after that."

SAME_DAY = "Other rows that were kept until the same day go first."


def copy_under_way(item: PlanItem) -> Exists:
    """Whether a search for a copy for the person of this erasure is still open in its system."""
    return Exists(_of_the_same_person(item).filter(kind=Kind.FIND, state__in=OPEN))


def after_copies(at: datetime) -> Held:
    """Why an erasure waits that has sent nothing yet."""
    return Held(COPY_FIRST, at + PAUSE, untouched=True)


def after_erasures(item: PlanItem, *, at: datetime) -> None:
    """Raise Held where an erasure is just at work on what this would copy."""
    copies = item.subject_request.right in COPIED
    if copies and _of_the_same_person(item).filter(kind=Kind.ERASE, state=ItemState.RUNNING).exists():
        raise Held(ERASURE_FIRST, at + PAUSE)


@contextmanager
def on_its_day(item: PlanItem, *, at: datetime) -> Iterator[None]:
    """Raise Held where a system refuses rows that others, which go on the same day, may still point at.

    What was kept longer stands in a list of its own, so one day may have several items, and no order among them. An
    item that waits so keeps no other waiting.
    """
    try:
        yield
    except Rejected:
        others = PlanItem.objects.filter(subject_request=item.subject_request_id, kind=Kind.ERASE, system=item.system)
        others = others.filter(until__lte=item.until) if item.until else others.none()
        if others.filter(state__in=OPEN).exclude(pk=item.pk).exclude(note=SAME_DAY).exists():
            raise Held(SAME_DAY, at + PAUSE) from None
        raise


def _of_the_same_person(item: PlanItem) -> QuerySet[PlanItem]:
    """Items on the same system for other requests in which one of the same identifiers is proven."""
    mine = item.subject_request
    proven = [each for each in mine.identities.all() if each.proven_at and not each.of_representative]
    names = {name for each in proven for name in each.held_by()}
    requests = Identity.objects.filter(folded__in=names, of_representative=False).exclude(proven_at=None)
    others = PlanItem.objects.filter(system=item.system, subject_request__controller=mine.controller)
    if item.kind == Kind.ERASE:
        others = others.filter(subject_request__right__in=COPIED)
    return others.filter(subject_request__in=requests.values("subject_request")).exclude(subject_request=mine)
