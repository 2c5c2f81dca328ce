"""Columns that are written all at once say the same as cell by cell."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dsr.connectors.contract import Cell
from dsr.package import kinds
from dsr.package.cells import exact, tabular

ZONES = st.none() | st.timezones()
MOMENTS = st.datetimes(timezones=ZONES) | st.dates()
NUMBERS = st.integers() | st.floats() | st.decimals()
EMPTY: st.SearchStrategy[Cell] = st.none()
ALIKE = st.sampled_from([MOMENTS, NUMBERS, st.decimals(), st.integers() | st.text(max_size=4), st.booleans()])
READ: dict[str, Callable[[str], object]] = {
    "integer": int,
    "number": Decimal,
    "boolean": {"true": True, "false": False}.__getitem__,
}
COLUMNS = ALIKE.flatmap(lambda cells: st.lists(EMPTY | cells, min_size=1, max_size=5))


def table(cells: list[Cell] | list[str]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerows((cell, "") for cell in cells)
    return written.getvalue()


@given(COLUMNS)
def test_what_needs_no_look_reads_as_cell_by_cell(column: list[Cell]) -> None:
    apart = [tabular(cell) for cell in column]
    if kinds.seen(column) <= kinds.NUMBERS:
        assert table(column) == table([text for text, _ in apart])
        assert not any(altered for _, altered in apart)
    assert [tabular(cell) for cell in kinds.dated(column)] == apart
    assert json.dumps([exact(cell) for cell in kinds.worded(column)]) == json.dumps([exact(cell) for cell in column])


@given(COLUMNS)
def test_a_type_is_claimed_only_where_every_cell_reads_back_as_one(column: list[Cell]) -> None:
    claimed = kinds.together(kinds.seen(column))
    for cell in column:
        if cell is not None and claimed != "string":
            back = READ[claimed](tabular(cell)[0])
            assert back == (Decimal(str(cell)) if isinstance(cell, float) else cell)
