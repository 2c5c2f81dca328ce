"""What is found reaches the package as it was found, though it lies sealed on disk in between."""

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

import msgspec
import pytest

from dsr.connectors.contract import Batch, Cell, File, Found
from dsr.datamap.sharing import Share
from dsr.package.part import Tally, Torn, pack, unpack
from tests.package import answers
from tests.package.conftest import opened

THERE = timezone(timedelta(hours=5, minutes=30))


class Elsewhere(tzinfo):
    """A zone without a hash, as dateutil's are, in which object stores tell their moments."""

    __hash__ = None  # type: ignore[assignment]  # Python's own way to say so

    def utcoffset(self, _: datetime | None, /) -> timedelta:
        """It is UTC, under another name."""
        return timedelta(0)

    def dst(self, _: datetime | None, /) -> None:
        """No summer time is known."""

    def tzname(self, _: datetime | None, /) -> str:
        """Nobody asks for it."""
        return "UTC"


KINDS: tuple[Cell, ...] = (
    *answers.HOSTILE,
    *answers.user_row(),
    *(None, True, False, 0, -1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**70, -(10**40)),
    *(0.5, -0.0, 1e308, float("inf"), float("-inf")),
    *(Decimal("-12.50"), Decimal("1E+400"), Decimal("-0.00"), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")),
    *(date(1, 1, 1), date(9999, 12, 31)),
    *(
        datetime.fromisoformat("2026-03-01T09:30:00.000007"),
        datetime(2026, 3, 1, 9, tzinfo=UTC),
        datetime(2026, 3, 1, 9, tzinfo=THERE),
    ),
    *(datetime(1, 1, 1, tzinfo=THERE), datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=2)))),
    *(b"", b"\xff\x00", "", "\ud83d", "\udc00\ud800", "pair \ud83d\ude00", "猫\x00", "=1;=2\n=3"),
)


def through(found: Iterable[Found]) -> bytes:
    return b"".join(pack(iter(found), Tally()))


def back(found: Iterable[Found], *, exact: bool = True) -> list[Found]:
    return list(unpack(io.BytesIO(through(found)), exact=exact))


def test_a_moment_in_a_zone_without_a_hash_goes_through() -> None:
    at = datetime(2026, 3, 1, 9, tzinfo=Elsewhere())
    (batch,) = back([Batch("photos", ("id", "at"), ((1, at),))])
    assert isinstance(batch, Batch)
    assert batch.rows == ((1, datetime(2026, 3, 1, 9, tzinfo=UTC)),)


def rows(*cells: Cell) -> Batch:
    """A row for each, so that a column has all kinds."""
    return Batch("events", ("id", "page"), tuple(enumerate(cells)))


def cells(found: Iterable[Found]) -> list[Cell]:
    return [row[1] for batch in found if isinstance(batch, Batch) for row in batch.rows]


@pytest.mark.parametrize("cell", KINDS, ids=repr)
def test_every_kind_of_cell_arrives_as_it_set_out(cell: Cell) -> None:
    (arrived,) = cells(back([rows(cell)]))
    worth = cell.isoformat() if type(cell) is date or (isinstance(cell, datetime) and not cell.tzinfo) else cell
    assert repr(arrived) == repr(worth).replace("datetime.timezone(datetime.timedelta(0))", "datetime.timezone.utc")


def test_a_package_made_of_a_part_is_the_one_made_without() -> None:
    found = [rows(*KINDS), rows(*answers.PROMPTS)]
    part = through(found)
    straight = opened(answers.access(parts={"app": lambda: iter(found)}))
    again = opened(answers.access(parts={"app": lambda: unpack(io.BytesIO(part), exact=True)}))
    assert {name for name in straight.files if straight.files[name] != again.files[name]} == set()
    assert again.json("manifest.json")["collections"][0]["repaired_cells"] == 4


def test_whoever_asks_a_system_with_what_was_found_gets_what_any_system_takes() -> None:
    found = cells(
        back([rows(Decimal("7.50"), 2**70, "half \ud83d", datetime(2026, 3, 1, 9, tzinfo=THERE))], exact=False)
    )
    assert found == ["7.50", str(2**70), "half \ufffd", datetime(2026, 3, 1, 3, 30, tzinfo=UTC)]
    assert cells(back([rows(datetime(1, 1, 1, tzinfo=THERE))], exact=False)) == ["0001-01-01T00:00:00+05:30"]


def test_a_file_and_whose_rows_are_shared_keep_their_names() -> None:
    file = File("saved", ("half \udc80", 2**64), "half \ud83d.png", iter((b"a", b"b")))
    share = Share(("\ud83d",), ("them",))
    batch = Batch("events", ("id", "page"), ((1, "a"),), share)
    packed = io.BytesIO(through([file, batch]))
    content = b""
    arrived = []
    for one in unpack(packed, exact=True):
        arrived.append(one)
        if isinstance(one, File):
            content = b"".join(one.chunks)
    assert content == b"ab"
    assert isinstance(arrived[0], File)
    assert (arrived[0].key, arrived[0].name) == (("half \udc80", 2**64), "half \ud83d.png")
    assert isinstance(arrived[1], Batch)
    assert arrived[1].share == share


@pytest.mark.parametrize("end", [1, 4, 20, -1])
def test_a_part_that_ends_too_early_is_torn(end: int) -> None:
    with pytest.raises(Torn):
        list(unpack(io.BytesIO(through([rows(*KINDS)])[:end])))


def test_a_frame_whose_columns_do_not_fit_each_other_is_torn() -> None:
    for frame in (
        ["b", "orders", ["a"], 2, ".", [["one"]]],
        ["b", "orders", ["a"], 1, ".", ["o"]],
        ["b", "orders", ["a"], 1, "d", [["no number"]]],
        ["b", "orders", ["a"], 1, "d", [[[]]]],
        ["b", "orders", ["a"], 1, "..", [["one"]]],
    ):
        body = msgspec.msgpack.encode(frame)
        with pytest.raises(Torn):
            list(unpack(io.BytesIO(len(body).to_bytes(4, "big") + body), exact=True))


def test_rows_without_a_field_are_counted_all_the_same() -> None:
    assert back([Batch("orders", (), ((), (), ()))]) == [Batch("orders", (), ((), (), ()))]


def test_a_column_of_amounts_alone_arrives_as_it_set_out() -> None:
    amounts = (Decimal("-12.50"), None, Decimal("1E+400"), Decimal("0.10"))
    found = [Batch("orders", ("id", "amount"), tuple(enumerate(amounts)))]
    assert back(found) == found
    (tame,) = back(found, exact=False)
    assert isinstance(tame, Batch)
    assert [row[1] for row in tame.rows] == ["-12.50", None, "1E+400", "0.10"]
