"""Moments as systems write them, and what is no moment to anybody."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dsr.law import moments

TEN = datetime(2024, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-01-01T10:00:00Z", TEN),
        ("2024-01-01 10:00:00 UTC", TEN),
        ("2024-01-01 10:00:00 GMT", TEN),
        ("2024-01-01 10:00:00+00", TEN),
        ("20240101T100000Z", TEN),
        (1704103200, TEN),
        (1704103200.0, TEN),
        (1704103200000, TEN),
        (Decimal(1704103200), TEN),
        ("2024-01-01", date(2024, 1, 1)),
        ("20240101", date(2024, 1, 1)),
        (date(2024, 1, 1), date(2024, 1, 1)),
    ],
)
def test_what_can_be_read_in_one_way_is_read(value: object, moment: date) -> None:
    assert moments.read(value) == moment


@pytest.mark.parametrize(
    "value",
    [
        *("01.01.2024", "12/31/2001", "Jan 1 2001", "Mon, 01 Jan 2024 10:00:00 GMT", "1704112012", "1704112000000", ""),
        *(True, None, 0, 20240101, 20240101100000, -1.0, float("nan"), Decimal("NaN"), b"2024-01-01", "2024-01"),
    ],
)
def test_what_could_be_read_in_two_ways_or_none_is_not_read(value: object) -> None:
    assert moments.read(value) is None
