"""Rows that are written together are written as one after another."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product

import pytest

from dsr.connectors.contract import Cell
from dsr.package import lines
from dsr.package.cells import exact, tabular
from tests.package import answers

MOMENT = datetime(2026, 3, 5, 14, 3, 7, 120, tzinfo=UTC)
COLUMNS: tuple[tuple[Cell, ...], ...] = (
    ("plain", "", "100 %s %d %% %(a)s {} {0}"),
    ("it's", "a, b; c", "ü 申 \U0001f600 \u2028 \x7f"),
    ("None", None, "null"),
    (0, -1, 2**70),
    (1, None, 2),
    (Decimal("-12.50"), Decimal("1E+5"), Decimal("NaN")),
    (Decimal(0), None, Decimal("0.10")),
    (MOMENT, MOMENT.replace(tzinfo=None), MOMENT.astimezone(timezone(timedelta(hours=-5)))),
    (MOMENT, None, MOMENT),
    (date(2026, 3, 5), date(1, 1, 1), None),
    (True, False, None),
    (False, True, True),
    (None, None, None),
)
BY_HAND: tuple[tuple[Cell, ...], ...] = (
    ('say "yes"', "a", "b"),
    ("back\\slash", "a", "b"),
    ("line\nend", "a", "b"),
    ("\x00", "a", "b"),
    ("\ud83d", "a", "b"),
    (1, "one", 2),
    (1, True, 2),
    (1.5, 2.5, 3.5),
    (b"\xff", b"", b"a"),
)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_is_written_into_json_as_cell_by_cell(column: tuple[Cell, ...]) -> None:
    rows = lines.json_rows(['a "%s"'], [column])
    one_by_one = [json.dumps({'a "%s"': exact(cell)}, ensure_ascii=False, separators=(",", ":")) for cell in column]
    assert rows == ",\n".join(one_by_one).encode()


@pytest.mark.parametrize("column", BY_HAND)
def test_what_needs_a_second_look_is_not_written_so(column: tuple[Cell, ...]) -> None:
    assert lines.json_rows(["a"], [column]) is None


def test_many_columns_stand_beside_each_other() -> None:
    names = [f"field {number}" for number in range(len(COLUMNS))]
    rows = lines.json_rows(names, COLUMNS)
    assert rows is not None
    assert json.loads(b"[" + rows + b"]") == [
        dict(zip(names, map(exact, row), strict=True)) for row in zip(*COLUMNS, strict=True)
    ]


def test_whatever_a_person_wrote_is_exact_or_left_to_the_other_way() -> None:
    for pair in product(answers.HOSTILE, repeat=2):
        rows = lines.json_rows(["a", "b"], [pair[:1], pair[1:]])
        assert rows is None or json.loads(rows) == {"a": exact(pair[0]), "b": exact(pair[1])}


def test_lines_of_a_table_are_those_of_a_csv_writer() -> None:
    tables: list[list[Sequence[Cell]]] = [
        [[tabular(cell)[0] for cell in column] for column in (*COLUMNS, *BY_HAND[:4])]
    ]
    tables += [[column] for column in (*COLUMNS[:7], BY_HAND[0], BY_HAND[1], BY_HAND[2], BY_HAND[7])]
    for columns in tables:
        wanted = io.StringIO(newline="")
        csv.writer(wanted, quoting=csv.QUOTE_NONNUMERIC).writerows(zip(*columns, strict=True))
        assert lines.csv_rows(columns) == wanted.getvalue().encode()


def test_what_is_no_text_and_no_number_is_left_to_a_csv_writer() -> None:
    assert lines.csv_rows([(b"a", "b")]) is None
    assert lines.csv_rows([(1, "b")]) is None
