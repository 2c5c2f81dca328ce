"""Staff sign in with a password and a one-time code, or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts import recovery, staff
from accounts.models import Authenticator, Role, Staff
from accounts.staff import NewStaff
from dsr.desk import confidentiality

LOGIN = "/desk/login/"


@pytest.fixture
def dana(db: None) -> NewStaff:
    return staff.add("dana", "Dana Reviewer", [("joypix", Role.AGENT)])


def attempt(client: Client, password: str, token: str, **more: str) -> HttpResponse:
    answer = client.post(LOGIN, {"username": "dana", "password": password, "token": token, **more})
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.fixture(autouse=True)
def knows_the_duty(dana: NewStaff) -> None:
    Staff.objects.update(confidential=confidentiality.EDITION)


def inside(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def test_dana_signs_in_with_password_and_code(client: Client, dana: NewStaff) -> None:
    answer = attempt(client, dana.password, staff.demo_code("dana"))
    assert answer.headers["Location"] == "/desk/"
    assert inside(client)


def test_a_code_may_be_typed_with_spaces(client: Client, dana: NewStaff) -> None:
    code = staff.demo_code("dana")
    attempt(client, dana.password, f" {code[:3]} {code[3:]} ")
    assert inside(client)


@pytest.mark.parametrize("token", ["", "000000x", "abcdef"])
def test_the_right_password_without_a_right_code_opens_nothing(client: Client, dana: NewStaff, token: str) -> None:
    attempt(client, dana.password, token)
    assert not inside(client)
    assert "_auth_user_id" not in client.session


def test_mallory_is_not_told_that_a_password_was_right(client: Client, dana: NewStaff) -> None:
    wrong_code = attempt(client, dana.password, "0000000").content.decode()
    wrong_password = attempt(client, "wrong", "0000000").content.decode()
    sentence = "The name, the password or the one-time code is not right."
    assert sentence in wrong_code
    assert sentence in wrong_password


def test_a_missing_code_tells_nothing_about_the_password(client: Client, dana: NewStaff) -> None:
    right, wrong = (attempt(client, password, "").content.decode() for password in (dana.password, "wrong"))
    sentence = "Enter the six digits that your authenticator app shows."
    assert sentence in right
    assert sentence in wrong
    assert "is not right" not in wrong


def test_a_right_password_is_never_confirmed(client: Client, dana: NewStaff) -> None:
    answers = {
        attempt(client, password, code).content.decode().partition("errornote")[2].partition("</div>")[0]
        for password in (dana.password, "wrong")
        for code in ("0000000", "0000001")
    }
    assert len(answers) == 1


def test_a_code_opens_one_session_only(dana: NewStaff) -> None:
    code = staff.demo_code("dana")
    browsers = Client(), Client()
    for browser in browsers:
        attempt(browser, dana.password, code)
    assert [inside(browser) for browser in browsers] == [True, False]


def test_guessing_codes_is_slowed_down(client: Client, dana: NewStaff) -> None:
    attempt(client, dana.password, "0000000")
    answer = attempt(client, dana.password, staff.demo_code("dana"))
    assert "wait a minute" in answer.content.decode()
    assert not inside(client)


def test_who_has_no_second_factor_is_told_whom_to_ask(client: Client, dana: NewStaff) -> None:
    Authenticator.objects.all().update(confirmed=False)
    answer = attempt(client, dana.password, "123456")
    assert "ask the person who made your account" in answer.content.decode()
    assert not inside(client)


def test_a_session_that_mallory_planted_is_worth_nothing_after_sign_in(client: Client, dana: NewStaff) -> None:
    client.session["planted"] = True
    client.session.save()
    client.get(LOGIN)
    before = client.session.session_key
    attempt(client, dana.password, staff.demo_code("dana"))
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_after_twelve_hours_dana_signs_in_again(client: Client, dana: NewStaff, settings: Settings) -> None:
    settings.SESSION_COOKIE_AGE = 48 * 3600  # the idle end is another matter
    start = datetime(2026, 11, 3, 9, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        attempt(client, dana.password, staff.demo_code("dana"))
        clock.shift(timedelta(hours=11, minutes=59))
        assert inside(client)
        clock.shift(timedelta(minutes=1))
        assert not inside(client)


def test_a_closed_account_is_out_at_once(client: Client, dana: NewStaff) -> None:
    attempt(client, dana.password, staff.demo_code("dana"))
    Staff.objects.update(is_active=False)
    assert not inside(client)


def test_an_account_that_is_opened_again_revives_no_session(client: Client, dana: NewStaff) -> None:
    attempt(client, dana.password, staff.demo_code("dana"))
    member = Staff.objects.get()
    for active in (False, True):
        member.is_active = active
        member.save(update_fields=["is_active"])
    assert not inside(client)


def test_after_thirty_idle_minutes_dana_signs_in_again(client: Client, dana: NewStaff) -> None:
    with time_machine.travel(datetime(2026, 11, 3, 9, tzinfo=UTC), tick=False) as clock:
        attempt(client, dana.password, staff.demo_code("dana"))
        for minutes, open_ in ((29, True), (29, True), (31, False)):
            clock.shift(timedelta(minutes=minutes))
            assert inside(client) is open_


def test_a_hundred_wrong_tries_from_ten_addresses_lock_nobody_out(client: Client, dana: NewStaff) -> None:
    for number in range(100):
        typed = {"username": "dana", "password": f"wrong {number}", "token": "000000"}
        Client(REMOTE_ADDR=f"192.0.2.{number % 10}").post(LOGIN, typed)
    attempt(client, dana.password, staff.demo_code("dana"))
    assert inside(client)


def test_who_knows_the_password_and_guesses_codes_locks_the_owner_out_of_nothing(
    client: Client, dana: NewStaff
) -> None:
    spare, _ = recovery.issue(Staff.objects.get())[:2]
    with time_machine.travel(timezone.now(), tick=False):  # the pause after a wrong code begins with a second
        for number in range(20):
            attempt(Client(REMOTE_ADDR="192.0.2.9"), dana.password, f"{number:06}")
        attempt(client, dana.password, staff.demo_code("dana"))
        assert not inside(client)  # codes of the app are slow now, for everybody
    attempt(client, dana.password, spare)
    assert inside(client)


def test_a_device_that_is_none_of_ours_is_no_second_factor(client: Client, dana: NewStaff) -> None:
    planted = TOTPDevice.objects.create(user=Staff.objects.get(), name="planted", confirmed=True)
    client.force_login(Staff.objects.get())
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = planted.persistent_id
    session.save()
    assert not inside(client)


def test_a_second_factor_that_is_taken_away_closes_the_session(client: Client, dana: NewStaff) -> None:
    attempt(client, dana.password, staff.demo_code("dana"))
    Authenticator.objects.all().delete()
    assert not inside(client)


def test_sign_in_leads_nowhere_but_to_the_desk(client: Client, dana: NewStaff) -> None:
    answer = attempt(client, dana.password, staff.demo_code("dana"), next="https://mallory.example/")
    assert answer.headers["Location"] == "/desk/"
