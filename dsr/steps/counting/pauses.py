"""Questions to the person. While one is open, the clocks of those laws that allow it stand still."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.clocks import Pause
from dsr.law.deadlines import business_days_left, closes_at, local_day
from dsr.law.regimes import HOUSE, regimes
from dsr.law.states import State
from dsr.law.work import Channel, Letter
from dsr.models import ClockPause, Deadline, SubjectRequest, sealed
from dsr.steps import maps, permissions
from dsr.steps.counting import clock, reckoning
from dsr.steps.move import Conflict
from dsr.steps.post import notices, team
from dsr.steps.recording import record

WORDS = 5_000  # characters of a question, and of its answer
MOST = 12  # questions in one request; and so many spans fit into a deadline
REPLIES = (Channel.LETTER, Channel.TELEPHONE, Channel.IN_PERSON)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person without a mailbox replied to a question, when and in which way."""

    words: str
    received_on: date
    channel: Channel


def ask(subject_request: SubjectRequest, *, reason: Pause, question: str, by: Actor, at: datetime) -> None:
    """Ask the person. Raises Conflict: one question at a time, and none once the request is answered."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    question = _written(question, "Write the question first.")
    with transaction.atomic():
        present = clock.held(subject_request)
        if why := why_not(present):
            raise Conflict(why)
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
        _ended(present, by=by, at=at)
        record.write(present, "question:answered", by=by, at=at, secret={"answer": text})
        _answered(present, text, on=at, at=at)
    subject_request.due_on = present.due_on


def enter_reply(subject_request: SubjectRequest, reply: Reply, *, by: Actor, at: datetime) -> None:
    """Staff enter what a person without a mailbox replied; the pause ends as of its receipt. Raises Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    text = _written(reply.words, "Write what the person replied.")
    with transaction.atomic():
        present = clock.held(subject_request)
        pause = _ended(present, by=by, at=at)
        if why := _why_not_reply(present, pause, reply, at):
            raise Conflict(why)
        how: dict[str, Any] = {"channel": reply.channel, "received_on": reply.received_on.isoformat()}
        record.write(present, "question:reply-entered", by=by, at=at, secret={"answer": text}, **how)
        over = closes_at(reply.received_on, maps.calendar(present.controller)) - timedelta(microseconds=1)
        _answered(present, text, on=min(at, over), at=at)
    subject_request.due_on = present.due_on


def _why_not_reply(subject_request: SubjectRequest, pause: ClockPause, reply: Reply, at: datetime) -> str:
    calendar = maps.calendar(subject_request.controller)
    if subject_request.mailbox() is not None:
        return "This person has a mailbox, and answers on the page of the request."
    if reply.channel not in REPLIES:
        return "A reply comes by letter, by telephone or in person."
    if reply.received_on > local_day(at, calendar):
        return "The day cannot lie in the future."
    if reply.received_on < local_day(pause.asked_at, calendar):
        return "The question was not asked yet on that day."
    return ""


def _answered(subject_request: SubjectRequest, text: str, *, on: datetime, at: datetime) -> None:
    """The latest question has its answer as of `on`: the clock runs again from there."""
    pause = subject_request.pauses.latest("asked_at")
    pause.answer_sealed = sealed.seal(text, "clock_pause", pause.id, "answer")
    pause.save(update_fields=["answer_sealed"])
    clock.resume(subject_request, at=on)
    if pause.reason == Pause.IDENTITY_REQUIRED:
        clock.proven(subject_request, at=on)
    team.tell(subject_request, Letter.REPLIED, team.answerable(subject_request), at=at)


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


def why_not(subject_request: SubjectRequest) -> str:
    """Why the person cannot be asked now; empty when they can. No question keeps back a package that is made."""
    if not clock.running(subject_request):
        return "This request is answered or closed: there is nothing to ask any more."
    if subject_request.state == State.PACKAGED:
        return "The package is made: there is nothing to ask any more. Hand it over."
    if open_question(subject_request) is not None:
        return "There is a question open already. Ask one thing at a time."
    if subject_request.pauses.count() >= MOST:
        return f"The person was asked {MOST} times. Decide with what is there."
    return ""


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
