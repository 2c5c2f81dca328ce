"""Who may decide what on the desk, and what a decision needs."""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts import staff
from accounts.models import Membership, Role
from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.work import ItemState, Kind
from dsr.models import Approval, Event, PlanItem, SubjectRequest
from dsr.steps.deciding import review
from tests.conftest import World

Browser = Callable[..., Client]
SignIn = Callable[[str], Client]
REVIEWERS = {Role.AGENT, Role.PRIVACY_OFFICER}
APPROVERS = {Role.APPROVER, Role.PRIVACY_OFFICER}


def act(client: Client, subject_request: SubjectRequest, name: str, **filled: str) -> HttpResponse:
    answer = client.post(f"/desk/requests/{subject_request.reference}/{name}/", filled)
    subject_request.refresh_from_db()
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize("role", Role)
def test_only_reviewers_accept(browser: Browser, to_review: SubjectRequest, role: Role) -> None:
    answer = act(browser(role), to_review, "accept")
    assert answer.status_code == (302 if role in REVIEWERS else 403)
    assert to_review.state == ("accepted" if role in REVIEWERS else "verified")


@pytest.mark.parametrize("role", Role)
def test_only_reviewers_refuse(browser: Browser, to_review: SubjectRequest, role: Role) -> None:
    answer = act(browser(role), to_review, "refuse", ground=Ground.NOT_IDENTIFIABLE)
    assert answer.status_code == (302 if role in REVIEWERS else 403)
    assert to_review.ground == (Ground.NOT_IDENTIFIABLE if role in REVIEWERS else "")


@pytest.mark.parametrize("role", Role)
def test_only_reviewers_take(browser: Browser, to_review: SubjectRequest, role: Role) -> None:
    answer = act(browser(role), to_review, "take")
    assert answer.status_code == (302 if role in REVIEWERS else 403)
    assert (to_review.owner is not None) == (role in REVIEWERS)


@pytest.mark.parametrize("role", Role)
def test_only_reviewers_answer(browser: Browser, to_answer: SubjectRequest, role: Role) -> None:
    answer = act(browser(role), to_answer, "answer", text="Because you asked us to.")
    assert answer.status_code == (302 if role in REVIEWERS else 403)
    assert to_answer.answer() == ("Because you asked us to." if role in REVIEWERS else "")


@pytest.mark.parametrize("role", Role)
def test_only_approvers_approve(browser: Browser, to_approve: SubjectRequest, role: Role) -> None:
    digest = to_approve.manifest.digest
    answer = act(browser(role), to_approve, "approve", digest=digest)
    assert answer.status_code == (302 if role in APPROVERS else 403)
    assert Approval.objects.filter(digest=digest).exists() == (role in APPROVERS)


def test_who_accepted_an_erasure_does_not_approve_it(to_approve: SubjectRequest, sign_in: SignIn, dana: Actor) -> None:
    Membership.objects.create(staff_id=dana.id, controller="joypix", role=Role.PRIVACY_OFFICER)
    client = sign_in("dana")
    answer = act(client, to_approve, "approve", digest=to_approve.manifest.digest)
    assert answer.status_code == 403
    assert to_approve.state == "searched"
    page = client.get(f"/desk/requests/{to_approve.reference}/").content.decode()
    assert "A second person has to approve: you accepted this request." in page


def test_another_manifest_than_the_one_seen_is_not_approved(browser: Browser, to_approve: SubjectRequest) -> None:
    answer = act(browser(Role.APPROVER), to_approve, "approve", digest="0" * 64)
    assert answer.status_code == 409
    assert "Look at it again" in answer.content.decode()
    assert to_approve.state == "searched"


@pytest.mark.parametrize("ground", ["", "because"])
def test_a_refusal_needs_a_ground_of_the_law(browser: Browser, to_review: SubjectRequest, ground: str) -> None:
    answer = act(browser(Role.AGENT), to_review, "refuse", ground=ground)
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    assert to_review.state == "verified"


def test_an_error_of_a_group_of_choices_belongs_to_the_group_and_leads_into_it(
    browser: Browser, to_review: SubjectRequest
) -> None:
    page = act(browser(Role.AGENT), to_review, "refuse", ground="").content.decode()
    group = re.search(r'<fieldset class="desk-field" aria-describedby="([^"]+)">', page)
    assert group is not None
    assert [f'id="{name}"' in page for name in group[1].split()] == [True] * len(group[1].split())
    assert "id_ground_error" in group[1]
    assert 'href="#id_ground_0"' in page
    assert 'id="id_ground_0"' in page


def test_an_answer_that_comes_too_late_is_not_lost(
    browser: Browser, to_answer: SubjectRequest, dana: Actor, world: World
) -> None:
    client = browser(Role.AGENT)
    review.refuse(to_answer, ground=Ground.NOT_A_REQUEST, by=dana, at=world.at)
    answer = act(client, to_answer, "answer", text="My careful words.")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "My careful words." in page
    assert "There is a problem" in page


