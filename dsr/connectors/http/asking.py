"""Asking a service: its lists, page by page, and never a question that would be wider than meant."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from dsr.connectors.contract import Rejected
from dsr.connectors.http.calls import Calls, believed, parsed
from dsr.connectors.http.config import HttpSettings
from dsr.connectors.http.declarations import Endpoints, Listing, Search
from dsr.connectors.http.paging import MOST_PAGES, Turn
from dsr.connectors.http.paths import ABSENT, Condition, at
from dsr.connectors.http.template import Named, Request
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import SystemMap
from dsr.egress.client import Answer

Item = Mapping[str, object]
Asked = Mapping[str, Sequence[Named]]


class Asking:
    """One service, asked by its settings."""

    def __init__(self, system: SystemMap, settings: HttpSettings) -> None:
        self._system = system
        self._settings = settings
        self._calls = Calls(system.slug, settings)

    def close(self) -> None:
        """Give back connections."""
        self._calls.close()

    def _rows(self, route: Route, identities: Identities) -> Iterator[Item]:
        """List the rows of a route; a row that the service repeats is brought once."""
        endpoints, (key,) = self._settings.collections[route.name], route.collection.key
        listing, asked, seen = endpoints.list, set[str](), dict[Named, bytes]()
        for fields, values in self._values(route, identities).items():
            sought, keys = self._sought(route.name, endpoints, fields, list(values))
            new = list(_unasked(listing.request, sought, keys, asked))
            for item in self._listed(route.name, listing, sought, new):
                one, said = named(route.name, value_of(item, key)), _said(listing.request, item)
                if one not in seen:
                    seen[one] = said
                    yield item
                elif seen[one] != said:
                    raise Rejected(f"{route.name}: rows differ that have one '{key}'; it must name one row alone")

    def _values(self, route: Route, identities: Identities) -> dict[tuple[str, ...], dict[Key, None]]:
        """Collect by which fields and values rows are found. One with a gap reaches nobody and is never sent."""
        told: dict[tuple[str, ...], dict[Key, None]] = {}
        for seed in route.seeds:
            for key in identities.get(seed.kind, ()):
                if len(key) == len(seed.fields):
                    told.setdefault(seed.fields, {})[key] = None
        for hop in route.hops:
            for item in self._rows(hop.to, identities):
                key = tuple(_told(item, name) for name in hop.to_fields)
                told.setdefault(hop.fields, {})[key] = None
        return {
            fields: {tuple(named(route.name, one) for one in key): None for key in keys if "" not in map(_bare, key)}
            for fields, keys in told.items()
        }

    def _sought(
        self, name: str, endpoints: Endpoints, fields: tuple[str, ...], values: list[Key]
    ) -> tuple[tuple[str, ...], list[Key]]:
        """What the list is asked by: these values, or the ids that a search finds."""
        listing, search = endpoints.list, endpoints.search
        if not search or not search.listing.request.names == frozenset(fields) != listing.request.names:
            return fields, values
        ids: dict[Key, None] = {}
        for (value,) in values:
            meant = _expected(search.listing.request, fields[0], [_plain(value)])
            for item in self._pages(name, search.listing, {fields[0]: [_plain(value)]}):
                # A search brings what is like the value; only what is equal to it is meant.
                if _is_one_of(shown_by(name, search, item), meant):
                    ids[(named(name, at(search.field, item)),)] = None
        return tuple(listing.request.names), list(ids)

    def _listed(self, name: str, listing: Listing, fields: Sequence[str], values: Sequence[Key]) -> Iterator[Item]:
        """Ask for as many values at once as the service takes. No value, no call."""
        step = listing.batch if len(fields) == 1 else 1
        for start in range(0, len(values), step):
            keys = values[start : start + step]
            asked = {field: [_plain(key[n]) for key in keys] for n, field in enumerate(fields)}
            for item in self._pages(name, listing, asked):
                yield _shown(name, listing.request, asked, item)

    def _pages(self, name: str, listing: Listing, asked: Asked) -> Iterator[Item]:
        request, paging = listing.request, listing.paging
        path, params, body = request.path_for(asked), request.query_for(asked), request.body_for(asked)
        here = self._calls.address(path, params)
        turn, turns, before = paging.start(), set[Turn](), b""
        while turn not in turns and len(turns) < MOST_PAGES:
            turns.add(turn)
            address = turn.address or self._calls.address(path, [*params, *paging.params(turn)])
            answer = self._calls.send(request.method, address, body=body)
            # Only the first page can say that nobody is there; a later one has failed, and the rest is missing.
            absent = listing.absent if len(turns) == 1 else Condition()
            told = parsed(name, answer, absent if request.in_path else Condition())
            if absent.holds(answer.status, told):
                return
            rows = _items(name, listing.rows, believed(name, answer, told, self._settings))
            digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).digest()
            if rows and digest == before:
                break
            yield from rows
            following = paging.after(turn, here, answer, told, rows)
            if following is None:
                return
            turn, before = following, digest
        raise Rejected(f"{name}: the list does not come to an end")

    def _sent(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: object = None) -> Answer:
        """Send once. Raises Unreachable, Rejected."""
        return self._calls.send(method, self._calls.address(path, ()), headers=headers, body=body)


def _unasked(request: Request, fields: Sequence[str], keys: Sequence[Key], asked: set[str]) -> Iterator[Key]:
    """Those that were not asked by yet: the same row, told again a moment later, may differ from itself."""
    for key in keys:
        values = {field: [_plain(value)] for field, value in zip(fields, key, strict=True)}
        question = json.dumps([request.path_for(values), request.query_for(values), request.body_for(values)])
        if question not in asked:
            asked.add(question)
            yield key


def _said(request: Request, item: Item) -> bytes:
    """What a row says beyond the path that led to it, in short; two paths may lead to one row."""
    told = {name: value for name, value in item.items() if name not in request.in_path}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()


def shown_by(place: str, search: Search, item: Item) -> object:
    """What a row of a search shows; null is nobody's value. Raises Rejected: a wrong path would find nobody."""
    found = at(search.shows, item)
    if found is ABSENT or isinstance(found, Mapping | list):
        raise Rejected(f"{place}: a row that the search brings shows no value at '{search.shows}', 'search_shows'")
    return found


