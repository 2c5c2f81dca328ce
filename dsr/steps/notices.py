"""Letters: queued in the transaction that causes them, sent by a worker, never repeated blindly."""

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import Right
from dsr.law.work import Letter, NoticeState
from dsr.models import Notice, SubjectRequest
from dsr.models.notice import OPEN
from dsr.models.plan import state_among
from dsr.steps import bell, maps, record

TRIES = 12
TITLES: dict[Right, str] = {
    Right.ACCESS: "a copy of your data",
    Right.RECTIFICATION: "correction of your data",
    Right.ERASURE: "erasure of your data",
    Right.PORTABILITY: "your data in a portable format",
    Right.CONSENT_WITHDRAWAL: "withdrawal of your consent",
    Right.PROCESSING_INFORMATION: "information about how data is processed",
    Right.COMPLAINT: "your complaint or question",
    Right.COMPROMISED_ACCOUNT: "your report of a compromised account",
    Right.CHILD: "your report about a child",
}


def queue(subject_request: SubjectRequest, letter: Letter, *, at: datetime, **context: object) -> None:
    """Put a letter to the request's e-mail address into the outbox; without an address there is none."""
    identity = subject_request.identities.filter(kind=IdentityKind.EMAIL).first()
    if identity is None:
        return
    notice = Notice(subject_request=subject_request, letter=letter, not_before=at, created_at=at)
    notice.seal(identity.value(), json.dumps(_context(subject_request) | context))
    notice.save(force_insert=True)
    bell.ring_after_commit()


def _context(subject_request: SubjectRequest) -> dict[str, object]:
    controller = maps.controller(subject_request.controller).controller
    ground = GROUNDS[Ground(subject_request.ground)] if subject_request.ground else None
    return {
        "controller": {
            "name": controller.name,
            "operator": controller.operator,
            "email": controller.email,
            "authority": controller.authority,
        },
        "reference": subject_request.reference,
        "right": subject_request.right,
        "right_title": TITLES[Right(subject_request.right)],
        "due_on": subject_request.due_on.strftime("%A %-d %B %Y"),
        "link": f"{settings.DSR_BASE_URL}/{controller.slug}/requests/{subject_request.reference}/",
        "ground_plain": ground.plain if ground else "",
        "ground_citation": ground.citation if ground else "",
    }


def send_next(*, at: datetime) -> bool:
    """Send one open letter; whether there was one. A sender that died leaves its letter in doubt."""
    Notice.objects.filter(state_among(OPEN), state=NoticeState.SENDING, lease_until__lt=Now()).update(
        state=NoticeState.IN_DOUBT, note="The sender stopped while sending; it may or may not have arrived."
    )
    notice = _claim(at)
    if notice is None:
        return False
    try:
        _message(notice).send()
    except OSError as error:  # includes smtplib.SMTPException and every network failure
        _release(notice, at, f"The mail server did not take it ({type(error).__name__}).")
    except ValueError:  # an address or a word that no mail header takes; trying again would change nothing
        notice.tries = TRIES
        _release(notice, at, "It cannot be written as a mail.")
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
    return notice if rows else None


def _message(notice: Notice) -> EmailMultiAlternatives:
    context = json.loads(notice.context())
    name = f"notices/{notice.letter}"
    subject = " ".join(render_to_string(f"{name}.subject.txt", context).split())
    message = EmailMultiAlternatives(
        subject,
        render_to_string(f"{name}.txt", context),
        to=[notice.addressee()],
        headers={"Message-ID": f"<{notice.pk}@{_domain()}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"{name}.html", context), "text/html")
    return message


def _domain() -> str:
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2].rstrip(">")


def _sent(notice: Notice, at: datetime) -> None:
    with transaction.atomic():
        mine = Notice.objects.filter(pk=notice.pk, fence=notice.fence, state=NoticeState.SENDING)
        if mine.update(state=NoticeState.SENT, sent_at=at, context_sealed="", lease_until=None, note=""):
            record.write(notice.subject_request, "notice:sent", by=PORTAL, at=at, letter=notice.letter)


def _release(notice: Notice, at: datetime, reason: str) -> None:
    tries = notice.tries + 1
    state = NoticeState.FAILED if tries >= TRIES else NoticeState.QUEUED
    Notice.objects.filter(pk=notice.pk, fence=notice.fence, state=NoticeState.SENDING).update(
        state=state,
        tries=tries,
        lease_until=None,
        not_before=at + timedelta(seconds=min(3600, 5 * 2**tries)),
        note=reason,
    )
