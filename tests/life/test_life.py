"""The whole life of requests, in every order that chance finds: no illegal move, one Event per move, no clock back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from accounts import staff
from accounts.models import Role
from dsr.law.rights import Right
from dsr.law.states import State
from tests.life.promises import Promises
from tests.life.tempting import Tempting


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Path:
    """A controller with one small system."""
    database = tmp_path / "acme.sqlite3"
    monkeypatch.setenv("ACME_DATABASE_URL", f"sqlite:///{database}")
    monkeypatch.setattr(django_settings, "DSR_CONTROLLERS", Path(__file__).parent / "controllers")
    for username, role in (("dana", Role.AGENT), ("eli", Role.APPROVER), ("pia", Role.PRIVACY_OFFICER)):
        staff.add(username, username.title(), [("acme", role)])
    return database


class Life(Tempting, Promises):
    """Every act, in any order; every promise, after each."""


@contextmanager
def begun(acme: Path) -> Iterator[Life]:
    """A life that is told, not left to chance."""
    Life.database = acme
    life = Life()
    try:
        yield life
    finally:
        life.teardown()


def keeps_every_promise(life: Life) -> None:
    for promise in life.invariants:
        promise.function(life)


ACTS = (
    "the_same_person_accepts_and_tries_to_approve",
    "a_hold_is_set_within_the_grace",
    "a_worker_comes_within_the_grace",
    "nobody_looks_for_weeks",
    "sam_has_enough_of_waiting",
)

pytestmark = pytest.mark.long


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("far", [0, 2])
def test_what_somebody_tries_or_forgets_breaks_no_promise(acme: Path, act: str, far: int) -> None:
    with begun(acme) as life:
        life.ask(Right.ERASURE)
        life.go_on(far)
        keeps_every_promise(life)
        getattr(life, act)()
        keeps_every_promise(life)


def test_a_letter_is_answered_on_paper_by_second_hands_alone(acme: Path) -> None:
    with begun(acme) as life:
        life.ask(Right.ACCESS, by_letter=True)
        for _ in range(8):
            if life.present().state != State.PACKAGED:
                life.go_on(1)
                keeps_every_promise(life)
        life.who_vouched_tries_to_hand_it_over()
        keeps_every_promise(life)
        assert life.present().state == State.PACKAGED
        life.go_on(1)
        keeps_every_promise(life)
        assert life.present().state == State.DELIVERED


def test_an_erasure_by_letter_keeps_every_promise_to_its_begin(acme: Path) -> None:
    with begun(acme) as life:
        life.ask(Right.ERASURE, by_letter=True)
        life.go_on(2)
        life.the_worker_sweeps()
        for act in (life.eli_approves, life.the_post_goes_out, life.pia_approves, life.eli_approves):
            act()
            keeps_every_promise(life)
        life.a_worker_comes_within_the_grace()
        keeps_every_promise(life)
        assert life.present().state == State.APPROVED
        life.nobody_looks_for_weeks()
        keeps_every_promise(life)
        assert life.present().state == State.APPROVED  # the letter that announces it was not posted
        life.sam_calls_and_dana_cancels()
        keeps_every_promise(life)
        assert life.present().state == State.CANCELLED


def test_an_erasure_by_letter_that_was_announced_comes_to_its_end(acme: Path) -> None:
    with begun(acme) as life:
        life.ask(Right.ERASURE, by_letter=True)
        for _ in range(8):
            life.go_on(1)
            keeps_every_promise(life)
        assert life.present().state == State.DELIVERED


def test_late_rows_can_come_in_a_hundred_times(acme: Path) -> None:
    with begun(acme) as life:
        life.ask(Right.ACCESS)
        for _ in range(100):
            life.sam_posts_once_more()
        assert len(life.rows("SELECT id FROM posts")) == 102


def test_a_life_in_any_order_keeps_every_promise(acme: Path) -> None:
    Life.database = acme
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # to shrink a life takes longer than to read it
        ),
    )
