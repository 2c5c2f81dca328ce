"""Old tabs, double clicks and typed addresses: staff read what happened, and find the way back."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Role
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import Right
from dsr.law.work import Channel, Letter
from dsr.models import LegalHold, Notice, SubjectRequest, Telling
from dsr.steps.asking import intake
from dsr.steps.deciding import review
from dsr.steps.post import grounds
from tests.conftest import World
from tests.desk.test_holds import FILLED

Browser = Callable[..., Client]


def at(subject_request: SubjectRequest, under: str = "") -> str:
    return f"/desk/requests/{subject_request.reference}/{under}"


def test_a_second_click_on_release_is_told_that_it_is_released(browser: Browser, to_approve: SubjectRequest) -> None:
    client = browser(Role.AGENT)
    client.post(at(to_approve, "hold/"), FILLED)
    release = at(to_approve, f"hold/{LegalHold.objects.get().pk}/release/")
    client.post(release)
    answer = client.post(release, follow=True)
    assert answer.redirect_chain == [(at(to_approve), 302)]
    assert "This is released already." in answer.content.decode()


def test_a_page_that_the_desk_does_not_have_leads_back_to_the_desk(browser: Browser, world: World) -> None:
    answer = browser(Role.AGENT).get("/desk/requests/AAA-AAA-AAA/")
    assert answer.status_code == 404
    assert "Back to the requests" in answer.content.decode()


@pytest.mark.parametrize("under", ["take/", "corrections/statement/", "timeline/"])
def test_the_address_of_a_button_leads_to_the_request(browser: Browser, to_review: SubjectRequest, under: str) -> None:
    answer = browser(Role.AGENT).get(at(to_review, under))
    assert (answer.status_code, answer.headers["Location"]) == (302, at(to_review))


def test_a_stale_refusal_is_told_that_it_is_refused_already(
    browser: Browser, to_review: SubjectRequest, dana: Actor, world: World
) -> None:
    review.refuse(to_review, ground=Ground.IDENTITY_NOT_PROVEN, by=dana, at=world.at)
    given = {"ground": Ground.IDENTITY_NOT_PROVEN}
    answer = browser(Role.AGENT).post(at(to_review, "refuse/"), given, follow=True)
    assert "This request is refused already." in answer.content.decode()


def test_a_recipient_that_answered_is_marked_no_more(answered: Callable[..., SubjectRequest], browser: Browser) -> None:
    subject_request = answered(Right.ERASURE)
    row = Telling.objects.get(subject_request=subject_request, recipient="compute-providers")
    client = browser(Role.AGENT)
    page = at(subject_request, f"recipients/{row.pk}/")
    client.post(page, {"answer": "done"}, follow=True)
    for answer in (client.get(page, follow=True), client.post(page, {"answer": ""}, follow=True)):
        shown = answer.content.decode()
        assert "This recipient has answered already." in shown
        assert "Written down." not in shown
    assert "Compute" in shown  # the timeline names it by its title
    assert "compute-providers answered" not in shown


def test_a_letter_whose_words_do_not_hold_any_more_is_not_offered_again(
    browser: Browser, to_review: SubjectRequest, world: World
) -> None:
    world.letters()
    received = Notice.objects.get(subject_request=to_review, letter=Letter.RECEIVED)
    page = browser(Role.AGENT).get(at(to_review)).content.decode()
    assert at(to_review, f"letters/{received.pk}/again/") not in page


def called(world: World, dana: Actor, *identities: tuple[IdentityKind, str]) -> SubjectRequest:
    asked = intake.Intake(
        "joypix",
        Right.CONSENT_WITHDRAWAL,
        identities,
        channel=Channel.TELEPHONE,
        purposes=("marketing",),
        postal="Sam Ortiz, 1 Main St",
        why="A call",
    )
    return intake.receive(asked, by=dana, at=world.at)


def test_a_withdrawal_that_nobody_could_look_for_is_not_taken(world: World, dana: Actor) -> None:
    with pytest.raises(intake.NotAccepted, match="nobody can look for: "):
        called(world, dana)
    assert not SubjectRequest.objects.exists()
    assert called(world, dana, (IdentityKind.ACCOUNT, "jp000001")).pk


def test_a_ground_is_cited_by_the_law_of_where_the_person_lives(to_review: SubjectRequest) -> None:
    ground = Ground.IDENTITY_NOT_PROVEN
    cited = {}
    for region in ("california", "uk", "eu"):
        to_review.region = region
        cited[region] = grounds.cited(to_review, ground)
    assert cited == {"california": "11 CCR §7021", "uk": "UK GDPR Art. 12(6)", "eu": GROUNDS[ground].citation}
