"""The copy of one system's Part: JSON, CSV and files stream into the bag; first rows are kept to be read."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from types import SimpleNamespace

import msgspec

from dsr.connectors.contract import Batch, Cell, File, Found
from dsr.datamap.schema import CollectionMap, SystemMap
from dsr.datamap.sharing import hidden
from dsr.package import kinds, lines
from dsr.package.bag import Bag
from dsr.package.cells import Plain, Shown, exact, harmless, storable, tabular
from dsr.package.contents import OpenPart
from dsr.package.naming import PACKED, sniffed
from dsr.package.readable import Readable
from dsr.package.redaction import BY_STAFF, OF_OTHERS, Withheld, withheld
from dsr.package.since import Since, watched
from dsr.package.words import said

_LINES = msgspec.json.Encoder()
FIRST_ROWS = 40  # as many as the report shows; the index shows fewer


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file in the package; the name it had is told in the manifest only."""

    path: str
    sha256: str
    size: int
    extension: str
    picture: bool  # that a page may show
    original_name: str
    row: tuple[Plain, ...]  # key of the row it belongs to


@dataclass(slots=True)
class CollectionCopy:
    """What was copied of one collection."""

    system: str
    collection: str
    described: CollectionMap
    laws: tuple[str, ...] = ()  # under which the person asks
    zone: str = ""  # of the system's moments that name none
    since: dict[str, Since] = field(default_factory=dict)  # field -> its dates, for periods that count from it
    fields: dict[str, None] = field(default_factory=dict)  # in order, those that are copied
    withheld: dict[str, Withheld] = field(default_factory=dict)
    of_others: dict[str, int] = field(default_factory=dict)  # field -> rows that it was left out of
    rows: int = 0
    first: list[dict[str, Shown]] = field(default_factory=list)
    repaired: int = 0  # cells with text that no UTF-8 can hold
    neutralised: int = 0  # CSV cells that a spreadsheet would have run
    types: dict[str, set[str]] = field(default_factory=dict)  # of the CSV's columns
    json_path: str = ""
    csv_path: str = ""
    files: list[CopiedFile] = field(default_factory=list)

    def take(self, batch: Batch) -> list[tuple[str, int]]:
        """Count a batch; give the fields that are copied, with their places in its rows."""
        for entry in withheld(self.described, batch.fields, self.laws):
            self.withheld[entry.field] = entry
        places = [(name, place) for place, name in enumerate(batch.fields) if name not in self.withheld]
        self.fields.update(dict.fromkeys(name for name, _ in places))
        self.rows += len(batch.rows)
        left_out = hidden(self.described, batch.share.mine) if batch.share else frozenset[str]()
        for name in (each for each, _ in places if each in left_out):
            self.of_others[name] = self.of_others.get(name, 0) + len(batch.rows)
        for name, place in places:
            if name in self.since:
                self.since[name].unclear |= name in batch.left_out or name in left_out
                self.since[name].note([row[place] for row in batch.rows])
        if len(self.first) < FIRST_ROWS:
            self._read(batch, places, left_out)
        return places

    def _read(self, batch: Batch, places: list[tuple[str, int]], left_out: frozenset[str]) -> None:
        """The first rows, as a person reads them."""
        by_staff, theirs = Shown(said(BY_STAFF), quiet=True), Shown(said(OF_OTHERS), quiet=True)
        left = {**dict.fromkeys(batch.left_out, by_staff), **dict.fromkeys(left_out, theirs)}
        open_ = [(name, place) for name, place in places if name not in left]
        readable = Readable(self.described, open_, self.zone)
        for row in batch.rows[: FIRST_ROWS - len(self.first)]:
            shows = readable.row(row)
            self.first.append({name: left[name] if name in left else shows[name] for name, _ in places})


def copy_part(bag: Bag, system: SystemMap, part: OpenPart, laws: tuple[str, ...] = ()) -> list[CollectionCopy]:
    """Copy a Part. It is read once per format, because a ZIP has one open member at a time."""
    copies: dict[str, CollectionCopy] = {}
    for name, batches in _by_collection(part()):
        if name in copies or name not in system.collections:
            message = f"{system.slug}.{name} is not in the data map, or its batches do not follow each other"
            raise ValueError(message)
        described, since = system.collections[name], watched(system, name)
        copies[name] = CollectionCopy(system.slug, name, described, laws, system.zone, since)
        _write_json(bag, copies[name], batches)
    for name, batches in _by_collection(part()):
        if copies[name].json_path:
            _write_csv(bag, copies[name], batches)
    for found in part():
        if isinstance(found, File):
            _write_file(bag, copies[found.collection], found)
    return list(copies.values())


def _by_collection(part: Iterable[Found]) -> Iterator[tuple[str, Iterator[Batch]]]:
    return groupby(_batches(part), key=attrgetter("collection"))


