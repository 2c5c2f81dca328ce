"""The rows of one batch in both formats: JSON exactly, CSV so that no spreadsheet runs a cell."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec

from dsr.connectors.blocks import Block
from dsr.connectors.contract import Batch, Cell
from dsr.package import kinds, lines, pasting
from dsr.package.cells import exact, harmless, storable, tabular

_LINES = msgspec.json.Encoder()


@dataclass(slots=True)
class Noticed:
    """What was met while rows were written."""

    repaired: int = 0  # cells with text that no UTF-8 can hold
    neutralised: int = 0  # CSV cells that a spreadsheet would have run
    types: dict[str, set[str]] = field(default_factory=dict)  # of the CSV's columns

    def forget_tables(self) -> None:
        """What belongs to a CSV that is written anew."""
        self.neutralised = 0
        self.types.clear()


class Rows:
    """The rows of a batch, with those of their fields that are copied."""

    def __init__(self, batch: Batch, places: Sequence[tuple[str, int]], noticed: Noticed) -> None:
        """`places` are the names of the fields, with their places in a row."""
        self._names, self._places = [name for name, _ in places], [place for _, place in places]
        self._batch, self._noticed = batch, noticed
        self._pasted = pasting.pasted(batch.rows, self._places) if isinstance(batch.rows, Block) else None
        self._found: list[Sequence[Cell]] = []

    def json(self) -> bytes:
        """Objects with commas between them."""
        pasted = self._pasted.json(self._names) if self._pasted else None
        return pasted or lines.json_rows(self._names, self._columns()) or self._json_apart()

    def csv(self, fields: Iterable[str]) -> bytes:
        """Lines with a cell for each of the fields, empty where the batch has no such column."""
        fields = list(fields)
        if self._pasted and fields == self._names:
            written, altered = self._pasted.csv()
            self._noticed.neutralised += altered
            for at, name in enumerate(fields):
                self._noticed.types.setdefault(name, set()).update(self._pasted.seen(at))
            return written
        wanted = [self._names.index(name) if name in self._names else None for name in fields]
        empty = ("",) * len(self._batch.rows)
        found = self._columns()
        columns = [empty if at is None else self._csv_column(self._names[at], found[at]) for at in wanted]
        return lines.csv_rows(columns) or csv_lines(zip(*columns, strict=True))

    def _columns(self) -> list[Sequence[Cell]]:
        if not self._found:
            columns = list(zip(*self._batch.rows, strict=True))
            self._found = [columns[place] for place in self._places]
        return self._found

    def _json_apart(self) -> bytes:
        columns = [kinds.worded(each) for each in self._columns()]
        if all(map(storable, columns)):
            rows = [dict(zip(self._names, row, strict=True)) for row in zip(*columns, strict=True)]
            try:
                encoded = _LINES.encode_lines(rows)
            except (UnicodeEncodeError, OverflowError):
                pass  # a cell among thousands that no UTF-8 or no machine can hold: one by one, then
            else:
                return encoded[:-1].replace(b"\n", b",\n")  # within a text it is written as two characters
        return self._json_of_any(columns)

    def _json_of_any(self, columns: list[Sequence[Cell]]) -> bytes:
        plain = [[exact(cell) for cell in column] for column in columns]
        for column, written in zip(columns, plain, strict=True):
            pairs = zip(column, written, strict=True)
            self._noticed.repaired += sum(isinstance(cell, str) and cell != text for cell, text in pairs)
        rows = (dict(zip(self._names, row, strict=True)) for row in zip(*plain, strict=True))
        return ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows).encode()

    def _csv_column(self, name: str, column: Sequence[Cell]) -> Sequence[Cell]:
        seen = kinds.seen(column)
        self._noticed.types.setdefault(name, set()).update(seen)
        if seen <= kinds.NUMBERS:
            return column
        column = kinds.dated(column)
        if harmless(column):
            return column
        written = [tabular(cell) for cell in column]
        self._noticed.neutralised += sum(altered for _, altered in written)
        return [text for text, _ in written]


def csv_lines(rows: Iterable[Iterable[Cell]]) -> bytes:
    """Lines that a CSV writer wrote, cell by cell."""
    written: list[str] = []  # a StringIO would be slower, and take four bytes for each character
    # All text in quotes: read with semicolons, a line that begins with -2 is one cell, and its text no formula.
    csv.writer(SimpleNamespace(write=written.append), quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return "".join(written).encode()
