"""Ten thousand cells that Mallory could have written."""

import csv
import random
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsr.connectors.contract import Cell
from dsr.package.cells import day, exact, harmless, moment, shown, size, storable, tabular
from dsr.package.naming import extension

RUNS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"


def test_no_text_cell_starts_as_a_formula() -> None:
    chance = random.Random(7)
    letters = RUNS + "aZ1 ,;\"'\u200b\u202e\ufeff\ud83d猫🦊"
    texts = ["".join(chance.choices(letters, k=chance.randint(0, 8))) for _ in range(10_000)]
    buffer = StringIO(newline="")
    csv.writer(buffer).writerows([tabular(text)[0]] for text in texts)
    read = [row[0] if row else "" for row in csv.reader(StringIO(buffer.getvalue(), newline=""))]
    unseen = " \t\r\n\0\u200b\u202e\ufeff"
    assert [cell for cell in read if cell[:1] and cell[0] in RUNS] == []
    assert [cell for cell in read if cell.lstrip(unseen)[:1] and cell.lstrip(unseen)[0] in RUNS] == []
    changed = [tabular(text)[1] for text in texts]
    assert changed == [exact(text) != cell for text, cell in zip(texts, read, strict=True)]
    assert [cell.replace("'", "") for cell in read] == [str(exact(text)).replace("'", "") for text in texts]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("x\t=1", "x\t'=1"),
        ("x\n=cmd|' /C calc'!A0", "x\n'=cmd|' /C calc'!A0"),
        ("x\r\n-1", "x\r\n'-1"),
        ("\t=1", "'\t'=1"),
        ("a;\n \t\u200b=1", "a;\n \t'\u200b=1"),
        ('a;"=1', "a;'\"=1"),
        ('a;"" +1', 'a;\'"" +1'),
        (";\uff1d1;@a", ";'\uff1d1;'@a"),
        ("=1;b", "'=1;b"),
    ],
)
def test_a_formula_begins_nowhere_in_a_text_that_is_torn_at_other_signs(text: str, safe: str) -> None:
    assert tabular(text) == (safe, True)
    assert not harmless([text])


@pytest.mark.parametrize(
    "text", ["one; two\nthree", "a=b;c", "a-b\tc=d\r\ne", "'=1", "(=1)", ";;\n\n", "/create", "猫"]
)
def test_what_begins_no_formula_stays_as_it_is(text: str) -> None:
    assert tabular(text) == (text, False)
    assert harmless([text])


def test_of_a_very_long_text_too_no_part_begins_a_formula() -> None:
    text = 'b;c\n"=1\t-2;d' * 100_000
    safe, altered = tabular(text)
    assert altered
    assert not re.search(r'[;\t\r\n]"?[-=]', safe)
    assert safe.replace("'", "") == text


def test_a_text_that_no_file_can_hold_is_not_written_as_it_is() -> None:
    assert not harmless(["half \ud83d"])
    assert tabular("half \ud83d") == ("half \ufffd", False)


@pytest.mark.parametrize(
    ("cell", "text", "altered"),
    [
        (-5, "-5", False),
        (-0.5, "-0.5", False),
        (Decimal("-12.50"), "-12.50", False),
        (Decimal("-Infinity"), "'-Infinity", True),
        (float("-inf"), "'-inf", True),
        ("-5", "'-5", True),
        (b"\xfb\xef", "'++8=", True),
        (True, "true", False),
        (None, "", False),
        (date(2026, 3, 1), "2026-03-01", False),
        ("plain", "plain", False),
    ],
)
def test_numbers_stay_numbers_and_text_stays_text(cell: Cell, text: str, altered: bool) -> None:
    assert tabular(cell) == (text, altered)


def test_what_json_cannot_hold_becomes_text() -> None:
    assert exact(float("nan")) == "nan"
    assert exact("half \ud83d") == "half \ufffd"
    assert exact("whole \ud83d\ude00") == "whole 😀"
    assert exact(2**70) == 2**70
    assert exact(datetime(9999, 12, 31, tzinfo=UTC)) == "9999-12-31T00:00:00+00:00"


def test_a_coded_value_is_explained() -> None:
    assert shown(3, {"3": "paid yearly"}).meaning == "paid yearly"


def test_a_name_cannot_be_made_to_read_backwards() -> None:
    assert shown("evil\u202egnp.exe", {}).text == "evil\ufffdgnp.exe"


def test_a_very_long_cell_is_cut_for_reading() -> None:
    assert len(shown("a" * 50_000_000, {}).text) == 400


def test_a_moment_to_the_second_stays_on_one_line() -> None:
    assert shown(datetime(2026, 6, 2, 11, 54, 51, tzinfo=UTC), {}).short


def test_days_moments_and_sizes_are_said_plainly() -> None:
    assert day(date(2026, 3, 5)) == "5 March 2026"
    assert moment(datetime(2026, 3, 5, 14, 3, tzinfo=UTC)) == "2026-03-05 14:03 UTC"
    assert [size(812), size(1_400_000)] == ["812 bytes", "1.4 MB"]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\x00\x00\x00\x18ftypisom", "mp4"),
        (b"\x00\x00\x00\x18ftypheic", "bin"),
        (b"\x1a\x45\xdf\xa3\x01webm", "webm"),
        (b"<svg onload=alert(1)>", "txt"),
        ("猫".encode()[:2], "bin"),
        (b"MZ\x90\x00", "bin"),
        (b"", "bin"),
    ],
)
def test_a_file_is_called_what_its_first_bytes_say(head: bytes, name: str) -> None:
    assert extension(head) == name


TORN = st.text(st.sampled_from("a1 ;\t\r\n\"'=-+@\0\ud83d猫"), max_size=6)
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), TORN, st.binary(), st.datetimes())


@given(st.lists(CELLS, max_size=6))
def test_a_column_that_is_written_as_it_stands_reads_as_cell_by_cell(column: list[Cell]) -> None:
    if storable(column) and "\ud83d" not in "".join(cell for cell in column if isinstance(cell, str)):  # see copying
        assert [repr(exact(cell)) for cell in column] == [repr(cell) for cell in column]
    if harmless(column):
        buffer, apart = StringIO(newline=""), StringIO(newline="")
        csv.writer(buffer).writerows([cell] for cell in column)
        csv.writer(apart).writerows([tabular(cell)[0]] for cell in column)
        assert not [cell for cell in column if tabular(cell)[1]]
        assert buffer.getvalue() == apart.getvalue()
