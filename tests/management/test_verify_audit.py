"""The record proves itself; what was changed is named, whoever changed it."""

import io
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.rights import Right
from dsr.models import Checkpoint, Event, EventSecret, Leaf, SubjectRequest, installer
from dsr.record import note, tree
from dsr.record.leaf import leaf_hash
from dsr.record.note import SigningKey
from dsr.sealing import keyring
from dsr.steps.recording import record, sequencer, signing
from tests.conftest import NOW

SECOND = timedelta(seconds=1)
TRIES = 100


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The command reads the clock; here it stands where the record was written."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def written(db: None) -> list[Event]:
    """A record of two checkpoints: four Events of a request under the first, three of nobody's under the second."""
    subject_request = SubjectRequest.objects.create(
        reference="R3K-2WN-P5M", controller="joypix", right=Right.ACCESS, received_at=NOW, due_on=NOW.date()
    )
    for tag in ("request:received", "identity:asked", "identity:wrong-code", "identity:confirmed"):
        record.write(subject_request, tag, by=SUBJECT, at=NOW, tries=1)
    sequencer.sequence(at=NOW)
    for number in range(3):
        record.write_for("pixplus", "test:why", by=PORTAL, at=NOW, secret={"reason": f"because of {number}"})
    sequencer.sequence(at=NOW + 10 * SECOND)
    return list(Event.objects.order_by("id"))


@pytest.fixture
def kept(written: list[Event], tmp_path: Path) -> Path:
    """The newest checkpoint, as it was kept elsewhere."""
    file = tmp_path / "checkpoint.txt"
    file.write_text(said("export_audit", "--checkpoint"), encoding="utf-8")
    return file


