"""Checking a whole record against what was signed over it, entry by entry, in constant memory.

The entries come from the tables or from an exported file; the checkpoints from both, and from wherever a copy was
kept. Only a copy that was kept elsewhere shows what somebody did who can write the tables and drop checkpoints.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsr.record import tree
from dsr.record.leaf import leaf_hash
from dsr.record.note import Head

OUT_OF_TIME = "audit:out-of-time"  # the Event by which the sequencer says that another is not of its time
_SHA256 = re.compile("[0-9a-f]{64}")


class Broken(Exception):
    """The record is not what was written or signed; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf; `content` is None where it belongs to somebody who is not shown."""

    position: int
    leaf: str
    name: str
    content: Mapping[str, object] | None


def verify(entries: Iterable[Entry], heads: Iterable[Head]) -> Head:
    """See that entries and signed heads, both in order, fit together; size and root of all. Raises Broken."""
    walk = iter(entries)
    size, origin = 0, ""
    peaks: list[str] = []
    for head in heads:
        if origin and head.origin != origin:
            raise Broken(f"a checkpoint is of another log: {head.origin}, not {origin}")
        peaks = tree.grow(size, peaks, _leaves(walk, size, head))
        if tree.fold(peaks) != head.root:
            first = size if size < head.size else 0  # two checkpoints of one size: our key signed two histories
            raise Broken(
                f"Positions {first} to {head.size - 1}: these are not the entries that the "
                f"checkpoint of size {head.size} signed. They were rewritten, moved, added or taken away."
            )
        size, origin = head.size, head.origin
    count = size

    def rest() -> Iterator[str]:
        nonlocal count
        for entry in walk:
            yield _checked(entry, count)
            count += 1

    peaks = tree.grow(size, peaks, rest())
    return Head(origin, count, tree.fold(peaks))


def watched(entries: Iterable[Entry], alarms: list[str]) -> Iterator[Entry]:
    """The entries; which Events the record itself says are out of time is added to `alarms`."""
    for entry in entries:
        if entry.content is not None and entry.content.get("tag") == OUT_OF_TIME:
            told = entry.content.get("details")
            alarms.append(_alarm(told if isinstance(told, dict) else {}))
        yield entry


def require_quiet(alarms: list[str]) -> None:
    """Asked last, when all else was found right. Raises Broken."""
    if alarms:
        more = f" More like it: {len(alarms) - 1}." if len(alarms) > 1 else ""
        raise Broken(f"{alarms[0]}{more} All else is as written and signed.")


def _alarm(told: Mapping[str, object]) -> str:
    return (
        f"Event {told.get('event')} at position {told.get('position')} says it is of {told.get('said')}, and stands "
        "behind younger ones: somebody made it up, or the clock was wrong."
    )


def first_line(checkpoint: str) -> str:
    """What an exported file begins with."""
    return json.dumps({"checkpoint": checkpoint}, ensure_ascii=False)


def line(entry: Entry) -> str:
    """An entry as a line of an exported file."""
    told = {"position": entry.position, "hash": entry.leaf, "name": entry.name, "content": entry.content}
    return json.dumps({name: fact for name, fact in told.items() if fact is not None}, ensure_ascii=False)


def read_lines(lines: Iterable[str]) -> tuple[str, Iterator[Entry]]:
    """The checkpoint of an exported file, and its entries. Raises Broken."""
    rest = iter(lines)
    first = _read(next(rest, ""), 1)
    if not isinstance(first.get("checkpoint"), str):
        raise Broken("line 1 is no checkpoint: this is no exported record, or its beginning is missing")
    return first["checkpoint"], (_entry(_read(text, number), number) for number, text in enumerate(rest, 2))


def _leaves(walk: Iterator[Entry], start: int, head: Head) -> Iterator[str]:
    for position in range(start, head.size):
        entry = next(walk, None)
        if entry is None:
            raise Broken(
                f"Position {position}: the record ends here, and the checkpoint of size {head.size} signed more."
            )
        yield _checked(entry, position)


def _checked(entry: Entry, position: int) -> str:
    if entry.position != position:
        what = "its entry is missing" if entry.position > position else "an entry stands out of order"
        raise Broken(f"Position {position}: {what}. Here is {entry.name} of position {entry.position}.")
    if entry.content is not None and leaf_hash(entry.content) != entry.leaf:
        raise Broken(f"{entry.name} at position {position} is not what was written.")
    return entry.leaf


def _read(text: str, number: int) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise Broken(f"line {number} cannot be read")
    return read


def _entry(read: dict[str, Any], number: int) -> Entry:
    leaf, position, content = read.get("hash"), read.get("position"), read.get("content")
    whole = isinstance(leaf, str) and _SHA256.fullmatch(leaf)
    if not whole or type(position) is not int or not (content is None or isinstance(content, dict)):
        raise Broken(f"line {number} is no entry")
    return Entry(position, str(leaf), str(read.get("name", f"line {number}")), content)
