"""Lending a task: a colleague without an account does it by a link, which opens this one task and nothing else.

The link says which task, a code from the mailbox says who, the duty of confidentiality comes before the first look.
"""

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor, ActorKind
from dsr.law.identifiers import clean
from dsr.law.work import ItemState, Letter
from dsr.models import Errand, TaskLink, sealed
from dsr.steps import limiting, maps, permissions
from dsr.steps.asking.codes import MINUTES
from dsr.steps.errands import asking, links
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden
from dsr.steps.post import outbox
from dsr.steps.recording import record

CODES = "codes-of-a-task-link"  # how often one is sent


def lend(errand: Errand, address: str, *, by: Actor, at: datetime) -> TaskLink:
    """Send the link to one mailbox; one that was sent before is over. Raises Forbidden, Conflict."""
    item = errand.item
    if by.kind is not ActorKind.STAFF or not asking.may_see(errand, by):
        raise Forbidden
    address = _address(errand, address)
    link = TaskLink(errand=errand, made_by_id=int(by.id), made_at=at, expires_at=at + links.LASTS)
    link.seal_address(address)
    with transaction.atomic():
        still = Errand.objects.select_for_update().filter(pk=errand.pk, answer="", confirmed_at=None)
        if not still.exclude(item__state=ItemState.DONE).exists():
            message = "This task takes no answer now. Look at it again."
            raise Conflict(message)
        TaskLink.objects.filter(errand=errand, ended_at=None).update(ended_at=at)
        link.save(force_insert=True)
        told = {"address": address}
        record.write(item.subject_request, "task:lent", by=by, at=at, secret=told, item=str(item), link=str(link.pk))
        _write(link, Letter.TASK_LINK, at=at, expires_at=link.expires_at, task_due_on=errand.due_on)
    return link


def take_back(errand: Errand, *, by: Actor, at: datetime) -> None:
    """From now on the link opens nothing, in no browser. Raises Forbidden, Conflict."""
    subject_request = errand.item.subject_request
    permissions.require(by, Duty.OPERATE, subject_request)
    with transaction.atomic():
        if not TaskLink.objects.filter(errand=errand, ended_at=None).update(ended_at=at):
            raise Conflict(links.OVER)
        record.write(subject_request, "task:link-taken-back", by=by, at=at, item=str(errand.item))


def standing(errand: Errand, *, at: datetime) -> TaskLink | None:
    """The link that opens this task now."""
    link = errand.links.select_related("errand__item__subject_request").filter(ended_at=None).first()
    return None if link is None or links.over(link, at=at) else link


def ask_code(link: TaskLink, *, at: datetime) -> bool:
    """Send a code to the mailbox of the link; False when too many were asked for, or it is over."""
    if links.over(link, at=at) or limiting.hit(CODES, str(link.pk), at=at):
        return False
    with transaction.atomic():
        _write(link, Letter.TASK_CODE, at=at, code_minutes=MINUTES)
    return True


def enter(link: TaskLink, typed: str, *, at: datetime) -> str:
    """Spend the code: the secret of the one browser in which the task is open now; empty when it is not right."""
    mine = TaskLink.objects.filter(pk=link.pk, code_expires_at__gt=at, tries__lt=links.TRIES).exclude(code_hash="")
    if links.over(link, at=at) or not mine.update(tries=F("tries") + 1):  # counted before it is compared
        return ""
    sent = TaskLink.objects.get(pk=link.pk)
    if not links.fits(sent, typed):
        return ""
    seat, spent = secrets.token_urlsafe(32), {"code_hash": "", "code_expires_at": None, "opened_at": at}
    with transaction.atomic():
        once = TaskLink.objects.filter(pk=link.pk, code_hash=sent.code_hash, ended_at=None)
        if not sent.code_hash or not once.update(seat_hash=links.hashed(seat), **spent):
            return ""
        item = link.errand.item
        record.write(item.subject_request, "task:opened", by=links.colleague(link), at=at, item=str(item))
    return seat


def acknowledge(link: TaskLink, edition: str, *, at: datetime) -> None:
    """The colleague knows the duty of confidentiality (J13; GDPR Art. 32(4)); the record keeps which edition of it."""
    item = link.errand.item
    with transaction.atomic():
        if TaskLink.objects.filter(pk=link.pk).exclude(confidential=edition).update(confidential=edition):
            by = links.colleague(link)
            record.write(item.subject_request, "task:acknowledged", by=by, at=at, item=str(item), edition=edition)


def _address(errand: Errand, typed: str) -> str:
    """A mailbox to which a task can be lent. Raises Conflict."""
    try:
        address = clean(IdentityKind.EMAIL, typed)
    except ValueError:
        message = "Enter an e-mail address, such as name@example.com."
        raise Conflict(message) from None
    if Staff.objects.filter(email__iexact=address, is_active=True).exists():
        message = "This colleague has an account: they take the task on the desk."
        raise Conflict(message)
    named = errand.item.subject_request.identities.filter(kind=IdentityKind.EMAIL)
    if named.filter(folded__in=sealed.held_by(IdentityKind.EMAIL, address)).exists():
        message = "The request names this address: somebody else does the task."
        raise Conflict(message)
    return address


def _write(link: TaskLink, letter: Letter, *, at: datetime, **more: object) -> None:
    """A letter to the mailbox of the link; it names the task, and no person."""
    item = link.errand.item
    known = maps.controller(item.subject_request.controller).systems.get(item.system)
    named = "task_code" if letter is Letter.TASK_CODE else "task_link"
    told: dict[str, Any] = {"system": known.title if known else item.system, named: str(link.pk), **more}
    outbox.queue(
        item.subject_request, letter, at=at, to_other=str(links.colleague(link)), to_address=link.address(), **told
    )
