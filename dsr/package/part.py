"""A Part on the wire: length-prefixed msgpack frames, so that records and files stream both ways.

msgpack knows no decimal, no whole number beyond 64 bits, no text that UTF-8 cannot hold, and of a moment no zone but
UTC. Such cells travel beside the others under a mark of their own, and arrive as they set out. What a source wrote as
one text travels as that text.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import BinaryIO

import msgspec
from isal import isal_zlib
from msgspec.msgpack import Ext

from dsr.connectors import blocks
from dsr.connectors.blocks import Block
from dsr.connectors.contract import Batch, Cell, File, Found
from dsr.datamap.route import Key
from dsr.datamap.sharing import Share
from dsr.package.cells import valid

PREFIX = 4  # bytes of big-endian frame length
CHUNK = 1 << 16
_LEVEL = 1  # of 3: a text is sealed and read faster when it is packed, by more than this takes
DECIMAL, WHOLE, TEXT, MOMENT = 1, 2, 3, 4  # the marks; all content is text
DECIMALS, OTHERS = "d", "."  # kinds of columns: text of decimals alone, or cells each as it is
_PLAIN = frozenset({str, int, float, bool, bytes, type(None), date})  # as msgpack brings them, a date as text
_KEPT_ZONES = {id(zone) for zone in (None, UTC)}  # others may have no hash


class Torn(Exception):
    """The Part ends in the middle of a frame, or holds what no writer of ours writes."""


@dataclass(slots=True)
class Tally:
    """What went into a Part: rows per collection, and files."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0


def pack(found: Iterator[Found], tally: Tally) -> Iterator[bytes]:
    """Frames of everything found; `tally` is counted up meanwhile."""
    for item in found:
        if isinstance(item, Batch):
            tally.rows[item.collection] = tally.rows.get(item.collection, 0) + len(item.rows)
            share = [] if item.share is None else [item.share.mine, item.share.others]
            yield _frame([*_written(item), *share])
        else:
            tally.files += 1
            yield _frame(["f", item.collection, item.key, item.name])
            for chunk in item.chunks:
                yield _frame(["d", chunk])
            yield _frame(["e"])
    yield _frame(["z"])


def unpack(stream: BinaryIO, *, exact: bool = False) -> Iterator[Found]:
    """What `pack` wrote, in its order. A File's chunks not read are passed over. Raises Torn.

    `exact`: every cell as it set out. Otherwise what any system and any table can take: decimals and numbers beyond
    64 bits are text, moments with a zone are in UTC, and a lone surrogate is a replacement mark.
    """
    decoder = _EXACT if exact else _TAME
    for frame in _frames(stream, decoder):
        match frame:
            case ["b", str(collection), list(fields), int(count), str(kinds), list(columns), *share]:
                rows = _rows(count, kinds, columns, exact=exact)
                yield Batch(collection, tuple(fields), rows, _share(share))
            case ["t", str(collection), list(fields), int(count), str(kinds), bytes(content), *share]:
                yield Batch(collection, tuple(fields), _block(count, kinds, content, exact=exact), _share(share))
            case ["f", str(collection), list(key), str(name)]:
                chunks = _file(stream)
                yield File(collection, tuple(key), name, chunks)
                for _ in chunks:
                    pass
            case ["z"]:
                return
            case _:
                raise Torn
    raise Torn


def keys_of(found: Iterator[Found], collection: str, fields: tuple[str, ...]) -> Iterator[Key]:
    """The values of `fields` in every row of one collection; rows where one is null are left out."""
    for item in found:
        if isinstance(item, Batch) and item.collection == collection:
            places = [item.fields.index(name) for name in fields]
            for row in item.rows:
                key = tuple(row[place] for place in places)
                if None not in key:
                    yield key  # type: ignore[misc]  # a key holds no dates: msgpack brought them as text


def _share(parties: list[object]) -> Share | None:
    match parties:
        case []:
            return None
        case [list(mine), list(others)]:
            return Share(tuple(mine), tuple(others))
        case _:
            raise Torn


def _file(stream: BinaryIO) -> Iterator[bytes]:
    for frame in _frames(stream, _TAME):
        match frame:
            case ["d", bytes(chunk)]:
                yield chunk
            case ["e"]:
                return
            case _:
                raise Torn


def _frames(stream: BinaryIO, decoder: "msgspec.msgpack.Decoder[list[object]]") -> Iterator[list[object]]:
    while prefix := stream.read(PREFIX):
        length = int.from_bytes(prefix, "big")
        body = stream.read(length)
        if len(prefix) < PREFIX or len(body) < length:
            raise Torn
        yield decoder.decode(body)
    raise Torn


