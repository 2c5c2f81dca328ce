"""What is grave takes a second factor of the last five minutes; nobody works here before they know their duty."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import recovery, staff
from accounts.models import Staff
from dsr.desk import confidentiality, stepping
from dsr.desk.acts import ACTS
from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.models import Event, SubjectRequest
from dsr.steps.permissions import Duty
from dsr.steps.recording import sequencer
from tests.conftest import World

SignIn = Callable[[str], Client]


def aged(client: Client) -> Client:
    """Their one-time code is as old as their session: six minutes."""
    session = client.session
    session["factor_at"] -= 6 * 60
    session.save()
    return client


def test_an_approval_asks_for_a_new_code_and_goes_on_with_what_was_typed(
    to_approve: SubjectRequest, eli: Actor, sign_in: SignIn
) -> None:
    client, place = aged(sign_in("eli")), f"/desk/requests/{to_approve.reference}/approve/"
    digest = to_approve.manifest.digest
    assert client.get(place).status_code == 200  # looking is not grave

    asked = client.post(place, {"digest": digest})
    assert asked.status_code == 403
    assert f'name="digest" value="{digest}"' in asked.content.decode()
    back = f'<a href="/desk/requests/{to_approve.reference}/">Back, without doing it</a>'
    assert back in asked.content.decode()
    wrong = client.post(place, {"digest": digest, stepping.CODE: "0000000"})
    assert "The code is not right" in wrong.content.decode()
    to_approve.refresh_from_db()
    assert to_approve.state == State.SEARCHED

    key, spare = client.session.session_key, Staff.objects.get(pk=eli.id)
    code = recovery.issue(spare)[0]  # codes of the app wait after a wrong one
    assert client.post(place, {"digest": digest, stepping.CODE: code}).status_code == 302
    to_approve.refresh_from_db()
    assert to_approve.state == State.APPROVED
    assert client.session.session_key != key
    told = Event.objects.filter(tag__startswith="staff:step", controller="joypix").order_by("id")
    assert [event.tag for event in told] == ["staff:step-up-failed", "staff:stepped-up"]


def test_every_act_that_takes_a_second_person_is_grave() -> None:
    assert {act.slug for act in ACTS.values() if act.duty is Duty.APPROVE and not act.grave} == set()
    assert {"approve", "hand-over", "give-up", "refuse"} <= {act.slug for act in ACTS.values() if act.grave}
    assert not ACTS["accept"].grave


@pytest.mark.parametrize("place", ["audit/joypix/", "requests/{}/timeline/", "account/recovery-codes/"])
def test_the_record_leaves_for_a_new_code_only(
    place: str, to_review: SubjectRequest, world: World, ada: Actor, sign_in: SignIn
) -> None:
    sequencer.sequence(at=world.at)
    client = aged(sign_in("ada"))
    where = f"/desk/{place.format(to_review.reference)}"
    assert "Give your second factor again" in client.post(where).content.decode()
    answer = client.post(where, {stepping.CODE: staff.demo_code("ada")})
    assert "Give your second factor again" not in b"".join(answer).decode()


def test_roles_are_given_with_a_new_code_only(dana: Actor, sign_in: SignIn) -> None:
    staff.add("root", "Root", [], administrator=True)
    client, where = aged(sign_in("root")), f"/desk/accounts/staff/{dana.id}/change/"
    assert client.get(where).status_code == 200
    form = {"first_name": "Mallory", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    assert client.post(where, form).status_code == 403
    assert Staff.objects.get(pk=dana.id).first_name == "Dana"


def test_nobody_sees_anything_before_they_acknowledged_confidentiality(
    to_review: SubjectRequest, dana: Actor, sign_in: SignIn
) -> None:
    """J13, at the first sign-in, and again when the text is another."""
    client = sign_in("dana")
    Staff.objects.filter(pk=dana.id).update(confidential="2020-01")
    pages = ["/desk/", f"/desk/requests/{to_review.reference}/", "/desk/account/", "/desk/dsr/event/"]
    answers = [*map(client.get, pages), client.post(f"/desk/requests/{to_review.reference}/take/")]
    assert {answer.headers.get("Location") for answer in answers} == {"/desk/confidentiality/"}
    assert "You tell nobody what you see here" in client.get("/desk/confidentiality/").content.decode()

    client.post("/desk/confidentiality/")
    client.post("/desk/confidentiality/")

    assert client.get("/desk/").status_code == 200
    told = Event.objects.filter(tag="staff:confidentiality-acknowledged", controller="joypix")
    assert [event.details for event in told] == [{"staff": dana.id, "edition": confidentiality.EDITION}]