def said(command: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


def verify(*arguments: object) -> str:
    return said("verify_audit", *arguments)


class Tables:
    """The tables in the hands of somebody who has the database's password, and no key of ours."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            for trigger in installer.APPEND_ONLY:
                for action in ("update", "delete", "replace"):
                    cursor.execute(f"DROP TRIGGER {trigger}_no_{action}")
        return self

    def __exit__(self, *_: object) -> None:
        installer.install(connection)

    def run(self, statement: str, *values: str | int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    def edit(self) -> None:
        """Another value in one column of one Event, its leaf made to fit or not."""
        event = self.chance.choice(list(Event.objects.all()))
        column, value = self.chance.choice(
            [
                ("tag", "request:refused"),
                ("actor", "staff:1"),
                ("at", "2020-01-01 00:00:00"),
                ("details", '{"right": "erasure"}'),
                ("controller", "acme"),
                ("moved_to", "lapsed"),
                ("commitment", "0" * 64),
                ("leaf", "0" * 64),
            ]
        )
        self.run(f"UPDATE dsr_event SET {column} = %s WHERE id = %s", value, event.pk)
        if column != "leaf" and self.chance.random() < 0.5:
            self._fit_leaf(event.pk, also_in_tree=self.chance.random() < 0.5)

    def delete(self) -> None:
        """One Event with its leaf; the places behind it may move up."""
        leaf = self.chance.choice(list(Leaf.objects.all())[:-1])
        self._forget([leaf.event_id])
        if self.chance.random() < 0.5:
            self._renumber()

    def swap(self) -> None:
        """Two entries change places, in the tree or in the table of Events as well."""
        first, second = self.chance.sample(list(Leaf.objects.all()), 2)
        self.run("UPDATE dsr_leaf SET position = -1 WHERE position = %s", first.position)
        self.run("UPDATE dsr_leaf SET position = %s WHERE position = %s", first.position, second.position)
        self.run("UPDATE dsr_leaf SET position = %s WHERE position = -1", second.position)

    def insert(self) -> None:
        """A made-up Event with a fitting leaf, somewhere in the middle."""
        place = self.chance.randrange(Leaf.objects.count())
        self.run("UPDATE dsr_leaf SET position = -1 - position WHERE position >= %s", place)
        self.run("UPDATE dsr_leaf SET position = -position WHERE position < 0")
        forged = Event(controller="joypix", tag="plan:approved", actor="staff:1", at=NOW, details={})
        forged.leaf = leaf_hash(forged.content())
        forged.save()
        Leaf.objects.create(position=place, event=forged, hash=forged.leaf)

    def truncate(self) -> None:
        """The end is cut off, with every checkpoint that tells of it."""
        left = self.chance.randrange(Leaf.objects.count())
        self._forget(list(Leaf.objects.filter(position__gte=left).values_list("event_id", flat=True)))
        self.run("DELETE FROM dsr_checkpoint WHERE size > %s", left)

    def rewrite(self) -> None:
        """History as a superuser would have it: Event, leaf, tree, peaks and roots all fit together.

        Checkpoints are left with their old note, signed with a key of the forger's own, or taken away.
        """
        event = self.chance.choice(list(Event.objects.all()))
        self.run("UPDATE dsr_event SET actor = %s WHERE id = %s", f"staff:{self.chance.random()}", event.pk)
        self._fit_leaf(event.pk, also_in_tree=True)
        leaves = list(Leaf.objects.order_by("position").values_list("hash", flat=True))
        forger = SigningKey(signing.origin(), self.chance.randbytes(32))
        end = self.chance.choice(["left", "signed", "gone"])
        for row in Checkpoint.objects.all():
            peaks = tree.grow(0, (), leaves[: row.size])
            head = note.Head(forger.name, row.size, tree.fold(peaks))
            text = note.sign(head.text(), forger) if end == "signed" else row.note
            self.run(
                "UPDATE dsr_checkpoint SET root = %s, peaks = %s, note = %s WHERE size = %s",
                *(head.root, json.dumps(peaks), text, row.size),
            )
        if end == "gone":
            self.run("DELETE FROM dsr_checkpoint")

    def _fit_leaf(self, event: int, *, also_in_tree: bool) -> None:
        leaf = leaf_hash(Event.objects.get(pk=event).content())
        self.run("UPDATE dsr_event SET leaf = %s WHERE id = %s", leaf, event)
        if also_in_tree:
            self.run("UPDATE dsr_leaf SET hash = %s WHERE event_id = %s", leaf, event)

    def _forget(self, events: list[int]) -> None:
        for event in events:
            self.run("DELETE FROM dsr_leaf WHERE event_id = %s", event)
            self.run("DELETE FROM dsr_eventsecret WHERE event_id = %s", event)
            self.run("DELETE FROM dsr_event WHERE id = %s", event)

    def _renumber(self) -> None:
        for position, row in enumerate(Leaf.objects.order_by("position").values_list("position", flat=True)):
            self.run("UPDATE dsr_leaf SET position = %s WHERE position = %s", position, row)


KINDS: list[Callable[[Tables], None]] = [
    Tables.edit,
    Tables.delete,
    Tables.swap,
    Tables.insert,
    Tables.truncate,
    Tables.rewrite,
]


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
        tables._fit_leaf(written[5].pk, also_in_tree=True)  # noqa: SLF001 — the forger's own hand
    with pytest.raises(CommandError, match="Positions 4 to 6"):
        verify("--checkpoint", kept)


def test_a_log_cut_off_to_an_older_checkpoint_is_found_by_the_kept_one_alone(written: list[Event], kept: Path) -> None:
    with Tables(7) as tables:
        tables._forget([event.pk for event in written[4:]])  # noqa: SLF001 — as above
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
        tables._fit_leaf(written[1].pk, also_in_tree=False)  # noqa: SLF001 — as above
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


def forged(at: datetime, *, placed: bool = False) -> Event:
    """What somebody with the database's password inserts before it is signed, its leaf made to fit."""
    event = Event(controller="joypix", tag="plan:approved", actor="staff:1", at=at, details={})
    event.leaf = leaf_hash(event.content())
    event.save()
    if placed:
        Leaf.objects.create(position=Leaf.objects.count(), event=event, hash=event.leaf)
    return event


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


@pytest.fixture
def exported(written: list[Event], tmp_path: Path) -> Path:
    """The record as JSON Lines."""
    file = tmp_path / "record.jsonl"
    said("export_audit", file)
    return file


def test_an_exported_record_proves_itself_away_from_the_portal(
    exported: Path, kept: Path, settings: Settings, tmp_path: Path
) -> None:
    public = said("export_audit", "--keys").splitlines()[0]
    settings.DSR_KEYS = tmp_path / "nowhere"
    whole = verify("--file", exported, "--key", public, "--checkpoint", kept)
    assert whole.startswith("7 events")
    assert exported.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    assert lines[0]["checkpoint"] == kept.read_text("utf-8")
    assert [line["position"] for line in lines[1:]] == list(range(7))
    assert lines[5]["content"]["commitment"]
    assert "because of" not in exported.read_text("utf-8")


@pytest.mark.parametrize(
    ("bent", "named"),
    [
        (lambda lines: [lines[0], *lines[2:]], "Position 0: its entry is missing"),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "Position 2"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "Position 2: an entry stands out of order"),
        (lambda lines: lines[:-1], "Position 6: the record ends here"),
        (lambda lines: [*lines, lines[-1].replace('"position": 6', '"position": 7')], "position 7 and what follows"),
        (lambda lines: [line.replace("subject", "staff:9") for line in lines], "is not what was written"),
        (lambda lines: [*lines[:2], "{", *lines[3:]], "line 3 cannot be read"),
        (lambda lines: [*lines[:2], '{"position": 1}', *lines[3:]], "line 3 is no entry"),
        (lambda lines: lines[1:], "line 1 is no checkpoint"),
        (lambda _: [], "line 1 cannot be read"),
    ],
)
def test_an_exported_record_that_was_changed_is_found(
    exported: Path, bent: Callable[[list[str]], list[str]], named: str
) -> None:
    exported.write_text("\n".join(bent(exported.read_text("utf-8").splitlines())), "utf-8")
    with pytest.raises(CommandError, match=named):
        verify("--file", exported)


