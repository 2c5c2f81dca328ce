"""Questions to the person. While one is open, the clocks of those laws that allow it stand still."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.clocks import Pause
from dsr.law.deadlines import business_days_left, local_day
from dsr.law.regimes import HOUSE, regimes
from dsr.law.work import Letter
from dsr.models import ClockPause, Deadline, SubjectRequest, sealed
from dsr.steps import maps, permissions
from dsr.steps.counting import clock, reckoning
from dsr.steps.move import Conflict
from dsr.steps.post import notices, team
from dsr.steps.recording import record

WORDS = 5_000  # characters of a question, and of its answer
MOST = 12  # questions in one request; and so many spans fit into a deadline


def ask(subject_request: SubjectRequest, *, reason: Pause, question: str, by: Actor, at: datetime) -> None:
    """Ask the person. Raises Conflict: one question at a time, and none once the request is answered."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    question = _written(question, "Write the question first.")
    with transaction.atomic():
        present = clock.held(subject_request)
        _may_ask(present)
        today = local_day(at, maps.calendar(present.controller))
        ends_on = today + timedelta(days=settings.DSR_QUESTION_DAYS)
        pause = ClockPause(subject_request=present, reason=reason, asked_at=at, asked_by_id=int(by.id), ends_on=ends_on)
        pause.question_sealed = sealed.seal(question, "clock_pause", pause.id, "question")
        pause.save(force_insert=True)
        stopped = stops(present, reason, at=at)
        for deadline in stopped:
            deadline.pausing_from, deadline.pausing_to = today, ends_on
            clock.recounted(deadline, at=at)
        clock.first_date(present)
        record.write(
            present,
            "question:asked",
            by=by,
            at=at,
            secret={"question": question},
            reason=reason,
            stops=[deadline.regime for deadline in stopped],
            ends_on=ends_on.isoformat(),
        )
        notices.queue(present, Letter.QUESTION, at=at, ends_on=ends_on, reason=reason)
    subject_request.due_on = present.due_on


def stops(subject_request: SubjectRequest, reason: Pause, *, at: datetime) -> list[Deadline]:
    """The dates that a question asked now stops: each by its own law, the promise only where every law waits."""
    promise, laws = [], []
    waits = True
    for deadline in clock.answers(subject_request):
        if deadline.regime == HOUSE:
            promise.append(deadline)
        elif _stops(deadline, reason, at):
            laws.append(deadline)
        else:
            waits &= reason is Pause.IDENTITY_REQUIRED and deadline.starts_with_proof
    return [*(deadline for deadline in promise if waits and _stops(deadline, reason, at)), *laws]


def _stops(deadline: Deadline, reason: Pause, at: datetime) -> bool:
    edition = reckoning.edition_of(deadline.edition_id)
    today = local_day(at, edition)
    law = regimes().get(deadline.regime)
    within = law.ask_within if law else None
    in_time = within is None or business_days_left(deadline.receipt_on, today, edition) <= within
    # What is over cannot stand still: a question asked late mends nothing.
    return reason in deadline.pausable.split() and in_time and today <= deadline.due_on


def answer(subject_request: SubjectRequest, text: str, *, by: Actor, at: datetime) -> None:
    """The person answers, which ends the pause. Raises Conflict when the question is not open any more."""
    if by.kind is not ActorKind.SUBJECT:
        message = "Only the person who was asked answers."
        raise permissions.Forbidden(message)
    text = _written(text, "Write your answer first.")
    with transaction.atomic():
        present = clock.held(subject_request)
        pause = _ended(present, by=by, at=at)
        pause.answer_sealed = sealed.seal(text, "clock_pause", pause.id, "answer")
        pause.save(update_fields=["answer_sealed"])
        record.write(present, "question:answered", by=by, at=at, secret={"answer": text})
        clock.resume(present, at=at)
        if pause.reason == Pause.IDENTITY_REQUIRED:
            clock.proven(present, at=at)
        team.tell(present, Letter.REPLIED, team.answerable(present), at=at)
    subject_request.due_on = present.due_on


def end(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Staff take the question back: the clock runs again from tomorrow, and the person is told."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    with transaction.atomic():
        present = clock.held(subject_request)
        _ended(present, by=by, at=at)
        record.write(present, "question:taken-back", by=by, at=at)
        clock.resume(present, at=at)
        notices.queue(present, Letter.QUESTION_OVER, at=at, taken_back=True)
    subject_request.due_on = present.due_on


def end_next(*, at: datetime) -> bool:
    """End one question that nobody answered in its time; whether there was one."""
    over = Q(pk=None)
    for slug in maps.controllers():
        over |= Q(subject_request__controller=slug, ends_on__lt=local_day(at, maps.calendar(slug)))
    pause = ClockPause.objects.filter(over, ended_at=None).order_by("ends_on").first()
    if pause is None:
        return False
    with transaction.atomic():
        present = clock.held(pause.subject_request)
        if not _close(pause, by=PORTAL, at=at):
            return True  # another worker or the person was faster
        record.write(present, "question:unanswered", by=PORTAL, at=at)
        clock.resume(present, at=at)
        notices.queue(present, Letter.QUESTION_OVER, at=at)
        team.tell(present, Letter.UNANSWERED, team.answerable(present), at=at)
    return True


def open_question(subject_request: SubjectRequest) -> ClockPause | None:
    """The question that waits for the person."""
    return ClockPause.objects.filter(subject_request=subject_request, ended_at=None).first()


def _may_ask(subject_request: SubjectRequest) -> None:
    if not clock.running(subject_request):
        message = "This request is answered or closed: there is nothing to ask any more."
        raise Conflict(message)
    if open_question(subject_request) is not None:
        message = "There is a question open already. Ask one thing at a time."
        raise Conflict(message)
    if subject_request.pauses.count() >= MOST:
        message = f"The person was asked {MOST} times. Decide with what is there."
        raise Conflict(message)


def _ended(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> ClockPause:
    pause = open_question(subject_request)
    if pause is None or not _close(pause, by=by, at=at):
        message = "This question is not open any more."
        raise Conflict(message)
    return pause


def _close(pause: ClockPause, *, by: Actor, at: datetime) -> bool:
    return ClockPause.objects.filter(pk=pause.pk, ended_at=None).update(ended_at=at, ended_by=str(by)) == 1


def _written(text: str, missing: str) -> str:
    text = text.strip()
    if not text:
        raise Conflict(missing)
    if len(text) > WORDS:
        message = f"This is too long: {len(text)} characters; {WORDS} fit."
        raise Conflict(message)
    return text
