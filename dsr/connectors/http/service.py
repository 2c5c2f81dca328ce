"""A service that lists rows by a parameter, erases them by id, and may take its time with that."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, Self

from dsr.connectors.contract import (
    Ability,
    Batch,
    Chunk,
    Effect,
    Finding,
    Receipt,
    Rejected,
    Schema,
    Unreachable,
    fields_brought,
)
from dsr.connectors.http.config import Endpoints, HttpSettings, http_settings
from dsr.connectors.http.wire import (
    ACCEPTED,
    OK,
    asked_of,
    body_of,
    cell,
    checked_job,
    job_of,
    page_of,
    poll_in,
    receipt_of,
)
from dsr.datamap.route import Identities, Key, Route, Value
from dsr.datamap.schema import SystemMap, Way
from dsr.egress.client import Answer, Egress, NoAnswer, Refused, Timeouts

ROWS_AT_ONCE = 1_000
_MOST_PAGES = 10_000
_NOBODY = "rightful-check"  # a value that no row has

Item = Mapping[str, object]


class HttpService:
    """Finds and erases over HTTP; fails closed whenever a question would be wider than meant."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE, Ability.POLL})

    def __init__(self, system: SystemMap, settings: HttpSettings) -> None:
        self._system = system
        self._settings = settings
        timeouts = Timeouts(connect=min(5.0, settings.timeout), read=settings.timeout, total=settings.timeout)
        try:
            self._egress = Egress([settings.base_url], timeouts=timeouts)
        except ValueError as error:
            raise ValueError(f"{system.slug}: setting 'base_url': {error}") from None

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Validate `base_url`, `token`, `timeout`; per collection `list`, `query`, `erase` and so on."""
        return cls(system, http_settings(system, environ))

    def describe(self) -> Schema:
        """Name the collections; such a service publishes no fields."""
        return Schema({name: {} for name in self._system.collections})

    def check(self) -> list[Finding]:
        """Ask each collection for a value that nobody has; never for everything."""
        findings = []
        for name, endpoints in self._settings.collections.items():
            try:
                rows = sum(1 for _ in self._listed(name, endpoints.query, [_NOBODY]))
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
            waiting.append(tuple(cell(item.get(name)) for name in fields))
            if len(waiting) == ROWS_AT_ONCE:
                yield Batch(route.name, fields, tuple(waiting))
                waiting = []
        if waiting:
            yield Batch(route.name, fields, tuple(waiting))

    def erase(self, chunk: Chunk, key: str) -> Receipt:
        """Send the ids with the idempotency key, equal in every attempt."""
        endpoints = self._endpoints(chunk)
        if not endpoints.erase or chunk.way is not Way.DELETE:
            raise Rejected(f"{chunk.collection}: the service has no way to do this")
        if not key.strip():
            raise Rejected(f"{chunk.collection}: an erasure without its key is not sent")
        own = self._ids(chunk)
        if not own:
            return Receipt(Effect.ABSENT)
        answer = self._sent(
            "POST",
            endpoints.erase,
            headers={"Idempotency-Key": key},
            body={"ids": [k[0] for k in own.values()]},
        )
        body = body_of(chunk.collection, answer, expected=(OK, ACCEPTED))
        if answer.status == ACCEPTED:
            job = job_of(chunk.collection, body)
            if not endpoints.poll:
                return Receipt(Effect.IN_DOUBT, note="the service started a job that cannot be polled")
            handle = f"{chunk.collection}/{len(own)}/{job.name}"
            return Receipt(Effect.STARTED, handle=handle, poll_in=job.poll_in)
        receipt = receipt_of(chunk.collection, body, lambda found: _own(chunk.collection, own, found))
        return _counted(receipt, body, len(own))

    def poll(self, handle: str) -> Receipt:
        """Ask for the outcome of a job; the handle names collection, number of keys and job."""
        name, asked, job = [*handle.split("/", 2), "", ""][:3]
        endpoints = self._settings.collections.get(name)
        if endpoints is None or not endpoints.poll or not asked.isdecimal():
            raise Rejected(f"{self._system.slug}: the handle names no erasure of ours")
        path = endpoints.poll.replace("{job}", checked_job(name, job))
        body = body_of(name, self._sent("GET", path), expected=(OK,))
        if body.get("status") == "running":
            return Receipt(Effect.STARTED, handle=handle, poll_in=poll_in(name, body))
        return _counted(receipt_of(name, body, lambda found: (_id(name, found),)), body, int(asked))

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """List again by id and name the keys that are still there."""
        endpoints, own = self._endpoints(chunk), self._ids(chunk)
        if not endpoints.by_id:
            raise Rejected(f"{chunk.collection}: setting 'by_id' is missing; nothing can be read back")
        (field,) = chunk.key_fields
        found = self._listed(chunk.collection, endpoints.by_id, list(own), shown_in=field)
        return tuple(dict.fromkeys(_own(chunk.collection, own, item[field]) for item in found))

    def close(self) -> None:
        """Give back connections."""
        self._egress.close()

    def _rows(self, route: Route, identities: Identities) -> Iterator[Item]:
        """List the rows of a route; a row that the service repeats is brought once."""
        query, (key,) = self._settings.collections[route.name].query, route.collection.key
        seen = set()
        for item in self._listed(route.name, query, self._values(route, identities), shown_in=query):
            one = _id(route.name, item.get(key))
            if one not in seen:
                seen.add(one)
                yield item

    def _values(self, route: Route, identities: Identities) -> list[str]:
        """Collect the parameter's values. Empty ones reach nobody and are never sent."""
        told: list[object] = []
        for seed in route.seeds:
            told += [key[0] for key in identities.get(seed.kind, ()) if len(key) == 1]
        for hop in route.hops:
            told += [item.get(hop.to_fields[0]) for item in self._rows(hop.to, identities)]
        values = (_id(route.name, value) for value in told if value not in (None, ""))
        return list(dict.fromkeys(str(value) for value in values))

    def _listed(self, name: str, parameter: str, values: Sequence[str], *, shown_in: str = "") -> Iterator[Item]:
        """Ask page by page, as many values at once as the service takes. No value, no call.

        Each row must show in `shown_in` a value that was asked for, else the service's filter did not
        work and the row may be anybody's.
        """
        endpoints = self._settings.collections[name]
        for start in range(0, len(values), endpoints.batch):
            asked = values[start : start + endpoints.batch]
            if not parameter or not all(asked):
                raise Rejected(f"{name}: a question without a value would reach everybody; it was not sent")
            expected = {value.casefold() for value in asked}
            for item in self._pages(name, [(parameter, value) for value in asked]):
                if shown_in and str(item.get(shown_in, "")).casefold() not in expected:
                    raise Rejected(f"{name}: the service brings rows that were not asked for")
                yield item

    def _pages(self, name: str, asked: Sequence[tuple[str, str]]) -> Iterator[Item]:
        path = self._settings.collections[name].list
        cursor, cursors = "", set[str]()
        while len(cursors) < _MOST_PAGES:
            params = [*asked, *([("cursor", cursor)] if cursor else [])]
            answer = self._sent("GET", path, params=params)
            page = page_of(name, body_of(name, answer, expected=(OK,)))
            yield from page.items
            if not page.cursor:
                return
            if page.cursor in cursors:
                break
            cursor = page.cursor
            cursors.add(cursor)
        raise Rejected(f"{name}: the list does not come to an end")

    def _sent(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        with _speaking(self._system.slug):
            return self._egress.send(
                method,
                self._settings.base_url + path,
                params=params,
                headers={"Authorization": f"Bearer {self._settings.token}", **(headers or {})},
                body=body,
            )

    def _endpoints(self, chunk: Chunk) -> Endpoints:
        if chunk.collection not in self._settings.collections:
            raise Rejected(f"{self._system.slug}: the map has no collection '{chunk.collection[:64]}'")
        if chunk.key_fields != self._system.collections[chunk.collection].key:
            raise Rejected(f"{chunk.collection}: rows are named by their key only")
        return self._settings.collections[chunk.collection]

    def _ids(self, chunk: Chunk) -> dict[str, Key]:
        """Give the chunk's keys by their text. Raises Rejected for a key with a gap."""
        return {str(_id(chunk.collection, *key)): key for key in chunk.keys}


def _id(place: str, *found: object) -> Value:
    """Let through what can name a row: text or a whole number."""
    if len(found) == 1 and isinstance(found[0], str | int) and not isinstance(found[0], bool) and found[0] != "":
        return found[0]
    raise Rejected(f"{place}: a row or a value cannot be named; text or a whole number is needed")


def _own(place: str, own: Mapping[str, Key], found: object) -> Key:
    if str(found) not in own:
        raise Rejected(f"{place}: the service speaks of rows that were not named to it")
    return own[str(found)]


def _counted(receipt: Receipt, body: Mapping[str, object], asked: int) -> Receipt:
    """Doubt an outcome that does not add up to what was asked."""
    if asked_of(receipt, body) == asked:
        return receipt
    return Receipt(Effect.IN_DOUBT, count=receipt.count, kept=receipt.kept, note="the counts do not add up")


@contextmanager
def _speaking(place: str) -> Iterator[None]:
    try:
        yield
    except NoAnswer as error:
        raise Unreachable(f"{place}: {error}", retry_in=error.retry_in) from None
    except Refused as error:
        raise Rejected(f"{place}: {error}") from None
