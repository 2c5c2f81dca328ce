"""Letters: queued in the transaction that causes them, sent by a worker, never repeated blindly."""

import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models.functions import Now

from dsr.law.actors import PORTAL, Actor
from dsr.law.states import State
from dsr.law.work import Letter, NoticeState
from dsr.models import Notice, SubjectRequest
from dsr.models.notice import OPEN
from dsr.models.plan import state_among
from dsr.steps import permissions
from dsr.steps.answering import stopping_link
from dsr.steps.asking import codes
from dsr.steps.counting import clock
from dsr.steps.deciding import announced
from dsr.steps.errands import links as task_links
from dsr.steps.fulfilling import unposted
from dsr.steps.move import Conflict, lock
from dsr.steps.post import letters, outbox
from dsr.steps.recipients import links
from dsr.steps.recording import record

TRIES = 12
PERMANENT = 500  # RFC 5321 4.2.1: from here on, trying again changes nothing
# Every step queues here; the clock, which sending itself needs, does so at the outbox.
queue, ENDING = outbox.queue, outbox.ENDING
ASKING = (Letter.CORRECTABLE, Letter.CORRECTABLE_STILL)
OVERTAKEN = (Letter.APPROVED, *ASKING)  # what announces or asks for something, by the end of the request
CALLED_OFF = (Letter.ACCEPTED, *OVERTAKEN)  # by an end without what was asked for
# What is made for a letter that goes out now: the row it is made for, and what the template calls it.
_LINKS: dict[str, tuple[str, Callable[..., str | None]]] = {
    "stopping": ("stop_link", lambda pk, **_: stopping_link.make(pk)),  # it follows from its row
    "telling": ("answer_link", lambda pk, **_: links.make(pk)),  # as above
    "task_link": ("task_url", task_links.make),
    "task_code": ("code", task_links.code),
}
COVERING = (Letter.READY, Letter.ERASED)  # what goes with a package


class Superseded(Exception):
    """What the letter was to carry is over: a newer code, the recipient's answer or the request's end came first."""


def send_next(*, at: datetime) -> bool:
    """Send one open letter; whether there was one. A sender that died leaves its letter in doubt."""
    Notice.objects.filter(state_among(OPEN), state=NoticeState.SENDING, lease_until__lt=Now()).update(
        state=NoticeState.IN_DOUBT,
        note="The sender stopped while sending; it may or may not have arrived.",
        not_before=at,  # no sooner can whoever got it begin to object (see on_file)
    )
    notice = _claim(at)
    if notice is None:
        return False
    try:
        _message(notice, at).send()
    except (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError) as refusal:
        code = _code_of(refusal)
        if code >= PERMANENT:
            undelivered(notice, NoticeState.FAILED, f"The mail server refused it for good ({code}).", at=at)
        else:
            _release(notice, at, f"The mail server did not take it ({code}).")
    except OSError as error:  # includes every other smtplib.SMTPException and every network failure
        _release(notice, at, f"The mail server did not take it ({type(error).__name__}).")
    except ValueError:  # an address or a word that no mail header takes; trying again would change nothing
        undelivered(notice, NoticeState.FAILED, "It cannot be written as a mail.", at=at)
    except Superseded:
        _end(notice, NoticeState.FAILED, "Not sent: what it was to carry is over.")
    else:
        _sent(notice, at)
    return True


def _claim(at: datetime) -> Notice | None:
    with transaction.atomic():
        due = Notice.objects.filter(state_among(OPEN), state=NoticeState.QUEUED, not_before__lte=at)
        skip = connection.features.has_select_for_update_skip_locked
        notice = (due.select_for_update(skip_locked=True) if skip else due).order_by("not_before").first()
        if notice is None:
            return None
        rows = due.filter(pk=notice.pk, fence=notice.fence).update(
            state=NoticeState.SENDING,
            fence=notice.fence + 1,
            lease_until=Now() + timedelta(seconds=settings.EMAIL_TIMEOUT * 3),
        )
    notice.fence += 1
    notice.state = NoticeState.SENDING
    return notice if rows else None


def _message(notice: Notice, at: datetime) -> EmailMultiAlternatives:
    written = letters.written(notice, _made(notice, at))
    message = EmailMultiAlternatives(
        written.subject,
        written.text,
        to=[notice.addressee()],
        headers={
            "Message-ID": f"<{notice.pk}@{domain()}>",
            "Auto-Submitted": "auto-generated",
            "Content-Language": notice.language,
        },
    )
    message.attach_alternative(written.html, "text/html")
    return message


def _made(notice: Notice, at: datetime) -> dict[str, Any]:
    """The letter's context with what is made for it now. Raises Superseded."""
    context: dict[str, Any] = json.loads(notice.context())
    if notice.letter in {Letter.ON_FILE, *OVERTAKEN} and notice.subject_request.closed:
        raise Superseded  # it was being sent when the request ended, and the mail server asked for another try
    if notice.letter == Letter.UNPROVEN and notice.subject_request.state != State.RECEIVED:
        raise Superseded  # proven or ended since it was queued
    if "proof" in context:
        context["code"] = codes.make(context["proof"], at=at)
        # A receipt says more than its code, and is sent without it.
        if context["code"] is None and notice.letter == Letter.CODE:
            raise Superseded
    for named, (told, make) in _LINKS.items():
        if named in context:
            context[told] = make(context[named], at=at)
            if context[told] is None:
                raise Superseded
    return context


