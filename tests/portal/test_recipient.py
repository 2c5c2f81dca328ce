"""The page on which a recipient answers: opening it changes nothing, and strangers find nothing."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from dsr.law.rights import Right
from dsr.models import Event, SubjectRequest, Telling
from tests import staging
from tests.conftest import World, walked
from tests.portal.conftest import page_of
from tests.steps import scenes


@staging.scene("clock")
def erased(world: World) -> SubjectRequest:
    """Sam's data at JoyPix is erased."""
    return walked(world, Right.ERASURE)


@pytest.fixture
def page(erased: SubjectRequest, world: World) -> str:
    """The address in the letter to the compute providers."""
    world.letters()
    texts = [str(each.body) for each in scenes.outbox() if each.to == ["privacy@compute.example"]]
    found = re.search(r"/joypix/recipients/[^/\s]+/", texts[-1])
    assert found
    return found[0]


def test_opening_the_page_changes_nothing_and_shows_no_id(page: str, erased: SubjectRequest) -> None:
    before = (list(Telling.objects.values()), Event.objects.count())
    response = Client().get(page)
    assert response.status_code == 200
    assert erased.reference in response.content.decode()
    assert "rightful-digest" not in response.content.decode()
    assert (list(Telling.objects.values()), Event.objects.count()) == before


def test_the_ids_are_shown_on_demand_and_that_is_recorded(page: str, erased: SubjectRequest) -> None:
    shown = Client().post(page, {"act": "show"}).content.decode()
    assert "rightful-digest" in shown
    assert "sam@example.com" not in shown
    assert Event.objects.filter(subject_request=erased, tag="recipient:looked").exists()


def test_an_answer_is_taken_once_and_shown_afterwards(page: str, erased: SubjectRequest) -> None:
    recipient = Client()
    assert recipient.post(page, {"act": "answer", "answer": "nothing-held", "words": "None."})["Location"] == page
    assert "first answer stands" in recipient.post(page, {"act": "answer", "answer": "done"}).content.decode()
    again = recipient.post(page, {"act": "answer", "answer": "nothing-held", "words": "None."}).content.decode()
    assert "There is a problem" not in again  # pressed twice
    row = Telling.objects.get(subject_request=erased, recipient="compute-providers")
    assert (row.answer, row.words()) == ("nothing-held", "None.")
    assert "Thank you" in recipient.get(page).content.decode()


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"answer": "maybe"},
        {"answer": "cannot-delete", "expires_on": "soon"},
        {"answer": "cannot-delete", "expires_on": "2001-01-01"},
    ],
)
def test_what_cannot_be_an_answer_is_sent_back_with_words(page: str, typed: dict[str, str]) -> None:
    response = Client().post(page, {"act": "answer", **typed})
    assert "There is a problem" in response.content.decode()
    assert not Telling.objects.filter(recipient="compute-providers").exclude(answer="").exists()


def test_the_answer_appears_on_sams_page_with_the_date_it_expires(
    page: str, sam: Client, erased: SubjectRequest, world: World, clock: time_machine.Traveller
) -> None:
    Client().post(page, {"act": "answer", "answer": "cannot-delete", "expires_on": "2027-03-31"})
    clock.move_to(world.later(minutes=1))
    sam.post("/joypix/find/", {"reference": erased.reference, "email": "sam@example.com"})
    sam.post("/joypix/find/code/", {"code": world.code()})
    own = sam.get(page_of(erased)).content.decode()
    assert "It cannot be deleted; it expires by itself" in own
    assert "expires by 31 March 2027" in own
    assert "There has been no merger" in own or "is not a recipient in this sense" in own


@pytest.mark.parametrize("token", ["x", "0" * 64, "-"])
def test_a_token_that_was_made_up_opens_nothing(erased: SubjectRequest, token: str) -> None:
    assert Client().get(f"/joypix/recipients/{token}/").status_code == 404


def test_a_link_of_one_controller_opens_nothing_at_another(page: str) -> None:
    assert Client().get(page.replace("/joypix/", "/pixplus/")).status_code == 404


@pytest.mark.parametrize(("days", "status"), [(89, 200), (92, 410)])
def test_ninety_days_after_it_was_due_a_link_opens_nothing_and_says_whom_to_ask(
    page: str, days: int, status: int
) -> None:
    Telling.objects.update(due_on=timezone.localdate() - timedelta(days=days))
    response = Client().post(page, {"act": "show"})
    assert response.status_code == status
    assert ("ask for a new one" in response.content.decode()) == (status == 410)
    assert ("rightful-digest" in response.content.decode()) == (status == 200)


def test_after_its_request_was_reduced_a_link_opens_nothing(page: str, erased: SubjectRequest) -> None:
    SubjectRequest.objects.filter(pk=erased.pk).update(reduced_at=timezone.now())
    response = Client().post(page, {"act": "answer", "answer": "done"})
    assert response.status_code == 410
    assert not Telling.objects.filter(recipient="compute-providers").exclude(answer="").exists()


def test_no_token_reaches_the_log(page: str, caplog: pytest.LogCaptureFixture) -> None:
    token = page.split("/")[3]
    client = Client(enforce_csrf_checks=True)
    client.post(page, {"act": "show"})  # refused as forged
    client.put(page)  # not allowed
    client.get(page.replace("/joypix/", "/pixplus/"))  # not found
    assert caplog.text.count("/recipients/…/") == len(caplog.records) >= 3
    assert token not in caplog.text + str([record.__dict__["args"] for record in caplog.records])
