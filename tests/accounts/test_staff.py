"""Staff are made with both factors, shown once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import staff
from accounts.models import Authenticator, Membership, Role, Staff

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_new_staff_get_roles_and_a_link_and_no_password_at_all() -> None:
    printed = run("add_staff", "dana", "--name", "Dana Reviewer", "--role", "joypix:agent", "--role", "pixplus:agent")
    dana = Staff.objects.get(username="dana")
    assert dana.get_full_name() == "Dana Reviewer"
    assert sorted(map(str, dana.memberships.all())) == ["joypix: agent", "pixplus: agent"]
    assert printed.startswith("http://127.0.0.1:8000/desk/enrol/")
    assert len(printed.split()) == 1
    assert not dana.has_usable_password()
    assert not Authenticator.objects.exists()


def test_nobody_is_overwritten() -> None:
    staff.add("dana", "Dana Reviewer", [("joypix", Role.AGENT)])
    before = Staff.objects.get(username="dana").password
    with pytest.raises(CommandError, match="there is a staff member 'dana' already"):
        run("add_staff", "dana", "--name", "Mallory", "--role", "pixplus:approver")
    assert Staff.objects.get(username="dana").password == before
    assert not Membership.objects.filter(controller="pixplus").exists()


@pytest.mark.parametrize("role", ["joypix", "joypix:boss", ":agent", "Joy Pix:agent"])
def test_a_role_that_is_none_makes_nobody(role: str) -> None:
    with pytest.raises(CommandError):
        run("add_staff", "dana", "--name", "Dana", "--role", role)
    assert not Staff.objects.exists()


def test_a_name_that_is_none_makes_nobody() -> None:
    with pytest.raises(staff.NotAdded):
        staff.add("dana <b>", "Dana", [("joypix", Role.AGENT)])
    assert not Staff.objects.exists()


def test_two_staff_members_share_no_secret() -> None:
    one, other = (staff.add(name, name, [("joypix", Role.AGENT)]) for name in ("dana", "eli"))
    assert one.password != other.password
    assert len(one.password) >= 20
    assert one.otpauth.split("secret=")[1][:32] != other.otpauth.split("secret=")[1][:32]


def test_codes_are_printed_in_the_demo_only() -> None:
    staff.add("dana", "Dana", [("joypix", Role.AGENT)])
    with pytest.raises(CommandError, match="demo mode only"):
        run("code", "dana")


def test_the_demo_prints_a_code_that_is_good(settings: Settings) -> None:
    settings.DSR_DEMO = True
    staff.add("dana", "Dana", [("joypix", Role.AGENT)])
    code = run("code", "dana").strip()
    assert Authenticator.objects.get().verify_token(code)


def test_asking_for_a_code_spends_nothing() -> None:
    staff.add("dana", "Dana", [("joypix", Role.AGENT)])
    before = Authenticator.objects.values().get()
    staff.demo_code("dana")
    assert Authenticator.objects.values().get() == before


def test_after_a_spent_code_the_next_one_is_good_at_once() -> None:
    staff.add("dana", "Dana", [("joypix", Role.AGENT)])
    for _ in range(3):
        assert Authenticator.objects.get().verify_token(staff.demo_code("dana"))


def test_a_code_of_nobody_is_an_error(settings: Settings) -> None:
    settings.DSR_DEMO = True
    with pytest.raises(CommandError, match="no staff member 'mallory'"):
        run("code", "mallory")
