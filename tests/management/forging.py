"""The tables of the record in somebody else's hands, and the commands that find it out."""

import io
import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Self

from django.core.management import call_command
from django.db import connection

from dsr.models import Checkpoint, Event, Leaf, installer
from dsr.record import note, tree
from dsr.record.leaf import leaf_hash
from dsr.record.note import SigningKey
from dsr.steps.recording import signing
from tests.conftest import NOW

SECOND = timedelta(seconds=1)


def said(command: str, *arguments: object) -> str:
    """What a command prints."""
    out = io.StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


def verify(*arguments: object) -> str:
    """What `verify_audit` prints."""
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
            self.fit_leaf(event.pk, also_in_tree=self.chance.random() < 0.5)

    def delete(self) -> None:
        """One Event with its leaf; the places behind it may move up."""
        leaf = self.chance.choice(list(Leaf.objects.all())[:-1])
        self.forget([leaf.event_id])
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
        self.forget(list(Leaf.objects.filter(position__gte=left).values_list("event_id", flat=True)))
        self.run("DELETE FROM dsr_checkpoint WHERE size > %s", left)

    def rewrite(self) -> None:
        """History as a superuser would have it: Event, leaf, tree, peaks and roots all fit together.

        Checkpoints are left with their old note, signed with a key of the forger's own, or taken away.
        """
        event = self.chance.choice(list(Event.objects.all()))
        self.run("UPDATE dsr_event SET actor = %s WHERE id = %s", f"staff:{self.chance.random()}", event.pk)
        self.fit_leaf(event.pk, also_in_tree=True)
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

    def fit_leaf(self, event: int, *, also_in_tree: bool) -> None:
        leaf = leaf_hash(Event.objects.get(pk=event).content())
        self.run("UPDATE dsr_event SET leaf = %s WHERE id = %s", leaf, event)
        if also_in_tree:
            self.run("UPDATE dsr_leaf SET hash = %s WHERE event_id = %s", leaf, event)

    def forget(self, events: list[int]) -> None:
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


def forged(at: datetime, *, placed: bool = False) -> Event:
    """What somebody with the database's password inserts before it is signed, its leaf made to fit."""
    event = Event(controller="joypix", tag="plan:approved", actor="staff:1", at=at, details={})
    event.leaf = leaf_hash(event.content())
    event.save()
    if placed:
        Leaf.objects.create(position=Leaf.objects.count(), event=event, hash=event.leaf)
    return event
