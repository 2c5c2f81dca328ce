"""Browsers of the cast, on the clock of their world."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from dsr.law.rights import Right
from dsr.models import SubjectRequest
from tests.conftest import NOW, SAM, World


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Pages read the clock themselves; here it stands still until a test turns it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sam(db: None) -> Client:
    """Sam's browser, which checks forms as strictly as a real one."""
    return Client(raise_request_exception=True)


@pytest.fixture
def mallory(db: None) -> Client:
    """Mallory's browser."""
    return Client()


def begin(browser: Client, base: str, asker: str = "person") -> None:
    """The first two questions: at home in California, and asking for oneself unless said otherwise."""
    assert browser.post(f"{base}region/", {"region": "california"}).status_code == 302
    browser.post(f"{base}asker/", {"asker": asker})  # what is everybody's own does not ask it


@pytest.fixture
def file(sam: Client) -> Callable[..., SubjectRequest]:
    """Sam answers every question and sends the request."""

    def walk(
        right: Right = Right.ACCESS, controller: str = "joypix", details: str = "", email: str = SAM, **extra: object
    ) -> SubjectRequest:
        base = f"/{controller}/ask/{right}/"
        begin(sam, base)
        assert sam.post(f"{base}email/", {"email": email}).status_code == 302
        sam.post(f"{base}identities/", {})
        sam.post(f"{base}scope/", {"scope": "everything"})  # only an erasure asks it
        assert sam.post(f"{base}details/", {"details": details, **extra}).status_code == 302
        response = sam.post(f"{base}check/")
        assert response.status_code == 302
        return SubjectRequest.objects.get(reference=response["Location"].split("/")[3])

    return walk


@pytest.fixture
def prove(sam: Client, world: World) -> Callable[[SubjectRequest], None]:
    """Sam types the code from the mail into the page."""

    def walk(subject_request: SubjectRequest) -> None:
        response = sam.post(page_of(subject_request, "prove/"), {"code": world.code()})
        assert response["Location"] == page_of(subject_request)

    return walk


def page_of(subject_request: SubjectRequest, under: str = "") -> str:
    """The address of a request, or of a page under it."""
    return f"/{subject_request.controller}/requests/{subject_request.reference}/{under}"
