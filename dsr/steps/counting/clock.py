"""The clock of a request: the promise and the statutory dates, laid down at intake, settled when it is answered."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from dsr.law.actors import PORTAL
from dsr.law.calendars import Edition
from dsr.law.clocks import Clock, Duty, clocks
from dsr.law.deadlines import local_day
from dsr.law.files import law_version
from dsr.law.regimes import HOUSE
from dsr.law.rights import Right
from dsr.law.terms import Span, read_spans, spell
from dsr.models import ClockPause, Deadline, SubjectRequest
from dsr.steps import maps
from dsr.steps.counting import misses, reckoning
from dsr.steps.recording import record

# What acts on the clock change; when staff were reminded is not theirs to write.
_COUNTED = (
    *("receipt_on", "starts_on", "extended", "paused", "pausing_from", "pausing_to"),
    *("due_on", "unpaused_on", "provisional", "attend_on"),
)


def held(subject_request: SubjectRequest) -> SubjectRequest:
    """The request as it stands now, its row held until the transaction ends: acts on one clock take turns."""
    return SubjectRequest.objects.select_for_update().get(pk=subject_request.pk)


def running(subject_request: SubjectRequest) -> bool:
    """Whether an answer is still due."""
    return not subject_request.closed and subject_request.answered_at is None


def start(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Lay down every date of the request, counted from its receipt. Call it in the transaction that files it."""
    edition, rows = _laid(subject_request, at=at)
    Deadline.objects.bulk_create(rows)
    subject_request.due_on = min(row.due_on for row in rows if row.duty == Duty.ANSWER)
    subject_request.law_version = law_version()
    subject_request.save(update_fields=["due_on", "law_version"])
    record.write(
        subject_request,
        "clock:started",
        by=PORTAL,
        at=at,
        edition=edition.version,
        law=subject_request.law_version,
        due={f"{row.regime} {row.duty}": row.due_on.isoformat() for row in rows},
    )


def laid(subject_request: SubjectRequest, *, at: datetime) -> list[Deadline]:
    """The deadlines of a request by the law of its region, not saved."""
    return _laid(subject_request, at=at)[1]


def _laid(subject_request: SubjectRequest, *, at: datetime) -> tuple[Edition, list[Deadline]]:
    facts = maps.controller(subject_request.controller).controller
    calendar = maps.calendar(facts.slug)
    received_on = local_day(subject_request.received_at, calendar)
    edition = reckoning.keep(calendar, received_on.year, at=at)
    region = facts.regions.get(subject_request.region)
    of = region.regimes if region else ()
    found = clocks(Right(subject_request.right), of, received_on, facts.promise_days)
    return edition, [_deadline(subject_request, clock, edition, at=at) for clock in found]


def _deadline(subject_request: SubjectRequest, clock: Clock, edition: Edition, *, at: datetime) -> Deadline:
    deadline = Deadline(
        subject_request=subject_request,
        regime=clock.regime,
        duty=clock.duty,
        edition_id=edition.version,
        receipt_on=clock.starts_on,
        starts_on=clock.starts_on,
        starts_with_proof=clock.starts_with_proof,
        term=str(clock.term),
        extended_term=str(clock.extended_term or ""),
        pausable=" ".join(sorted(clock.pausable)),
    )
    reckoning.reckon(deadline, at=at)
    return deadline


