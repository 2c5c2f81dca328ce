"""The whole life of requests, in every order that chance finds: no illegal move, one Event per move, no clock back."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from accounts import staff
from accounts.models import Role
from tests.life.beside import Beside
from tests.life.promises import Promises


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Path:
    """A controller with one small system."""
    database = tmp_path / "acme.sqlite3"
    monkeypatch.setenv("ACME_DATABASE_URL", f"sqlite:///{database}")
    monkeypatch.setattr(django_settings, "DSR_CONTROLLERS", Path(__file__).parent / "controllers")
    for username, role in (("dana", Role.AGENT), ("eli", Role.APPROVER), ("pia", Role.PRIVACY_OFFICER)):
        staff.add(username, username.title(), [("acme", role)])
    return database


class Life(Beside, Promises):
    """Every act, in any order; every promise, after each."""


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
