"""The copy of one system's Part: JSON, CSV and files stream into the bag; first rows are kept to be read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from dsr.connectors.blocks import column
from dsr.connectors.contract import Batch, File, Found
from dsr.datamap.schema import CollectionMap, SystemMap
from dsr.datamap.sharing import hidden
from dsr.package.bag import Bag, Waiting
from dsr.package.cells import Plain, Shown, exact, tabular
from dsr.package.contents import OpenPart
from dsr.package.formats import Noticed, Rows, csv_lines
from dsr.package.naming import PACKED, sniffed
from dsr.package.readable import Readable
from dsr.package.redaction import BY_STAFF, OF_OTHERS, Withheld, withheld
from dsr.package.since import Since, watched
from dsr.package.words import said

HELD = 48 << 20  # packed bytes of a table that waits
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
    noticed: Noticed = field(default_factory=Noticed)
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
                self.since[name].note(column(batch.rows, place))
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
    """Copy a Part. It is read again only for tables too large to be held meanwhile, and for files.

    A ZIP has one open member at a time: while a collection's JSON is written, its CSV waits.
    """
    copies: dict[str, CollectionCopy] = {}
    late, filed = set[str](), set[str]()
    for name, batches in _by_collection(part(), filed):
        copies[name] = _copy_of(system, name, laws, known=name in copies)
        if not _write(bag, copies[name], batches):
            late.add(name)
    again = _by_collection(part(), filed) if late else ()
    for name, batches in again:
        if name in late:
            _write_table(bag, copies[name], batches)
    for found in part() if filed else ():
        if isinstance(found, File):
            _write_file(bag, copies[found.collection], found)
    return list(copies.values())


def _copy_of(system: SystemMap, name: str, laws: tuple[str, ...], *, known: bool) -> CollectionCopy:
    if known or name not in system.collections:
        message = f"{system.slug}.{name} is not in the data map, or its batches do not follow each other"
        raise ValueError(message)
    return CollectionCopy(system.slug, name, system.collections[name], laws, system.zone, watched(system, name))


def _by_collection(part: Iterable[Found], filed: set[str]) -> Iterator[tuple[str, Iterator[Batch]]]:
    """The rows; collections that have files are noted in `filed`."""
    return groupby(_batches(part, filed), key=attrgetter("collection"))


def _batches(part: Iterable[Found], filed: set[str]) -> Iterator[Batch]:
    for found in part:
        if isinstance(found, Batch):
            if found.rows:
                yield found
        else:
            filed.add(found.collection)
            _drain(found)


def _drain(file: File) -> None:
    """Read past a file: the Part is one stream, and its next item lies behind the content."""
    for _ in file.chunks:
        pass


def _write(bag: Bag, copy: CollectionCopy, batches: Iterator[Batch]) -> bool:
    """Both formats; whether the CSV is written, too, or has to be made from its beginning."""
    first = next(batches)
    places = copy.take(first)
    if not places:  # all of it is withheld: there is nothing to write, but rows to be counted
        for batch in batches:
            copy.take(batch)
        return True
    copy.json_path, copy.csv_path = (f"data/{copy.system}/{copy.collection}.{kind}" for kind in ("json", "csv"))
    table = _Table(bag.waiting(copy.csv_path), tuple(copy.fields))
    with bag.member(copy.json_path) as member:
        rows = Rows(first, places, copy.noticed)
        member.write(b"[\n" + rows.json())
        table.take(rows)
        for batch in batches:
            rows = Rows(batch, copy.take(batch), copy.noticed)
            member.write(b",\n" + rows.json())
            if tuple(copy.fields) != table.fields:
                table.waiting = None
            table.take(rows)
        member.write(b"\n]\n")
    if table.waiting:
        bag.follow(table.waiting)
    return table.waiting is not None


class _Table:
    """The CSV of a collection while its JSON is written; given up once it is too large, or its fields change."""

    def __init__(self, waiting: Waiting, fields: tuple[str, ...]) -> None:
        self.waiting: Waiting | None = waiting
        self.fields = fields
        waiting.content.write(_heading(fields))

    def take(self, rows: Rows) -> None:
        if self.waiting:
            self.waiting.content.write(rows.csv(self.fields))
            if self.waiting.held > HELD:
                self.waiting = None


def _write_table(bag: Bag, copy: CollectionCopy, batches: Iterator[Batch]) -> None:
    copy.noticed.forget_tables()
    with bag.member(copy.csv_path) as member:
        member.write(_heading(copy.fields))
        for batch in batches:
            places = [(name, place) for place, name in enumerate(batch.fields) if name in copy.fields]
            member.write(Rows(batch, places, copy.noticed).csv(copy.fields))


def _heading(fields: Iterable[str]) -> bytes:
    # Without the mark before it, spreadsheets do not read UTF-8.
    return "\ufeff".encode() + csv_lines([[tabular(name)[0] for name in fields]])


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