def test_the_second_of_two_who_accept_is_told_so(browser: Browser, to_review: SubjectRequest) -> None:
    first, second = browser(Role.AGENT), browser(Role.PRIVACY_OFFICER)
    act(first, to_review, "accept")
    answer = act(second, to_review, "accept")
    assert answer.status_code == 409
    assert Event.objects.filter(tag="request:accepted").count() == 1


def test_the_second_of_two_who_take_is_told_so(browser: Browser, to_review: SubjectRequest) -> None:
    first, second = browser(Role.AGENT), browser(Role.PRIVACY_OFFICER)
    act(first, to_review, "take")
    owner = to_review.owner
    act(second, to_review, "take")
    page = second.get(f"/desk/requests/{to_review.reference}/").content.decode()
    assert "This request has an owner already." in page
    assert to_review.owner == owner


@pytest.mark.parametrize("name", ["accept", "refuse", "answer", "approve", "nonsense", "take"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_for_staff_of_another_controller_a_request_does_not_exist(
    browser: Browser, to_review: SubjectRequest, name: str, method: str
) -> None:
    client = browser(Role.PRIVACY_OFFICER, "pixplus")
    # A button's address leads whoever opens it to the request's page, which is not there for them either.
    answer = getattr(client, method)(f"/desk/requests/{to_review.reference}/{name}/", follow=True)
    assert answer.status_code == 404
    assert client.get(f"/desk/requests/{to_review.reference}/").status_code == 404
    to_review.refresh_from_db()
    assert (to_review.state, to_review.owner) == ("verified", None)


def test_a_role_that_is_taken_away_is_gone_with_the_next_click(browser: Browser, to_review: SubjectRequest) -> None:
    client = browser(Role.AGENT)
    Membership.objects.filter(role=Role.AGENT).delete()
    assert act(client, to_review, "accept").status_code == 404
    assert to_review.state == "verified"


def failed_item(to_review: SubjectRequest, dana: Actor, world: World) -> PlanItem:
    review.accept(to_review, by=dana, at=world.at)
    item = PlanItem.objects.filter(kind=Kind.FIND).first()
    assert item is not None
    PlanItem.objects.filter(pk=item.pk).update(state=ItemState.QUARANTINED, note="It said 500.")
    return item


@pytest.mark.parametrize("role", Role)
def test_only_who_operates_sends_an_item_back_to_work(
    browser: Browser, to_review: SubjectRequest, dana: Actor, world: World, role: Role
) -> None:
    item = failed_item(to_review, dana, world)
    answer = browser(role).post(f"/desk/requests/{to_review.reference}/items/{item.pk}/retry/")
    item.refresh_from_db()
    operates = role in {Role.AGENT, Role.PRIVACY_OFFICER, Role.ENGINEER}
    assert answer.status_code == (302 if operates else 403)
    assert item.state == (ItemState.READY if operates else ItemState.QUARANTINED)


def test_leaving_a_system_out_needs_a_reason(
    browser: Browser, to_review: SubjectRequest, dana: Actor, world: World
) -> None:
    item = failed_item(to_review, dana, world)
    client = browser(Role.AGENT)
    url = f"/desk/requests/{to_review.reference}/items/{item.pk}/exclude/"
    assert "There is a problem" in client.post(url, {"reason": ""}).content.decode()
    assert client.post(url, {"reason": "The vendor has closed."}).status_code == 302
    item.refresh_from_db()
    assert (item.state, item.outcome, item.note) == ("done", "failed", "The vendor has closed.")


def test_an_item_of_another_request_is_not_reached_through_this_one(
    browser: Browser, to_review: SubjectRequest, to_answer: SubjectRequest, dana: Actor, world: World
) -> None:
    item = failed_item(to_review, dana, world)
    answer = browser(Role.AGENT).post(f"/desk/requests/{to_answer.reference}/items/{item.pk}/retry/")
    assert answer.status_code == 404


def test_what_is_decided_already_is_not_offered_again(browser: Browser, to_answer: SubjectRequest) -> None:
    answer = browser(Role.AGENT).get(f"/desk/requests/{to_answer.reference}/accept/")
    assert answer.headers["Location"] == f"/desk/requests/{to_answer.reference}/"


def test_an_administrator_without_a_role_sees_no_request(sign_in: SignIn, to_review: SubjectRequest) -> None:
    staff.add("root", "Root", [], administrator=True)
    client = sign_in("root")
    assert client.get(f"/desk/requests/{to_review.reference}/").status_code == 404
    assert to_review.reference not in client.get("/desk/").content.decode()
