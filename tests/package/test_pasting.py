"""Rows that a source wrote as one text reach both formats as if each of their cells had been looked at."""

import csv
import io
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import cycle, islice

import pytest

from dsr.connectors import blocks
from dsr.connectors.blocks import Block
from dsr.connectors.contract import Batch, Cell
from dsr.package import copying, pasting
from dsr.package.contents import Answer
from dsr.package.formats import Noticed, Rows
from dsr.package.part import Tally, Torn, pack, unpack
from tests.package import answers
from tests.package.conftest import Opened, opened

ESCAPES = str.maketrans({"\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": r"\\"})
TEXTS = (
    *("plain", "", "100 %s %d %% {} {0}", "it's", 'say "yes"', '"', r"\N", "N", r"back\slash", r"\"", r"a\v"),
    *(
        "a\tb",
        "line\nend",
        "\r\n",
        "\v",
        "\f\b",
        "tab\t=1",
        "a;=1+1",
        "a; b",
        "\x01",
        "\x1f",
        "\x7f",
        "ü 申 \U0001f600",
    ),
    *("=1+1", "+49 30 1", "-", "@SUM(1)", " =1", "\u3000=1", "\uff1d1", "'=1", "\u2028", "\u202e", "null", "None"),
    *(text for text in answers.HOSTILE if "\x00" not in text and "\ud83d" not in text),
    *answers.PROMPTS,
)
MOMENTS = {
    "2026-03-05 14:03:00+00": "2026-03-05T14:03:00+00:00",
    "2026-03-05 14:03:07.12+00": "2026-03-05T14:03:07.120000+00:00",
    "2026-03-05 14:03:00+05:30": "2026-03-05T14:03:00+05:30",
    "2026-07-05 14:03:00-04": "2026-07-05T14:03:00-04:00",
    "2026-03-05 14:03:00": "2026-03-05T14:03:00",
    "2026-03-05 14:03:07.12": "2026-03-05T14:03:07.120000",
    "2026-03-05 14:03:07.123456": "2026-03-05T14:03:07.123456",
    "1890-03-05 14:03:07+00:53:28": "1890-03-05T14:03:07+00:53:28",
    "infinity": "infinity",
    "-infinity": "-infinity",
    "0044-03-15 00:00:00+00 BC": "0044-03-15 00:00:00+00 BC",
    "0044-03-15 00:00:00 BC": "0044-03-15 00:00:00 BC",
    "12026-03-05 14:03:00+00": "12026-03-05 14:03:00+00",
}
VALUES: dict[str, tuple[str, ...]] = {
    blocks.TEXT: TEXTS,
    blocks.WHOLE: ("0", "-1", "9223372036854775807"),
    blocks.AMOUNT: ("0.00", "-12.50", "79228162514264337593543950335.1", "NaN", "Infinity"),
    blocks.NUMBER: ("0", "-0", "1e+20", "1.5", "0.1", "1e-07", "NaN", "-Infinity"),
    blocks.TRUTH: ("t", "f"),
    blocks.MOMENT: tuple(MOMENTS),
    blocks.DAY: ("2026-03-05", "0001-01-01", "infinity", "0044-03-15 BC"),
}
NAMES = ["first", 'the "second" %s', "third", "fourth"]


def block(kinds: str, *columns: tuple[str | None, ...]) -> Block:
    """As COPY would write these texts."""
    lines = [
        "\t".join(r"\N" if each is None else each.translate(ESCAPES) for each in row)
        for row in zip(*columns, strict=True)
    ]
    return Block(kinds, "".join(f"{line}\n" for line in lines).encode(), len(lines))


def slowly(rows: tuple[tuple[Cell, ...], ...], names: list[str]) -> tuple[bytes, bytes, Noticed]:
    return written(Batch("notes", tuple(names), rows), names)


def written(batch: Batch, names: list[str], left_out: tuple[str, ...] = ()) -> tuple[bytes, bytes, Noticed]:
    noticed = Noticed()
    places = [(name, place) for place, name in enumerate(batch.fields) if name not in left_out]
    rows = Rows(batch, places, noticed)
    return rows.json(), rows.csv([name for name in names if name not in left_out]), noticed