def proven(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Start anew, on this day, what the law starts with a proof that was asked for (UK GDPR Art. 12A(2)(b)).

    The code for the mailbox counts as such a proof: whoever fills in a form on the web names an address that
    anybody could name, so until the code is typed there is a reasonable doubt (Art. 12(6)), and nothing less could
    be asked for. Should a court see no doubt there, the month ran from receipt: that date is never dropped. It
    stays in `unpaused_on` and on every page, and the promise, which is earlier than both, runs from receipt anyway.
    """
    for deadline in _open(subject_request).filter(starts_with_proof=True):
        today = local_day(at, reckoning.edition_of(deadline.edition_id))
        if today > deadline.starts_on:
            misses.note_if_over(deadline, at=at)
            deadline.starts_on = today
            recounted(deadline, at=at)
            day = today.isoformat()
            record.write(subject_request, "clock:proven", by=PORTAL, at=at, regime=deadline.regime, starts_on=day)
    first_date(subject_request)


def confirmed(subject_request: SubjectRequest, *, at: datetime) -> None:
    """A letter that says the request arrived was sent: the duty to confirm is done (11 CCR §7021(a))."""
    _meet(subject_request, [Duty.CONFIRM], at=at, done_at=at)


def met(subject_request: SubjectRequest, *, at: datetime, done_at: datetime) -> None:
    """The request was answered or closed then: no date runs any more. What was late by then is recorded as missed."""
    close_question(subject_request, at=at, done_at=done_at)
    _meet(subject_request, list(Duty), at=at, done_at=done_at)


def close_question(subject_request: SubjectRequest, *, at: datetime, done_at: datetime) -> None:
    """What is still asked then keeps nothing back any more: the answer is given, or lies ready."""
    pause = ClockPause.objects.filter(subject_request=subject_request, ended_at=None).first()
    if pause is not None:
        ClockPause.objects.filter(pk=pause.pk, ended_at=None).update(ended_at=at, ended_by=str(PORTAL))
        record.write(subject_request, "question:closed", by=PORTAL, at=at)
        resume(subject_request, at=done_at)


def resume(subject_request: SubjectRequest, *, at: datetime) -> None:
    """The open pause is over today, or was on the day on which it ended by itself. Both ends do not count."""
    for deadline in _open(subject_request).exclude(pausing_from=None):
        edition = reckoning.edition_of(deadline.edition_id)
        span = reckoning.running(deadline.pausing_from, deadline.pausing_to, local_day(at, edition))
        spans: Iterable[Span] = (*read_spans(deadline.paused), *([span] if span else []))
        deadline.paused, deadline.pausing_from, deadline.pausing_to = spell(spans), None, None
        recounted(deadline, at=at)
    first_date(subject_request)


def first_date(subject_request: SubjectRequest) -> None:
    """`due_on` of a request is its earliest open date for the answer; the last one stays when none is open."""
    first = _open(subject_request).filter(duty=Duty.ANSWER).order_by("due_on").first()
    if first is not None and first.due_on != subject_request.due_on:
        SubjectRequest.objects.filter(pk=subject_request.pk).update(due_on=first.due_on)
        subject_request.due_on = first.due_on


def look_back(deadline: Deadline, *, at: datetime) -> None:
    """A date that was met counts as missed after all when it has moved before the day on which it was met."""
    if deadline.met_at is None:
        return
    if local_day(deadline.met_at, reckoning.edition_of(deadline.edition_id)) > deadline.due_on:
        misses.note(deadline, missed_on=deadline.due_on, at=at)


def _meet(subject_request: SubjectRequest, duties: list[Duty], *, at: datetime, done_at: datetime) -> None:
    # The request itself, as it is by now, is read only for a date that was missed.
    for deadline in _open(subject_request).select_related(None).filter(duty__in=duties):
        if local_day(done_at, reckoning.edition_of(deadline.edition_id)) > deadline.due_on:
            misses.note_if_over(deadline, at=at)
        Deadline.objects.filter(pk=deadline.pk, met_at=None).update(met_at=done_at, attend_on=None)


def answers(subject_request: SubjectRequest) -> list[Deadline]:
    """The open dates for the answer, the promise first."""
    rows = _open(subject_request).filter(duty=Duty.ANSWER)
    return sorted(rows, key=lambda row: row.regime != HOUSE)


def _open(subject_request: SubjectRequest) -> QuerySet[Deadline]:
    return Deadline.objects.filter(subject_request=subject_request, met_at=None).select_related("subject_request")


def recounted(deadline: Deadline, *, at: datetime) -> None:
    """Count a deadline again after its columns were changed, and save them. Call it with the request's row held."""
    reckoning.reckon(deadline, at=at)
    deadline.save(update_fields=_COUNTED)
    # The timetable may have recorded a miss since the row was read: then nobody is told any more.
    Deadline.objects.filter(pk=deadline.pk).exclude(breached_at=None).update(attend_on=None)
