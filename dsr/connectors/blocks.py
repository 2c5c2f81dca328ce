r"""Rows as their source wrote them: a thousand in one text, which is taken apart only for whoever looks into them.

The text is that of PostgreSQL's COPY: a row is a line, between cells stands a tab, `\N` where there is none, and a
backslash before whatever else would be mistaken. To make an object of each of a million rows' cells takes longer than
to write them into two formats.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import overload

from dsr.connectors.contract import Cell

TEXT, WHOLE, AMOUNT, NUMBER, TRUTH, MOMENT, DAY = "sinfbtd"  # kinds of columns
NOTHING = rb"\N"

_MEANT = {r"\b": "\b", r"\f": "\f", r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\v": "\v", "\0": "\\"}
Row = tuple[Cell, ...]
Reading = Mapping[str, Callable[[str], Cell]]  # from kinds of columns


def moment(text: str) -> datetime | str:
    """What is no moment that Python has ('infinity', a year before Christ) stays text."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def day(text: str) -> date | str:
    """The same of a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


AS_THEY_ARE: Reading = {
    TEXT: str,
    WHOLE: int,
    AMOUNT: Decimal,
    NUMBER: float,
    TRUTH: "t".__eq__,
    MOMENT: moment,
    DAY: day,
}


class Block(Sequence[Row]):
    """Rows in one text; as a sequence it is that of any Batch. ValueError where the text is not what it should be."""

    __slots__ = ("_cells", "_count", "_reading", "_rows", "content", "full", "kinds")

    def __init__(self, kinds: str, content: bytes, count: int, reading: Reading = AS_THEY_ARE) -> None:
        """`kinds` has a letter for each column; `reading` makes cells of their texts."""
        self.kinds, self.content = kinds, content
        self.full = b"\\" not in content  # no cell is empty, and none is escaped
        self._count, self._reading = count, reading
        self._cells: list[bytes] | None = None
        self._rows: tuple[Row, ...] | None = None

    def __len__(self) -> int:
        """How many rows: known without a look at them."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        """Take all of them apart, once."""
        if self._rows is None:
            self._rows = tuple(self._read())
        return self._rows[place]

    def __iter__(self) -> Iterator[Row]:
        """One after another."""
        return iter(self[:])

    def cells(self) -> list[bytes]:
        """The text of every cell as it stands there, row after row; the caller changes nothing in it."""
        if self._cells is None:
            self._cells = self.content[:-1].replace(b"\n", b"\t").split(b"\t")
            if len(self._cells) != self._count * len(self.kinds):
                message = "a block's rows are not as long as they should be"
                raise ValueError(message)
        return self._cells

    def column(self, place: int) -> Sequence[Cell]:
        """One column, without the others."""
        if self._cells is None:
            texts = [line.split(b"\t", place + 1)[place] for line in self.content[:-1].split(b"\n")]
        else:
            texts = self._cells[place :: len(self.kinds)]
        return self._opened(self.kinds[place], texts)

    def _read(self) -> Iterator[Row]:
        cells, width = self.cells(), len(self.kinds)
        return zip(*(self._opened(kind, cells[at::width]) for at, kind in enumerate(self.kinds)), strict=True)

    def _opened(self, kind: str, texts: Sequence[bytes]) -> list[Cell]:
        read = self._reading[kind] if kind != TEXT else unescaped
        if self.full:
            return [text.decode() if kind == TEXT else read(text.decode()) for text in texts]
        return [None if text == NOTHING else read(text.decode()) for text in texts]


def column(rows: Sequence[Row], place: int) -> Sequence[Cell]:
    """One column of any Batch's rows."""
    return rows.column(place) if isinstance(rows, Block) else [row[place] for row in rows]


def unescaped(text: str) -> str:
    """What a cell's text stands for. Whole text by whole text: a cell may have millions of them."""
    if "\\" not in text:
        return text
    text = text.replace(r"\\", "\0")  # which no text of PostgreSQL has
    for written, meant in _MEANT.items():
        text = text.replace(written, meant)
    return text