def _batches(part: Iterable[Found]) -> Iterator[Batch]:
    for found in part:
        if isinstance(found, Batch):
            if found.rows:
                yield found
        else:
            _drain(found)


def _drain(file: File) -> None:
    """Read past a file: the Part is one stream, and its next item lies behind the content."""
    for _ in file.chunks:
        pass


def _write_json(bag: Bag, copy: CollectionCopy, batches: Iterator[Batch]) -> None:
    first = next(batches)
    places = copy.take(first)
    if not places:  # all of it is withheld: there is nothing to write, but rows to be counted
        for batch in batches:
            copy.take(batch)
        return
    copy.json_path = f"data/{copy.system}/{copy.collection}.json"
    with bag.member(copy.json_path) as member:
        member.write(b"[\n" + _json_rows(copy, places, first))
        for batch in batches:
            member.write(b",\n" + _json_rows(copy, copy.take(batch), batch))
        member.write(b"\n]\n")


def _json_rows(copy: CollectionCopy, places: list[tuple[str, int]], batch: Batch) -> bytes:
    names = [name for name, _ in places]
    found = list(zip(*batch.rows, strict=True))
    columns = [found[place] for _, place in places]
    return lines.json_rows(names, columns) or _json_rows_apart(copy, names, [kinds.worded(each) for each in columns])


def _json_rows_apart(copy: CollectionCopy, names: list[str], columns: list[Sequence[Cell]]) -> bytes:
    if all(map(storable, columns)):
        try:
            encoded = _LINES.encode_lines([dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])
        except (UnicodeEncodeError, OverflowError):
            pass  # a cell among thousands that no UTF-8 or no machine can hold: one by one, then
        else:
            return encoded[:-1].replace(b"\n", b",\n")  # within a text it is written as two characters
    return _json_rows_of_any(copy, names, columns)


def _json_rows_of_any(copy: CollectionCopy, names: list[str], columns: list[Sequence[Cell]]) -> bytes:
    plain = [[exact(cell) for cell in column] for column in columns]
    for column, written in zip(columns, plain, strict=True):
        copy.repaired += sum(isinstance(cell, str) and cell != text for cell, text in zip(column, written, strict=True))
    rows = (dict(zip(names, row, strict=True)) for row in zip(*plain, strict=True))
    return ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows).encode()


def _write_csv(bag: Bag, copy: CollectionCopy, batches: Iterator[Batch]) -> None:
    copy.csv_path = f"data/{copy.system}/{copy.collection}.csv"
    with bag.member(copy.csv_path) as member:
        member.write("\ufeff".encode())  # without it, spreadsheets do not read UTF-8
        member.write(_csv_lines([[tabular(name)[0] for name in copy.fields]]))
        for batch in batches:
            places = [batch.fields.index(name) if name in batch.fields else None for name in copy.fields]
            found = list(zip(*batch.rows, strict=True))
            empty = ("",) * len(batch.rows)
            columns = [empty if at is None else _csv_column(copy, batch.fields[at], found[at]) for at in places]
            member.write(lines.csv_rows(columns) or _csv_lines(zip(*columns, strict=True)))


def _csv_column(copy: CollectionCopy, name: str, column: Sequence[Cell]) -> Sequence[Cell]:
    seen = kinds.seen(column)
    copy.types.setdefault(name, set()).update(seen)
    if seen <= kinds.NUMBERS:
        return column
    column = kinds.dated(column)
    if harmless(column):
        return column
    written = [tabular(cell) for cell in column]
    copy.neutralised += sum(altered for _, altered in written)
    return [text for text, _ in written]


def _csv_lines(rows: Iterable[Iterable[Cell]]) -> bytes:
    written: list[str] = []  # a StringIO would be slower, and take four bytes for each character
    # All text in quotes: read with semicolons, a line that begins with -2 is one cell, and its text no formula.
    csv.writer(SimpleNamespace(write=written.append), quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return "".join(written).encode()


def _write_file(bag: Bag, copy: CollectionCopy, file: File) -> None:
    if copy.described.files in copy.withheld:
        _drain(file)
        return
    found = sniffed(file.chunks)
    path = f"data/files/{copy.system}/{copy.collection}/{len(copy.files) + 1:04}.{found.extension}"
    with bag.member(path, packed=found.extension in PACKED) as member:
        for chunk in found.chunks:
            member.write(chunk)
    told = zip(copy.described.key, file.key, strict=True)
    row = tuple("" if name in copy.withheld else exact(value) for name, value in told)
    listed = bag.payload[path]
    copy.files.append(
        CopiedFile(path, listed.sha256, listed.size, found.extension, found.picture, str(exact(file.name)), row)
    )
