"""The whole life of requests, in every order that chance finds: no illegal move, one Event per move, no clock back."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts import staff
from accounts.models import Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.grounds import Ground, grounds_for
from dsr.law.rights import WORKED, Right
from dsr.law.states import CLOSED, State, allowed
from dsr.models import Correction, Deadline, Event, LegalHold, SubjectRequest
from dsr.steps import work
from dsr.steps.answering import delivery
from dsr.steps.asking import cancellation, intake, verification
from dsr.steps.counting import pauses
from dsr.steps.counting.extension import extend
from dsr.steps.deciding import approval, holds, review
from dsr.steps.fulfilling import correctable, rectification
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices

START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SAM = "sam@example.com"
REFUSED = (Conflict, Forbidden, intake.NotAccepted, holds.Held)  # a step may say no; it never breaks


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Path:
    """A controller with one small system."""
    database = tmp_path / "acme.sqlite3"
    monkeypatch.setenv("ACME_DATABASE_URL", f"sqlite:///{database}")
    monkeypatch.setattr(django_settings, "DSR_CONTROLLERS", Path(__file__).parent / "controllers")
    for username, role in (("dana", Role.AGENT), ("eli", Role.APPROVER), ("pia", Role.PRIVACY_OFFICER)):
        staff.add(username, username.title(), [("acme", role)])
    return database


def _filled(database: Path) -> None:
    database.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as live, live:
        live.execute("CREATE TABLE people (id TEXT PRIMARY KEY, email TEXT, name TEXT, disabled INTEGER)")
        live.execute("CREATE TABLE consents (id TEXT PRIMARY KEY, person TEXT, purpose TEXT, withdrawn_at TEXT)")
        live.execute("INSERT INTO people VALUES ('1', ?, 'Sam', 0), ('2', 'other@example.com', 'Other', 0)", (SAM,))
        live.execute("INSERT INTO consents VALUES ('1', '1', 'news', NULL), ('2', '2', 'news', NULL)")


def _member(username: str) -> Actor:
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=username).pk))


class Life(RuleBasedStateMachine):
    """Sam, Dana, Eli and the workers, in any order."""

    database: Path

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.savepoint()
        _filled(self.database)
        mail.outbox.clear()
        self.at = START
        self.dana, self.eli = _member("dana"), _member("eli")
        self.due: dict[int, date] = {}

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.point)

    @initialize(
        right=st.sampled_from(sorted(set(Right) - {Right.PROCESSING_INFORMATION})),
        region=st.sampled_from(["eea", "uk", "california", "elsewhere"]),
        far=st.integers(0, 8),
    )
    def file(self, right: Right, region: str, far: int) -> None:
        purposes = ("news",) if right == Right.CONSENT_WITHDRAWAL else ()
        asked = intake.Intake("acme", Right(right), ((IdentityKind.EMAIL, SAM),), purposes=purposes, region=region)
        self.own = intake.receive(asked, by=SUBJECT, at=self.at)
        self._go_on(far)  # chance alone seldom comes far

    @rule()
    def the_walk_goes_on(self) -> None:
        self._go_on(1)

    def _go_on(self, times: int) -> None:
        """The sensible next thing, several times."""
        forward = {
            State.RECEIVED: self.sam_types_the_code,
            State.VERIFIED: self.dana_accepts,
            State.PACKAGED: self.sam_downloads,
        }
        for _ in range(times):
            own = SubjectRequest.objects.get(pk=self.own.pk)
            forward.get(State(own.state), self._staff_and_workers)()

    def _staff_and_workers(self) -> None:
        self.the_worker_sweeps()
        own = SubjectRequest.objects.get(pk=self.own.pk)
        if own.state == State.SEARCHED and own.right == Right.RECTIFICATION:
            self.sam_proposes_a_name()
            self.dana_decides_the_corrections()
        elif own.state == State.SEARCHED:
            self.eli_approves()
        elif own.state == State.APPROVED:
            self.at += timedelta(days=4)
        elif own.state == State.ACCEPTED and own.right not in WORKED:
            self.dana_answers()

    # Time

    @rule(hours=st.sampled_from([1, 26, 80, 24 * 16, 24 * 40]))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule()
    def the_worker_sweeps(self) -> None:
        work.sweep(lambda: self.at, seconds=1)

    # Sam

    @rule()
    def sam_types_the_code(self) -> None:
        while notices.send_next(at=self.at):
            pass
        codes = re.findall(
            r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", "\n".join(str(one.body) for one in mail.outbox), re.MULTILINE
        )
        if codes:
            self._try(verification.confirm, "".join(codes[-1]), at=self.at)

    @rule()
    def mallory_guesses_a_code(self) -> None:
        self._try(verification.confirm, "2345 6789", at=self.at)

    @rule()
    def sam_asks_for_a_new_code(self) -> None:
        self._try(verification.ask, at=self.at)

    @rule()
    def sam_cancels(self) -> None:
        self._try(cancellation.cancel, by=SUBJECT, at=self.at)

    @rule()
    def sam_answers_the_question(self) -> None:
        self._try(pauses.answer, "I mean the account of May.", by=SUBJECT, at=self.at)

    @precondition(lambda self: self.own.right == Right.RECTIFICATION)
    @rule()
    def sam_proposes_a_name(self) -> None:
        self._try(_propose, at=self.at)

    @rule()
    def sam_downloads(self) -> None:
        self._try(lambda own, **at: list(delivery.download(own, **at)), by=SUBJECT, at=self.at)

    # Staff

    @rule()
    def dana_accepts(self) -> None:
        self._try(review.accept, by=self.dana, at=self.at)

    @rule(ground=st.sampled_from(sorted(Ground)))
    def dana_refuses(self, ground: Ground) -> None:
        if ground in grounds_for(Right(self.own.right), part=False):
            self._try(review.refuse, ground=Ground(ground), by=self.dana, at=self.at)

    @rule()
    def dana_answers(self) -> None:
        self._try(review.answer, text="Dear Sam", by=self.dana, at=self.at)

    @rule(reason=st.sampled_from(["identity_required", "information_required"]))
    def dana_asks(self, reason: str) -> None:
        self._try(pauses.ask, reason=Pause(reason), question="Which account do you mean?", by=self.dana, at=self.at)

    @rule()
    def dana_extends(self) -> None:
        self._try(extend, reason=ExtensionReason.COMPLEXITY, words="It is a lot of data.", by=self.dana, at=self.at)

    @rule()
    def dana_decides_the_corrections(self) -> None:
        for correction in Correction.objects.filter(subject_request=self.own, decision=""):
            self._try(partial(_decide, correction), by=self.dana, at=self.at)

    @rule()
    def eli_approves(self) -> None:
        manifest = getattr(SubjectRequest.objects.get(pk=self.own.pk), "manifest", None)
        if manifest is not None:
            self._try(approval.approve, digest=manifest.digest, by=self.eli, at=self.at)

    @rule()
    def eli_sets_a_hold(self) -> None:
        order = holds.Order(reason="A court asked for it.", review_on=self.at.date() + timedelta(days=90))
        self._try(holds.set_hold, order, by=self.eli, at=self.at)

    @rule()
    def dana_releases_the_holds(self) -> None:
        for hold in LegalHold.objects.filter(released_at=None):
            holds.release(hold, by=self.dana, at=self.at)

    # What always holds

    @invariant()
    def every_state_was_reached_by_legal_moves_with_one_event_each(self) -> None:
        if not hasattr(self, "own"):
            return
        own = SubjectRequest.objects.get(pk=self.own.pk)
        tagged = Event.objects.filter(subject_request=own).exclude(moved_to="").order_by("id")
        moves = [State(to) for to in tagged.values_list("moved_to", flat=True)]
        path = [State.RECEIVED, *moves]
        assert path[-1] == own.state
        for old, new in pairwise(path):
            assert allowed(Right(own.right), old, new), (old, new)

    @invariant()
    def no_clock_runs_backward(self) -> None:
        for deadline in Deadline.objects.all():
            assert deadline.due_on >= self.due.get(deadline.pk, deadline.due_on), deadline
            assert deadline.due_on >= deadline.unpaused_on
            self.due[deadline.pk] = deadline.due_on
        moments = list(Event.objects.exclude(subject_request=None).order_by("id").values_list("at", flat=True))
        assert moments == sorted(moments)

    @invariant()
    def nothing_changed_for_other_people(self) -> None:
        with closing(sqlite3.connect(self.database)) as live:
            other = live.execute("SELECT email, name, disabled FROM people WHERE id = '2'").fetchone()
            assert other == ("other@example.com", "Other", 0)
            assert live.execute("SELECT withdrawn_at FROM consents WHERE id = '2'").fetchone() == (None,)

    @invariant()
    def nothing_changed_for_sam_before_a_proof(self) -> None:
        if Event.objects.filter(tag="identity:confirmed").exists():
            return
        with closing(sqlite3.connect(self.database)) as live:
            assert live.execute("SELECT email, name, disabled FROM people WHERE id = '1'").fetchone() == (SAM, "Sam", 0)

    @invariant()
    def what_is_closed_was_answered_or_ended(self) -> None:
        own = SubjectRequest.objects.filter(state__in=CLOSED).first()
        if own is not None:
            assert own.closed_at is not None
            assert not Deadline.objects.filter(subject_request=own, met_at=None, duty="answer").exists()

    def _try(self, step: object, *given: object, **named: object) -> None:
        own = SubjectRequest.objects.get(pk=self.own.pk)
        try:
            with transaction.atomic():
                step(own, *given, **named)  # type: ignore[operator]  # steps have many shapes
        except REFUSED:
            pass


def _decide(correction: Correction, _: SubjectRequest, *, by: Actor, at: datetime) -> None:
    rectification.decide(correction, accepted=True, words="", by=by, at=at)


def _propose(own: SubjectRequest, *, at: datetime) -> None:
    new = {(row.place, field.name): "Samuel" for row in correctable.rows(own) for field in row.fields}
    rectification.propose(own, new, statement="", at=at)


def test_a_life_in_any_order_keeps_every_promise(acme: Path) -> None:
    Life.database = acme
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # to shrink a life takes longer than to read it
        ),
    )
