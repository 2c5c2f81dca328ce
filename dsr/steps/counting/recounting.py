"""Counting open deadlines again, however many: those that stand still today, and those whose year was not known."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Case, CharField, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, When

from dsr.law.actors import PORTAL
from dsr.law.clocks import Duty
from dsr.law.deadlines import closes_at, local_day
from dsr.law.states import CLOSED
from dsr.models import Deadline, SubjectRequest, Turn, recount
from dsr.steps import maps
from dsr.steps.counting import clock, reckoning
from dsr.steps.recording import record

_OPEN = Deadline.objects.filter(met_at=None)
_MOVING = Q(pausing_from__isnull=False) | Q(provisional=True)
_IN_FORCE = Case(
    When(Q(extended=True) & ~Q(extended_term=""), then=F("extended_term")), default=F("term"), output_field=CharField()
)
_AT_ONCE = 1_000  # rows of a statement


def daily(*, at: datetime) -> bool:
    """Count again when a local day has begun somewhere since the last time; one worker has the turn."""
    calendars = [maps.calendar(slug) for slug in maps.controllers()]
    began = [closes_at(local_day(at, calendar) - timedelta(days=1), calendar) for calendar in calendars]
    slot = max(began, default=at).isoformat()  # when a day began last, wherever that was
    turn, _ = Turn.objects.get_or_create(name="recount")
    if turn.slot == slot:
        return False
    with transaction.atomic():
        if not Turn.objects.filter(name="recount", slot=turn.slot).update(slot=slot):
            return False  # another worker has it
        count(at=at)
    return True


def count(*, at: datetime, every: bool = False) -> int:
    """Set the dates of all deadlines that can move (with `every`, of all that are open); how many moved.

    The number of statements depends on calendars and controllers, never on the number of deadlines.
    """
    with transaction.atomic():
        _lay_down_missing(at=at)
        _move_to_new_editions(at=at)
        moved = recount.write(_reckoned(_OPEN if every else _OPEN.filter(_MOVING), at))
        _set_first_dates()
    return moved


def _reckoned(deadlines: QuerySet[Deadline], at: datetime) -> Iterator[recount.Row]:
    """Each distinct basis, counted once."""
    names = ("edition_id", "receipt_on", "starts_on", "in_force", "paused", "pausing_from", "pausing_to")
    rows = deadlines.annotate(in_force=_IN_FORCE).order_by().values_list(*names).distinct()
    for row in rows.iterator():
        basis = reckoning.Basis(*row)
        found = reckoning.dates(basis, at=at)
        decided = (basis.edition, *map(_text, row[1:]))
        yield (*decided, _text(found.due_on), _text(found.unpaused_on), found.provisional, _text(found.attend_on))


def _text(value: date | str | None) -> str:
    return recount.NEVER if value is None else str(value)


def _set_first_dates() -> None:
    """`due_on` of each request is its earliest open date for the answer."""
    open_answers = _OPEN.filter(duty=Duty.ANSWER, subject_request=OuterRef("pk")).order_by()
    first = Subquery(open_answers.values("subject_request").annotate(first=Min("due_on")).values("first"))
    differs = Exists(open_answers.filter(due_on__lt=OuterRef("due_on"))) | ~Exists(
        open_answers.filter(due_on__lte=OuterRef("due_on"))
    )
    running = SubjectRequest.objects.filter(answered_at=None).exclude(state__in=CLOSED)
    running.filter(Exists(open_answers), differs).update(due_on=first)


def _move_to_new_editions(*, at: datetime) -> None:
    """Dates in a year that was not published when they were counted move to what is known of it now."""
    provisional = _OPEN.filter(provisional=True)
    for slug, version in provisional.order_by().values_list("subject_request__controller", "edition").distinct():
        if slug not in maps.controllers():
            continue
        old, present = reckoning.edition_of(version), maps.calendar(slug)
        if (old.country, old.subdivision, old.zone) != (present.country, present.subdivision, present.zone):
            continue  # the controller has moved since: a date is never counted by another place's days
        new = reckoning.keep(present, old.first.year + 1, at=at)
        if new.version == version:
            continue
        mine = SubjectRequest.objects.filter(controller=slug).values("pk")
        moved = provisional.filter(edition=version, subject_request__in=mine).update(edition_id=new.version)
        record.write_for(slug, "clock:edition", by=PORTAL, at=at, before=version, after=new.version, deadlines=moved)


def _lay_down_missing(*, at: datetime) -> None:
    """Open requests from before there were deadlines get theirs."""
    bare = SubjectRequest.objects.filter(answered_at=None).exclude(state__in=CLOSED)
    bare = bare.exclude(Exists(Deadline.objects.filter(subject_request=OuterRef("pk"))))
    known = bare.filter(controller__in=list(maps.controllers()))
    rows = [row for subject_request in known.iterator() for row in clock.laid(subject_request, at=at)]
    Deadline.objects.bulk_create(rows, batch_size=_AT_ONCE)
