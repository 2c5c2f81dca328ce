"""The manifest of an erasure: which keys go in which way, which are kept, on which ground and until when."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import Decimal

import msgspec

from dsr.connectors.contract import Batch, Cell, Chunk, Found, Rejected
from dsr.datamap import erasing, meeting
from dsr.datamap.place import place_of
from dsr.datamap.schema import CollectionMap, SystemMap, Way
from dsr.datamap.sharing import Ending, Others, Share, ending
from dsr.law import moments
from dsr.law.retention import kept_until
from dsr.steps.fulfilling.trees import children_first

Key = tuple[Cell, ...]  # as a system gives it

CHUNK = 500  # keys per effect
TOMBSTONE = "tombstone"  # in the place of a rule: the row's number alone stays
REFUSED = "refused:"  # and a ground, in the place of a rule: staff refused this part of the erasure
UNREAD = "unread:"  # and a rule: the date it counts from cannot be read, so a person must look before anything goes
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
    place: str = ""  # where the keys count, as the map said when the rows were found
    others: Others | None = None  # how a row shows that somebody else is in it

    def chunk(self, collection: CollectionMap) -> Chunk:
        """The effect that erases this line."""
        keys = tuple(tuple(key) for key in self.keys)
        return Chunk(self.collection, self.way, collection.key, keys, self.set, self.others)


def lines_of(
    system: SystemMap, rules: "Rules", found: Iterable[Found], on: date, anchors: "Anchors | None" = None
) -> Iterator[Line]:
    """Decide the fate of every row, children first as they come. `on` is the day the decision is made.

    A row that stays keeps the rows that it points at: as tombstones where the map says so, else with its own ground.
    """
    deciding = _Deciding(system, rules, on, anchors or {}, Needs(system))
    for batch in children_first(system, found):
        key = system.collections[batch.collection].key
        fates: dict[Fate | None, list[Key]] = {}
        for row in batch.rows:
            record = dict(zip(batch.fields, row, strict=True))
            fates.setdefault(deciding.fate(batch.collection, record), []).append(tuple(record[name] for name in key))
        for fate, keys in fates.items():
            yield from _decided(system, batch.collection, keys, fate, batch.share)


@dataclass(frozen=True, slots=True)
class Fate:
    """Why a row stays, and until when: itself, or no more of it than the rows that point at it need."""

    until: date
    rule: str
    whole: bool = True


Anchors = Mapping[tuple[str, str], Mapping[tuple[str, ...], Cell]]  # collection, 'parent.field' -> own values -> date


class Needs:
    """Until when, and by which rule, rows are needed by those that stay and point at them."""

    def __init__(self, system: SystemMap) -> None:
        self._pointers = tuple(erasing.pointers(system))
        self._until: dict[tuple[erasing.Pointer, tuple[str, ...]], Fate] = {}

    def note(self, collection: str, record: Mapping[str, Cell], fate: Fate) -> None:
        """A row stays."""
        for pointer in self._pointers:
            if pointer.collection == collection and (place := _place(record, pointer.fields)):
                known = self._until.get((pointer, place))
                if known is None or fate.until > known.until:
                    self._until[pointer, place] = fate

    def met_by(self, collection: str, record: Mapping[str, Cell]) -> Fate | None:
        """Until when this row is needed; None when nothing that stays points at it."""
        if not self._until:
            return None
        mine = (pointer for pointer in self._pointers if pointer.to == collection)
        places = ((pointer, _place(record, pointer.to_fields)) for pointer in mine)
        found = (self._until.get((pointer, place)) for pointer, place in places if place)
        return max((each for each in found if each), key=lambda fate: fate.until, default=None)


def _place(record: Mapping[str, Cell], fields: Iterable[str]) -> tuple[str, ...] | None:
    """The values by which rows meet, as text; None where one is missing."""
    return meeting.place(record.get(name) for name in fields)


def anchors(system: SystemMap, found: Callable[[], Iterable[Found]]) -> Anchors:
    """The dates that stand in a parent's row and that rows are kept from; `found` is asked only if there are any."""
    wanted = {
        (name, collection.keep.since): there
        for name, collection in system.collections.items()
        if collection.keep and (there := erasing.anchor(collection, collection.keep.since))
    }
    dates: dict[tuple[str, str], dict[tuple[str, ...], Cell]] = {each: {} for each in wanted}
    for batch in found() if wanted else ():
        for each, (link, field_there) in wanted.items():
            if isinstance(batch, Batch) and batch.collection == link.to:
                for row in batch.rows:
                    record = dict(zip(batch.fields, row, strict=True))
                    if place := _place(record, link.on.values()):
                        dates[each][place] = record.get(field_there)
    return dates


@dataclass(frozen=True, slots=True)
class Rules:
    """Retention periods by rule: years, months, days, hours as keywords of `kept_until`."""

    periods: dict[str, dict[str, int]]
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)  # system and collection -> ground
    zone: tzinfo | None = None  # of the controller's calendar


