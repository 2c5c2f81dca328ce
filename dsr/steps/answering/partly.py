"""A part of an answer: what is there is delivered as version 1, and what a system still owes comes with version 2.

The request stays open, and its dates run on: a part answers nothing. When every system has answered the whole is put
together and offered, and with that offer version 1 is destroyed: version 2 holds all of it (see delivery.begin).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Package, PlanItem, SubjectRequest, sealed
from dsr.package.contents import SystemOutcome
from dsr.steps import bell, ledger, maps, permissions
from dsr.steps.answering import delivery, on_file, packaging
from dsr.steps.deciding import blocking, holds, looking
from dsr.steps.fulfilling import versions
from dsr.steps.move import Conflict, lock
from dsr.steps.post import notices
from dsr.steps.recording import record

RIGHTS = frozenset({Right.ACCESS, Right.PORTABILITY})
ASKED = "package:part-asked"
# A system that was asked in vain, or takes its time; not one whose turn just has not come.
STALLED = Q(state__in=[ItemState.WAITING, ItemState.QUARANTINED, ItemState.IN_DOUBT])
STALLED |= Q(state__in=[ItemState.READY, ItemState.RUNNING], tries__gt=0)


def missing(subject_request: SubjectRequest) -> list[str]:
    """The systems that have not answered yet."""
    finds = subject_request.items.filter(kind=Kind.FIND).exclude(state=ItemState.DONE)
    return sorted(finds.values_list("system", flat=True))


def possible(subject_request: SubjectRequest) -> bool:
    """Whether there is something to deliver, and something that is still owed; once for a request."""
    if subject_request.state != State.ACCEPTED or subject_request.right not in RIGHTS:
        return False
    found = subject_request.items.filter(kind=Kind.FIND, state=ItemState.DONE, outcome=Outcome.FOUND)
    asked = subject_request.items.filter(kind=Kind.ASSEMBLE_PART)
    stalled = subject_request.items.filter(STALLED, kind=Kind.FIND)
    return found.exists() and not asked.exists() and stalled.exists()


def why_not(subject_request: SubjectRequest) -> str:
    """Why a part is not delivered though there is one; empty when it can be."""
    if blocking.blocks_delivery(subject_request):
        return "This account is frozen: nothing about it is handed over until the freeze is released."
    if subject_request.own_mailbox() is None:
        return "Only who proved the mailbox of the account gets a part: others get the answer once, and whole."
    if looking.asked(subject_request):
        return "Here somebody looks at each answer before it leaves, and looks at the whole."
    return ""


def deliver_part(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Have what is there put together and offered. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    with transaction.atomic():
        lock(subject_request)
        subject_request.refresh_from_db(fields=["state"])
        if not possible(subject_request):
            message = "There is no part to deliver: nothing is found yet, or all of it, or a part is on its way."
            raise Conflict(message)
        if why := why_not(subject_request):
            raise Conflict(why)
        entered = _enter(subject_request, at)
        for whole in subject_request.items.filter(kind=Kind.ASSEMBLE):
            whole.after.add(entered)  # one version after the other
        record.write(subject_request, ASKED, by=by, at=at, systems=missing(subject_request))
    bell.ring_after_commit()


def _enter(subject_request: SubjectRequest, at: datetime) -> PlanItem:
    try:
        with transaction.atomic():
            return PlanItem.objects.create(
                subject_request=subject_request, kind=Kind.ASSEMBLE_PART, not_before=at, created_at=at
            )
    except IntegrityError:
        message = "Somebody else had a part delivered just now."
        raise Conflict(message) from None


def assemble(item: PlanItem, *, at: datetime) -> None:
    """Put the part together and offer it. Raises Rejected, Held, Fenced."""
    subject_request = item.subject_request
    if blocking.blocks_delivery(subject_request):
        raise holds.Held
    owed = missing(subject_request)
    if not owed or looking.asked(subject_request):  # the whole comes by itself, or after a look
        ledger.finish(item, Outcome.NOTHING, at=at, counts={})
        return
    finds = packaging.searched(subject_request)
    versions.described(subject_request, finds)
    answer = packaging.answer_to(subject_request, at=at, finds=finds)
    with translation.override(answer.language):
        systems = tuple(_said(answer.systems, owed))

    def offered(package: Package) -> None:
        subject_request.refresh_from_db(fields=["state"])
        if subject_request.state != State.ACCEPTED or blocking.blocks_delivery(subject_request):
            # Ended, or frozen, at this very moment.
            Package.objects.filter(pk=package.pk).update(wrapped_key="", others_sealed="")
            transaction.on_commit(partial(sealed.remove_files, [package.pk]))
            return
        delivery.begin(subject_request, at=at, waits=on_file.waits(subject_request, at=at))
        notices.queue(subject_request, Letter.PARTLY, at=at, **told(subject_request, at=at))

    packaging.build(item, replace(answer, systems=systems), at=at, offered=offered)


def _said(systems: Iterable[SystemOutcome], owed: list[str]) -> Iterator[SystemOutcome]:
    """The same, and of what is missing that it is still to come."""
    note = _("It has not answered yet. We keep asking, and you get the whole answer as the next version.")
    return (SystemOutcome(each.system, "waiting", note) if each.system in owed else each for each in systems)


def told(subject_request: SubjectRequest, *, at: datetime) -> dict[str, Any]:
    """What the letter says: which systems are missing, and until when the part can be taken. Raises Conflict."""
    last = delivery.offered_until(subject_request, at=at)
    if last is None or not standing(subject_request):
        message = "The part is not on offer any more."
        raise Conflict(message)
    return {"missing": titles(subject_request), "expires_on": last}


def standing(subject_request: SubjectRequest) -> bool:
    """Whether what is offered is a part, and more is to come."""
    return subject_request.state == State.ACCEPTED and subject_request.packages.exclude(offered_at=None).exists()


def titles(subject_request: SubjectRequest) -> list[str]:
    """The systems that are missing, by their names in the person's language."""
    about = maps.localised(subject_request.controller, subject_request.language)
    return [about.systems[slug].title if slug in about.systems else slug for slug in missing(subject_request)]
