"""Who has a copy of the database signs in as nobody."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.session_store import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun() -> SessionStore:
    """Dana's session, as her browser has its key."""
    store = SessionStore()
    store["who"] = "dana"
    store.create()
    store.save()
    return store


def test_the_key_opens_its_session(begun: SessionStore) -> None:
    assert SessionStore(begun.session_key)["who"] == "dana"
    assert begun.exists(str(begun.session_key))


def test_what_stands_in_the_database_opens_none(begun: SessionStore) -> None:
    stored = Session.objects.get().session_key
    assert stored != begun.session_key
    assert "who" not in SessionStore(stored)


def test_a_new_key_takes_the_place_of_the_old_one(begun: SessionStore) -> None:
    old = begun.session_key
    begun.cycle_key()
    assert "who" not in SessionStore(old)
    assert SessionStore(begun.session_key)["who"] == "dana"
    assert Session.objects.count() == 1


def test_an_ended_session_is_gone(begun: SessionStore) -> None:
    begun.flush()
    assert not Session.objects.exists()


def test_a_key_that_nobody_gave_begins_no_session_of_that_name(begun: SessionStore) -> None:
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    client.get("/desk/login/")
    assert not begun.exists("a" * 32)
