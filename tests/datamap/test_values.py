"""New values are checked by the type of their field, and said in plain words when they do not fit."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dsr.datamap.schema import FieldMap
from dsr.datamap.values import corrected, same


def field(kind: str, most: int = 200) -> FieldMap:
    return FieldMap.model_validate(
        {"category": "user.account", "type": kind, "most": most, "codes": {"a": "Apple", "b": "Bread"}}
    )


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("text", "  Sam  ", "Sam"),
        ("text", "李伟", "李伟"),
        ("text", "👩🏽\u200d🚀 Zoë", "👩🏽\u200d🚀 Zoë"),  # joined by a character that cannot be seen
        ("text", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("email", "Sam@Example.COM", "Sam@example.com"),
        ("date", "2026-02-28", "2026-02-28"),
        ("number", "12", 12),
        ("number", "12.0", 12),
        ("number", "-12.50", Decimal("-12.50")),
        ("choice", "a", "a"),
        ("telephone", "+44 (20) 7946-0000", "+442079460000"),
        ("language", "zh-CN", "zh-CN"),
    ],
)
def test_what_fits_is_written_as_it_is_meant(kind: str, typed: str, value: object) -> None:
    assert corrected(field(kind), typed) == value


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("text", " ", "Enter a value"),
        ("text", "x" * 11, "The most is 10 characters"),
        ("text", "two\nlines", "cannot be seen"),
        ("text", "\u202egnp.exe", "cannot be seen"),
        ("text", "nul\0", "cannot be seen"),
        ("email", "sam", "form name@example.com"),
        ("email", "a@b.c, d@e", "form name@example.com"),
        ("date", "30.2.2026", "year, month and day"),
        ("date", "2026-02-30", "year, month and day"),
        ("number", "NaN", "Enter a number"),
        ("number", "Infinity", "Enter a number"),
        ("number", "1e99", "too large"),
        ("number", "٣", "Enter a number"),
        ("number", "12,5", "Enter a number"),
        ("choice", "c", "Apple, Bread"),
        ("telephone", "020 7946", "country code"),
        ("language", "English", "such as en"),
        ("language", "en_US", "such as en"),
    ],
)
def test_what_does_not_fit_is_refused_in_plain_words(kind: str, typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        corrected(field(kind, most=10), typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (5, "5"),
        (Decimal("12.50"), 12.5),
        ("2026-03-01", date(2026, 3, 1)),
        (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00+00:00"),
        (None, None),
        (True, "true"),
    ],
)
def test_one_value_spelled_in_two_ways_is_one(one: object, other: object) -> None:
    assert same(one, other)


@pytest.mark.parametrize(("one", "other"), [(None, ""), (None, "None"), ("5", "05"), (0, None), ("Sam", "sam")])
def test_two_values_are_two(one: object, other: object) -> None:
    assert not same(one, other)
