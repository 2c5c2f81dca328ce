"""The kind `email`: a processor that only reads mail.

What it holds is known from our own systems: the pseudonymous ids that it got with the data. An erasure is a letter
with a link, as recipients get it anyway (see recipients.telling): the processor sees the ids there and answers. That
answer is all there is: nothing is read back, and the package says on whose word it counts as erased.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Self

from dsr.connectors.contract import Batch, Chunk, Effect, Found, KeptKey, Receipt
from dsr.connectors.settings import collection_settings, system_settings
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import IdentityKind, SystemMap, Way
from dsr.law.deadlines import local_day
from dsr.law.work import Kind
from dsr.models import PlanItem, Telling
from dsr.steps import maps
from dsr.steps.errands.bound import PATIENCE, POLL_IN, AsksPeople, unchanging
from dsr.steps.recipients import sharing, telling

AT_ONCE = 1_000  # rows of a batch
REASON = "It cannot be deleted there."
AFTER_REMINDER = timedelta(days=7)  # the day after its answer was due a processor is reminded; then it has as long


class ByLetter(AsksPeople):
    """Rows are ids; the letter names nobody."""

    def __init__(self, system: SystemMap, processor: str) -> None:
        super().__init__(system)
        self._processor = processor

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """It has no settings: its processor says who is written to, and by when an answer is due."""
        system_settings(system, environ, needed=())
        unchanging(system)
        if system.processor is None:
            message = f"{system.slug}: 'processor' is missing: the recipient that is written to"
            raise ValueError(message)
        for name in system.collections:
            collection_settings(system, name)
            _ids_only(system, name)
        return cls(system, system.processor)

    def take_up(self, item: PlanItem, *, at: datetime) -> None:
        """It is waited for as long as its processor has to answer, and until a reminder had its time."""
        super().take_up(item, at=at)
        facts = maps.controller(item.subject_request.controller).controller.recipients.get(self._processor)
        if facts:
            item.patience = max(PATIENCE, timedelta(days=facts.days) + AFTER_REMINDER)

    def count(self, route: Route, identities: Identities) -> int:
        """How many ids our systems name."""
        return len(_ids(route, identities))

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """The ids under which the processor got data. After an erasure its answer stands for this search too."""
        if self.erasing:
            return
        ids = _ids(route, identities)
        for start in range(0, len(ids), AT_ONCE):
            yield Batch(route.name, route.collection.key, tuple(ids[start : start + AT_ONCE]))

    def erase(self, chunk: Chunk, key: str) -> Receipt:  # one letter per request, however often it is asked
        """Write to the processor once; what it answered since is told."""
        if not chunk.keys:
            return Receipt(Effect.ABSENT)
        item, at = self.work
        telling.ask(item.subject_request, self._processor, about="erasure", at=at)
        return self._receipt(chunk.keys)

    def poll(self, handle: str) -> Receipt:
        """Whether it has answered."""
        return self._receipt(tuple(tuple(key) for key in json.loads(handle)))

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """All ids until it has answered; then those that it keeps."""
        receipt = self._receipt(chunk.keys)
        if receipt.effect is Effect.STARTED:
            return chunk.keys
        return tuple(row.key for row in receipt.kept)

    @property
    def erasing(self) -> bool:
        """Whether it is asked for an erasure."""
        return self._work is not None and self._work[0].kind == Kind.ERASE

    def _receipt(self, keys: tuple[Key, ...]) -> Receipt:
        item, at = self.work
        told = Telling.objects.filter(subject_request=item.subject_request, recipient=self._processor).first()
        if told is None or not told.answer:
            return Receipt(Effect.STARTED, handle=json.dumps(keys), poll_in=POLL_IN)
        if told.answer == telling.NOTHING_HELD:
            return Receipt(Effect.ABSENT)
        today = local_day(at, maps.calendar(item.subject_request.controller))
        over = told.expires_on is not None and told.expires_on < today
        if told.answer == telling.CANNOT_DELETE and not over:
            kept = tuple(KeptKey(key, told.expires_on, REASON) for key in keys)
            return Receipt(Effect.KEPT, until=told.expires_on, kept=kept)
        return Receipt(Effect.DONE, count=len(keys))


def _ids(route: Route, identities: Identities) -> list[Key]:
    """Every id among the identities, once."""
    asked = (key for seed in route.seeds for key in identities.get(seed.kind, ()))
    return list(dict.fromkeys(key for key in asked if all(part not in {None, ""} for part in key)))


def _ids_only(system: SystemMap, name: str) -> None:
    """Only ids that name nobody are known there, and told. ValueError says what is in the way."""
    collection = system.collections[name]
    where = f"{system.slug}.{name}"
    if set(collection.fields) != set(collection.key) or collection.erase.way is not Way.DELETE or collection.keep:
        message = f"{where}: a system of kind email holds ids alone, which are its key and are deleted"
        raise ValueError(message)
    named = [collection.fields[field].category for field in collection.key]
    if any(category.startswith(sharing.NAMES_SOMEBODY) for category in named):
        message = f"{where}: the key says who somebody is; a letter may name pseudonymous ids only"
        raise ValueError(message)
    by = [tuple(fields) for kind, fields in collection.found_by.items() if kind in sharing.PSEUDONYMS]
    links = [link for link in collection.links if "." in link.to]
    if len(by) != len(collection.found_by) or len(links) != len(collection.links):
        kinds = ", ".join(IdentityKind(kind).value for kind in sharing.PSEUDONYMS)
        message = f"{where}: ids are found by {kinds}, or by a link from another system"
        raise ValueError(message)
    if any(fields != collection.key for fields in (*by, *(tuple(link.on) for link in links))):
        message = f"{where}: what it is found by has to be its whole key"
        raise ValueError(message)
