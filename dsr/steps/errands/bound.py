"""A system that answers through people: its connector has to know which item of the ledger it is asked for."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from dsr.connectors.contract import (
    Ability,
    ChangesNothing,
    Connector,
    Finding,
    Rejected,
    Schema,
)
from dsr.datamap.schema import CollectionMap, SystemMap
from dsr.models import PlanItem

PATIENCE = timedelta(days=30)  # what people are asked for is waited for so long, whatever the pace of their system
POLL_IN = timedelta(hours=1).total_seconds()  # whoever answers wakes the item; this is for answers that did not


class AsksPeople(ChangesNothing):
    """What such systems have in common: nothing can be probed, corrected or stopped there."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE, Ability.POLL})
    counts = True  # whether it knows how much is there before anybody is asked

    def __init__(self, system: SystemMap) -> None:
        """Not taken up yet."""
        self.system = system
        self._work: tuple[PlanItem, datetime] | None = None

    def take_up(self, item: PlanItem, *, at: datetime) -> None:
        """From now on it is asked for this item."""
        self._work = item, at
        item.patience = PATIENCE

    @property
    def work(self) -> tuple[PlanItem, datetime]:
        """The item, and when. Raises Rejected: nobody is asked for nothing."""
        if self._work is None:
            message = "Only a person can look there, and is asked for a request only."
            raise Rejected(message)
        return self._work

    def describe(self) -> Schema:
        """What the map says: there is nothing to compare it with."""
        return Schema({name: dict.fromkeys(one.fields, "text") for name, one in self.system.collections.items()})

    def check(self) -> list[Finding]:
        """Nothing can be probed."""
        return []

    def close(self) -> None:
        """Nothing is open."""


def take_up(connector: Connector, item: PlanItem, *, at: datetime) -> None:
    """Tell a connector that asks people what it asks them for."""
    if isinstance(connector, AsksPeople):
        connector.take_up(item, at=at)


def uncounted(connector: Connector) -> bool:
    """Whether nobody can say how much is there without asking a person."""
    return isinstance(connector, AsksPeople) and not connector.counts


def unchanging(system: SystemMap) -> None:
    """Nothing may be corrected or stopped there. ValueError names the field or the stop."""
    for name, field in _rectifiable(system.collections):
        message = f"{system.slug}.{name}: '{field}' cannot be rectifiable in a system of kind {system.connector.kind}"
        raise ValueError(message)
    for purpose in system.stops:
        message = f"{system.slug}: '{purpose}' cannot be stopped in a system of kind {system.connector.kind}"
        raise ValueError(message)


def _rectifiable(collections: Mapping[str, CollectionMap]) -> Iterator[tuple[str, str]]:
    for name, collection in collections.items():
        for field, described in collection.fields.items():
            if described.rectifiable:
                yield name, field
