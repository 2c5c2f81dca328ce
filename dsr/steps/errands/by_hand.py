"""The kind `manual`: a system that only a person can search or erase. Each item becomes a task on the desk.

An erasure by hand is over when a second member of staff has looked and confirms it (see answering).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Self

from dsr.connectors.contract import Chunk, Effect, Found, KeptKey, Receipt, Rejected, Waiting
from dsr.connectors.settings import collection_settings, system_settings
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import SystemMap
from dsr.law.work import Kind
from dsr.models import Errand
from dsr.steps.errands import asking
from dsr.steps.errands.bound import POLL_IN, AsksPeople, unchanging

DAYS, MOST_DAYS = 7, 28  # a task is due within; from its first day on the ledger waits for 30


class ByHand(AsksPeople):
    """A filing cabinet, a mailbox, a tool without an interface."""

    counts = False

    def __init__(self, system: SystemMap, days: int) -> None:
        super().__init__(system)
        self._days = days

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Its settings: `days`, in which a task is due, and `how`, what the page of a task tells to do."""
        settings = system_settings(system, environ, needed=(), optional=("days", "how"))
        for name in system.collections:
            collection_settings(system, name)
        unchanging(system)
        days = settings.get("days", str(DAYS))
        if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= MOST_DAYS:
            message = f"{system.slug}: setting 'days' is a number from 1 to {MOST_DAYS}"
            raise ValueError(message)
        return cls(system, int(days))

    def count(self, route: Route, identities: Identities) -> int:
        """Refuse: nobody knows before somebody has looked."""
        message = f"{route.name}: only a person can count there, asked by {len(identities)} kinds of identifier"
        raise Rejected(message)

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:  # the person reads them on the page
        """Ask a person, once for all collections. After an erasure the second look has answered for this one too."""
        item, at = self.work
        if item.kind == Kind.ERASE:
            return iter(())
        if item.kind != Kind.FIND:
            message = "What came in later belongs to the task: erase it with the rest."
            raise Rejected(message)
        asking.ask(item, self._days, at=at)
        raise Waiting(str(item.pk), poll_in=POLL_IN)

    def erase(self, chunk: Chunk, key: str) -> Receipt:  # one task per item, however often it is asked
        """Ask a person, once for all chunks; what was confirmed since is told."""
        if not chunk.keys:
            return Receipt(Effect.ABSENT)
        item, at = self.work
        asking.ask(item, self._days, at=at)
        return self._receipt(chunk.collection, chunk.keys)

    def poll(self, handle: str) -> Receipt:
        """Whether it is confirmed by now."""
        collection, keys = json.loads(handle)
        return self._receipt(collection, tuple(tuple(key) for key in keys))

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """All of them until somebody has confirmed; then those that stay."""
        errand = self._errand()
        if errand.confirmed_at is None:
            return chunk.keys
        kept = set(errand.kept())
        return tuple(key for key in chunk.keys if (chunk.collection, key) in kept)

    def _receipt(self, collection: str, keys: tuple[Key, ...]) -> Receipt:
        errand = self._errand()
        if errand.confirmed_at is None:
            return Receipt(Effect.STARTED, handle=json.dumps([collection, keys]), poll_in=POLL_IN)
        if errand.answer == Errand.NOTHING:
            return Receipt(Effect.ABSENT)
        stays = set(errand.kept())
        why = errand.because()
        kept = tuple(KeptKey(key, errand.kept_until, why) for key in keys if (collection, key) in stays)
        effect = Effect.KEPT if kept else Effect.DONE
        return Receipt(effect, len(keys) - len(kept), until=errand.kept_until if kept else None, kept=kept)

    def _errand(self) -> Errand:
        item, _ = self.work
        return Errand.objects.get(pk=item.pk)
