"""Legal holds, freezes and reports as staff see and set them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from accounts.models import Role
from dsr.law.rights import Right
from dsr.models import Event, LegalHold, SubjectRequest
from dsr.steps.deciding import blocking, review
from tests import staging
from tests.conftest import World, dana_in

Browser = Callable[..., Client]
REVIEW = datetime.now(UTC).date() + timedelta(days=365)
FILLED = {"kind": "legal", "place": "request", "reason": "Claim 114", "review_on": REVIEW.isoformat()}


def at(subject_request: SubjectRequest, under: str = "") -> str:
    return f"/desk/requests/{subject_request.reference}/{under}"


def page(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode())


@pytest.mark.parametrize("role", Role)
def test_only_reviewers_set_and_release_a_hold(browser: Browser, to_approve: SubjectRequest, role: Role) -> None:
    client = browser(role)
    reviews = role in {Role.AGENT, Role.PRIVACY_OFFICER}
    assert client.post(at(to_approve, "hold/"), FILLED).status_code == (302 if reviews else 403)
    assert LegalHold.objects.exists() == reviews
    for hold in LegalHold.objects.all():
        assert client.post(at(to_approve, f"hold/{hold.pk}/release/")).status_code == 302
        hold.refresh_from_db()
        assert hold.released_at is not None


def test_a_hold_is_shown_with_owner_reason_and_review_date(browser: Browser, to_approve: SubjectRequest) -> None:
    client = browser(Role.AGENT)
    client.post(at(to_approve, "hold/"), FILLED)
    text = page(client, at(to_approve))
    assert "Claim 114" in text
    assert "Agent-Joypix" in text
    assert f"{REVIEW:%-d %b %Y}" in text
    assert f"Set a legal hold on the request, to be reviewed on {REVIEW}" in text
    assert "Claim 114" not in page(browser(Role.ENGINEER), at(to_approve))


def test_an_approver_reads_why_a_held_manifest_is_not_approved(browser: Browser, to_approve: SubjectRequest) -> None:
    browser(Role.AGENT).post(at(to_approve, "hold/"), FILLED)
    answer = browser(Role.APPROVER).post(at(to_approve, "approve/"), {"digest": to_approve.manifest.digest})
    assert answer.status_code == 409
    assert "A legal hold stands on this request" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", ""),
        ("review_on", ""),
        ("review_on", "2020-01-01"),
        ("review_on", "2099-01-31"),
        ("email", "nobody"),
    ],
)
def test_what_is_missing_or_wrong_is_said(browser: Browser, to_approve: SubjectRequest, name: str, value: str) -> None:
    answer = browser(Role.AGENT).post(at(to_approve, "hold/"), FILLED | {name: value})
    assert "There is a problem" in answer.content.decode()
    assert not LegalHold.objects.exists()


def test_a_second_hold_of_the_same_kind_is_refused_in_words(browser: Browser, to_approve: SubjectRequest) -> None:
    client = browser(Role.AGENT)
    client.post(at(to_approve, "hold/"), FILLED)
    answer = client.post(at(to_approve, "hold/"), FILLED)
    assert answer.status_code == 409
    assert "stands here already" in answer.content.decode()


def test_a_hold_of_another_request_is_not_reached_through_this_one(
    browser: Browser, to_approve: SubjectRequest, to_answer: SubjectRequest
) -> None:
    client = browser(Role.AGENT)
    client.post(at(to_approve, "hold/"), FILLED)
    hold = LegalHold.objects.get()
    assert client.post(at(to_answer, f"hold/{hold.pk}/release/")).status_code == 404
    assert client.get(at(to_approve, f"hold/{hold.pk}/release/")).status_code == 200


def test_for_staff_of_another_controller_there_is_nothing_to_hold(browser: Browser, to_approve: SubjectRequest) -> None:
    client = browser(Role.PRIVACY_OFFICER, "pixplus")
    assert client.post(at(to_approve, "hold/"), FILLED).status_code == 404
    assert not LegalHold.objects.exists()


@staging.scene()
def report(world: World) -> SubjectRequest:
    """A compromised account, reported from its mailbox and accepted."""
    subject_request = world.file(Right.COMPROMISED_ACCOUNT, details="Somebody is in my account.")
    world.prove(subject_request)
    review.accept(subject_request, by=dana_in(), at=world.at)
    return subject_request


def test_a_report_comes_with_what_it_calls_for(browser: Browser, report: SubjectRequest) -> None:
    client = browser(Role.AGENT)
    for address in (at(report), at(report, "answer/")):
        assert "End every session of the account" in page(client, address)
    assert "Freeze" in page(client, at(report))


@pytest.mark.parametrize(("freeze", "stands"), [("release", False), ("keep", True)])
def test_the_answer_to_a_report_releases_the_freeze_or_keeps_it(
    browser: Browser, report: SubjectRequest, freeze: str, *, stands: bool
) -> None:
    client = browser(Role.AGENT)
    silent = client.post(at(report, "answer/"), {"text": "We looked."})
    assert "Say what becomes of the freeze" in silent.content.decode()
    assert client.post(at(report, "answer/"), {"text": "We looked.", "freeze": freeze}).status_code == 302
    report.refresh_from_db()
    assert report.state == "delivered"
    assert blocking.blocks_delivery(report) is stands
    tag = "hold:kept" if stands else "hold:released"
    assert Event.objects.filter(subject_request=report, tag=tag).count() == 1


def test_a_report_of_a_child_leads_to_an_erasure_in_its_name(browser: Browser, world: World) -> None:
    subject_request = world.file(Right.CHILD, details="My neighbour's child.")
    world.prove(subject_request)
    client = browser(Role.AGENT)
    address = f"/desk/intake/joypix/?right=erasure&link={subject_request.reference}"
    assert address in page(client, at(subject_request))
    form = page(client, address)
    assert '<option value="erasure" selected>' in form
    assert f'value="{subject_request.reference}"' in form
