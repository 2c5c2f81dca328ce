r"""Rows of a Block pasted into JSON and CSV: its text is cut into cells, and what either format needs is put between.

COPY's escapes are those of JSON, but for the quotation mark; so most texts pass as they are. What does not is left to
the slow way.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise

from dsr.connectors import blocks
from dsr.connectors.blocks import NOTHING, Block
from dsr.package.cells import harmless, neutral

_NUMBERS = {blocks.WHOLE: "integer", blocks.NUMBER: "number", blocks.AMOUNT: "number"}  # without quotes in CSV
_BARE = {blocks.WHOLE, blocks.NUMBER, blocks.TRUTH}  # without quotes in JSON
_INEXACT = {blocks.NUMBER, blocks.AMOUNT}  # may hold what is no number
_CONTROLS = bytes(sign for sign in range(0x20) if sign not in b"\t\n")  # JSON takes none of them as it is
_VERTICAL = rb"\v"  # of COPY's escapes the one that JSON has not; where it is a backslash and a v, nothing is lost
# For a quick look at how cells begin: where one does, what is safe there, and all else.
_PLAIN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/.,_:!?#$%&*()[]{}<>"
_BEGINNING = bytes(1 if sign in b"\t\n" else 2 if sign in _PLAIN else 3 for sign in range(256))
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_ZONES = frozenset({b"", b"+00", b"-00"})  # digits are noughts; not ' BC', and no part of a second
_MOMENT = b"0000-00-00 00:00:00"
_TRUTH = {b"t": b"true", b"f": b"false", NOTHING: NOTHING}
_Texts = Sequence[bytes]


class Pasted:
    """Some columns of a block, spelled as both formats do: cell after cell, row after row."""

    def __init__(self, block: Block, kinds: str, cells: list[bytes]) -> None:
        """`kinds` of the columns that are in `cells`."""
        self._block, self._kinds, self._cells = block, kinds, cells
        self._quoted = b'"' in block.content

    def json(self, names: Sequence[str]) -> bytes | None:
        """Objects with commas between them; None where a text has what JSON does not take."""
        content = self._block.content
        if _VERTICAL in content or len(content.translate(None, _CONTROLS)) != len(content):
            return None
        cells = list(self._cells)
        for at, kind in enumerate(self._kinds):
            if kind == blocks.TEXT and self._quoted:
                cells[at :: len(self._kinds)] = [text.replace(b'"', b'\\"') for text in self._column(at)]
            elif kind in _BARE and not self._block.full:
                cells[at :: len(self._kinds)] = [b"null" if text == NOTHING else text for text in self._column(at)]
        around = []
        for name, kind in zip(names, self._kinds, strict=True):
            quote = b"" if kind in _BARE else b'"'
            around.append((b"," + json.dumps(name, ensure_ascii=False).encode() + b":" + quote, quote))
        around[0] = b"{" + around[0][0][1:], around[0][1]
        text = _woven(cells, around, b"},\n", b"}")
        return text if self._block.full else text.replace(b'"' + NOTHING + b'"', b"null")

    def csv(self) -> tuple[bytes, int]:
        """Lines in which every text is quoted and no number is, and how many cells were altered so that none is run."""
        cells, altered, safe = list(self._cells), 0, self._safe()
        for at, kind in enumerate(self._kinds):
            column = self._column(at)
            if not self._block.full:
                empty = b'""' if kind in _NUMBERS else b""
                column = [empty if text == NOTHING else _unescaped(text) for text in column]
            if kind not in _NUMBERS and not safe:
                column, count = _neutral(column)
                altered += count
            if kind not in _NUMBERS and self._quoted:
                column = [text.replace(b'"', b'""') for text in column]
            if not safe or self._quoted or not self._block.full:
                cells[at :: len(self._kinds)] = column
        quotes = [b"" if kind in _NUMBERS else b'"' for kind in self._kinds]
        around = [(b"," + quote if at else quote, quote) for at, quote in enumerate(quotes)]
        return _woven(cells, around, b"\r\n", b"\r\n"), altered

    def seen(self, at: int) -> set[str]:
        """The type that a column's cells have, as a descriptor names it; none where all are empty."""
        kind = self._kinds[at]
        if not self._block.full and set(self._column(at)) == {NOTHING}:
            return set()
        return {"boolean"} if kind == blocks.TRUTH else {_NUMBERS.get(kind, "string")}

    def _safe(self) -> bool:
        """Whether no cell begins with anything but a letter, a digit or the like, and none can be torn."""
        if not self._block.full or b";" in self._block.content:
            return False
        signs = self._block.content.translate(_BEGINNING)
        return not signs.startswith(b"\3") and b"\1\3" not in signs

    def _column(self, at: int) -> list[bytes]:
        return self._cells[at :: len(self._kinds)]


