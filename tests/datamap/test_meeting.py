"""Values that systems spell differently are the same value, and others are not."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dsr.datamap import meeting


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, "true"),
        (True, "True"),
        (True, "TRUE"),
        (True, "1"),
        (1, "true"),  # where a system has no booleans
        (b"\x01", "true"),
        (False, "false"),
        (0, "False"),
        ("paid    ", "paid"),
        ("paid", "paid"),
        (b"paid", "paid"),
        (Decimal("1.00"), "1"),
        (1.0, "1"),
        (1, "1.0"),
        ("1.00", "1"),  # a decimal that travelled as text
        ("2026-01-02T10:00:00", "2026-01-02 10:00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 10, tzinfo=UTC), "2026-01-02T12:00:00+02:00"),
    ],
)
def test_a_value_is_the_one_that_the_map_writes_however_it_is_spelled(value: object, told: str) -> None:
    assert meeting.means(value, told)


@pytest.mark.parametrize(
    ("value", "told"),
    [(True, "false"), (True, "yes"), (2, "true"), ("PAID", "paid"), (" paid", "paid"), (None, "None"), (b"", "0.5")],
)
def test_another_value_is_another(value: object, told: str) -> None:
    assert not meeting.means(value, told)


def test_a_field_that_was_not_brought_keeps_the_row() -> None:
    assert meeting.matches({"id": 1}, {"status": ("paid",)})
    assert not meeting.matches({"id": 1, "status": None}, {"status": ("paid",)})


@pytest.mark.parametrize(
    ("one", "other"),
    [("c1      ", "c1"), (Decimal("7.00"), 7), ("7.00", 7), (7, "7"), (7.0, 7), (Decimal(100), "100"), (0, "0")],
)
def test_rows_meet_by_values_that_travelled_in_other_types(one: object, other: object) -> None:
    assert meeting.place([one]) == meeting.place([other])


def test_rows_meet_nothing_by_a_value_that_is_missing() -> None:
    assert meeting.place([1, None]) is None


def test_names_that_look_like_decimals_meet_nobody_elses() -> None:
    assert meeting.place(["2024.10"]) != meeting.place(["2024.1"])
