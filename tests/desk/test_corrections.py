"""Dana decides about the values that Sam sent."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Role
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps.deciding import review
from dsr.steps.fulfilling import correctable, rectification
from tests import staging
from tests.conftest import World, dana_in
from tests.steps import scenes


@staging.scene()
def sent(world: World) -> SubjectRequest:
    """Sam has sent a new nickname, a new address and a statement."""
    subject_request = world.file(Right.RECTIFICATION, details="I married.")
    world.prove(subject_request)
    review.accept(subject_request, by=dana_in(), at=world.at)
    world.work(State.SEARCHED, subject_request)
    row = next(row for row in correctable.rows(subject_request) if row.collection == "users")
    values = {(row.place, "nickname"): "Samira"}
    rectification.propose(subject_request, values, statement="A member since 2019.", at=world.at)
    scenes.propose_address(subject_request, "samira@example.com", world.at)
    subject_request.refresh_from_db()
    return subject_request


def url(subject_request: SubjectRequest, under: str = "corrections/") -> str:
    """A page of the desk about it."""
    return f"/desk/requests/{subject_request.reference}/{under}"


def verdict(client: Client, subject_request: SubjectRequest, field: str, decision: str, words: str = "") -> int:
    """Press a button beside a value."""
    row = subject_request.corrections.get(field=field)
    answer = client.post(url(subject_request, f"corrections/{row.pk}/"), {"decision": decision, "words": words})
    return answer.status_code


@pytest.fixture
def agent(browser: Callable[..., Client]) -> Client:
    """A browser of somebody who reviews."""
    return browser(Role.AGENT)


def test_before_and_after_stand_beside_each_other_and_the_look_is_recorded(agent: Client, sent: SubjectRequest) -> None:
    page = agent.get(url(sent)).content.decode()
    for line in correctable.lines(sent):
        assert line.before in page
        assert line.proposed in page
    assert "A member since 2019." in page
    assert "I married." in page
    assert sent.events.filter(tag="request:viewed").count() == 1


def test_a_change_of_the_address_warns(agent: Client, sent: SubjectRequest) -> None:
    page = agent.get(url(sent)).content.decode()
    assert page.count("by this value the system knows the person") == 1
    assert "goes to the old address" in page


def test_an_agent_declines_a_new_address_and_never_accepts_it(agent: Client, sent: SubjectRequest) -> None:
    assert agent.get(url(sent)).content.decode().count('value="accepted"') == 1
    row = sent.corrections.get(field="email")
    answer = agent.post(url(sent, f"corrections/{row.pk}/"), {"decision": "accepted"})
    assert answer.status_code == 403
    assert "accepted by somebody who approves" in answer.content.decode()
    assert sent.corrections.get(field="email").decision == ""


def test_an_approver_accepts_a_new_address_and_nothing_else(
    browser: Callable[..., Client], sent: SubjectRequest
) -> None:
    approver = browser(Role.APPROVER)
    page = approver.get(url(sent)).content.decode()
    assert (page.count('value="accepted"'), page.count('value="declined"')) == (1, 0)
    assert verdict(approver, sent, "nickname", "accepted") == 403
    assert verdict(approver, sent, "email", "accepted") == 302


def test_the_request_says_how_many_values_wait_and_shows_none(agent: Client, sent: SubjectRequest) -> None:
    page = agent.get(url(sent, "")).content.decode()
    assert "3 to decide." in page
    assert "To decide" in page
    assert "Samira" not in page


def test_dana_accepts_one_and_declines_one_with_words(agent: Client, sent: SubjectRequest) -> None:
    assert verdict(agent, sent, "nickname", "accepted") == 302
    assert verdict(agent, sent, "email", "declined", "Prove the new address first.") == 302
    decisions = dict(sent.corrections.values_list("field", "decision"))
    assert decisions == {"nickname": "accepted", "email": "declined"}
    assert sent.corrections.get(field="email").text("words") == "Prove the new address first."


def test_declining_without_words_is_asked_for_again(agent: Client, sent: SubjectRequest) -> None:
    assert verdict(agent, sent, "nickname", "declined") == 409
    assert sent.corrections.get(field="nickname").decision == ""


def test_typed_words_come_back_with_the_problem(agent: Client, sent: SubjectRequest) -> None:
    verdict(agent, sent, "nickname", "accepted")
    row = sent.corrections.get(field="nickname")
    answer = agent.post(url(sent, f"corrections/{row.pk}/"), {"decision": "declined", "words": "x" * 6000})
    assert answer.status_code == 409
    assert "Shorten" in answer.content.decode()


def test_what_is_decided_stays_decided(agent: Client, sent: SubjectRequest) -> None:
    verdict(agent, sent, "nickname", "accepted")
    assert verdict(agent, sent, "nickname", "declined", "No after all.") == 409
    assert sent.corrections.get(field="nickname").decision == "accepted"


def test_the_last_decision_lets_the_portal_correct(agent: Client, sent: SubjectRequest, world: World) -> None:
    verdict(agent, sent, "nickname", "accepted")
    verdict(agent, sent, "email", "declined", "Prove it first.")
    assert agent.post(url(sent, "corrections/statement/"), {"text": "We noted it."}).status_code == 302
    sent.refresh_from_db()
    assert sent.state == State.APPROVED
    world.later(days=60)  # pages read the clock themselves
    world.work(State.DELIVERED, sent)
    page = agent.get(url(sent)).content.decode()
    assert "Corrected, read back" in page
    assert 'name="decision"' not in page


def test_an_auditor_sees_and_decides_nothing(browser: Callable[..., Client], sent: SubjectRequest) -> None:
    auditor = browser(Role.AUDITOR)
    assert 'name="decision"' not in auditor.get(url(sent)).content.decode()
    assert verdict(auditor, sent, "nickname", "accepted") == 403
    assert sent.corrections.get(field="nickname").decision == ""


def test_an_engineer_sees_no_value(browser: Callable[..., Client], sent: SubjectRequest) -> None:
    answer = browser(Role.ENGINEER).get(url(sent))
    assert answer.status_code == 403
    assert "Samira" not in answer.content.decode()


def test_staff_of_another_controller_learn_nothing(browser: Callable[..., Client], sent: SubjectRequest) -> None:
    assert browser(Role.AGENT, "pixplus").get(url(sent)).status_code == 404


def test_the_queue_has_a_view_of_what_is_to_decide(agent: Client, sent: SubjectRequest) -> None:
    assert sent.reference in agent.get("/desk/?view=correct").content.decode()


def test_the_record_of_it_reads_as_sentences(agent: Client, sent: SubjectRequest, world: World) -> None:
    verdict(agent, sent, "nickname", "accepted")
    verdict(agent, sent, "email", "declined", "Prove it first.")
    agent.post(url(sent, "corrections/statement/"), {"text": "We noted it."})
    world.later(days=60)  # pages read the clock themselves
    world.work(State.DELIVERED, sent)
    page = agent.get(url(sent, "")).content.decode()
    for sentence in ("The person sent new values", "Accepted a new value", "corrected and read back"):
        assert sentence in page
    assert "correction:" not in page


def test_declining_without_a_word_says_error_in_the_title(agent: Client, sent: SubjectRequest) -> None:
    row = sent.corrections.get(field="nickname")
    answer = agent.post(url(sent, f"corrections/{row.pk}/"), {"decision": "declined", "words": ""})
    assert "<title>Error: " in answer.content.decode()
