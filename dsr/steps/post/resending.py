"""A letter once more: the old words are forgotten, so it is written anew from the facts of now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind, Letter, NoticeState
from dsr.models import ClockPause, Extension, LegalHold, Link, Notice, SubjectRequest
from dsr.steps import bell, permissions
from dsr.steps.answering import deeds, delivery, giving_up, handover, on_file, packaging, partly
from dsr.steps.asking import cancellation, verification
from dsr.steps.counting import extension, misses
from dsr.steps.deciding import blocking
from dsr.steps.fulfilling import afterwards, correctable, rectification, window, withdrawal
from dsr.steps.move import Conflict
from dsr.steps.post import notices, outbox
from dsr.steps.recording import record

Facts = Callable[[SubjectRequest, datetime], dict[str, Any]]

OVER = frozenset({NoticeState.SENT, NoticeState.FAILED, NoticeState.IN_DOUBT, NoticeState.BOUNCED})
CODES = frozenset({Letter.RECEIVED, Letter.CODE})
GONE = "What this letter said does not hold any more, so it cannot be sent again."


def _nothing_more(_: SubjectRequest, __: datetime) -> dict[str, Any]:
    return {}


def _accepted(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    if subject_request.state in {State.REFUSED, State.CANCELLED}:
        raise Conflict(GONE)
    return {}


def _resumed(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    return {"resumed": subject_request.items.filter(kind=Kind.RESUME).exists()}


def _cancelled(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    given_up = subject_request.events.filter(tag=giving_up.GIVEN_UP).exists()
    return {"given_up": given_up, **cancellation.said(subject_request), **_resumed(subject_request, at)}


def _package(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    package = delivery.available(subject_request)
    if package is None or package.expires_at is None or package.expires_at <= at:
        raise Conflict(GONE)
    waits = {"opens_on": on_file.opens_on(subject_request, at=at)}
    days = {"expires_on": delivery.last_day(package), "held_on": delivery.held_day(package)}
    return {"size": package.size, "sha256": package.sha256, **days, **waits}


def _erased(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    available = _package(subject_request, at)
    return {**packaging.told(subject_request, at=at), **available}


def _file(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    """The file that says the same; nothing once its offer has ended."""
    return deeds.told(subject_request, at=at)


def _approved(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    ends_at = subject_request.erase_after
    if subject_request.state != State.APPROVED or ends_at is None or ends_at <= at:
        raise Conflict(GONE)
    return {"erase_after": ends_at}


def _correctable(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    proposal = rectification.awaited(subject_request)
    if proposal is None:
        raise Conflict(GONE)
    return window.told(proposal, at=at)


def _question(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    pause = ClockPause.objects.filter(subject_request=subject_request, ended_at=None).first()
    if pause is None:
        raise Conflict(GONE)
    return {"ends_on": pause.ends_on, "reason": pause.reason}


def _extended(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    return extension.told(Extension.objects.get(subject_request=subject_request))


def _original(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    link = subject_request.links.filter(kind=Link.DUPLICATE).select_related("to").first()
    if link is None:
        raise Conflict(GONE)
    return {"original": link.to.reference}


def _held(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    """What holds it back now, by its own name or the person's; a freeze before a legal hold, for it holds more."""
    erasing = subject_request.right == Right.ERASURE
    standing = [one for one in blocking.standing(subject_request) if erasing or one.kind == LegalHold.FREEZE]
    hold = min(standing, key=lambda one: one.kind != LegalHold.FREEZE, default=None)
    if hold is None:
        raise Conflict(GONE)
    return {"frozen": hold.kind == LegalHold.FREEZE, "review_on": hold.review_on}


