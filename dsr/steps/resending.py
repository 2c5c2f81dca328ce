"""A letter once more: the old words are forgotten, so it is written anew from the facts of now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.deadlines import local_day
from dsr.law.work import Letter, NoticeState
from dsr.models import ClockPause, Extension, LegalHold, Link, Notice, SubjectRequest
from dsr.steps import correctable, delivery, maps, notices, packaging, permissions, record, rectification, verification
from dsr.steps.move import Conflict

Facts = Callable[[SubjectRequest, datetime], dict[str, Any]]

OVER = frozenset({NoticeState.SENT, NoticeState.FAILED, NoticeState.IN_DOUBT, NoticeState.BOUNCED})
CODES = frozenset({Letter.RECEIVED, Letter.CODE})
GONE = "What this letter said does not hold any more, so it cannot be sent again."


def _nothing_more(_: SubjectRequest, __: datetime) -> dict[str, Any]:
    return {}


def _package(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    package = delivery.available(subject_request)
    if package is None or package.expires_at is None or package.expires_at <= at:
        raise Conflict(GONE)
    calendar = maps.calendar(subject_request.controller)
    return {"size": package.size, "expires_on": local_day(package.expires_at, calendar)}


def _erased(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    return {**packaging.told(subject_request, at=at), **_package(subject_request, at)}


def _approved(subject_request: SubjectRequest, at: datetime) -> dict[str, Any]:
    if subject_request.erase_after is None or subject_request.erase_after <= at:
        raise Conflict(GONE)
    return {"erase_after": subject_request.erase_after}


def _correctable(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    proposal = rectification.awaited(subject_request)
    if proposal is None:
        raise Conflict(GONE)
    return {"last_day": proposal.last_day}


def _question(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    pause = ClockPause.objects.filter(subject_request=subject_request, ended_at=None).first()
    if pause is None:
        raise Conflict(GONE)
    return {"ends_on": pause.ends_on, "reason": pause.reason}


def _extended(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    given = Extension.objects.get(subject_request=subject_request)
    longer = [deadline.due_on for deadline in subject_request.deadlines.filter(extended=True)]
    return {"reason": given.reason, "words": given.words(), "extended_to": max(longer)}


def _original(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    link = subject_request.links.filter(kind=Link.DUPLICATE).select_related("to").first()
    if link is None:
        raise Conflict(GONE)
    return {"original": link.to.reference}


def _held(subject_request: SubjectRequest, _: datetime) -> dict[str, Any]:
    hold = LegalHold.objects.filter(subject_request=subject_request, released_at=None).first()
    if hold is None:
        raise Conflict(GONE)
    return {"frozen": hold.kind == LegalHold.FREEZE, "review_on": hold.review_on}


FACTS: dict[Letter, Facts] = {
    Letter.ACCEPTED: _nothing_more,
    Letter.APPROVED: _approved,
    Letter.REFUSED: _nothing_more,
    Letter.READY: _package,
    Letter.CORRECTABLE: _correctable,
    Letter.CORRECTABLE_STILL: _correctable,
    Letter.CORRECTED: lambda subject_request, _: correctable.told(subject_request),
    Letter.ERASED: _erased,
    Letter.HELD: _held,
    Letter.RELEASED: _nothing_more,
    Letter.ANSWER: _nothing_more,
    Letter.CANCELLED: _nothing_more,
    Letter.LAPSED: _nothing_more,
    Letter.QUESTION: _question,
    Letter.QUESTION_OVER: _nothing_more,
    Letter.EXTENDED: _extended,
    Letter.MERGED: _original,
    Letter.ANSWERED_WITH: _original,
}


def possible(notice: Notice) -> bool:
    """Whether this letter can be sent once more: it left us, or failed to, and it went to the person or a recipient."""
    known = notice.letter in FACTS or notice.letter in CODES or notice.letter in {Letter.TELL, Letter.TELL_AGAIN}
    return known and notice.state in OVER and not notice.to.startswith("staff:")


def send_again(notice: Notice, *, by: Actor, at: datetime) -> None:
    """Send it once more as a row of its own; a code is made anew. Raises Forbidden, Conflict."""
    subject_request = notice.subject_request
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if not possible(notice):
        message = "This letter cannot be sent again."
        raise Conflict(message)
    with transaction.atomic():
        again = _again(notice, at)
        if again is None:
            raise Conflict(GONE)
        record.write(subject_request, "notice:again", by=by, at=at, letter=notice.letter, to=notice.to or "person")


def _again(notice: Notice, at: datetime) -> object | None:
    subject_request, letter = notice.subject_request, Letter(notice.letter)
    if letter in CODES:
        # A code of the sign-in is asked for on the page; here it is the one that proves the address.
        known = subject_request.identities.filter(kind=IdentityKind.EMAIL, proven_at=None).exists()
        return True if known and verification.ask(subject_request, at=at, letter=letter) else None
    if letter in {Letter.TELL, Letter.TELL_AGAIN}:
        telling = subject_request.tellings.filter(recipient=notice.to.partition(":")[2], answered_at=None).first()
        if telling is None:
            return None
        about = "withdrawal" if subject_request.right == "consent-withdrawal" else subject_request.right
        told: dict[str, Any] = {"telling": str(telling.pk), "about": about, "answer_by": telling.due_on}
        return notices.queue(subject_request, letter, at=at, to_recipient=telling.recipient, again_of=notice, **told)
    facts = FACTS[letter](subject_request, at)
    return notices.queue(subject_request, letter, at=at, again_of=notice, **facts)
