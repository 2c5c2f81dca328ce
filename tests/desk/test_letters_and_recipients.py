"""Letters and recipients on the desk: what staff see of them, and what they do by hand."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Role
from dsr.law.rights import Right
from dsr.law.work import Channel, Letter, NoticeState
from dsr.models import Notice, SubjectRequest, Telling
from dsr.steps.post import notices
from tests.conftest import World

Browser = Callable[..., Client]


@pytest.fixture
def letter(to_answer: SubjectRequest, world: World) -> Notice:
    """The letter that says that Sam's complaint is accepted, sent."""
    world.letters()
    return Notice.objects.get(subject_request=to_answer, letter=Letter.ACCEPTED)


@pytest.fixture
def paper(to_answer: SubjectRequest, world: World) -> Notice:
    """A letter for somebody who asked by letter and has no mailbox."""
    SubjectRequest.objects.filter(pk=to_answer.pk).update(channel=Channel.LETTER)
    to_answer.refresh_from_db()
    to_answer.identities.update(kind="account")
    notice = notices.queue(to_answer, Letter.CANCELLED, at=world.at)
    assert notice is not None
    return notice


def at(notice: Notice, under: str = "") -> str:
    return f"/desk/requests/{notice.subject_request.reference}/letters/{notice.pk}/{under}"


def test_an_agent_sends_a_letter_again(letter: Notice, browser: Browser) -> None:
    agent = browser(Role.AGENT)
    page = agent.get(f"/desk/requests/{letter.subject_request.reference}/").content.decode()
    assert at(letter, "again/") in page
    agent.post(at(letter, "again/"))
    assert Notice.objects.filter(again_of=letter).count() == 1


def test_an_auditor_sees_the_letters_and_sends_none(letter: Notice, browser: Browser) -> None:
    auditor = browser(Role.AUDITOR)
    page = auditor.get(f"/desk/requests/{letter.subject_request.reference}/").content.decode()
    assert "Letters" in page
    assert at(letter, "again/") not in page
    auditor.post(at(letter, "again/"))
    assert not Notice.objects.exclude(again_of=None).exists()


def test_a_letter_for_paper_is_printed_clean_and_marked_as_posted(paper: Notice, browser: Browser) -> None:
    agent = browser(Role.AGENT)
    page = agent.get(at(paper)).content.decode()
    assert "Your request is cancelled" in page
    assert "desk/letter.css" in page
    assert "<script" not in page
    agent.post(at(paper, "posted/"))
    assert Notice.objects.get(pk=paper.pk).state == NoticeState.SENT


def test_a_letter_of_another_controller_does_not_exist(paper: Notice, browser: Browser) -> None:
    assert browser(Role.AGENT, "pixplus").get(at(paper)).status_code == 404


def test_what_a_recipient_said_is_written_down_and_shown(
    answered: Callable[..., SubjectRequest], browser: Browser
) -> None:
    subject_request = answered(Right.ERASURE)
    row = Telling.objects.get(subject_request=subject_request, recipient="compute-providers")
    agent = browser(Role.AGENT)
    page = f"/desk/requests/{subject_request.reference}/recipients/{row.pk}/"
    overview = f"/desk/requests/{subject_request.reference}/"
    assert page in agent.get(overview).content.decode()
    assert agent.get(page).status_code == 200
    agent.post(page, {"answer": "cannot-delete", "expires_on": "2027-03-31", "words": ""})
    row.refresh_from_db()
    shown = agent.get(overview).content.decode()
    assert (row.answer, str(row.expires_on)) == ("cannot-delete", "2027-03-31")
    assert "expires by 31 Mar 2027" in shown
    assert page not in shown
