"""The manifest of an erasure: which keys go in which way, which are kept, on which ground and until when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import msgspec

from dsr.connectors.contract import Batch, Cell, Chunk, Found
from dsr.datamap.schema import CollectionMap, SystemMap, Way
from dsr.law.retention import kept_until

Key = tuple[Cell, ...]  # as a system gives it

CHUNK = 500  # keys per effect
TOMBSTONE = "tombstone"  # in the place of a rule: the row's number alone stays
REFUSED = "refused:"  # and a ground, in the place of a rule: staff refused this part of the erasure
NO_DAY = date.max  # kept, and no day on which it goes can be named


class Line(msgspec.Struct, frozen=True):
    """One batch of keys of one collection that share a fate. `until` set: kept, and erased on that day."""

    system: str
    collection: str
    way: Way
    keys: list[list[str | int | float | bool | None]]
    set: dict[str, str | int | None] = {}
    until: str = ""  # ISO date
    rule: str = ""  # retention rule that keeps the rows

    def chunk(self, collection: CollectionMap) -> Chunk:
        """The effect that erases this line."""
        return Chunk(self.collection, self.way, collection.key, tuple(tuple(key) for key in self.keys), self.set)


def lines_of(system: SystemMap, rules: "Rules", found: Iterable[Found], on: date) -> Iterator[Line]:
    """Decide the fate of every row, children first as they come. `on` is the day the decision is made."""
    latest: dict[str, date] = {}  # collection -> last day any of its rows is kept
    for batch in found:
        if not isinstance(batch, Batch):
            continue
        collection = system.collections[batch.collection]
        ground = rules.refused.get((system.slug, batch.collection), "")
        fates: dict[date | None, list[Key]] = {}
        for row in batch.rows:
            record = dict(zip(batch.fields, row, strict=True))
            until = NO_DAY if ground else _kept(collection, record, rules, on)
            fates.setdefault(until, []).append(tuple(record[name] for name in collection.key))
        for until, keys in fates.items():
            if until:
                latest[batch.collection] = max(until, latest.get(batch.collection, until))
                rule = f"{REFUSED}{ground}" if ground else _rule(collection)
                yield _line(system, batch.collection, keys, until=until.isoformat(), rule=rule)
            else:
                yield from _erased(system, batch.collection, keys, _needed_until(system, batch.collection, latest))


@dataclass(frozen=True, slots=True)
class Rules:
    """Retention periods by rule: years, months, days, hours as keywords of `kept_until`."""

    periods: dict[str, dict[str, int]]
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)  # system and collection -> ground


def _kept(collection: CollectionMap, record: dict[str, Cell], rules: Rules, on: date) -> date | None:
    if collection.erase.way is Way.KEEP:
        return NO_DAY
    keep = collection.keep
    if keep is None or any(str(record.get(name)) not in values for name, values in keep.when.items()):
        return None
    since = record.get(keep.since)
    if not isinstance(since, date | str):
        return NO_DAY  # its period has not begun, or nobody can say when: nothing says that it may go
    try:
        until = kept_until(since, **rules.periods[keep.rule])
    except ValueError:
        return NO_DAY  # a start that cannot be read: a person must look before anything goes
    return until if until >= on else None


def _needed_until(system: SystemMap, name: str, latest: dict[str, date]) -> date | None:
    """Until when a kept row below needs this collection's rows as tombstones."""
    if not system.collections[name].erase.tombstone:
        return None
    return max((until for child, until in latest.items() if _leads(system, child, name)), default=None)


def _leads(system: SystemMap, child: str, parent: str) -> bool:
    links = [link.to for link in system.collections[child].links if "." not in link.to]
    return parent in links or any(_leads(system, to, parent) for to in links)


def _erased(system: SystemMap, name: str, keys: list[Key], needed: date | None) -> Iterator[Line]:
    collection = system.collections[name]
    if needed is None:
        yield _line(system, name, keys, way=collection.erase.way, new=collection.erase.set)
        return
    blank = {field: collection.erase.set.get(field) for field in collection.fields if field not in collection.key}
    yield _line(system, name, keys, way=Way.REDACT, new=blank)
    yield _line(system, name, keys, until=needed.isoformat(), rule=TOMBSTONE)


def _line(
    system: SystemMap,
    name: str,
    keys: list[Key],
    *,
    way: Way = Way.DELETE,
    new: dict[str, str | int | None] | None = None,
    until: str = "",
    rule: str = "",
) -> Line:
    plain = [[spelled(part) for part in key] for key in keys]
    return Line(system.slug, name, way, plain, new or {}, until, rule)


def spelled(cell: Cell) -> str | int | float | bool | None:
    """One part of a key as JSON holds it; the same however it travelled."""
    if isinstance(cell, bytes):
        return cell.hex()
    return cell.isoformat() if isinstance(cell, date) else str(cell) if isinstance(cell, Decimal) else cell


def _rule(collection: CollectionMap) -> str:
    return collection.keep.rule if collection.keep else collection.retention


def last_day(until: str) -> date | None:
    """The day until which rows are kept; None where no day can be named."""
    day = date.fromisoformat(until)
    return None if day == NO_DAY else day


def written(lines: Iterable[Line]) -> Iterator[bytes]:
    """One JSON object per line; these bytes are what the digest names."""
    for line in lines:
        for start in range(0, len(line.keys), CHUNK):
            piece = msgspec.structs.replace(line, keys=line.keys[start : start + CHUNK])
            yield msgspec.json.encode(piece) + b"\n"


def read(stream: Iterable[bytes]) -> Iterator[Line]:
    """What `written` wrote."""
    for text in stream:
        yield msgspec.json.decode(text, type=Line)