def domain() -> str:
    """What stands after the @ of our Message-IDs."""
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2].rstrip(">")


def _code_of(refusal: SMTPRecipientsRefused | SMTPSenderRefused | SMTPDataError) -> int:
    if isinstance(refusal, SMTPRecipientsRefused):
        return max((code for code, _ in refusal.recipients.values()), default=0)
    return refusal.smtp_code


def _sent(notice: Notice, at: datetime) -> None:
    with transaction.atomic():
        mine = Notice.objects.filter(pk=notice.pk, fence=notice.fence, state=NoticeState.SENDING)
        if mine.update(state=NoticeState.SENT, sent_at=at, context_sealed="", lease_until=None, note=""):
            record.write(notice.subject_request, "notice:sent", by=PORTAL, at=at, letter=notice.letter)
            _told(notice, at)


def _told(notice: Notice, at: datetime) -> None:
    if notice.letter in {Letter.RECEIVED, Letter.ACCEPTED}:
        clock.confirmed(notice.subject_request, at=at)


def _release(notice: Notice, at: datetime, reason: str) -> None:
    tries = notice.tries + 1
    if tries >= TRIES:
        undelivered(notice, NoticeState.FAILED, reason, at=at)
        return
    not_before = at + timedelta(seconds=min(3600, 5 * 2**tries))
    _end(notice, NoticeState.QUEUED, reason, tries=tries, not_before=not_before)


def _end(notice: Notice, state: NoticeState, note: str, **columns: object) -> int:
    """Write what became of a letter, unless somebody else has done so since it was read."""
    mine = Notice.objects.filter(pk=notice.pk, fence=notice.fence, state=notice.state)
    return mine.update(state=state, note=note, lease_until=None, **columns)


def undelivered(notice: Notice, state: NoticeState, note: str, *, at: datetime) -> bool:
    """A letter failed for good, or came back: recorded, and told to the request's owner; False when it was known."""
    with transaction.atomic():
        if not _end(notice, state, note, not_before=at):
            return False
        record.write(notice.subject_request, f"notice:{state}", by=PORTAL, at=at, letter=notice.letter)
        owner = notice.subject_request.owner
        if owner is not None and not notice.to.startswith("staff:"):
            queue(notice.subject_request, Letter.RETURNED, at=at, to_staff=owner, about=notice.letter, why=note)
    return True


def posted(notice: Notice, *, by: Actor, at: datetime) -> None:
    """Staff printed a letter and posted it. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, notice.subject_request)
    if notice.letter in COVERING:
        message = "It goes with the package, and is marked when you say that the package left."
        raise Conflict(message)
    with transaction.atomic():
        lock(notice.subject_request)  # before its letter, as whoever ends the request in this moment takes them
        if not _posted(notice, by=by, at=at):
            message = "This letter does not wait to be posted."
            raise Conflict(message)


def went_along(subject_request: SubjectRequest, kinds: Collection[Letter], *, by: Actor, at: datetime) -> None:
    """A letter that still waited left in one envelope with what was handed over. Call it in that transaction."""
    for notice in subject_request.notices.filter(letter__in=kinds, state=NoticeState.TO_POST):
        _posted(notice, by=by, at=at)


def take_back(
    subject_request: SubjectRequest, kinds: Collection[Letter], note: str, *, by: Actor, at: datetime
) -> list[Notice]:
    """Letters that still wait are neither posted nor sent; which. Call it in the transaction that overtakes them."""
    waiting = subject_request.notices.filter(letter__in=kinds, state__in=[NoticeState.TO_POST, NoticeState.QUEUED])
    taken = [notice for notice in waiting if _end(notice, NoticeState.FAILED, note, context_sealed="")]
    for notice in taken:
        record.write(subject_request, "notice:taken-back", by=by, at=at, letter=notice.letter)
    return taken


def _posted(notice: Notice, *, by: Actor, at: datetime) -> int:
    """Mark it, unless somebody else has."""
    waiting = Notice.objects.filter(pk=notice.pk, state=NoticeState.TO_POST)
    rows = waiting.update(state=NoticeState.SENT, sent_at=at, context_sealed="")
    if rows:
        record.write(notice.subject_request, "notice:posted", by=by, at=at, letter=notice.letter)
        _told(notice, at)
        if notice.letter == Letter.APPROVED:
            announced.posted(notice.subject_request, by=by, at=at)
        if notice.letter == Letter.CORRECTABLE:
            unposted.posted(notice.subject_request, by=by, at=at)
    return rows


def on_paper(notice: Notice, *, at: datetime | None = None) -> letters.Written:
    """A letter that waits to be posted, in words; `at`: when it is printed. Raises Conflict when it is gone."""
    if notice.state != NoticeState.TO_POST:
        message = "This letter does not wait to be posted."
        raise Conflict(message)
    context: dict[str, Any] = json.loads(notice.context())
    return letters.written(notice, {**context, **(unposted.named(notice, at=at) if at else {})})
