"""Going on with a download that broke off: what `Range` and `If-Range` ask for (RFC 9110, sections 13.1.5 and 14)."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first byte to the last, both counted, of so many."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes it is."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        """As Content-Range says it."""
        return f"bytes {self.first}-{self.last}/{self.size}"


class OutOfRange(Exception):
    """It begins behind the end: 416."""


def asked(header: str, if_range: str, *, etag: str, size: int) -> Span | None:
    """The one part that is asked for; None: all of it. Raises OutOfRange.

    What cannot be read, asks for several parts, or goes on with another file than this, gets the whole.
    """
    found = _ONE.fullmatch(header)
    if found is None or found.groups() == ("", "") or (if_range and if_range.strip() != etag):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        span = Span(max(0, size - int(last)), size - 1, size)
    else:
        span = Span(int(first), min(int(last), size - 1) if last else size - 1, size)
        if last and int(last) < int(first):
            return None  # no range at all
    if span.first >= size:
        raise OutOfRange
    return span
