"""Ten times the load: the thresholds hold, everything is received, nobody is locked out (ASVS V2.4.1, V4.1.3; I15)."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Notice, SoughtRequest, SubjectRequest
from tests.conftest import NOW, SAM, World
from tests.portal.conftest import begin, page_of

File = Callable[..., SubjectRequest]


def files(browser: Client, number: int) -> SubjectRequest:
    base = "/joypix/ask/access/"
    begin(browser, base)
    for question, given in (("email", {"email": f"p{number}@example.com"}), ("identities", {}), ("details", {})):
        browser.post(f"{base}{question}/", given)
    answer = browser.post(f"{base}check/")
    return SubjectRequest.objects.get(reference=answer["Location"].split("/")[3])


def test_ten_times_the_load_from_one_address_is_received_and_served_later(db: None, settings: Settings) -> None:
    settings.DSR_LIMITS = {"filed-from-address": "3/hour"}
    flood = [files(Client(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}"), number) for number in range(30)]
    assert {each.state for each in flood} == {State.RECEIVED}
    assert {each.received_at for each in flood} == {NOW}  # the dates run from the receipt, not from the code
    waits = [notice.not_before - NOW for notice in Notice.objects.order_by("created_at", "not_before")]
    minutes = sorted(wait.total_seconds() / 60 for wait in waits)
    assert minutes == sorted(float(number // 3) for number in range(30))
    other = files(Client(REMOTE_ADDR="198.51.100.7"), 99)
    assert other.notices.get().not_before == NOW  # another connection does not wait for it


@pytest.mark.parametrize("what", ["filed-for-identifier", "filed-at-controller", "filed"])
def test_one_mailbox_one_controller_and_the_whole_house_have_limits_of_their_own(
    sam: Client, file: File, settings: Settings, what: str
) -> None:
    settings.DSR_LIMITS = {what: "1/hour"}
    file()
    sam.defaults["REMOTE_ADDR"] = "198.51.100.7"
    later = file()
    assert (later.notices.get().not_before - NOW).total_seconds() == 60
    assert "its dates run" in sam.get(page_of(later, "prove/")).content.decode()


def test_who_guesses_codes_waits_and_sam_on_another_connection_does_not(
    world: World, clock: time_machine.Traveller
) -> None:
    mallory = Client(REMOTE_ADDR="192.0.2.1")
    sams = world.file(Right.ACCESS)
    others = world.file(Right.ACCESS, email="other@example.com")
    code = world.code()
    for number in range(30):
        path = f"/joypix/requests/{others.reference if number else 'ZZZ-ZZZ-ZZZ'}/prove/"
        mallory.post(path, {"code": "ABCDEFGH"}, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    answer = mallory.post(page_of(sams, "prove/"), {"code": "ABCDEFGH"})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "You can go on in <strong>15 minutes</strong>" in answer.content.decode()
    assert "Nothing is lost" in answer.content.decode()
    assert f'<a class="govuk-link" href="{page_of(sams, "prove/")}">' in answer.content.decode()  # the way back
    browser = Client(REMOTE_ADDR="198.51.100.7")
    browser.post(page_of(others, "prove/"), {"code": code})
    assert mallory.get("/joypix/").status_code == 200
    clock.move_to(world.later(minutes=16))
    assert mallory.post(page_of(sams, "prove/"), {"code": "ABCDEFGH"}).status_code == 200


def test_sign_in_codes_that_many_ask_for_come_later_and_still_come(db: None) -> None:
    browser = Client(REMOTE_ADDR="192.0.2.1")
    for number in range(10):
        browser.post("/joypix/sign-in/", {"email": SAM if number else "first@example.com"})
    assert browser.post("/joypix/sign-in/", {"email": "last@example.com"}).status_code == 302


def test_who_looks_for_requests_too_often_waits_whether_what_is_typed_fits_or_not(
    world: World, clock: time_machine.Traveller
) -> None:
    mallory = Client(REMOTE_ADDR="192.0.2.1")
    own = world.file(Right.ACCESS)
    typed = [{"reference": own.reference, "email": SAM}, {"reference": "ZZZ-ZZZ-ZZZ", "email": "m@example.com"}]
    told = [mallory.post("/joypix/find/", typed[number % 2]).status_code for number in range(32)]
    assert told == [302] * 30 + [429] * 2
    assert SoughtRequest.objects.count() == 30
    assert Client(REMOTE_ADDR="198.51.100.7").post("/joypix/find/", typed[0]).status_code == 302
    clock.move_to(world.later(minutes=61))
    assert mallory.post("/joypix/find/", typed[0]).status_code == 302


def test_a_document_too_many_waits_and_the_answers_are_kept(sam: Client, settings: Settings, db: None) -> None:
    settings.DSR_LIMITS = {"documents-from-address": "1/hour"}
    base = "/joypix/ask/access/"
    begin(sam, base, "guardian")
    for question, given in (
        ("guardian", {"name": "Greta Ortiz", "own_email": "greta@example.com"}),
        ("child", {"email": "kim@example.com"}),
        ("details", {}),
    ):
        assert sam.post(f"{base}{question}/", given).status_code == 302
    assert sam.post(f"{base}check/", {}).status_code == 200
    assert sam.post(f"{base}check/", {}).status_code == 429
    assert "greta@example.com" in sam.get(f"{base}check/").content.decode()
