"""A service that lists rows by a parameter, erases them by id, corrects and stops, and may take its time with that."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self

from dsr.connectors.contract import (
    Ability,
    Batch,
    Cell,
    Change,
    Chunk,
    Effect,
    Finding,
    Receipt,
    Rejected,
    Schema,
    fields_brought,
)
from dsr.connectors.guards import correctable, stoppable
from dsr.connectors.http.asking import Asking, Item, named, shown_by, value_of
from dsr.connectors.http.changes import corrected, correction, is_stopped, runs, stopped
from dsr.connectors.http.config import http_settings
from dsr.connectors.http.declarations import Endpoints
from dsr.connectors.http.declared import JOBS, Declared
from dsr.connectors.http.wire import (
    ACCEPTED,
    OK,
    asked_of,
    body_of,
    cell,
    checked_job,
    job_of,
    poll_in,
    receipt_of,
)
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import Stop, SystemMap, Way
from dsr.egress.client import Answer

ROWS_AT_ONCE = 1_000
_NOBODY = "rightful-check"  # a value that no row has

Reader = Callable[[str, Item, int], Receipt]


class HttpService(Asking):
    """Finds, erases, corrects and stops over HTTP; fails closed whenever a question would be wider than meant."""

    _callback = ""

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Validate the settings; docs/connectors.md has a table of them."""
        return cls(system, http_settings(system, environ))

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the map's settings name an endpoint for."""
        found = {Ability.FIND, Ability.ERASE, Ability.POLL}
        if any(endpoints.correct for endpoints in self._settings.collections.values()):
            found.add(Ability.CORRECT)
        if self._settings.stops:
            found.add(Ability.STOP)
        erasures = [endpoints.erasure for endpoints in self._settings.collections.values() if endpoints.erasure]
        if erasures and all(erasure.rehearse for erasure in erasures):
            found.add(Ability.REHEARSE)
        if any(erasure.calls_back for erasure in erasures):
            found.add(Ability.CALL_BACK)
        return frozenset(found)

    def describe(self) -> Schema:
        """Name the collections; such a service publishes no fields."""
        return Schema({name: {} for name in self._system.collections})

    def check(self) -> list[Finding]:
        """Ask each collection for a value that nobody has; never for everything."""
        findings = []
        for name, endpoints in self._settings.collections.items():
            try:
                rows = self._nobodys(name, endpoints)
            except Rejected as problem:
                findings.append(Finding(name, str(problem)))
                continue
            if rows:
                findings.append(Finding(name, "the service brings rows that were not asked for"))
        return findings

    def count(self, route: Route, identities: Identities) -> int:
        """Count what the service lists."""
        return sum(1 for _ in self._rows(route, identities))

    def find(self, route: Route, identities: Identities) -> Iterator[Batch]:
        """Stream the service's pages as batches."""
        fields = fields_brought(route.collection)
        waiting = []
        for item in self._rows(route, identities):
            waiting.append(tuple(cell(value_of(item, name)) for name in fields))
            if len(waiting) == ROWS_AT_ONCE:
                yield Batch(route.name, fields, tuple(waiting))
                waiting = []
        if waiting:
            yield Batch(route.name, fields, tuple(waiting))

    def erase(self, chunk: Chunk, key: str) -> Receipt:
        """Send the ids with the idempotency key, equal in every attempt."""
        endpoints = self._endpoints(chunk)
        if not (endpoints.erase or endpoints.erasure) or chunk.way is not Way.DELETE:
            raise Rejected(f"{chunk.collection}: the service has no way to do this")
        own = self._ids(chunk)
        if not own:
            _needs(chunk.collection, key)
            return Receipt(Effect.ABSENT)
        if endpoints.erasure:
            _needs(chunk.collection, key)
            return self._declared(chunk.collection).erase(list(own.values()), key)

        def read(place: str, body: Item, asked: int) -> Receipt:
            return _counted(receipt_of(place, body, lambda found: _own(place, own, found)), body, asked)

        answer = self._ordered("POST", endpoints.erase, chunk.collection, key, {"ids": [k[0] for k in own.values()]})
        return _outcome(answer, chunk.collection, len(own), endpoints.poll, read)

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """List again by id and name the keys that are still there."""
        self._endpoints(chunk)
        own = self._ids(chunk)
        (field,) = chunk.key_fields
        found = self._by_key(chunk.collection, list(own.values()))
        return tuple(dict.fromkeys(_own(chunk.collection, own, value_of(item, field)) for item in found))

    def correct(self, changes: tuple[Change, ...], key: str) -> Receipt:
        """Send old and new values; the service compares the old ones in the same step."""
        name = correctable(self._system, changes)
        endpoints = self._settings.collections[name]
        if not endpoints.correct:
            raise Rejected(f"{name}: the service has no way to do this")
        answer = self._ordered("PATCH", endpoints.correct, name, key, correction(changes))
        return _outcome(answer, f"correct/{name}", len(changes), endpoints.poll, corrected)

    def read_values(self, changes: tuple[Change, ...]) -> tuple[Cell, ...]:
        """List again by id and read the fields."""
        name = correctable(self._system, changes)
        (field,) = self._system.collections[name].key
        wanted = list(dict.fromkeys((str(named(name, change.key[0])),) for change in changes))
        found = {str(value_of(item, field)): item for item in self._by_key(name, wanted)}
        return tuple(_value(name, found.get(str(change.key[0])), change.field) for change in changes)

    def stop(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Name to the service the person's rows that are not stopped."""
        stoppable(self._system, stop, route)
        ids = self._those(route, identities, lambda item: runs(stop, item))
        return self._told(stop, ids, key, stop.set)

    def resume(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Name to the service the person's rows that are stopped."""
        if not stoppable(self._system, stop, route).undo:
            raise Rejected(f"{route.name}: the map says no way back for this stop")
        ids = self._those(route, identities, lambda item: is_stopped(stop, item))
        return self._told(stop, ids, key, stop.undo or {})

    def still_running(self, stop: Stop, route: Route, identities: Identities) -> int:
        """List again, and count what is not stopped."""
        stoppable(self._system, stop, route)
        return len(self._those(route, identities, lambda item: runs(stop, item)))

    def poll(self, handle: str) -> Receipt:
        """Ask for the outcome of a job. The handle names what it does, the number of rows, and the job."""
        label, asked, job = [*handle.rsplit("/", 2), "", ""][:3]
        if label.startswith(JOBS) and asked.isdecimal():
            return self._declared(label.removeprefix(JOBS)).poll(handle, int(asked), job)
        path, read = self._job(label)
        if not path or not asked.isdecimal():
            raise Rejected(f"{self._system.slug}: the handle names no effect of ours")
        place = label.rpartition("/")[2]
        body = body_of(place, self._sent("GET", path.replace("{job}", checked_job(place, job))), expected=(OK,))
        if body.get("status") == "running":
            return Receipt(Effect.STARTED, handle=handle, poll_in=poll_in(place, body))
        return read(place, body, int(asked))

    def call_back_at(self, address: str) -> None:
        """What goes into the gap {callback}."""
        self._callback = address

    def rehearse(self, chunks: Iterable[Chunk]) -> None:
        """Ask the service whether it would erase each row, before the first is gone."""
        for chunk in chunks:
            self._endpoints(chunk)
            self._declared(chunk.collection).rehearse(list(self._ids(chunk).values()))

    def _declared(self, name: str) -> Declared:
        endpoints = self._settings.collections.get(name)
        if endpoints is None or endpoints.erasure is None:
            raise Rejected(f"{self._system.slug}: the map declares no such erasure")
        key = self._system.collections[name].key[0]
        return Declared(self._calls, self._settings, name, key, endpoints.erasure, self._callback)

    def _nobodys(self, name: str, endpoints: Endpoints) -> int:
        """How many rows come for a value that nobody has."""
        listing = endpoints.search.listing if endpoints.search else endpoints.list
        asked = {name: [_NOBODY] for name in listing.request.names}
        if search := endpoints.search:  # which may bring what is like the value
            return sum(shown_by(name, search, item) == _NOBODY for item in self._pages(name, listing, asked))
        return sum(1 for _ in self._pages(name, listing, asked))

    def _by_key(self, name: str, keys: Sequence[Key]) -> Iterator[Item]:
        """List rows by their keys; those that say that they are gone are not."""
        endpoints = self._settings.collections[name]
        if endpoints.read is None:
            raise Rejected(f"{name}: no setting says how to ask by the key; nothing can be read back")
        yield from self._listed(name, endpoints.read, self._system.collections[name].key, keys)

    def _job(self, label: str) -> tuple[str, Reader]:
        """Where a job is polled, and how its outcome is read; an empty path: none of ours."""
        verb, _, name = label.rpartition("/")
        if verb == "stop":
            return (self._settings.stops[name].poll if name in self._settings.stops else ""), stopped
        path = self._settings.collections[name].poll if name in self._settings.collections else ""
        return (path if verb in ("", "correct") else ""), (corrected if verb else _erased)

    def _those(self, route: Route, identities: Identities, meant: Callable[[Item], bool]) -> list[str | int]:
        (key,) = route.collection.key
        return [named(route.name, item.get(key)) for item in self._rows(route, identities) if meant(item)]

    def _told(self, stop: Stop, ids: Sequence[str | int], key: str, new: Mapping[str, str | int | None]) -> Receipt:
        slug = next(slug for slug, one in self._system.stops.items() if one == stop)
        _needs(stop.collection, key)
        if not ids:
            return Receipt(Effect.ABSENT)
        # What is stopped already is not named again; other rows are another order, with a key of its own.
        digest = hashlib.sha256(json.dumps([ids, new], sort_keys=True).encode()).hexdigest()[:16]
        endpoint = self._settings.stops[slug]
        answer = self._ordered("POST", endpoint.path, stop.collection, f"{key}-{digest}", {"ids": ids, "set": new})
        return _outcome(answer, f"stop/{slug}", len(ids), endpoint.poll, stopped)

    def _ordered(self, method: str, path: str, place: str, key: str, body: object) -> Answer:
        _needs(place, key)
        return self._sent(method, path, headers={self._settings.idempotency_header: key}, body=body)

    def _endpoints(self, chunk: Chunk) -> Endpoints:
        if chunk.collection not in self._settings.collections:
            raise Rejected(f"{self._system.slug}: the map has no collection '{chunk.collection[:64]}'")
        if chunk.key_fields != self._system.collections[chunk.collection].key:
            raise Rejected(f"{chunk.collection}: rows are named by their key only")
        return self._settings.collections[chunk.collection]

    def _ids(self, chunk: Chunk) -> dict[str, Key]:
        """Give the chunk's keys by their text. Raises Rejected for a key with a gap."""
        return {str(named(chunk.collection, *key)): key for key in chunk.keys}


def _outcome(answer: Answer, label: str, asked: int, poll: str, read: Reader) -> Receipt:
    """Read what became of an order: it is over, or a job goes on."""
    place = label.rpartition("/")[2]
    body = body_of(place, answer, expected=(OK, ACCEPTED))
    if answer.status != ACCEPTED:
        return read(place, body, asked)
    job = job_of(place, body)
    if not poll:
        return Receipt(Effect.IN_DOUBT, note="the service started a job that cannot be polled")
    return Receipt(Effect.STARTED, handle=f"{label}/{asked}/{job.name}", poll_in=job.poll_in)


def _needs(place: str, key: str) -> None:
    if not key.strip():
        raise Rejected(f"{place}: an effect without its key is not sent")


def _value(place: str, item: Item | None, field: str) -> Cell:
    if item is None:
        return None
    if field not in item:
        raise Rejected(f"{place}: the service does not tell '{field}'")
    return cell(item[field])


def _own(place: str, own: Mapping[str, Key], found: object) -> Key:
    if str(found) not in own:
        raise Rejected(f"{place}: the service speaks of rows that were not named to it")
    return own[str(found)]


def _erased(place: str, body: Item, asked: int) -> Receipt:
    return _counted(receipt_of(place, body, lambda found: (named(place, found),)), body, asked)


def _counted(receipt: Receipt, body: Item, asked: int) -> Receipt:
    """Doubt an outcome that does not add up to what was asked."""
    if asked_of(receipt, body) == asked:
        return receipt
    return Receipt(Effect.IN_DOUBT, count=receipt.count, kept=receipt.kept, note="the counts do not add up")
