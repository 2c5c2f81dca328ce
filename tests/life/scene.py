"""Where a life happens: Acme with its one small system, its people, and how an act is tried."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.core import mail
from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine

from accounts.models import Staff
from dsr.law.actors import Actor, ActorKind
from dsr.models import Event, Notice, SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.deciding import holds
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices

START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SAM, ALMA, GRETA = "sam@example.com", "alma@agents.example", "greta@family.example"
SAMS_ACCOUNT, POSTAL = "1", "Sam Ortiz, 1 Main St"
REFUSED = (Conflict, Forbidden, intake.NotAccepted, holds.Held)  # a step may say no; it never breaks
P = ParamSpec("P")
MOST = 4  # requests of one life


def filled(database: Path) -> None:
    """Sam and somebody else, who never asks for anything."""
    database.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as live, live:
        live.execute("CREATE TABLE people (id TEXT PRIMARY KEY, email TEXT, name TEXT, disabled INTEGER)")
        live.execute("CREATE TABLE consents (id TEXT PRIMARY KEY, person TEXT, purpose TEXT, withdrawn_at TEXT)")
        live.execute("CREATE TABLE posts (id TEXT PRIMARY KEY, person TEXT, words TEXT)")
        live.execute("INSERT INTO people VALUES ('1', ?, 'Sam', 0), ('2', 'other@example.com', 'Other', 0)", (SAM,))
        live.execute("INSERT INTO consents VALUES ('1', '1', 'news', NULL), ('2', '2', 'news', NULL)")
        live.execute("INSERT INTO posts VALUES ('1', '1', 'Hello'), ('2', '2', 'I am not Sam')")


class Scene(RuleBasedStateMachine):
    """A life begins: nothing is asked yet. `own` is the request that the next acts are about."""

    database: Path
    own: SubjectRequest

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.savepoint()
        filled(self.database)
        mail.outbox.clear()
        self.at = START
        self.dana, self.eli, self.pia = (self._member(name) for name in ("dana", "eli", "pia"))
        self.all: list[SubjectRequest] = []
        self.dates: dict[int, tuple[date, ...]] = {}
        self.read: set[UUID] = set()  # letters that a promise has looked at
        self.swept_at: datetime | None = None  # and nothing was done since
        self.held: set[tuple[object, ...]] = set()  # what was erased and approved of held requests, at the last look
        self.all_held: list[SubjectRequest] = []  # then

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.point)

    def present(self) -> SubjectRequest:
        """It, as it stands now."""
        return SubjectRequest.objects.get(pk=self.own.pk)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What stands in the live system."""
        with closing(sqlite3.connect(self.database)) as live:
            return live.execute(statement).fetchall()

    def the_post_goes_out(self) -> None:
        """Every letter that is queued."""
        while notices.send_next(at=self.at):
            pass

    def code(self) -> str | None:
        """The newest code in the post for this request."""
        self.the_post_goes_out()
        mine = [str(one.body) for one in mail.outbox if self.own.reference in f"{one.subject} {one.body}"]
        found = re.findall(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", "\n".join(mine), re.MULTILINE)
        return "".join(found[-1]) if found else None

    def attempt(
        self, step: Callable[Concatenate[SubjectRequest, P], object], *given: P.args, **named: P.kwargs
    ) -> None:
        """An act that may be refused; then it has changed nothing."""
        own, before, self.swept_at = self.present(), self._print(), None
        try:
            step(own, *given, **named)
        except REFUSED:
            assert self._print() == before

    @staticmethod
    def _print() -> tuple[object, ...]:
        """What an act that was refused leaves as it was."""
        columns = ("pk", "state", "received_at", "due_on", "answered_at", "closed_at", "accepted_by")
        requests = list(SubjectRequest.objects.order_by("pk").values_list(*columns))
        return requests, Event.objects.count(), Notice.objects.count()

    @staticmethod
    def _member(username: str) -> Actor:
        return Actor(ActorKind.STAFF, str(Staff.objects.get(username=username).pk))