def test_exporting_is_an_event(exported: Path) -> None:
    event = Event.objects.latest("id")
    assert (event.tag, event.actor, event.details) == ("audit:exported", "portal", {"size": 7})


def test_an_exported_file_is_never_written_over_another(exported: Path) -> None:
    with pytest.raises(CommandError, match="exists"):
        said("export_audit", exported)


def test_a_timeline_tells_what_happened_to_a_request_and_where_it_stands(written: list[Event]) -> None:
    subject_request = SubjectRequest.objects.earliest("received_at")
    told = said("export_audit", "--timeline", subject_request.reference).splitlines()
    assert subject_request.reference in told[0]
    assert "2026-11-03 09:00:00 UTC  subject: request received" in told[1]
    assert "position 0" in told[1]
    assert Event.objects.latest("id").tag == "timeline:exported"


def test_nothing_is_exported_before_anything_was_signed(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nothing was signed"):
        said("export_audit", tmp_path / "record.jsonl")
    with pytest.raises(CommandError, match="no request"):
        said("export_audit", "--timeline", "R3K-2WN-P5M")


def test_the_public_keys_are_printed_and_no_private_one(db: None, settings: Settings) -> None:
    keys = [note.read_key(line) for line in said("export_audit", "--keys").splitlines()]
    assert [key.name for key in keys] == ["127.0.0.1/audit", "127.0.0.1/audit/certificates"]
    seeds = {seed for role in keyring.SIGNING for seed in keyring.load(settings.DSR_KEYS)[role].keys.values()}
    assert seeds.isdisjoint({key.public for key in keys})
