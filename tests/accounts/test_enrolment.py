"""A link lets staff choose their password and second factor; a reset never drops the one that it does not set."""

import base64
import re
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import recovery, staff
from accounts.authenticator import codes
from accounts.models import Authenticator, Invitation, RecoveryCode, Role, Staff
from accounts.staff import NewStaff
from dsr.sealing.fields import Unsealable

pytestmark = pytest.mark.django_db
GOOD = "seven herons borrowed it"


def link(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue().strip().removeprefix("http://127.0.0.1:8000")


@pytest.fixture
def invited() -> str:
    return link("add_staff", "root", "--name", "Root", "--administrator")


@pytest.fixture
def dana() -> NewStaff:
    return staff.add("dana", "Dana Reyes", [("joypix", Role.AGENT)])


def opened(path: str) -> tuple[Client, str]:
    """A browser that followed the link, and the key that its page shows."""
    client = Client()
    page = client.get(path, follow=True).content.decode()
    found = re.search(r"Key: <code>([A-Z2-7]+)</code>", page)
    return client, found[1] if found else ""


def code_of(key: str) -> str:
    return f"{codes(base64.b32decode(key).hex()).token():06d}"


def enrol(path: str, password: str = GOOD, code: str = "") -> tuple[Client, HttpResponse]:
    client, key = opened(path)
    typed = {"password": password, "again": password, "token": code or code_of(key)}
    answer = client.post("/desk/enrol/", typed)
    assert isinstance(answer, HttpResponse)
    return client, answer


def signs_in(name: str, password: str, token: str) -> bool:
    client = Client()
    client.post("/desk/login/", {"username": name, "password": password, "token": token})
    return client.get("/desk/account/").status_code == 302 and "_auth_user_id" in client.session


def test_the_first_administrator_enrols_by_the_link_of_a_command_and_is_let_in(invited: str) -> None:
    _, answer = enrol(invited)
    shown = re.findall(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", answer.content.decode())
    assert len(shown) == 10
    assert signs_in("root", GOOD, staff.demo_code("root"))
    assert signs_in("root", GOOD, shown[0])
    assert not signs_in("root", GOOD, shown[0])
    assert Staff.objects.get().is_superuser


def test_the_link_opens_once_and_stands_in_no_address_and_no_table(invited: str) -> None:
    token = invited.split("/")[-2]
    assert token not in str([*Invitation.objects.values()])
    client = Client()
    assert client.get(invited).headers["Location"] == "/desk/enrol/"
    page = client.get("/desk/enrol/")
    assert page.headers["Cache-Control"].count("no-store") == 1
    assert 'fill="#fff"' in page.content.decode()  # cameras read dark on light, on a dark page too
    for _ in range(3):  # a scanner looks at it, and spends nothing
        Client().get(invited)
    enrol(invited)
    assert Client().get(invited, follow=True).status_code == 410
    assert client.post("/desk/enrol/", {"password": GOOD, "again": GOOD, "token": "000000"}).status_code == 410


def test_the_token_of_a_link_stands_in_no_log(invited: str, caplog: pytest.LogCaptureFixture) -> None:
    Client().post(invited)  # no such method, which is logged with its address
    assert "/desk/enrol/…" in caplog.text
    assert invited.split("/")[-2] not in caplog.text


@pytest.mark.parametrize("days", [3, 30])
def test_a_link_ends(invited: str, days: int) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        assert Client().get(invited, follow=True).status_code == 410


def test_a_password_without_a_right_code_enrols_nobody_and_five_tries_end_the_link(invited: str) -> None:
    for _ in range(5):
        enrol(invited, code="000000x")
    assert Client().get(invited, follow=True).status_code == 410
    assert not Staff.objects.get().has_usable_password()
    assert not Authenticator.objects.exists()


def test_a_password_that_is_guessed_first_is_not_taken(invited: str) -> None:
    _, answer = enrol(invited, password="Password123")
    assert "guessed first" in answer.content.decode()
    assert not Staff.objects.get().has_usable_password()


def test_a_new_password_asks_for_the_second_factor_and_leaves_it_as_it_is(dana: NewStaff) -> None:
    before = Authenticator.objects.get().seed_sealed
    path = link("reset_staff", "dana", "password")
    _, wrong = enrol(path, code="000000")
    assert "The code is not right" in wrong.content.decode()
    assert Staff.objects.get().check_password(dana.password)

    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        _, answer = enrol(path, code=staff.demo_code("dana"))

    assert answer.headers["Location"] == "/desk/login/"
    assert Staff.objects.get().check_password(GOOD)
    assert Authenticator.objects.get().seed_sealed == before


def test_a_new_second_factor_asks_for_the_password_and_ends_the_old_one(dana: NewStaff) -> None:
    before = Authenticator.objects.get().seed_sealed
    path = link("reset_staff", "dana", "factor")
    client, key = opened(path)
    wrong = client.post("/desk/enrol/", {"present": "wrong", "token": code_of(key)})
    assert "The password or the code is not right" in wrong.content.decode()
    assert Authenticator.objects.get().seed_sealed == before

    client.post("/desk/enrol/", {"present": dana.password, "token": code_of(key)})

    assert Authenticator.objects.get().seed_sealed != before
    assert Staff.objects.get().check_password(dana.password)
    assert signs_in("dana", dana.password, staff.demo_code("dana"))


@pytest.mark.parametrize(("who", "what"), [("dana", "enrol"), ("mallory", "password")])
def test_a_link_is_made_for_who_has_use_for_it(dana: NewStaff, who: str, what: str) -> None:
    with pytest.raises(CommandError):
        link("reset_staff", who, what)


def test_recovery_codes_lie_hashed_and_new_ones_end_the_old(dana: NewStaff) -> None:
    member = Staff.objects.get()
    old, new = recovery.issue(member), recovery.issue(member)
    assert RecoveryCode.objects.count() == 10
    assert not any(code.replace("-", "") in str([*RecoveryCode.objects.values()]) for code in new)
    assert not signs_in("dana", dana.password, old[0])
    assert signs_in("dana", dana.password, new[0].upper().replace("-", " "))


def test_the_seed_of_a_second_factor_is_sealed_and_opens_for_its_owner_alone(dana: NewStaff) -> None:
    staff.add("eli", "Eli Brandt", [])
    mine, theirs = Authenticator.objects.order_by("pk")
    secret = dana.otpauth.partition("secret=")[2].partition("&")[0]
    assert secret not in str([*Authenticator.objects.values()])
    theirs.seed_sealed = mine.seed_sealed
    with pytest.raises(Unsealable):
        theirs.totp()
