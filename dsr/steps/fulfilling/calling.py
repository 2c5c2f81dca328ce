"""A system calls back: what it was asked to erase may be over. Its word says nothing; it is asked, only sooner.

The address is one for each item and stays the same, so that a repeated effect is the same request. Who has it can
have the system asked as its own pace, its gate and the pauses here allow, and nothing else: what is erased is what
the system answers and what is read back, as without any call.
"""

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from dsr.connectors.contract import Ability, CallingBack, Connector
from dsr.law.actors import PORTAL
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, sealed
from dsr.sealing.fields import keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps import bell, ledger
from dsr.steps.recording import record

CALLED = "item:called-back"
SHORTEST_PAUSE = 10.0  # seconds between two calls that count; it grows with each of them


def offer(connector: Connector, item: PlanItem) -> None:
    """Let the system know where to call, if its map tells it so."""
    if Ability.CALL_BACK in connector.abilities:
        cast("CallingBack", connector).call_back_at(address(item))


def address(item: PlanItem) -> str:
    """Where the system calls when what this item asked of it is over."""
    token = item.effect_key("callback", _effect(item.pk))
    return f"{settings.DSR_BASE_URL}/api/v1/callbacks/{item.pk}/{token}/"


def called(pk: UUID, token: str, *, at: datetime) -> None:
    """Somebody called there: ask the system now, if it works on something and nobody called since it was last asked.

    A wrong token costs no look into the tables. While the item is asked, or while the answer that names the job is on
    its way, the call counts for afterwards: see ledger.wait. What is overdue is asked once more for each call.
    """
    if not _genuine(pk, token):
        return
    with transaction.atomic():
        working = Q(state__in=[ItemState.WAITING, ItemState.RUNNING]) | ledger.OVERDUE
        item = PlanItem.objects.filter(working, pk=pk, kind=Kind.ERASE).select_for_update(no_key=True).first()
        if item is None or (due := _due(item, at)) is None:
            return
        PlanItem.objects.filter(pk=pk).update(not_before=due)
        PlanItem.objects.filter(ledger.OVERDUE, pk=pk).update(state=ItemState.WAITING, note="")
        record.write(
            item.subject_request, CALLED, by=PORTAL, at=at, item=str(item), until=_until(item), claim=item.fence
        )
        bell.ring_after_commit()


def _due(item: PlanItem, at: datetime) -> datetime | None:
    """When it is asked because of this call; None when it is asked by then anyway, or was called for already."""
    events = item.subject_request.events.filter(tag=CALLED).order_by("at").values_list("details", "at")
    own = (str(item), _until(item))
    calls = [(details["claim"], when) for details, when in events if (details["item"], details["until"]) == own]
    if not calls:
        due = at
    elif item.fence in [claim for claim, _ in calls]:
        return None
    else:
        pause = max(SHORTEST_PAUSE, ledger.pause_after(len(calls)))
        due = max(at, calls[-1][1] + timedelta(seconds=pause))
    if item.tries:
        due = max(due, item.not_before)  # not before its Retry-After
    if item.state == ItemState.RUNNING:  # whose worker may be dead: another one comes after its lease
        due = min(due, at + timedelta(seconds=settings.DSR_LEASE_SECONDS))
    return None if item.state == ItemState.WAITING and item.not_before <= due else due


def _until(item: PlanItem) -> str:
    """What tells a deferred item from others of its system."""
    return item.until.isoformat() if item.until else ""


def _genuine(pk: UUID, token: str) -> bool:
    """Whether we made the token for this item, by any key that is on the ring; in constant time."""
    ours = keyed_hashes(sealed.ring(Role.EFFECTS), "callback", _effect(pk))
    return any(compare_digest(one.encode(), token.encode()) for one in ours)


def _effect(pk: UUID) -> str:
    return f"{Kind.ERASE}:{pk}"
