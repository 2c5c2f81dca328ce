"""What a link to one task opens, for whom, and how long: what letters carry, and who may act by it.

A token and a code are made for the letter that goes out now; here their hashes are kept. An earlier letter opens
nothing any more.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from dsr.law.actors import Actor, ActorKind
from dsr.law.references import new_code, read_code
from dsr.law.work import ItemState
from dsr.models import Errand, TaskLink, sealed
from dsr.sealing.fields import keyed_hash, keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps import permissions
from dsr.steps.asking.codes import MINUTES
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty

LASTS = timedelta(days=7)
LONGEST = timedelta(hours=12)  # since the code was typed; ASVS V7.3.2
TRIES = 5  # of one code; ASVS V6.6.3
OVER = "This link is over."


def hashed(text: str) -> str:
    """What is kept of a token, and of a browser's seat; both have 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def make(pk: str, *, at: datetime) -> str | None:
    """The link, for a letter that goes out now; None when it is over."""
    link = _row(pk)
    if link is None or over(link, at=at):
        return None
    token = secrets.token_urlsafe(32)
    TaskLink.objects.filter(pk=pk).update(token_hash=hashed(token))
    return f"{settings.DSR_DESK_URL}/desk/lent/{token}/"


def code(pk: str, *, at: datetime) -> str | None:
    """The code for a letter that goes out now; None when the link is over."""
    link = _row(pk)
    if link is None or over(link, at=at):
        return None
    made = new_code()
    hash_ = keyed_hash(sealed.ring(Role.CODES), _place(link), made)
    expires_at = at + timedelta(minutes=MINUTES)
    TaskLink.objects.filter(pk=pk).update(code_hash=hash_, code_expires_at=expires_at, tries=0)
    return f"{made[:4]} {made[4:]}"


def fits(link: TaskLink, typed: str) -> bool:
    """Whether this is the code that was sent."""
    said = keyed_hashes(sealed.ring(Role.CODES), _place(link), read_code(typed))
    return any(hmac.compare_digest(one, link.code_hash) for one in said)


def found(token_hash: str) -> TaskLink | None:
    """The link with this token, over or not."""
    return _rows().filter(token_hash=token_hash).first() if token_hash else None


def over(link: TaskLink, *, at: datetime) -> bool:
    """Whether it opens nothing: taken back, late, its task done or answered, or its sender could not do it any more."""
    errand, item = link.errand, link.errand.item
    subject_request = item.subject_request
    if link.ended_at is not None or link.expires_at <= at or subject_request.reduced_at is not None:
        return True
    if errand.answer or item.state == ItemState.DONE or (subject_request.closed and not item.deferred):
        return True
    return not permissions.may(Actor(ActorKind.STAFF, str(link.made_by_id)), Duty.OPERATE, subject_request)


def seated(link: TaskLink, seat: str, *, at: datetime) -> bool:
    """Whether it is open in this browser, the last one in which a code was typed."""
    lately = link.opened_at is not None and at - link.opened_at < LONGEST
    return bool(seat and link.seat_hash) and lately and hmac.compare_digest(hashed(seat), link.seat_hash)


def colleague(link: TaskLink) -> Actor:
    """Whoever acts by it."""
    return Actor(ActorKind.COLLEAGUE, str(link.pk))


def may_act(errand: Errand, by: Actor, *, at: datetime) -> bool:
    """Whether this is a colleague whose link to this very task is open, and who knows the duty of confidentiality."""
    if by.kind is not ActorKind.COLLEAGUE:
        return False
    link = _rows().filter(pk=by.id, errand=errand).exclude(Q(confidential="") | Q(opened_at=None)).first()
    return link is not None and not over(link, at=at)


def spend(errand: Errand, by: Actor, *, at: datetime) -> int:
    """End the link by the answer it was for, once; the member of staff who answers for it. Raises Conflict.

    Whoever sent the link stands for the answer, and so is not the second person who looks.
    """
    if by.kind is not ActorKind.COLLEAGUE:
        return int(by.id)
    mine = TaskLink.objects.filter(pk=by.id, errand=errand, ended_at=None)
    if not mine.update(ended_at=at, answered_at=at):
        raise Conflict(OVER)
    return TaskLink.objects.values_list("made_by_id", flat=True).get(pk=by.id)


def _rows() -> QuerySet[TaskLink]:
    return TaskLink.objects.select_related("errand__item__subject_request")


def _row(pk: str) -> TaskLink | None:
    return _rows().filter(pk=pk).first()


def _place(link: TaskLink) -> str:
    return f"task-link:{link.pk}"
