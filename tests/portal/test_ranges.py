"""Going on where a download broke off: which part is asked for."""

import pytest

from dsr.steps.answering import ranges

TAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-", 0, 99),
        ("bytes=10-19", 10, 19),
        ("bytes=10-1000", 10, 99),
        ("bytes=99-99", 99, 99),
        ("bytes=-5", 95, 99),
        ("bytes=-500", 0, 99),
        ("Bytes= 7-", 7, 99),
    ],
)
def test_one_part_is_given(header: str, first: int, last: int) -> None:
    span = ranges.asked(header, "", etag=TAG, size=100)
    assert span == ranges.Span(first, last, 100)
    assert span.length == last - first + 1
    assert str(span) == f"bytes {first}-{last}/100"


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=5-1", "bytes=0-1,5-9", "lines=1-2", "bytes=a-b", "bytes=٣-", "x" * 999]
)
def test_what_cannot_be_read_or_asks_for_several_gets_the_whole(header: str) -> None:
    assert ranges.asked(header, "", etag=TAG, size=100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_what_begins_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(ranges.OutOfRange):
        ranges.asked(header, "", etag=TAG, size=100)


def test_another_file_than_the_one_that_was_begun_is_sent_whole() -> None:
    assert ranges.asked("bytes=10-", '"other"', etag=TAG, size=100) is None
    assert ranges.asked("bytes=10-", TAG, etag=TAG, size=100) == ranges.Span(10, 99, 100)