@dataclass(frozen=True, slots=True)
class _Deciding:
    """What the fate of a system's rows is decided by."""

    system: SystemMap
    rules: Rules
    on: date
    anchors: Anchors
    needs: Needs

    def fate(self, name: str, record: dict[str, Cell]) -> Fate | None:
        """Of one row; None: it goes."""
        own = self._own(name, self.system.collections[name], record)
        needed = self.needs.met_by(name, record)
        if needed and (own is None or needed.until > own.until):
            own = Fate(needed.until, needed.rule, whole=own is not None)  # what stays whole is not emptied before
        if own:
            self.needs.note(name, self._left(name, record, own), own)
        return own

    def _left(self, name: str, record: Mapping[str, Cell], fate: Fate) -> Mapping[str, Cell]:
        """What is left of a row that stays: of a tombstone the key, and it points at nothing else."""
        collection = self.system.collections[name]
        stone = collection.erase.tombstone and collection.erase.way is Way.DELETE and not collection.shared
        return {part: record[part] for part in collection.key} if stone and not fate.whole else record

    def _own(self, name: str, collection: CollectionMap, record: dict[str, Cell]) -> Fate | None:
        """By its own rule."""
        keep = collection.keep
        if ground := self.rules.refused.get((self.system.slug, name)):
            return Fate(NO_DAY, f"{REFUSED}{ground}")
        if collection.erase.way is Way.KEEP:
            return Fate(NO_DAY, collection.retention)  # such a map names no date
        if keep is None or not meeting.matches(record, keep.when):
            return None
        since = self._since(name, collection, keep.since, record)
        if moments.blank(since):
            return Fate(NO_DAY, keep.rule)  # its period has not begun: it may not go
        try:
            until = kept_until(since, zone=self.rules.zone, **self.rules.periods[keep.rule])
        except ValueError:
            return Fate(NO_DAY, f"{UNREAD}{keep.rule}")
        return Fate(until, keep.rule) if until >= self.on else None

    def _since(self, name: str, collection: CollectionMap, told: str, record: dict[str, Cell]) -> Cell:
        """The date in the row itself, or in the row of the parent that 'collection.field' names."""
        there = erasing.anchor(collection, told)
        if there is None:
            return record.get(told)
        return self.anchors.get((name, told), {}).get(_place(record, there[0].on) or ())


def _decided(system: SystemMap, name: str, keys: list[Key], fate: Fate | None, share: Share | None) -> Iterator[Line]:
    """The lines of rows that share a fate. Raises Rejected."""
    collection = system.collections[name]
    if collection.shared and collection.erase.way is not Way.KEEP:
        try:
            end = ending(name, collection, share or Share((), ()))
        except ValueError as error:
            raise Rejected(f"{name}: {error}") from None
        yield _shared(system, name, keys, fate, end)
    elif fate and fate.whole:  # on its day it goes in its way, as it would today
        way = Way.DELETE if collection.erase.way is Way.KEEP else collection.erase.way
        new = erasing.new_values(collection)
        yield _line(system, name, keys, way=way, new=new, until=fate.until.isoformat(), rule=fate.rule)
    elif fate is None or collection.erase.way is not Way.DELETE:  # in its own way a row stays, and breaks no reference
        yield _line(system, name, keys, way=collection.erase.way, new=erasing.new_values(collection))
    elif collection.erase.tombstone:
        yield _line(system, name, keys, way=Way.TOMBSTONE, new=erasing.blank(collection))
        yield _line(system, name, keys, until=fate.until.isoformat(), rule=TOMBSTONE)
    else:
        yield _line(system, name, keys, until=fate.until.isoformat(), rule=fate.rule)


def _shared(system: SystemMap, name: str, keys: list[Key], fate: Fate | None, end: Ending) -> Line:
    """What concerns others, too: in the way of the person's part in it, on the day that a rule names, if one does."""
    until, rule = (fate.until.isoformat(), fate.rule) if fate else ("", "")
    line = _line(system, name, keys, way=end.way, new=end.new, until=until, rule=rule)
    return msgspec.structs.replace(line, others=end.others)


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
    return Line(system.slug, name, way, plain, new or {}, until, rule, place_of(system, name))


def spelled(cell: Cell) -> str | int | float | bool | None:
    """One part of a key as JSON holds it; the same however it travelled."""
    if isinstance(cell, bytes):
        return cell.hex()
    return cell.isoformat() if isinstance(cell, date) else str(cell) if isinstance(cell, Decimal) else cell


def last_day(until: str) -> date | None:
    """The day until which rows are kept; None where no day can be named."""
    day = date.fromisoformat(until)
    return None if day == NO_DAY else day


def written(lines: Iterable[Line]) -> Iterator[bytes]:
    """One JSON object per line; these bytes are what the digest names."""
    return (msgspec.json.encode(piece) + b"\n" for piece in pieces(lines))


def pieces(lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines, none with more keys than one effect takes."""
    for line in lines:
        for start in range(0, len(line.keys), CHUNK):
            yield msgspec.structs.replace(line, keys=line.keys[start : start + CHUNK])


def read(stream: Iterable[bytes]) -> Iterator[Line]:
    """What `written` wrote."""
    for text in stream:
        yield msgspec.json.decode(text, type=Line)