def test_random_blocks_are_written_as_cell_by_cell() -> None:
    chance = random.Random(7)
    for _ in range(1_500):
        kinds = "".join(chance.choices(list(VALUES), k=4))
        empty = chance.choice((0, 0, 0.2, 1))
        few = {kind: chance.sample(values, min(len(values), chance.randint(1, 3))) for kind, values in VALUES.items()}
        columns = [
            tuple(None if chance.random() < empty else chance.choice(few[kind]) for _ in range(5)) for kind in kinds
        ]
        pasted = block(kinds, *columns)
        batch = Batch("notes", tuple(NAMES), pasted)
        in_json, in_csv, noticed = written(batch, NAMES)
        json_slowly, csv_slowly, noticed_slowly = slowly(tuple(pasted), NAMES)
        assert json.loads(b"[" + in_json + b"]") == json.loads(b"[" + json_slowly + b"]"), pasted.content
        assert in_csv == csv_slowly, pasted.content
        assert noticed == noticed_slowly, pasted.content


@pytest.mark.parametrize("kind", VALUES)
def test_a_cell_is_what_its_text_says(kind: str) -> None:
    texts = VALUES[kind]
    read = block(kind, (*texts, None))
    cells = [cell for (cell,) in read]
    assert cells[-1] is None
    if kind == blocks.TEXT:
        assert cells[:-1] == list(texts)
    assert [str(cell) for cell in read.column(0)] == [str(cell) for cell in cells]  # 'nan' equals nothing


def test_moments_stand_in_json_as_iso_8601_has_them() -> None:
    for text, iso in MOMENTS.items():
        pasted = pasting.pasted(block(blocks.MOMENT, (text, text)), [0])
        assert pasted
        assert json.loads(b"[" + (pasted.json(["at"]) or b"") + b"]") == [{"at": iso}] * 2


def test_a_text_of_a_million_escapes_is_what_it_stands_for() -> None:
    text = '\\n\n\\\\t\t\r\v"' * (1 << 18)
    assert block(blocks.TEXT, (text,))[0] == (text,)


def test_moments_on_both_sides_of_a_change_of_clocks_keep_their_zones() -> None:
    pasted = pasting.pasted(block(blocks.MOMENT, ("2026-03-29 01:59:59+01", "2026-03-29 03:00:00+02")), [0])
    assert pasted
    told = json.loads(b"[" + (pasted.json(["at"]) or b"") + b"]")
    assert [datetime.fromisoformat(row["at"]).hour for row in told] == [1, 3]
    assert [row["at"][-6:] for row in told] == ["+01:00", "+02:00"]


def test_what_is_left_out_of_a_copy_is_in_neither_format() -> None:
    kinds = blocks.TEXT + blocks.WHOLE + blocks.TEXT
    rows = block(kinds, ("Sam", "Sam"), ("4111", "4112"), ("kept", "too"))
    in_json, in_csv, _ = written(
        Batch("cards", ("name", "number", "note"), rows), ["name", "number", "note"], ("number",)
    )
    assert json.loads(b"[" + in_json + b"]") == [{"name": "Sam", "note": "kept"}, {"name": "Sam", "note": "too"}]
    assert in_csv == b'"Sam","kept"\r\n"Sam","too"\r\n'


def test_a_table_with_other_fields_than_its_batch_has_empty_cells() -> None:
    batch = Batch("notes", ("a", "b"), block(blocks.TEXT + blocks.WHOLE, ("x",), ("1",)))
    _, in_csv, _ = written(batch, ["b", "c", "a"])
    assert in_csv == b'1,"","x"\r\n'


def test_a_simple_block_makes_no_object_of_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: Block) -> None:
        raise AssertionError

    monkeypatch.setattr(Block, "_read", never)
    rows = block(blocks.TEXT + blocks.AMOUNT, ("Sam", 'a "b"', None), ("1.50", None, "2"))
    in_json, in_csv, _ = written(Batch("notes", ("a", "b"), rows), ["a", "b"])
    assert json.loads(b"[" + in_json + b"]")[1] == {"a": 'a "b"', "b": None}
    assert in_csv.count(b"\r\n") == len(rows)