def value_of(item: Item, name: str) -> object:
    """A field of a row: of this name, or at this path. None: it is not there."""
    found = item[name] if name in item else at(name, item)
    return None if found is ABSENT else found


def named(place: str, *found: object) -> Named:
    """Let through what can name a row: text or a whole number."""
    if len(found) == 1 and isinstance(found[0], str | int) and not isinstance(found[0], bool) and found[0] != "":
        return found[0]
    raise Rejected(f"{place}: a row or a value cannot be named; text or a whole number is needed")


def _told(item: Item, name: str) -> Named | None:
    found = value_of(item, name)
    return None if found is None else named(name, found) if found != "" else ""


def _bare(value: object) -> object:
    return "" if value is None else value.strip() if isinstance(value, str) else value


def _plain(value: object) -> Named:
    return value if isinstance(value, int) else str(value)


def _items(place: str, rows: str, body: object) -> list[Item]:
    found = at(rows, body)
    listed = found if isinstance(found, list) else [found]
    items = [item for item in listed if isinstance(item, Mapping)]
    if len(items) != len(listed):
        raise Rejected(f"{place}: '{rows}' must be a list of objects, or an object")
    return items


def _shown(place: str, request: Request, asked: Asked, item: Item) -> Item:
    """Let a row through that shows the values asked for; else the filter did not work and it may be anybody's.

    What stood in the path need not be shown, for a path leads nowhere else; it is filled in.
    """
    missing: dict[str, object] = {}
    for gap in request.gaps:
        found = value_of(item, gap.name)
        if found is None and gap.name in request.in_path:
            missing[gap.name] = asked[gap.name][0]
            continue
        if found is None or not _is_one_of(found, _expected(request, gap.name, asked[gap.name])):
            raise Rejected(f"{place}: the service brings rows that were not asked for")
    return {**item, **missing} if missing else item


def _expected(request: Request, name: str, values: Sequence[Named]) -> set[str]:
    """Values as told and as sent, as rows may show them."""
    gaps = [gap for gap in request.gaps if gap.name == name]
    return {_lowered(str(one)) for value in values for one in (value, *(gap.filled(value) for gap in gaps))}


def _is_one_of(found: object, expected: set[str]) -> bool:
    return _lowered(str(found)) in expected


def _lowered(text: str) -> str:
    """Addresses of mail are the same in either case; what else differs by its case may be another account's."""
    return text.lower() if "@" in text and text.isascii() else text
