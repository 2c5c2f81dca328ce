"""The record proves itself; what was changed is named, whoever changed it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError
from django.db import connection, transaction
from pytest_django import Settings

from dsr.law.actors import PORTAL
from dsr.models import Checkpoint, Event, EventSecret, Leaf, SubjectRequest
from dsr.record import tree
from dsr.record.note import SigningKey
from dsr.steps.recording import record, sequencer
from tests.conftest import NOW
from tests.management.forging import KINDS, SECOND, Tables, forged, said, verify

pytestmark = pytest.mark.usefixtures("clock")  # the commands read it

TRIES = 100


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_a_hundred_tries_of_somebody_with_the_databases_password_are_all_found(
    written: list[Event], kept: Path, kind: Callable[[Tables], None]
) -> None:
    unseen = []
    for seed in range(TRIES):
        with transaction.atomic():
            with Tables(seed) as tables:
                kind(tables)
            try:
                unseen.append((seed, verify("--checkpoint", kept)))
            except CommandError as found:
                named = ("Event ", "Position", "checkpoint of size")
                if not any(name in str(found) for name in named):
                    unseen.append((seed, str(found)))
            transaction.set_rollback(True)
    assert unseen == []


def test_the_tables_are_sound_while_nobody_changes_them(written: list[Event], kept: Path) -> None:
    root = tree.root(event.leaf for event in written)
    assert verify() == verify("--checkpoint", kept) == f"7 events, all as written and signed. Root: {root}\n"


@pytest.mark.parametrize("kind", [Tables.edit, Tables.delete, Tables.swap, Tables.insert])
def test_most_of_it_is_found_without_a_kept_checkpoint_too(
    written: list[Event], kind: Callable[[Tables], None]
) -> None:
    with Tables(7) as tables:
        kind(tables)
    with pytest.raises(CommandError):
        verify()


def test_an_edited_event_is_named(written: list[Event]) -> None:
    with Tables(7) as tables:
        tables.run("UPDATE dsr_event SET actor = 'staff:1' WHERE id = %s", written[1].pk)
    with pytest.raises(CommandError, match=rf"Event {written[1].pk} .* at position 1 is not what was written"):
        verify()


def test_a_deleted_event_is_named_by_its_place(written: list[Event]) -> None:
    with Tables(7) as tables:
        tables.run("DELETE FROM dsr_leaf WHERE position = 2")
    with pytest.raises(CommandError, match=f"Position 2: its entry is missing.*Event {written[3].pk}"):
        verify()


def test_a_rewriting_is_narrowed_down_to_what_one_checkpoint_added(written: list[Event], kept: Path) -> None:
    with Tables(7) as tables:
        tables.run("UPDATE dsr_event SET actor = 'staff:1' WHERE id = %s", written[5].pk)
        tables.fit_leaf(written[5].pk, also_in_tree=True)
    with pytest.raises(CommandError, match="Positions 4 to 6"):
        verify("--checkpoint", kept)


def test_a_log_cut_off_to_an_older_checkpoint_is_found_by_the_kept_one_alone(written: list[Event], kept: Path) -> None:
    with Tables(7) as tables:
        tables.forget([event.pk for event in written[4:]])
        tables.run("DELETE FROM dsr_checkpoint WHERE size > 4")
    assert verify().startswith("4 events")
    with pytest.raises(
        CommandError, match="Position 4: the record ends here, and the checkpoint of size 7 signed more"
    ):
        verify("--checkpoint", kept)


def test_even_our_own_signature_does_not_cover_up_what_a_kept_checkpoint_knows(
    written: list[Event], kept: Path
) -> None:
    """The forger takes all places and checkpoints away, and lets the portal sign the new history itself."""
    with Tables(7) as tables:
        tables.run("UPDATE dsr_event SET actor = 'staff:1' WHERE id = %s", written[1].pk)
        tables.fit_leaf(written[1].pk, also_in_tree=False)
        tables.run("DELETE FROM dsr_leaf")
        tables.run("DELETE FROM dsr_checkpoint")
    sequencer.sequence(at=NOW + 20 * SECOND)
    assert verify().startswith("7 events")
    with pytest.raises(CommandError, match="Positions 0 to 6"):
        verify("--checkpoint", kept)


def test_a_changed_reason_is_found(written: list[Event]) -> None:
    first, second = (event.secret for event in written[4:6])
    type(first).objects.filter(pk=first.pk).update(text_sealed=second.text_sealed)
    with pytest.raises(CommandError, match=f"Event {written[4].pk} .*reason"):
        verify()


def test_reasons_that_were_forgotten_after_their_time_leave_the_record_whole(
    written: list[Event], kept: Path, settings: Settings, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=800))
    record.forget_old(at=NOW + timedelta(days=800))
    sequencer.sequence(at=NOW + timedelta(days=800))
    settings.DSR_KEEP_MONTHS = 60  # kept for longer from now on: what was forgotten before is no secret taken away
    assert not EventSecret.objects.exists()
    assert verify("--checkpoint", kept).startswith("8 events")


def test_a_reason_that_somebody_took_away_before_its_time_is_found(written: list[Event], kept: Path) -> None:
    written[4].secret.delete()
    with pytest.raises(CommandError, match=f"Event {written[4].pk} .*the reason beside it is missing"):
        verify("--checkpoint", kept)


@pytest.mark.parametrize("reduced", [True, False])
def test_a_reason_of_a_request_goes_with_the_request_alone(written: list[Event], *, reduced: bool) -> None:
    subject_request = SubjectRequest.objects.get()
    why = record.write(subject_request, "test:why", by=PORTAL, at=NOW, secret={"reason": "Sam's sister called"})
    if reduced:
        record.write(subject_request, "request:reduced", by=PORTAL, at=NOW)
    sequencer.sequence(at=NOW + 20 * SECOND)
    why.secret.delete()
    if reduced:
        assert verify().startswith("9 events")
    else:
        with pytest.raises(CommandError, match=f"Event {why.pk} .*is missing"):
            verify()


@pytest.mark.parametrize("placed", [True, False])
@pytest.mark.parametrize("days", [-30, 30])
def test_an_event_inserted_with_a_made_up_moment_is_signed_with_an_alarm_and_named(
    written: list[Event], kept: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, days: int, placed: bool
) -> None:
    event = forged(NOW + timedelta(days=days), placed=placed)
    sequencer.sequence(at=NOW + 20 * SECOND)
    alarm = Event.objects.get(tag="audit:out-of-time")
    assert (alarm.controller, alarm.details["event"], alarm.details["position"]) == ("joypix", event.pk, 7)
    assert Checkpoint.objects.latest("size").size == Leaf.objects.count() == 9  # under one checkpoint with its alarm
    assert f"Event {event.pk} says" in caplog.text
    with pytest.raises(CommandError, match=f"Event {event.pk} at position 7 .*made it up"):
        verify("--checkpoint", kept)
    said("export_audit", tmp_path / "after.jsonl")
    with pytest.raises(CommandError, match=f"Event {event.pk} at position 7 .*made it up"):
        verify("--file", tmp_path / "after.jsonl")


def test_what_waited_for_days_without_a_worker_raises_no_alarm(
    written: list[Event], clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BATCH", "MANY"):
        monkeypatch.setattr(sequencer, name, 2)
    for day in range(1, 6):
        record.write_for("joypix", "test:happened", by=PORTAL, at=NOW + timedelta(days=day))
    clock.shift(timedelta(days=9))
    while sequencer.sequence(at=NOW + timedelta(days=9)):
        pass
    sequencer.sequence(at=NOW + timedelta(days=9, seconds=10))
    assert verify().startswith("12 events")


def test_a_record_that_begins_with_old_events_raises_no_alarm(db: None) -> None:
    for day in (0, -2, -9):  # such as the demo's examples, which are walked on past dates
        record.write_for("joypix", "test:happened", by=PORTAL, at=NOW + timedelta(days=day))
    sequencer.sequence(at=NOW)
    assert verify().startswith("3 events")


def test_a_record_without_its_guards_is_not_believed(written: list[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_event_no_delete")
    with pytest.raises(CommandError, match="dsr_event_no_delete"):
        verify()


def test_an_event_that_never_got_its_place_is_named(written: list[Event], clock: time_machine.Traveller) -> None:
    event = record.write_for("joypix", "test:happened", by=PORTAL, at=NOW)
    assert verify().startswith("7 events")
    clock.shift(61 * SECOND)
    with pytest.raises(CommandError, match=f"Event {event.pk} .*a place in the record"):
        verify()


def test_an_event_that_no_checkpoint_covers_in_time_is_named(
    written: list[Event], clock: time_machine.Traveller
) -> None:
    event = record.write_for("joypix", "test:happened", by=PORTAL, at=NOW)
    Leaf.objects.create(position=7, event=event, hash=event.leaf)
    assert verify().startswith("8 events")
    clock.shift(61 * SECOND)
    with pytest.raises(CommandError, match=f"Event {event.pk} .*a checkpoint over it"):
        verify()


def test_an_event_of_the_future_is_named(written: list[Event]) -> None:
    event = record.write_for("joypix", "test:happened", by=PORTAL, at=NOW + timedelta(days=1))
    with pytest.raises(CommandError, match=f"Event {event.pk} "):
        verify()


def test_an_empty_record_is_whole(db: None) -> None:
    assert verify().startswith("0 events")


def test_it_verifies_with_the_public_key_alone(written: list[Event], settings: Settings, tmp_path: Path) -> None:
    public = said("export_audit", "--keys").splitlines()[0]
    settings.DSR_KEYS = tmp_path / "nowhere"
    assert verify("--key", public).startswith("7 events")
    with pytest.raises(CommandError, match="Give the public key"):
        verify()


def test_with_somebody_elses_key_nothing_is_believed(written: list[Event], kept: Path) -> None:
    other = SigningKey("127.0.0.1/audit", bytes(32)).verifier
    with pytest.raises(CommandError, match="no key that is known"):
        verify("--key", other)
    with pytest.raises(CommandError, match=r"checkpoint\.txt"):
        verify("--key", other, "--checkpoint", kept)
    with pytest.raises(CommandError, match="verifier key"):
        verify("--key", "127.0.0.1/audit")