def test_a_block_comes_through_a_part_as_it_set_out() -> None:
    columns = [tuple(islice(cycle(values), 60)) for values in VALUES.values()]
    sent = Batch("notes", tuple(VALUES), block("".join(VALUES), *columns))
    stream = io.BytesIO(b"".join(pack(iter([sent]), tally := Tally())))
    (found,) = unpack(stream, exact=True)
    assert isinstance(found, Batch)
    assert tally.rows == {"notes": 60}
    assert repr(list(found.rows)) == repr(list(sent.rows))  # 'nan' equals nothing


def test_a_system_is_given_cells_that_any_system_takes() -> None:
    sent = block(
        blocks.AMOUNT + blocks.MOMENT + blocks.MOMENT + blocks.DAY,
        *((each,) for each in ("1.50", "2026-03-05 14:03:00+05:30", "2026-03-05 14:03:00", "2026-03-05")),
    )
    stream = io.BytesIO(b"".join(pack(iter([Batch("notes", ("a", "b", "c", "d"), sent)]), Tally())))
    (found,) = unpack(stream)
    assert isinstance(found, Batch)
    ((amount, moment, unzoned, day),) = found.rows
    assert (amount, unzoned, day) == ("1.50", "2026-03-05T14:03:00", "2026-03-05")
    assert moment == datetime.fromisoformat("2026-03-05T08:33:00+00:00")


@pytest.mark.parametrize("frame", [Block("s", b"one\n", 2), Block("?", b"one\n", 1)])
def test_a_block_that_nobody_of_ours_wrote_is_torn(frame: Block) -> None:
    stream = io.BytesIO(b"".join(pack(iter([Batch("notes", ("a",), frame)]), Tally())))
    with pytest.raises(Torn):
        list(unpack(stream))


def test_rows_that_are_not_as_long_as_the_others_are_an_error() -> None:
    with pytest.raises(ValueError, match="not as long"):
        list(Block("ss", b"one\ttwo\nthree\n", 2))


def test_a_csv_reader_finds_what_was_written() -> None:
    rows = block(blocks.TEXT + blocks.AMOUNT, tuple(TEXTS), tuple(islice(cycle(("1.50", None)), len(TEXTS))))
    _, in_csv, noticed = written(Batch("notes", ("a", "b"), rows), ["a", "b"])
    read = list(csv.reader(io.StringIO(in_csv.decode(), newline="")))
    assert [Decimal(amount) for _, amount in read if amount] == [Decimal("1.50")] * ((len(TEXTS) + 1) // 2)
    assert sum(text != told for text, (told, _) in zip(TEXTS, read, strict=True)) == noticed.neutralised > 0


def test_tables_too_large_to_be_held_are_written_all_the_same(access: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "HELD", -1)
    later = opened(answers.access())
    tables = {path for path in access.files if path.endswith(".csv")}
    assert tables
    assert {path: access.files[path] for path in tables} == {path: later.files[path] for path in tables}
    assert access.files["datapackage.json"] == later.files["datapackage.json"]
    counted = [re.findall(r'"neutralised_csv_cells": ?\d+', each.text("manifest.json")) for each in (access, later)]
    assert counted[0] == counted[1]  # nothing twice
    assert any(not each.endswith(" 0") for each in counted[0])


def test_a_table_whose_fields_change_on_the_way_has_all_of_them(open_package: Callable[[Answer], Opened]) -> None:
    early = Batch("users", ("id", "name"), ((1, "Sam"),))
    late = Batch("users", ("id", "email"), ((2, "sam@example.com"),))
    answer = replace(answers.access(), parts={"app": lambda: iter([early, late])})
    table = open_package(answer).text("data/app/users.csv")
    assert list(csv.reader(io.StringIO(table.removeprefix("\ufeff"), newline=""))) == [
        ["id", "name", "email"],
        ["1", "Sam", ""],
        ["2", "", "sam@example.com"],
    ]
