"""Nobody can lock out a member of staff by trying (ASVS V6.3.1)."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import staff
from accounts.models import Role


@pytest.fixture
def secret(db: None) -> str:
    return staff.add("dana", "Dana", [("joypix", Role.AGENT)]).password


def tries(browser: Client, password: str, code: str, name: str = "dana") -> int:
    answer = browser.post("/desk/login/", {"username": name, "password": password, "token": code})
    return int(answer.status_code)


def test_after_a_hundred_wrong_tries_from_ten_addresses_the_owner_still_signs_in(secret: str) -> None:
    codes = {
        tries(Client(REMOTE_ADDR=f"192.0.2.{number % 10}"), "wrong password, long enough", "123456")
        for number in range(100)
    }
    assert codes == {200}
    owner = Client(REMOTE_ADDR="198.51.100.7")
    assert tries(owner, secret, staff.demo_code("dana")) == 302


def test_who_tries_too_often_waits_whatever_they_write_into_forwarded_for(secret: str, settings: Settings) -> None:
    settings.DSR_LIMITS = {"staff-from-address": "5/15minute"}
    browser = Client(REMOTE_ADDR="192.0.2.1")
    answers = [
        browser.post("/desk/login/", {}, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}").status_code for number in range(6)
    ]
    assert answers == [200] * 5 + [429]
    late = browser.post("/desk/login/", {"username": "dana", "password": secret, "token": staff.demo_code("dana")})
    assert late.status_code == 429
    assert 0 < int(late["Retry-After"]) <= 900
    assert browser.get("/desk/login/").status_code == 200


def test_a_browser_that_signed_in_before_is_not_kept_out_by_its_neighbour(secret: str, settings: Settings) -> None:
    settings.DSR_LIMITS = {"staff-from-address": "5/15minute"}
    danas = Client(REMOTE_ADDR="192.0.2.1")
    assert tries(danas, secret, staff.demo_code("dana")) == 302
    neighbour = Client(REMOTE_ADDR="192.0.2.1")
    assert [tries(neighbour, "wrong", "123456") for _ in range(5)][-1] == 429
    neighbour.cookies["known"] = danas.cookies["known"].value + "x"  # a forged one is none
    assert tries(neighbour, "wrong", "123456") == 429
    assert tries(danas, "wrong", "123456") == 200
    assert tries(danas, "wrong", "123456", name="eli") == 429  # it is known for one name
