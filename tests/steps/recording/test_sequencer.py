"""Every Event gets one place, for ever, and a signed checkpoint over it within seconds."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from dsr.law.actors import PORTAL
from dsr.models import Checkpoint, Event, EventSecret, Leaf, installer
from dsr.record import note, tree
from dsr.sealing.fields import Unsealable
from dsr.steps import sweeping
from dsr.steps.recording import record, sequencer, signing
from tests.conftest import NOW
from tests.steps.keys import add_a_key

SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


def events(count: int, at: datetime = NOW) -> list[Event]:
    """Something happens that is about no request."""
    return [record.write_for("joypix", "test:happened", by=PORTAL, at=at, number=number) for number in range(count)]


def heads() -> list[note.Head]:
    """What the checkpoints say, each signed by us."""
    return [note.verified_head(row.note, signing.log_keys()) for row in Checkpoint.objects.order_by("size")]


def test_events_get_places_in_their_order_without_a_gap() -> None:
    written = events(5)
    sequencer.sequence(at=NOW)
    assert list(Leaf.objects.order_by("position").values_list("position", "event_id", "hash")) == [
        (position, event.pk, event.leaf) for position, event in enumerate(written)
    ]


def test_the_checkpoint_names_origin_size_and_root_and_is_signed() -> None:
    written = events(5)
    sequencer.sequence(at=NOW)
    assert heads() == [note.Head("127.0.0.1/audit", 5, tree.root(event.leaf for event in written))]


def test_a_checkpoint_grows_from_the_one_before_and_reads_the_new_leaves_alone() -> None:
    written = events(70)
    sequencer.sequence(at=NOW)
    written += events(3)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        sequencer.sequence(at=NOW + 10 * SECOND)
    read = [row["sql"] for row in asked if 'SELECT "dsr_leaf"."position"' in row["sql"]]
    assert len(read) == 1
    assert '"position" >= 69' in read[0]  # the moment of the one before them
    assert [(head.size, head.root) for head in heads()][-1] == (73, tree.root(event.leaf for event in written))


def test_checkpoints_are_at_least_ten_seconds_apart() -> None:
    for second in range(25):
        events(1)
        sequencer.sequence(at=NOW + second * SECOND)
    assert [row.at for row in Checkpoint.objects.order_by("size")] == [NOW, NOW + 10 * SECOND, NOW + 20 * SECOND]


def test_no_event_waits_longer_than_ten_seconds_for_its_checkpoint_while_a_worker_sweeps() -> None:
    events(1)
    sequencer.sequence(at=NOW)
    events(1, NOW + SECOND)
    sequencer.sequence(at=NOW + SECOND)
    sequencer.sequence(at=NOW + 10 * SECOND)
    assert [head.size for head in heads()] == [1, 2]


def test_a_thousand_leaves_do_not_wait() -> None:
    events(1)
    sequencer.sequence(at=NOW)
    events(sequencer.MANY)
    assert sequencer.sequence(at=NOW + SECOND)
    assert [head.size for head in heads()] == [1, 1 + sequencer.MANY]


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    events(1)
    sequencer.sequence(at=NOW)
    events(1)
    sequencer.sequence(at=NOW - timedelta(days=1))
    assert [head.size for head in heads()] == [1, 2]


def test_nothing_new_writes_nothing() -> None:
    events(3)
    sequencer.sequence(at=NOW)
    sequencer.sequence(at=NOW + timedelta(hours=1))
    assert (Leaf.objects.count(), Checkpoint.objects.count()) == (3, 1)


def test_the_record_of_before_the_sequencer_gets_its_places_too() -> None:
    """Events of a database that is older than moves, reasons and places keep the leaf they were written with."""
    old = events(3)
    assert {"moved_to", "commitment"}.isdisjoint(old[0].content())
    sequencer.sequence(at=NOW)
    assert heads()[0].root == tree.root(event.leaf for event in old)


def test_an_event_that_was_committed_late_gets_the_next_place_and_is_not_lost() -> None:
    late, *others = events(4)
    late_row = Event.objects.filter(pk=late.pk)
    Leaf.objects.bulk_create(Leaf(position=n, event=event, hash=event.leaf) for n, event in enumerate(others))
    assert late_row.exists()
    sequencer.sequence(at=NOW)
    sequencer.sequence_late(at=NOW + SECOND)
    assert Leaf.objects.get(event=late).position == 3


def test_after_an_hour_only_the_hourly_look_goes_further_back() -> None:
    late, *others = events(4)
    Leaf.objects.bulk_create(Leaf(position=n, event=event, hash=event.leaf) for n, event in enumerate(others))
    sequencer.sequence(at=NOW)
    sequencer.sequence_late(at=NOW + timedelta(hours=2))
    assert not Leaf.objects.filter(event=late).exists()
    sequencer.sequence_late(at=NOW + timedelta(hours=2), within=None)
    assert Leaf.objects.filter(event=late).exists()


def test_the_sweep_seals_the_record(db: None) -> None:
    events(2)
    sweeping.sweep(lambda: NOW, seconds=0)
    sweeping.post(lambda: NOW, seconds=0)
    assert [head.size for head in heads()] == [2]


def tamper(statement: str) -> None:
    """What somebody with the database's password can do."""
    with connection.cursor() as cursor:
        for table in installer.APPEND_ONLY:
            for action in ("update", "delete"):
                cursor.execute(f"DROP TRIGGER {table}_no_{action}")
        cursor.execute(statement)
    installer.install(connection)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dsr_checkpoint SET peaks = '[\"" + "0" * 64 + "\"]', root = '" + "0" * 64 + "'",
        "UPDATE dsr_checkpoint SET peaks = '[\"" + "0" * 64 + "\"]'",  # alone: note and root stay as they were
        "UPDATE dsr_checkpoint SET root = '" + "0" * 64 + "'",
        "UPDATE dsr_checkpoint SET note = replace(note, 'audit', 'audio')",
        "DELETE FROM dsr_leaf WHERE position = 3",
    ],
)
def test_we_sign_nothing_that_grows_from_tables_somebody_changed(
    statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    events(4)
    sequencer.sequence(at=NOW)
    tamper(statement)
    events(2)
    sequencer.sequence(at=NOW + 10 * SECOND)
    assert Checkpoint.objects.count() == 1
    assert "verify_audit" in caplog.text


def test_we_sign_nothing_over_a_place_that_somebody_emptied_before_it_was_signed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events(4)
    sequencer.sequence(at=NOW)
    events(2)
    sequencer.sequence(at=NOW + SECOND)
    tamper("DELETE FROM dsr_leaf WHERE position = 4")
    sequencer.sequence(at=NOW + 10 * SECOND)
    assert Checkpoint.objects.count() == 1
    assert "leaf 4 is missing" in caplog.text


def test_after_a_change_of_keys_old_checkpoints_are_still_ours(settings: Settings, tmp_path: Path) -> None:
    events(1)
    sequencer.sequence(at=NOW)
    settings.DSR_KEYS = add_a_key(Path(settings.DSR_KEYS), tmp_path)
    events(1)
    sequencer.sequence(at=NOW + 10 * SECOND)
    signatures = [row.note.rsplit(" ", 1)[1][:5] for row in Checkpoint.objects.order_by("size")]
    assert [head.size for head in heads()] == [1, 2]
    assert signatures[0] != signatures[1]


def test_the_first_checkpoint_fixes_the_name_of_the_record(settings: Settings) -> None:
    events(1)
    sequencer.sequence(at=NOW)
    settings.DSR_AUDIT_ORIGIN = "elsewhere.example/audit"
    events(1)
    sequencer.sequence(at=NOW + 10 * SECOND)
    assert {head.origin for head in heads()} == {"127.0.0.1/audit"}


def test_a_reason_enters_the_record_as_a_salted_commitment_alone() -> None:
    told = {"reason": "Sam's sister called"}
    first, second = (record.write_for("joypix", "test:why", by=PORTAL, at=NOW, secret=told) for _ in range(2))
    assert "sister" not in str([first.content(), list(Event.objects.values()), list(EventSecret.objects.values())])
    assert first.why() == "Sam's sister called"
    assert first.commitment != second.commitment
    assert first.commitment == EventSecret.commitment_to(first.secret.text())
    assert first.content()["commitment"] == first.commitment


def test_a_reason_can_be_forgotten_and_its_event_stays() -> None:
    event = record.write_for("joypix", "test:why", by=PORTAL, at=NOW, secret={"reason": "Sam's sister called"})
    record.forget_old(at=NOW + timedelta(days=700))
    assert event.why() == "Sam's sister called"
    record.forget_old(at=NOW + timedelta(days=800))
    left = Event.objects.get(pk=event.pk)
    assert (left.why(), left.leaf) == ("", event.leaf)


def test_a_reason_about_no_request_is_kept_for_its_whole_time_and_its_going_is_an_event() -> None:
    event = record.write_for("joypix", "test:why", by=PORTAL, at=NOW, secret={"reason": "Sam's sister called"})
    over = NOW + (NOW - record.kept_from(NOW))
    record.forget_old(at=over)
    assert EventSecret.objects.filter(event=event).exists()
    assert not Event.objects.filter(tag=record.FORGOTTEN).exists()
    record.forget_old(at=over + SECOND)
    assert Event.objects.get(tag=record.FORGOTTEN).details["count"] == 1


def test_a_reason_opens_beside_its_own_event_only() -> None:
    first, second = (
        record.write_for("joypix", "test:why", by=PORTAL, at=NOW, secret={"reason": reason}) for reason in ("a", "b")
    )
    EventSecret.objects.filter(event=first).update(text_sealed=EventSecret.objects.get(event=second).text_sealed)
    with pytest.raises(Unsealable):
        Event.objects.get(pk=first.pk).why()
