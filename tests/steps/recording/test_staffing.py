"""What happens to staff accounts stands in the record, by number and never by name."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.dispatch import Signal
from django.test import Client

from accounts import signals, staff
from accounts.models import Authenticator, Membership, Role, Staff
from accounts.staff import NewStaff
from dsr.law.actors import Actor
from dsr.models import Event, EventSecret
from dsr.steps.recording import staffing
from tests.conftest import SAM

SignIn = Callable[[str], Client]


@pytest.fixture
def made(db: None) -> NewStaff:
    """Dana of JoyPix."""
    return staff.add("dana", "Dana Reyes", [("joypix", Role.AGENT)])


def written(tag: str) -> list[tuple[str, str, object]]:
    return [(event.controller, event.actor, event.details) for event in Event.objects.filter(tag=tag)]


def number() -> str:
    return str(Staff.objects.get(username="dana").pk)


def attempt(client: Client, password: str, token: str, username: str = "dana") -> None:
    client.post("/desk/login/", {"username": username, "password": password, "token": token})


def test_a_new_colleague_is_added_with_a_role_and_a_second_factor(made: NewStaff) -> None:
    assert written("staff:added") == [("", "portal", {"staff": number()})]
    assert written("staff:role-given") == [("joypix", "portal", {"staff": number(), "role": "agent"})]
    assert written("staff:second-factor-added") == [("joypix", "portal", {"staff": number()})]
    assert written("staff:password-set") == []


def test_a_sign_in_and_a_sign_out_are_events(client: Client, made: NewStaff) -> None:
    attempt(client, made.password, staff.demo_code("dana"))
    client.post("/desk/logout/")
    by_dana = [("joypix", f"staff:{number()}", {"staff": number()})]
    assert written("staff:signed-in") == written("staff:signed-out") == by_dana


@pytest.mark.parametrize("wrong", ["password", "code", "name"])
def test_a_failed_sign_in_is_an_event_that_tells_nothing_that_was_typed(
    client: Client, made: NewStaff, wrong: str
) -> None:
    password = "hunter2hunter2" if wrong == "password" else made.password
    attempt(client, password, "0000000", "hunter2" if wrong == "name" else "dana")
    known = [] if wrong == "name" else [("joypix", "portal", {"staff": number()})]
    assert written("staff:sign-in-failed") == (known or [("", "portal", {})])
    assert "hunter2" not in str(list(Event.objects.values()))


def test_an_administrator_changes_roles_and_closes_an_account_under_their_own_number(
    made: NewStaff, sign_in: SignIn
) -> None:
    staff.add("root", "Root", [], administrator=True)
    held = Membership.objects.get(staff_id=number())
    form = {
        "first_name": "Dana",
        "last_name": "Reyes",
        "memberships-TOTAL_FORMS": "2",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(held.pk),
        "memberships-0-staff": number(),
        "memberships-0-controller": "joypix",
        "memberships-0-role": "approver",
        "memberships-1-staff": number(),
        "memberships-1-controller": "pixplus",
        "memberships-1-role": "agent",
    }
    assert sign_in("root").post(f"/desk/accounts/staff/{number()}/change/", form).status_code == 302
    root = f"staff:{Staff.objects.get(username='root').pk}"
    assert written("staff:role-taken") == [("joypix", root, {"staff": number(), "role": "agent"})]
    assert written("staff:role-given")[1:] == [
        ("joypix", root, {"staff": number(), "role": "approver"}),
        ("pixplus", root, {"staff": number(), "role": "agent"}),
    ]
    assert [(slug, by) for slug, by, _ in written("staff:closed")] == [("joypix", root)]
    assert written("staff:renamed") == []


def test_a_role_that_is_taken_away_is_an_event_of_its_controller(made: NewStaff, sign_in: SignIn) -> None:
    staff.add("root", "Root", [], administrator=True)
    held = Membership.objects.get(staff_id=number())
    form = {
        "first_name": "Dana",
        "last_name": "Reyes",
        "is_active": "on",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(held.pk),
        "memberships-0-staff": number(),
        "memberships-0-controller": "joypix",
        "memberships-0-role": "agent",
        "memberships-0-DELETE": "on",
    }
    sign_in("root").post(f"/desk/accounts/staff/{number()}/change/", form)
    assert [(slug, told) for slug, _, told in written("staff:role-taken")] == [
        ("joypix", {"staff": number(), "role": "agent"})
    ]


def test_a_new_password_and_a_lost_second_factor_are_events(made: NewStaff) -> None:
    dana = Staff.objects.get(username="dana")
    dana.set_password("another long password")
    dana.save()
    dana.save()
    Authenticator.objects.get(user=dana).delete()
    assert len(written("staff:password-set")) == 1
    assert len(written("staff:second-factor-removed")) == 1


def test_what_cannot_be_written_into_the_record_does_not_happen(made: NewStaff) -> None:
    def refuse(**_: object) -> None:
        raise RuntimeError

    signals.password_set.connect(refuse)
    try:
        dana = Staff.objects.get(username="dana")
        before = dana.password
        dana.set_password("another long password")
        with pytest.raises(RuntimeError), transaction.atomic():
            dana.save()
    finally:
        signals.password_set.disconnect(refuse)
    assert Staff.objects.get(username="dana").password == before
    assert written("staff:password-set") == []


def test_every_signal_of_the_accounts_is_recorded() -> None:
    of_accounts = {name for name, thing in vars(signals).items() if isinstance(thing, Signal)}
    assert len(staffing.TAGS) == len(of_accounts)


def test_searching_for_somebody_is_an_event_of_each_controller_without_the_address(
    dana: Actor, sign_in: SignIn
) -> None:
    sign_in("dana").post("/desk/find/", {"sought": SAM})
    events = Event.objects.filter(tag="desk:searched").order_by("controller")
    assert [(event.controller, event.actor, event.details) for event in events] == [
        ("joypix", str(dana), {"kind": "email"}),
        ("pixplus", str(dana), {"kind": "email"}),
    ]
    assert all(event.commitment for event in events)
    assert SAM not in str([list(Event.objects.values()), list(EventSecret.objects.values())])
    assert [event.secret.values() for event in events] == [{"sought": SAM}] * 2
