"""The record on PostgreSQL: several sequencers, one order, nothing lost."""

import pytest

from dsr.record import note, tree
from tests.postgresql.conftest import Portal

pytestmark = pytest.mark.processes
PLACES = "SELECT position, event_id, hash FROM dsr_leaf ORDER BY position"


def test_two_sequencers_at_once_give_every_event_one_place_and_sign_one_history(portal: Portal) -> None:
    portal.act("write_and_sequence", "4", "60")
    places = portal.rows(PLACES)
    events = portal.rows("SELECT id, leaf FROM dsr_event ORDER BY id")
    assert [position for position, _, _ in places] == list(range(len(events)))
    assert sorted((event, leaf) for _, event, leaf in places) == events
    leaves = [leaf for _, _, leaf in places]
    checkpoints = portal.rows("SELECT size, root, note FROM dsr_checkpoint ORDER BY size")
    assert [root for _, root, _ in checkpoints] == [tree.root(leaves[:size]) for size, _, _ in checkpoints]
    keys = [note.read_key(line) for line in portal.manage("export_audit", "--keys").splitlines()]
    assert [note.verified_head(text, keys).size for _, _, text in checkpoints] == [size for size, _, _ in checkpoints]
    assert checkpoints[-1][0] == len(events)


def test_an_event_that_is_committed_late_gets_the_next_place(portal: Portal) -> None:
    told = portal.act("commit_late")
    assert told["late"] < told["early"]
    assert portal.rows(f"SELECT position FROM dsr_leaf WHERE event_id = {told['early']}") == [(0,)]
    assert portal.rows(f"SELECT position FROM dsr_leaf WHERE event_id = {told['late']}") == [(1,)]
    assert "2 events" in portal.manage("verify_audit")


def test_events_that_are_proven_at_once_are_proven_beside_each_other_and_when_younger_ones_were_faster(
    portal: Portal,
) -> None:
    told = portal.act("prove_beside_others", "4", "10")
    assert told == {"proven": 41, "last": 40, "events": 41}
    assert "41 events" in portal.manage("verify_audit")
