"""The small shop, and who works there."""

from pathlib import Path

import pytest
from django.conf import settings

from accounts import staff
from accounts.models import Role, Staff
from dsr.law.actors import Actor, ActorKind
from tests.conftest import NOW
from tests.steps.fulfilling.shop import Shop


@pytest.fixture
def shop(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, and nothing else."""
    monkeypatch.setattr(settings, "DSR_CONTROLLERS", tmp_path)
    monkeypatch.setenv("ACME_SHOP_URL", f"sqlite:///{tmp_path / 'shop.sqlite3'}")
    return Shop(tmp_path, NOW, *(_member(name, role) for name, role in (("dana", Role.AGENT), ("eli", Role.APPROVER))))


def _member(username: str, role: Role) -> Actor:
    staff.add(username, username.title(), [("acme", role)])
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=username).pk))
