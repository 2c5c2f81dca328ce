"""People have answered for an item of the ledger: it goes on at once, also where it was given up meanwhile."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from dsr.law.work import ItemState
from dsr.models import PlanItem
from dsr.steps import bell


def wake(items: QuerySet[PlanItem], *, at: datetime) -> None:
    """What waits, or waits for a person, is asked for again; or begun, where nothing was."""
    goes_on: dict[str, Any] = {"not_before": at, "attempts": 0, "tries": 0, "note": ""}
    waiting = items.filter(state__in=[ItemState.WAITING, ItemState.QUARANTINED])
    rows = waiting.exclude(handle_sealed="").update(state=ItemState.WAITING, **goes_on)
    if rows + waiting.filter(handle_sealed="").update(state=ItemState.READY, **goes_on):
        bell.ring_after_commit()
