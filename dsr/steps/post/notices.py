"""Letters: queued in the transaction that causes them, sent by a worker, never repeated blindly."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.models import Staff
from dsr.law.actors import PORTAL, Actor
from dsr.law.work import Asker, Channel, Letter, NoticeState, Post
from dsr.models import Notice, Representative, SubjectRequest
from dsr.models.notice import OPEN
from dsr.models.plan import state_among
from dsr.steps import bell, maps, permissions
from dsr.steps.asking import codes
from dsr.steps.counting import clock
from dsr.steps.move import Conflict
from dsr.steps.post import letters
from dsr.steps.recipients import links
from dsr.steps.recording import record

TRIES = 12
PERMANENT = 500  # RFC 5321 4.2.1: from here on, trying again changes nothing
# With these the person has the answer, or the request is over.
ENDING = frozenset(
    {
        *(Letter.READY, Letter.ERASED, Letter.ANSWER, Letter.CORRECTED, Letter.WITHDRAWN),
        *(Letter.REFUSED, Letter.CANCELLED, Letter.LAPSED, Letter.ANSWERED_WITH),
    }
)
STAFF_LANGUAGE = "en"  # what the desk speaks
# Who came to us without a browser gets paper where no address is known; the others read the portal's page.
ON_PAPER = frozenset({Channel.LETTER, Channel.TELEPHONE, Channel.IN_PERSON})


class Superseded(Exception):
    """What the letter was to carry is over: a newer code took its place, or the recipient has answered."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads a letter: as the outbox names them, the address (none: paper), the language."""

    to: str
    address: str
    language: str


def queue(
    subject_request: SubjectRequest,
    letter: Letter,
    *,
    at: datetime,
    to_staff: Staff | None = None,
    to_recipient: str | None = None,
    to_other: str = "",
    again_of: Notice | None = None,
    **context: object,
) -> Notice | None:
    """Put a letter to the person, a staff member or a recipient into the outbox; None when it can reach nobody.

    Dates, moments and lazy texts in `context` are said in the reader's language. A code or a link is never given
    here: `proof` or `telling` names the row that it is made for when the letter goes out.
    """
    reader = _OTHERS[to_other](subject_request) if to_other else _reader(subject_request, to_staff, to_recipient)
    if reader is None:
        return None
    post = Post.EMAIL if reader.address else Post.PAPER
    notice = Notice(
        subject_request=subject_request,
        letter=letter,
        state=NoticeState.QUEUED if reader.address else NoticeState.TO_POST,
        post=post,
        language=reader.language,
        to=reader.to,
        again_of=again_of,
        not_before=at,
        created_at=at,
    )
    more = {**context, "paper": post is Post.PAPER}
    notice.seal(
        reader.address or subject_request.postal(), json.dumps(letters.facts(subject_request, reader.language, more))
    )
    notice.save(force_insert=True)
    bell.ring_after_commit()
    if letter in ENDING and not reader.to and again_of is None:
        queue(subject_request, Letter.AGENT_TOLD, at=at, to_other="agent")
    return notice


def _agent(subject_request: SubjectRequest) -> _Reader | None:
    """The agent learns that the request is over, and nothing of the answer."""
    agent = Representative.objects.filter(subject_request=subject_request, kind=Asker.AGENT).first()
    return _Reader("agent", agent.email(), subject_request.language) if agent else None


def _child(subject_request: SubjectRequest) -> _Reader | None:
    """The mailbox of the child a guardian asks for; none where it is the guardian's own as well."""
    child = subject_request.identities.filter(kind="email", of_representative=False).first()
    guardian = subject_request.mailbox()
    if child is None or guardian is None or child.value() == guardian.value():
        return None
    return _Reader("child", child.value(), subject_request.language)


_OTHERS = {"agent": _agent, "child": _child}


def _reader(subject_request: SubjectRequest, to_staff: Staff | None, to_recipient: str | None) -> _Reader | None:
    if to_staff is not None:
        return _Reader(f"staff:{to_staff.pk}", to_staff.email, STAFF_LANGUAGE) if to_staff.email else None
    if to_recipient is not None:
        controller = maps.controller(subject_request.controller).controller
        address = controller.recipients[to_recipient].email
        language = maps.languages(controller.slug)[0]
        return _Reader(f"recipient:{to_recipient}", address, language) if address else None
    identity = subject_request.mailbox()
    if identity is None and (subject_request.reduced_at or subject_request.channel not in ON_PAPER):
        return None
    return _Reader("", identity.value() if identity else "", subject_request.language)


def send_next(*, at: datetime) -> bool:
    """Send one open letter; whether there was one. A sender that died leaves its letter in doubt."""
    Notice.objects.filter(state_among(OPEN), state=NoticeState.SENDING, lease_until__lt=Now()).update(
        state=NoticeState.IN_DOUBT, note="The sender stopped while sending; it may or may not have arrived."
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
    if "proof" in context:
        context["code"] = codes.make(context["proof"], at=at)
        # A receipt says more than its code, and is sent without it.
        if context["code"] is None and notice.letter == Letter.CODE:
            raise Superseded
    if "telling" in context:
        context["answer_link"] = links.make(context["telling"])
        if context["answer_link"] is None:
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
        if not _end(notice, state, note):
            return False
        record.write(notice.subject_request, f"notice:{state}", by=PORTAL, at=at, letter=notice.letter)
        owner = notice.subject_request.owner
        if owner is not None and not notice.to.startswith("staff:"):
            queue(notice.subject_request, Letter.RETURNED, at=at, to_staff=owner, about=notice.letter, why=note)
    return True


def posted(notice: Notice, *, by: Actor, at: datetime) -> None:
    """Staff printed a letter and posted it. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, notice.subject_request)
    with transaction.atomic():
        waiting = Notice.objects.filter(pk=notice.pk, state=NoticeState.TO_POST)
        if not waiting.update(state=NoticeState.SENT, sent_at=at, context_sealed=""):
            message = "This letter does not wait to be posted."
            raise Conflict(message)
        record.write(notice.subject_request, "notice:posted", by=by, at=at, letter=notice.letter)
        _told(notice, at)


def on_paper(notice: Notice) -> letters.Written:
    """A letter that waits to be posted, in words. Raises Conflict when it is gone."""
    if notice.state != NoticeState.TO_POST:
        message = "This letter does not wait to be posted."
        raise Conflict(message)
    return letters.written(notice, json.loads(notice.context()))
