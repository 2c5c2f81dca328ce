"""Withdrawal of consent: accepted and approved by the portal itself, for stopping must be as easy as agreeing was.

What a purpose's stops reach is stopped and read back; consent records get the withdrawal by that. What only the browser
or the device can end is explained, and never recorded as stopped here (GDPR Art. 7(3)).
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from dsr.datamap.schema import Controller, ControllerMap, Purpose
from dsr.law.actors import PORTAL
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, ItemState, Kind, Letter, Outcome
from dsr.models import PlanItem, SubjectRequest, Withdrawal
from dsr.steps import maps
from dsr.steps.answering import deeds
from dsr.steps.deciding import review
from dsr.steps.fulfilling import stopping
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices
from dsr.steps.recipients import telling


def here(facts: Controller) -> dict[str, Purpose]:
    """The consents that are withdrawn here, in the order of the policy."""
    return {slug: purpose for slug, purpose in _all(facts) if purpose.stopped_at == "here"}


def elsewhere(facts: Controller) -> dict[str, Purpose]:
    """The consents that a person takes back in the browser or on the device; we hold no record of them."""
    return {slug: purpose for slug, purpose in _all(facts) if purpose.stopped_at != "here"}


def _all(facts: Controller) -> Iterator[tuple[str, Purpose]]:
    return ((slug, purpose) for slug, purpose in facts.purposes.items() if purpose.withdrawable)


def problem(facts: Controller, right: Right, purposes: Collection[str]) -> str:
    """What is wrong with the purposes of a request; empty when nothing is."""
    if right is not Right.CONSENT_WITHDRAWAL:
        return "" if not purposes else "Purposes are withdrawn by a withdrawal of consent only."
    if unknown := sorted(set(purposes) - set(here(facts))):
        return f"These are no consents that {facts.name} can stop here: {', '.join(unknown)}."
    return "" if purposes else "Choose what we should stop."


def record_purposes(subject_request: SubjectRequest, purposes: Collection[str]) -> None:
    """Keep what is withdrawn. Call it within intake's transaction."""
    rows = [Withdrawal(subject_request=subject_request, purpose=slug) for slug in dict.fromkeys(purposes)]
    Withdrawal.objects.bulk_create(rows)


def begin(subject_request: SubjectRequest, at: datetime) -> bool:
    """The person has proven the address: nobody here has to decide. For others staff look first."""
    if subject_request.asker != Asker.PERSON or review.not_yet(subject_request):
        return False
    with transaction.atomic():
        move(subject_request, State.ACCEPTED, by=PORTAL, at=at, event="request:accepted")
        if why := review.not_yet(subject_request):  # the row is ours now: it may have been merged a moment ago
            raise Conflict(why)
    return True


def waiting() -> Q:
    """Of SubjectRequest: a withdrawal that somebody else asks for, or that repeats another: staff decide."""
    ours = SubjectRequest.objects.filter(pk=OuterRef("pk"), links__kind="duplicate", links__ended_at=None)
    others = ~Q(asker=Asker.PERSON) | Q(Exists(ours))
    return Q(state=State.VERIFIED, right=Right.CONSENT_WITHDRAWAL) & others


def approve(subject_request: SubjectRequest, at: datetime) -> bool:
    """Approve it without anybody, and enter what stops it into the ledger."""
    with transaction.atomic():
        move(subject_request, State.APPROVED, by=PORTAL, at=at, event="plan:approved")
        stopping.plan(subject_request, at=at)
    return True


def carry_out(subject_request: SubjectRequest, at: datetime) -> bool:
    """Everything is stopped and read back: recipients and processors are told."""
    if subject_request.items.filter(kind=Kind.STOP).exclude(state=ItemState.DONE).exists():
        return False
    ended = [each for each in stopped(subject_request) if each.where and not each.failed]
    with transaction.atomic():
        move(subject_request, State.CARRIED_OUT, by=PORTAL, at=at, event="request:carried-out")
        slugs = [each.purpose for each in ended]
        Withdrawal.objects.filter(subject_request=subject_request, purpose__in=slugs).update(stopped_at=at)
        telling.plan(subject_request, about="withdrawal", recipients=_recipients(subject_request, slugs), at=at)
        deeds.enter(subject_request, at=at)
    return True


def _recipients(subject_request: SubjectRequest, purposes: Collection[str]) -> list[str]:
    """Whom the purposes name, and who runs a system in which they were stopped."""
    controller_map = maps.controller(subject_request.controller)
    known = controller_map.controller.purposes
    told = [slug for purpose in purposes if purpose in known for slug in known[purpose].told]
    systems = [controller_map.systems[item.system] for item in stops(subject_request, controller_map)]
    run = [one.processor for one in systems if one.processor and any(name in one.stops for name in purposes)]
    return list(dict.fromkeys([*told, *run]))


def answer(subject_request: SubjectRequest, at: datetime) -> bool:
    """Tell the person what stopped where, and what is left to do elsewhere."""
    if not deeds.made(subject_request, at=at):
        return False
    with transaction.atomic():
        columns: dict[str, object] = {"answered_at": at}
        move(subject_request, State.DELIVERED, by=PORTAL, at=at, event="request:answered", columns=columns)
        offered = deeds.offer(subject_request, at=at)
        notices.queue(subject_request, Letter.WITHDRAWN, at=at, **told(subject_request), **offered)
    return True


@dataclass(frozen=True, slots=True)
class Stopped:
    """One withdrawn purpose: where it was stopped, where it failed, and what the person has to do."""

    purpose: str
    title: str
    means: str
    where: list[str]
    failed: list[str]
    places: list[str]  # the slugs of `where`
    unstopped: list[str]  # those of `failed`
    how: str
    looked: bool  # somewhere, by an identifier that is proven


def stopped(subject_request: SubjectRequest) -> list[Stopped]:
    """What became of each withdrawn purpose, in the language of the request."""
    controller_map = maps.localised(subject_request.controller, subject_request.language)
    rows = []
    for slug in subject_request.withdrawals.order_by("pk").values_list("purpose", flat=True):
        purpose = controller_map.controller.purposes.get(slug)
        if purpose is None:  # the map has changed since
            continue
        places, unstopped, looked = [], [], False
        for item in stops(subject_request, controller_map):
            looked = looked or slug in item.counts
            if slug in controller_map.systems[item.system].stops and item.outcome == Outcome.FAILED:
                unstopped.append(item.system)
            elif item.state == ItemState.DONE and item.counts.get(slug):
                places.append(item.system)
        where, failed = ([controller_map.systems[one].title for one in some] for some in (places, unstopped))
        means, how = purpose.when_withdrawn, purpose.how
        rows.append(Stopped(slug, purpose.title, means, where, failed, places, unstopped, how, looked))
    return rows


def told(subject_request: SubjectRequest) -> dict[str, Any]:
    """What the closing letter and the status page say."""
    facts = maps.localised(subject_request.controller, subject_request.language).controller
    own = [{"title": purpose.title, "how": purpose.how} for purpose in elsewhere(facts).values()]
    return {"stopped": [asdict(each) for each in stopped(subject_request)], "elsewhere": own}


def stops(subject_request: SubjectRequest, controller_map: ControllerMap) -> list[PlanItem]:
    """Its items that stop something, in systems that the map still knows."""
    items = subject_request.items.filter(kind=Kind.STOP).order_by("system")
    return [item for item in items if item.system in controller_map.systems]
