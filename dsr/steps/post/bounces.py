"""Letters that came back: a delivery status notification (RFC 3464) says so, and names the letter it is about."""

import email
import email.policy
import logging
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from email.message import Message

from dsr.law.work import NoticeState
from dsr.models import Notice
from dsr.steps.post import notices

log = logging.getLogger(__name__)

MOST = 1 << 20  # bytes that are read; what we look for stands before the letter that came back
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463
_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@([^>\s]+)>?")
CAN_COME_BACK = (NoticeState.SENT, NoticeState.IN_DOUBT)


def take(raw: bytes, *, at: datetime) -> bool:
    """Mark the letter that this notification says was not delivered; False when it names none of ours."""
    try:
        notification = email.message_from_bytes(raw[:MOST], policy=email.policy.compat32)
        status, pk = _failed_with(notification), _about(notification)
    except RecursionError:  # anybody can write to the address that letters come back to
        log.warning("A notification is nested too deep to be read.")
        return False
    if status is None or pk is None:
        return False
    notice = Notice.objects.filter(pk=pk, state__in=CAN_COME_BACK).select_related("subject_request").first()
    return notice is not None and notices.undelivered(notice, NoticeState.BOUNCED, f"It came back ({status}).", at=at)


def _failed_with(notification: Message) -> str | None:
    """The status code of a failed delivery; None when it was only delayed, delivered, or is no notification."""
    for group in _groups(notification):
        if str(group.get("Action", "")).strip().lower() == "failed":
            found = _STATUS.search(str(group.get("Status", "")))
            return found[1] if found else "5.0.0"
    return None


def _groups(notification: Message) -> Iterator[Message]:
    for part in notification.walk():
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            yield from (group for group in payload if isinstance(group, Message)) if isinstance(payload, list) else ()


def _first(part: Message) -> object:
    inner = part.get_payload()
    return inner[0] if isinstance(inner, list) and inner else None


def _about(notification: Message) -> uuid.UUID | None:
    """Our letter's id, from the headers that came back with the notification (RFC 6522)."""
    for part in notification.walk():
        if part.get_content_type() == "text/rfc822-headers":
            headers: Message = email.message_from_string(str(part.get_payload()))
        elif part.get_content_type() == "message/rfc822" and isinstance(inner := _first(part), Message):
            headers = inner
        else:
            continue
        found = _ID.fullmatch(str(headers.get("Message-ID", "")).strip())
        if found and found[2] == notices.domain():
            return uuid.UUID(found[1])
    return None