def pasted(block: Block, places: Sequence[int]) -> Pasted | None:
    """The columns at these places, which rise; None where a number is none, which both formats write as a word."""
    cells, kinds = list(block.cells()), list(block.kinds)
    for place in reversed(range(len(block.kinds))):
        if place not in places:
            del cells[place :: len(kinds)], kinds[place]
    for at, kind in enumerate(kinds):
        column = cells[at :: len(kinds)]
        if kind in _INEXACT and _infinite(column):
            return None
        if kind in _SPELLED:
            cells[at :: len(kinds)] = _SPELLED[kind](column)
    return Pasted(block, "".join(kinds), cells)


def _woven(cells: list[bytes], around: Sequence[tuple[bytes, bytes]], between: bytes, end: bytes) -> bytes:
    """Each cell with what stands before and after it; `between` two rows, and at the `end`."""
    (first, _), (_, last) = around[0], around[-1]
    joints = [after + before for (_, after), (before, _) in pairwise(around)]
    woven = [b""] * (2 * len(cells))
    woven[::2] = [last + between + first, *joints] * (len(cells) // len(around))
    woven[0] = first
    woven[1::2] = cells
    return b"".join([*woven, last, end])


def _neutral(column: list[bytes]) -> tuple[list[bytes], int]:
    """The same so that no spreadsheet runs a cell, and how many were altered."""
    texts = [text.decode() for text in column]
    if harmless(texts):
        return column, 0
    written = list(map(neutral, texts))
    return [text.encode() for text in written], sum(map(str.__ne__, texts, written))


def _unescaped(text: bytes) -> bytes:
    return blocks.unescaped(text.decode()).encode() if b"\\" in text else text


def _infinite(texts: _Texts) -> bool:
    whole = b"".join(texts)
    return b"a" in whole or b"f" in whole  # NaN, Infinity


def _moments(texts: list[bytes]) -> _Texts:
    """As ISO 8601 has them: COPY leaves out the T, and the minutes of a zone."""
    zone = texts[0][len(_MOMENT) :]
    joined = b"\t".join([*texts, b""])
    alike = (_MOMENT + zone.translate(_DIGITS) + b"\t") * len(texts)  # none with a part of a second
    if (
        zone.translate(_DIGITS) in _ZONES
        and joined.translate(_DIGITS) == alike
        and joined.count(zone + b"\t") == len(texts)
    ):
        whole = joined.replace(b" ", b"T")
        return (whole.replace(zone + b"\t", zone + b":00\t") if zone else whole).split(b"\t")[:-1]
    return [_moment(text.decode()).encode() for text in texts]


def _moment(text: str) -> str:
    at = blocks.moment(text)
    return at.isoformat() if isinstance(at, datetime) else at


def _floats(texts: list[bytes]) -> _Texts:
    return [text if text == NOTHING else repr(float(text)).encode() for text in texts]


def _truths(texts: list[bytes]) -> _Texts:
    return list(map(_TRUTH.__getitem__, texts))


_SPELLED: dict[str, Callable[[list[bytes]], _Texts]] = {
    blocks.MOMENT: _moments,
    blocks.NUMBER: _floats,
    blocks.TRUTH: _truths,
}