def _frame(content: list[object]) -> bytes:
    try:
        body = msgspec.msgpack.encode(content)
    except (UnicodeEncodeError, OverflowError):
        body = msgspec.msgpack.encode([_held(value) for value in content])
    return len(body).to_bytes(PREFIX, "big") + body


def _written(batch: Batch) -> list[object]:
    """A frame's content: columns of cells, or the text of the source."""
    rows = batch.rows
    if isinstance(rows, Block):
        return ["t", batch.collection, batch.fields, len(rows), rows.kinds, isal_zlib.compress(rows.content, _LEVEL)]
    columns = list(map(_column, zip(*rows, strict=True)))
    kinds, written = "".join(kind for kind, _ in columns), [column for _, column in columns]
    return ["b", batch.collection, batch.fields, len(rows), kinds, written]


def _block(count: int, kinds: str, packed: bytes, *, exact: bool) -> Block:
    content = isal_zlib.decompress(packed)
    if content.count(b"\n") != count or not _TAMED.keys() >= set(kinds):
        raise Torn
    return Block(kinds, content, count, blocks.AS_THEY_ARE if exact else _TAMED)


def _rows(count: int, kinds: str, columns: list[object], *, exact: bool) -> tuple[tuple[Cell, ...], ...]:
    """The columns' rows. Raises Torn."""
    if len(kinds) != len(columns):
        raise Torn
    read = [
        _opened(column, count, amounts=exact and kind == DECIMALS) for kind, column in zip(kinds, columns, strict=True)
    ]
    return tuple(zip(*read, strict=True)) if read else ((),) * count


def _opened(column: object, count: int, *, amounts: bool) -> list[Cell]:
    if not isinstance(column, list) or len(column) != count:
        raise Torn
    try:
        return [None if text is None else Decimal(text) for text in column] if amounts else column
    except (InvalidOperation, TypeError, ValueError):
        raise Torn from None


def _column(cells: tuple[Cell, ...]) -> tuple[str, Sequence[object]]:
    """Its kind, and the cells; msgspec would make text of a decimal, and take a moment out of its zone."""
    kinds = set(map(type, cells))
    if kinds <= _PLAIN:
        return OTHERS, cells
    if kinds <= {Decimal, type(None)}:  # one mark for all of them
        return DECIMALS, [None if cell is None else str(cell) for cell in cells]
    if Decimal not in kinds and {id(cell.tzinfo) for cell in cells if isinstance(cell, datetime)} <= _KEPT_ZONES:
        return OTHERS, cells
    return OTHERS, [_MARKS[type(cell)](cell) if type(cell) in _MARKS else cell for cell in cells]


def _decimal(cell: Decimal) -> Ext:
    return Ext(DECIMAL, str(cell).encode())


def _moment(cell: datetime) -> object:
    return Ext(MOMENT, cell.isoformat().encode()) if cell.utcoffset() else cell


_MARKS: dict[type, Callable[..., object]] = {Decimal: _decimal, datetime: _moment}


def _held(value: object) -> object:
    """The same, with marks on text and whole numbers that msgpack cannot hold, however deep they lie."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return Ext(TEXT, value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return Ext(WHOLE, f"{value:x}".encode())
    elif isinstance(value, list | tuple):
        return [_held(each) for each in value]
    return value


def _restored(mark: int, content: memoryview) -> Cell:
    if mark not in _READ:
        raise Torn
    return _READ[mark](bytes(content).decode("utf-8", "surrogatepass"))


def _tamed(mark: int, content: memoryview) -> Cell:
    cell = _restored(mark, content)
    if isinstance(cell, datetime):
        return _in_utc(cell)
    return valid(cell) if isinstance(cell, str) else str(cell)


def _in_utc(at: datetime) -> Cell:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # the first and the last hours that there are
        return at.isoformat()


def _tame_moment(text: str) -> Cell:
    """As msgpack would have brought it: without a zone it is text."""
    at = blocks.moment(text)
    if isinstance(at, str):
        return at
    return _in_utc(at) if at.tzinfo else at.isoformat()


_READ: dict[int, Callable[[str], Cell]] = {
    DECIMAL: Decimal,
    WHOLE: partial(int, base=16),
    TEXT: str,
    MOMENT: datetime.fromisoformat,
}
_TAMED: blocks.Reading = {
    **blocks.AS_THEY_ARE,
    blocks.AMOUNT: str,
    blocks.MOMENT: _tame_moment,
    blocks.DAY: str,
}
_EXACT = msgspec.msgpack.Decoder(list[object], ext_hook=_restored)
_TAME = msgspec.msgpack.Decoder(list[object], ext_hook=_tamed)
