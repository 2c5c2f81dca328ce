"""Where staff have a host name of their own, the portal's knows nothing of the desk, and the desk's of nothing else."""

import pytest
from django.test import Client
from pytest_django import Settings

from dsr.law.rights import Right
from dsr.steps.post import letters
from tests.conftest import World

PORTAL, DESK = Client(headers={"host": "privacy.example.com"}), Client(headers={"host": "desk.example.com:8443"})


@pytest.fixture
def apart(settings: Settings) -> None:
    settings.DSR_BASE_URL, settings.DSR_DESK_URL = "https://privacy.example.com", "https://desk.example.com:8443"
    settings.ALLOWED_HOSTS = ["privacy.example.com", "desk.example.com"]


STAFFS = [
    "/desk/",
    "/desk/lent/",
    "/desk/lent/some-token/",
    "/desk/login/",
    "/desk/requests/R3K-2WN-P5M/",
    "/desk/dsr/event/",
    "/desk/enrol/some-token/",
]
PEOPLES = ["/", "/joypix/", "/certificate/", "/api/v1/schema/", "/joypix/requests/R3K-2WN-P5M/"]


@pytest.mark.usefixtures("apart")
@pytest.mark.django_db
def test_the_portals_host_answers_404_on_every_page_of_staff() -> None:
    for method in ("get", "post"):
        answers = {page: getattr(PORTAL, method)(page) for page in STAFFS}
        assert {page: answer.status_code for page, answer in answers.items()} == dict.fromkeys(STAFFS, 404)
        assert not any(b"desk.css" in answer.content for answer in answers.values())  # nor says that there is one
    assert [PORTAL.get(page).status_code for page in PEOPLES[:4]] == [200] * 4
    assert PORTAL.get("/desk").status_code == 404


@pytest.mark.usefixtures("apart")
@pytest.mark.django_db
def test_the_host_of_staff_answers_404_on_every_page_of_the_portal_and_the_api() -> None:
    answers = {page: DESK.get(page) for page in PEOPLES}
    assert {page: answer.status_code for page, answer in answers.items()} == dict.fromkeys(PEOPLES, 404)
    assert DESK.get("/desk/").headers["Location"].startswith("/desk/login/")
    assert DESK.get("/desk/login/").status_code == 200


@pytest.mark.usefixtures("apart")
def test_letters_to_staff_lead_to_their_own_host(world: World) -> None:
    told = letters.facts(world.file(Right.ACCESS), "en", {})
    assert told["desk_link"].startswith("https://desk.example.com:8443/desk/requests/")
    assert told["link"].startswith("https://privacy.example.com/joypix/requests/")
