"""Why rows stay, in the words of a system or of who erased by hand: they may name somebody, and lie sealed.

The counts of an item, and its Event, name them by their number; the Event commits to the words. What the data map
itself says stands there as it is, and so do the words that items of before have in their counts.
"""

import json
from typing import Any

from dsr.datamap.schema import ControllerMap
from dsr.datamap.sharing import STAYS
from dsr.models import PlanItem, SubjectRequest, sealed
from dsr.steps import maps
from dsr.steps.fulfilling.manifest import TOMBSTONE


class Reasons:
    """The words that one item brings, each once."""

    def __init__(self, item: PlanItem) -> None:
        """None yet."""
        rules = maps.controller(item.subject_request.controller).controller.retention
        self._ours = {"", STAYS, TOMBSTONE, *rules}
        self._item = item
        self._said: list[str] = []

    def named(self, reason: str) -> str | int:
        """As counts name it: its number, or a rule of ours."""
        if reason in self._ours:
            return reason
        if reason not in self._said:
            self._said.append(reason)
        return self._said.index(reason)

    def kept(self) -> dict[str, Any]:
        """What the end of the item keeps of the words. Nothing once its request's time is over: nobody is told then."""
        over = SubjectRequest.objects.filter(pk=self._item.subject_request_id).exclude(reduced_at=None)
        if not self._said or over.exists():
            return {}
        text = sealed.seal(json.dumps(self._said), "plan_item", self._item.pk, "reasons")
        return {"secret": {"reasons": self._said}, "reasons_sealed": text}


def by_rule(about: ControllerMap, reason: str | int) -> bool:
    """Whether what stands in the counts is a rule that was asked again before anything was erased."""
    return reason == TOMBSTONE or reason in about.controller.retention


def why(item: PlanItem, reason: str | int) -> str:
    """The words that the item's counts name so; empty once they are forgotten."""
    if isinstance(reason, str):
        return reason
    said: list[str] = json.loads(sealed.unseal(item.reasons_sealed, "plan_item", item.pk, "reasons") or "[]")
    return said[reason] if reason < len(said) else ""