def _released(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    offered = delivery.offered_until(subject_request, at=at) is not None
    held = subject_request.right == Right.ERASURE and bool(blocking.standing(subject_request))
    if blocking.blocks_delivery(subject_request) or (held and not offered):
        raise Conflict(GONE)  # it was set again meanwhile
    return {**_package(subject_request, at), "still_held": held} if offered else {}


def _on_file(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    if subject_request.closed:
        raise Conflict(GONE)
    return on_file.facts(subject_request, at=at)


FACTS: dict[Letter, Facts] = {
    Letter.ACCEPTED: _accepted,
    Letter.APPROVED: _approved,
    Letter.REFUSED: _resumed,
    Letter.READY: _package,
    Letter.PARTLY: lambda subject_request, at: partly.told(subject_request, at=at),
    Letter.CORRECTABLE: _correctable,
    Letter.CORRECTABLE_STILL: _correctable,
    Letter.CORRECTED: lambda subject_request, at: {**correctable.told(subject_request), **_file(subject_request, at)},
    Letter.ERASED: _erased,
    Letter.KEPT_OVER: lambda subject_request, _: afterwards.told(subject_request),
    Letter.HELD: _held,
    Letter.RELEASED: _released,
    Letter.HANDED_OVER: lambda subject_request, _: handover.told(subject_request),
    Letter.ANSWER: _nothing_more,
    Letter.CANCELLED: _cancelled,
    Letter.LAPSED: _nothing_more,
    Letter.QUESTION: _question,
    Letter.QUESTION_OVER: _nothing_more,
    Letter.EXTENDED: _extended,
    Letter.LATE: lambda subject_request, _: misses.told(subject_request),
    Letter.MERGED: _original,
    Letter.ANSWERED_WITH: _original,
    Letter.WITHDRAWN: lambda subject_request, at: {**withdrawal.told(subject_request), **_file(subject_request, at)},
    Letter.AGENT_TOLD: _nothing_more,
    Letter.ON_FILE: _on_file,
}


def possible(notice: Notice) -> bool:
    """Whether this letter can be sent once more: it left us, or failed to, and it went to the person or a recipient."""
    known = notice.letter in FACTS or notice.letter in CODES or notice.letter in {Letter.TELL, Letter.TELL_AGAIN}
    return known and notice.state in OVER and not notice.to.startswith("staff:")


def holds(notice: Notice, at: datetime) -> bool:
    """Whether what it said still holds, so that it would go out now."""
    if not possible(notice):
        return False
    subject_request, letter = notice.subject_request, Letter(notice.letter)
    if letter in CODES:
        return _to_prove(subject_request)
    if letter in {Letter.TELL, Letter.TELL_AGAIN}:
        return subject_request.tellings.filter(recipient=notice.to.partition(":")[2], answered_at=None).exists()
    try:
        FACTS[letter](subject_request, at)
    except Conflict:
        return False
    return True


def _to_prove(subject_request: SubjectRequest) -> bool:
    return subject_request.identities.filter(kind=IdentityKind.EMAIL, proven_at=None).exists()


def send_again(notice: Notice, *, by: Actor, at: datetime) -> None:
    """Send it once more as a row of its own; a code is made anew. Raises Forbidden, Conflict.

    One in doubt goes out as the same mail: whoever got it already sees by its Message-ID that it is no other.
    """
    subject_request = notice.subject_request
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if not possible(notice):
        message = "This letter cannot be sent again."
        raise Conflict(message)
    if notice.state == NoticeState.IN_DOUBT:
        _queue_again(notice, by=by, at=at)
        return
    with transaction.atomic():
        again = _again(notice, at)
        if again is None:
            raise Conflict(GONE)
        record.write(subject_request, "notice:again", by=by, at=at, letter=notice.letter, to=notice.to or "person")


def _queue_again(notice: Notice, *, by: Actor, at: datetime) -> None:
    subject_request, letter = notice.subject_request, Letter(notice.letter)
    if letter in FACTS:
        FACTS[letter](subject_request, at)  # what it says has to hold still
    with transaction.atomic():
        doubted = Notice.objects.filter(pk=notice.pk, state=NoticeState.IN_DOUBT).exclude(context_sealed="")
        if not doubted.update(state=NoticeState.QUEUED, not_before=at, tries=0, note=""):
            raise Conflict(GONE)
        record.write(subject_request, "notice:queued-again", by=by, at=at, letter=letter, to=notice.to or "person")
    bell.ring_after_commit()


def _again(notice: Notice, at: datetime) -> object | None:
    subject_request, letter = notice.subject_request, Letter(notice.letter)
    if letter in CODES:
        # A code of the sign-in is asked for on the page; here it is the one that proves the address.
        return True if _to_prove(subject_request) and verification.ask(subject_request, at=at, letter=letter) else None
    if letter in {Letter.TELL, Letter.TELL_AGAIN}:
        telling = subject_request.tellings.filter(recipient=notice.to.partition(":")[2], answered_at=None).first()
        if telling is None:
            return None
        about = "withdrawal" if subject_request.right == "consent-withdrawal" else subject_request.right
        told: dict[str, Any] = {"telling": str(telling.pk), "about": about, "answer_by": telling.due_on}
        return notices.queue(subject_request, letter, at=at, to_recipient=telling.recipient, again_of=notice, **told)
    to: dict[str, Any] = {"to_other": "agent" if letter is Letter.AGENT_TOLD else ""}
    if notice.to == outbox.ON_FILE:
        to = {"to_address": notice.addressee(), outbox.TO_FILE: True}
    return notices.queue(subject_request, letter, at=at, again_of=notice, **to, **FACTS[letter](subject_request, at))
