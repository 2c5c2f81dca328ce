"""A record is whole when every entry and every signed head fit together; what does not fit is named."""

import json

import pytest

from dsr.record import audit, tree
from dsr.record.audit import Broken, Entry
from dsr.record.leaf import leaf_hash
from dsr.record.note import Head

ORIGIN = "example.com/audit"
CONTENTS = [{"tag": "test:happened", "number": number} for number in range(7)]
LEAVES = [leaf_hash(content) for content in CONTENTS]


def entries(count: int = 7) -> list[Entry]:
    return [Entry(n, LEAVES[n], f"Event {n}", CONTENTS[n]) for n in range(count)]


def head(size: int, origin: str = ORIGIN) -> Head:
    return Head(origin, size, tree.root(LEAVES[:size]))


def test_a_whole_record_is_told_by_its_size_and_root() -> None:
    assert audit.verify(entries(), [head(3), head(3), head(6)]) == head(7)


def test_a_checkpoint_of_another_log_does_not_speak_for_this_one() -> None:
    with pytest.raises(Broken, match="of another log"):
        audit.verify(entries(), [head(3), head(6, "elsewhere.example/audit")])


def test_two_checkpoints_of_one_size_and_two_roots_are_two_histories() -> None:
    """Only one of them can be true: whose key signed both, shows different records to different people."""
    with pytest.raises(Broken, match="Positions 0 to 2"):
        audit.verify(entries(), [head(3), Head(ORIGIN, 3, LEAVES[0])])


def test_the_entries_between_two_checkpoints_are_named_and_those_before_are_not() -> None:
    with pytest.raises(Broken, match="Positions 3 to 5"):
        audit.verify(entries(), [head(3), Head(ORIGIN, 6, LEAVES[0])])


def test_what_was_signed_and_is_missing_at_the_end_is_found() -> None:
    with pytest.raises(Broken, match="Position 5: the record ends here"):
        audit.verify(entries(5), [head(6)])


def test_an_entry_behind_the_last_checkpoint_has_to_be_what_was_written() -> None:
    changed = [*entries(6), Entry(6, LEAVES[6], "Event 6", {"tag": "test:changed"})]
    with pytest.raises(Broken, match="Event 6 at position 6"):
        audit.verify(changed, [head(6)])


def test_an_entry_out_of_its_place_is_found_behind_the_last_checkpoint_too() -> None:
    first, second, *others = entries()
    for order in ([second, first, *others], [first, *others]):
        with pytest.raises(Broken):
            audit.verify(order, [])


def test_an_entry_of_somebody_else_is_taken_by_its_leaf() -> None:
    theirs = [Entry(each.position, each.leaf, each.name, None) for each in entries()]
    assert audit.verify(theirs, [head(7)]) == head(7)


@pytest.mark.parametrize(
    "bent",
    [
        {"hash": "a" * 63},
        {"hash": "A" * 64},
        {"hash": 7},
        {"position": True},
        {"position": "0"},
        {"content": []},
        {"content": "{}"},
    ],
)
def test_a_line_that_is_no_entry_is_named(bent: dict[str, object]) -> None:
    good = json.loads(audit.line(entries()[0]))
    lines = [audit.first_line("signed"), json.dumps({**good, **bent})]
    with pytest.raises(Broken, match="line 2"):
        list(audit.read_lines(lines)[1])


@pytest.mark.parametrize(("alarms", "more"), [(1, ""), (2, " More like it: 1."), (3, " More like it: 2.")])
def test_every_alarm_is_counted_and_the_first_is_told(alarms: int, more: str) -> None:
    details = [{"event": event, "position": 1, "said": "2020-01-01"} for event in range(alarms)]
    contents = [{"tag": audit.OUT_OF_TIME, "details": each} for each in details]
    entries = [Entry(n, leaf_hash(content), f"Event {n}", content) for n, content in enumerate(contents)]
    found: list[str] = []
    assert audit.verify(audit.watched(entries, found), []).size == alarms
    with pytest.raises(Broken) as broken:
        audit.require_quiet(found)
    assert str(broken.value).startswith("Event 0 at position 1 says it is of 2020-01-01")
    assert f"the clock was wrong.{more} All else is" in str(broken.value)


def test_without_an_alarm_all_is_quiet() -> None:
    audit.require_quiet([])
