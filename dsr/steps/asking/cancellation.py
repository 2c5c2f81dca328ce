"""The person stops a request, until its effects have begun: on its page, or by a word that staff enter."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dsr.law.actors import Actor, ActorKind
from dsr.law.deadlines import local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Kind, Letter
from dsr.models import SubjectRequest
from dsr.steps import ledger, maps, permissions
from dsr.steps.answering import on_file
from dsr.steps.fulfilling import parts, stopping
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices, outbox
from dsr.steps.recording import record

REASON = 300  # characters
ON_WORD = "cancellation:entered"
POSSIBLE = frozenset({State.RECEIVED, State.VERIFIED, State.ACCEPTED, State.SEARCHED, State.APPROVED})


@dataclass(frozen=True, slots=True)
class Word:
    """What staff say of the person's word: how it came, on which local day, and how they knew that it is theirs."""

    channel: Channel
    on: date
    reason: str


def possible(subject_request: SubjectRequest) -> bool:
    """Whether the request can still be cancelled."""
    return subject_request.state in POSSIBLE and not _begun(subject_request)


def cancel_on_word(subject_request: SubjectRequest, word: Word, *, by: Actor, at: datetime) -> None:
    """Somebody without a mailbox called, wrote or came: staff cancel for them. Raises Forbidden, Conflict.

    One member of staff is enough: to stop harms nobody, and a letter tells the person.
    """
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if by.kind is not ActorKind.STAFF or subject_request.mailbox() is not None:
        message = "The person cancels on the page of the request, with a code."
        raise permissions.Forbidden(message)
    if message := _why_not(subject_request, word, at):
        raise Conflict(message)
    with transaction.atomic():
        cancel(subject_request, by=by, at=at, word=word)
        why = {"reason": word.reason.strip()[:REASON]}
        came: dict[str, str] = {"channel": word.channel, "on": word.on.isoformat()}
        record.write(subject_request, ON_WORD, by=by, at=at, secret=why, **came)


def _why_not(subject_request: SubjectRequest, word: Word, at: datetime) -> str:
    """It came in a way in which people without a mailbox reach us, after the request, and not in the future."""
    calendar = maps.calendar(subject_request.controller)
    if word.channel not in outbox.ON_PAPER:
        return "Say how the word came: by telephone, by letter or in person."
    if word.on > local_day(at, calendar):
        return "The day cannot lie in the future."
    if word.on < local_day(subject_request.received_at, calendar):
        return "On that day the request had not arrived yet."
    return "" if word.reason.strip() else "Write what was said, and how you knew that it is this person."


def cancel(subject_request: SubjectRequest, *, by: Actor, at: datetime, word: Word | None = None) -> None:
    """Cancel, take open items off the ledger. Raises Conflict once erasing has begun."""
    with transaction.atomic():
        # Called off first: an item that is claimed from here on is not there any more.
        ledger.call_off(subject_request)
        if _begun(subject_request):
            message = _("What you asked for has begun and cannot be stopped any more.")
            raise Conflict(message)
        move(
            subject_request,
            State.CANCELLED,
            by=by,
            at=at,
            event="request:cancelled",
            columns={"answered_at": at},
        )
        resumed = bool(stopping.plan_resume(subject_request, at=at))
        parts.forget(subject_request)
        note = "Taken back: the request was cancelled."
        notices.take_back(subject_request, notices.CALLED_OFF, note, by=by, at=at)
        notices.queue(subject_request, Letter.CANCELLED, at=at, resumed=resumed, **_said(word))
        on_file.end(subject_request, Letter.CANCELLED, note, by=by, at=at, resumed=resumed)


def _said(word: Word | None) -> dict[str, Any]:
    """What the letter tells of the word."""
    return {"word_on": word.on, "word_channel": word.channel} if word else {}


def said(subject_request: SubjectRequest) -> dict[str, Any]:
    """The same, from the record."""
    event = subject_request.events.filter(tag=ON_WORD).first()
    if event is None:
        return {}
    return {"word_on": date.fromisoformat(event.details["on"]), "word_channel": event.details["channel"]}


def _begun(subject_request: SubjectRequest) -> bool:
    """An item that changes a system runs, or has run before and may have sent something."""
    # The stop before an erasure is taken back; the stop of a withdrawal is what was asked for.
    effects = [Kind.ERASE, Kind.CORRECT] + [Kind.STOP] * (subject_request.right == Right.CONSENT_WITHDRAWAL)
    return any(ledger.begun(item) for item in subject_request.items.filter(kind__in=effects, until=None))
