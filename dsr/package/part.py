"""A Part on the wire: length-prefixed msgpack frames, so that records and files stream both ways."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec

from dsr.connectors.contract import Batch, Cell, File, Found
from dsr.datamap.route import Key
from dsr.datamap.sharing import Share

PREFIX = 4  # bytes of big-endian frame length
CHUNK = 1 << 16


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
            yield _frame(["b", item.collection, item.fields, item.rows, *share])
        else:
            tally.files += 1
            yield _frame(["f", item.collection, item.key, item.name])
            for chunk in item.chunks:
                yield _frame(["d", chunk])
            yield _frame(["e"])
    yield _frame(["z"])


def unpack(stream: BinaryIO) -> Iterator[Found]:
    """What `pack` wrote, in its order. A File's chunks not read are passed over. Raises Torn."""
    for frame in _frames(stream):
        match frame:
            case ["b", str(collection), list(fields), list(rows), *share]:
                yield Batch(collection, tuple(fields), tuple(tuple(row) for row in rows), _share(share))
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
    for frame in _frames(stream):
        match frame:
            case ["d", bytes(chunk)]:
                yield chunk
            case ["e"]:
                return
            case _:
                raise Torn


def _frames(stream: BinaryIO) -> Iterator[list[object]]:
    while prefix := stream.read(PREFIX):
        length = int.from_bytes(prefix, "big")
        body = stream.read(length)
        if len(prefix) < PREFIX or len(body) < length:
            raise Torn
        yield msgspec.msgpack.decode(body, type=list)
    raise Torn


def _frame(content: list[object]) -> bytes:
    try:
        body = msgspec.msgpack.encode(content)
    except (UnicodeEncodeError, OverflowError):
        body = msgspec.msgpack.encode(_mended(content))
    return len(body).to_bytes(PREFIX, "big") + body


def _mended(content: list[object]) -> list[object]:
    """One poison cell must not lose its row: lone surrogates are replaced, huge integers become text."""
    if content[0] != "b":
        return [_cell(value) if isinstance(value, str) else value for value in content]
    kind, collection, fields, rows, *share = content
    assert isinstance(rows, tuple)  # noqa: S101 — a Batch has a tuple of rows
    return [kind, collection, fields, [[_cell(cell) for cell in row] for row in rows], *share]


def _cell(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return cell.encode("utf-8", "replace").decode()
    if isinstance(cell, int) and not -(1 << 63) <= cell < 1 << 64:
        return str(cell)
    return cell
