"""What a system knows us by stands in no database and in no log, even where the system quotes it back."""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import ItemState
from dsr.models import PlanItem
from dsr.steps import work
from tests.conftest import World
from tests.connectors.scripted import Call, Reply, serving
from tests.steps import scenes

TOKEN = "sk-hush-4f1d9c"
PASSWORD = "pw-hush-77aa01"

QUOTING: dict[str, Callable[[Call], Reply]] = {
    "refused": lambda call: Reply(401, {"error": f"no such key: {call.headers['Authorization']}"}),
    "bad": lambda call: Reply(400, {"message": f"{call.headers['Authorization']} is not allowed at {call.target}"}),
    "broken": lambda call: Reply(500, f"Traceback: {call.headers['Authorization']}".encode(), kind="text/plain"),
    "busy": lambda _: Reply(429, {"error": TOKEN}, {"Retry-After": TOKEN, "X-Key": TOKEN}),
    "moved": lambda _: Reply(302, None, {"Location": f"/payments?token={TOKEN}"}),
    "lying": lambda call: Reply(200, {"items": [], "next": None, "error": call.headers["Authorization"]}),
    "odd rows": lambda _: Reply(200, {"items": [{"id": TOKEN, "customer_id": TOKEN}], "next": TOKEN}),
    "odd kind": lambda _: Reply(200, TOKEN.encode(), kind=f"text/{TOKEN}"),
}


# With hyphens: sealed files hold so much that four letters stand in some of them by chance.
SECRET = b"-hush-"


def keeping() -> list[str]:
    """Where the portal keeps a part of a secret; notes and events stand in plain words in its database."""
    opened = connection.connection
    assert isinstance(opened, sqlite3.Connection)
    files = {str(path): path.read_bytes() for path in Path(settings.DSR_VAR).rglob("*") if path.is_file()}
    return [name for name, content in {"the database": opened.serialize(), **files}.items() if SECRET in content]


@pytest.mark.parametrize("fault", QUOTING)
def test_a_secret_that_a_service_quotes_is_kept_nowhere(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(QUOTING[fault]) as service:
        monkeypatch.setenv("JOYPIX_PAYMENT_URL", service.url)
        monkeypatch.setenv("JOYPIX_PAYMENT_TOKEN", TOKEN)
        subject_request = scenes.accepted(world, dana, Right.ACCESS)
        for _ in range(30):
            work.do_next(at=world.at)
        assert service.calls
        assert service.calls[0].headers["Authorization"] == f"Bearer {TOKEN}"
    item = subject_request.items.get(system="payment-institution")
    assert (item.state, item.note) != (ItemState.DONE, "")
    assert SECRET.decode() not in caplog.text
    assert keeping() == []


def test_a_password_in_a_databases_address_is_kept_nowhere(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    addresses = (f"postgresql://joypix:{PASSWORD}@127.0.0.1:1/joypix", f"nonsense://joypix:{PASSWORD}@127.0.0.1/x")
    for address in addresses:
        monkeypatch.setenv("JOYPIX_DATABASE_URL", address)
        scenes.accepted(world, dana, Right.ACCESS)
        for _ in range(30):
            work.do_next(at=world.at)
    assert PlanItem.objects.filter(system="app-database").exclude(state=ItemState.DONE).count() == len(addresses)
    assert SECRET.decode() not in caplog.text
    assert keeping() == []
