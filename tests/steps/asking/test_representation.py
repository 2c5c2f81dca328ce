"""Who asks for somebody else: an agent with the person's own yes, a guardian after a check by staff."""

import json
from datetime import timedelta

import pytest
from django.core import mail

from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Kind, Letter
from dsr.models import Event, Representative, SubjectRequest
from dsr.steps import permissions
from dsr.steps.asking import intake, representation, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.deciding import review
from dsr.steps.fulfilling import search
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps import scenes, timing
from tests.steps.representing import ALMA, GRETA, NAMES, asked_by


def sent_to(world: World, address: str) -> str:
    """All letters to this address so far, as one text."""
    world.letters()
    return "\n".join(str(message.body) for message in mail.outbox if address in message.to)


def test_an_agents_request_is_confirmed_by_the_person_alone(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    letter = sent_to(world, SAM)
    assert "Alma Agent" in letter
    assert sent_to(world, ALMA) == ""
    world.prove(subject_request)
    representative = Representative.objects.get()
    assert representative.confirmed_at == world.at
    assert subject_request.state == State.VERIFIED


def test_an_agents_request_is_not_accepted_before_the_person_said_yes(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    with pytest.raises(Conflict, match="has not confirmed"):
        review.accept(subject_request, by=dana, at=world.at)


def test_the_person_says_no_and_it_is_cancelled(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    assert representation.deny(subject_request, world.code(), at=world.at) is Confirmation.CONFIRMED
    subject_request.refresh_from_db()
    assert subject_request.state == State.CANCELLED
    assert not subject_request.identities.exclude(proven_at=None).exists()
    assert subject_request.notices.filter(letter=Letter.CANCELLED).count() == 1


def test_no_stranger_says_no_for_the_person(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    world.letters()
    assert representation.deny(subject_request, "2345 6789", at=world.at) is Confirmation.WRONG
    subject_request.refresh_from_db()
    assert subject_request.state == State.RECEIVED


def test_the_agent_learns_that_it_is_over_and_nothing_more(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    world.work(State.PACKAGED, subject_request)
    told = sent_to(world, ALMA)
    assert subject_request.reference in told
    assert "/requests/" not in told
    assert SAM not in told
    assert "Your answer is ready" not in told
    assert "Download" in sent_to(world, SAM)


def test_the_agent_cannot_sign_in_to_the_request(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    world.prove(subject_request)
    before = len(world.letters())
    verification.ask_sign_in("joypix", subject_request.reference, ALMA, at=world.at)
    assert len(world.letters()) == before


def test_a_guardian_proves_a_mailbox_that_is_never_searched_by(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    assert SAM not in {address for message in mail.outbox for address in message.to}
    world.prove(subject_request)
    assert [message.to for message in mail.outbox] == [[GRETA]]
    assert search.proven(subject_request) == {}
    representation.check(subject_request, note="Birth certificate seen", by=dana, at=world.at)
    assert search.proven(subject_request) == {"email": (("sam@example.com",),)}


def test_a_guardians_request_waits_for_the_check_by_staff(world: World, dana: Actor, devi: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    with pytest.raises(Conflict, match="Check first"):
        review.accept(subject_request, by=dana, at=world.at)
    representation.check(subject_request, note="Birth certificate seen", by=dana, at=world.at)
    review.accept(subject_request, by=devi, at=world.at)
    assert subject_request.state == State.ACCEPTED
    assert Event.objects.get(tag="representative:checked").actor == str(dana)


def test_nobody_alone_opens_a_childs_data_to_a_guardian(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    representation.check(subject_request, note="Birth certificate seen", by=dana, at=world.at)
    with pytest.raises(permissions.Forbidden, match="you checked this guardian"):
        review.accept(subject_request, by=dana, at=world.at)
    subject_request.refresh_from_db()
    assert subject_request.state == State.VERIFIED


def test_the_owner_of_the_named_mailbox_learns_who_asks_and_how_to_object(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    assert sent_to(world, SAM) == ""
    representation.check(subject_request, note="Birth certificate seen", by=dana, at=world.at)
    told = sent_to(world, SAM)
    assert "Greta Garda asks us, as your parent or guardian" in told
    assert "/joypix/ask/complaint/" in told
    assert subject_request.reference in told
    assert GRETA not in told


def test_a_slow_check_of_a_guardian_lends_us_no_days(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    world.later(days=3)
    representation.check(subject_request, note="Birth certificate seen", by=dana, at=world.at)
    assert timing.deadline(subject_request, "uk-gdpr").starts_on == timing.day("2026-11-03")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Pay at evil.example",
            "www.evil",
            "http:evil",
            "evil/pay",
            "Mallory @evil",
            "evil．example",
            "Go to 10.0.0.1",
        ),
        *(
            "Alma\nClick here",
            "Alma\u2028Click",
            "Your account is closed, write to us at once or lose it all, says Mal",
        ),
    ],
)
@pytest.mark.parametrize("asker", [Asker.AGENT, Asker.GUARDIAN])
def test_a_name_that_is_more_than_a_name_is_mailed_to_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, asker: Asker, name: str
) -> None:
    monkeypatch.setitem(NAMES, asker, (name, ALMA))
    with pytest.raises(intake.NotAccepted, match="name"):
        asked_by(world, asker)
    assert not SubjectRequest.objects.exists()
    assert world.letters() == []


@pytest.mark.parametrize(
    "name", ["J. R. Ortiz-Núñez", "Dr. Anne O'Neill, Ortiz & Co.", "孫 小美", "St. Mary's Law Clinic"]
)
def test_names_of_people_and_firms_are_taken(name: str) -> None:
    assert representation.problem_of_name(name) == ""


def test_a_check_without_a_note_is_none(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    with pytest.raises(Conflict, match="what you checked"):
        representation.check(subject_request, note="  ", by=dana, at=world.at)
    assert not subject_request.identities.filter(of_representative=False).exclude(proven_at=None).exists()


def test_only_reviewers_check_a_guardian(world: World, eli: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    with pytest.raises(permissions.Forbidden):
        representation.check(subject_request, note="Seen", by=eli, at=world.at)


def test_the_check_comes_after_the_guardians_code(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    with pytest.raises(Conflict, match="no guardian here"):
        representation.check(subject_request, note="Seen", by=dana, at=world.at)


def test_what_does_not_show_it_ends_in_a_refusal_with_a_ground(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    representation.reject(subject_request, note="The certificate names another child", by=dana, at=world.at)
    subject_request.refresh_from_db()
    assert (subject_request.state, subject_request.ground) == (State.REFUSED, Ground.IDENTITY_NOT_PROVEN)
    assert "We refused your request" in sent_to(world, GRETA)


def test_the_answer_about_a_child_goes_to_the_guardian(world: World, dana: Actor, devi: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    representation.check(subject_request, note="Birth certificate seen", by=dana, at=world.at)
    review.accept(subject_request, by=devi, at=world.at)
    world.work(State.PACKAGED, subject_request)
    world.letters()
    assert "ready" in sent_to(world, GRETA)
    to_others = subject_request.notices.exclude(to="").values_list("letter", flat=True)
    assert set(to_others) == {Letter.GUARDIAN_ASKS, Letter.ON_FILE}
    assert "ready" not in sent_to(world, SAM)
    assert scenes.item_of(subject_request, Kind.FIND, "app-database").counts["rows"]["users"] == 1  # the child's
    assert GRETA not in json.dumps(list(Event.objects.values_list("details", flat=True)))


def test_a_family_may_share_one_mailbox(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.GUARDIAN, email=GRETA)
    world.prove(subject_request)
    assert search.proven(subject_request) == {}
    representation.check(subject_request, note="Birth certificate seen", by=dana, at=world.at)
    assert search.proven(subject_request) == {"email": ((GRETA,),)}
    assert not subject_request.notices.filter(letter=Letter.GUARDIAN_ASKS).exists()


@pytest.mark.parametrize("right", [Right.COMPLAINT, Right.CHILD, Right.COMPROMISED_ACCOUNT])
def test_what_is_everybodys_own_needs_nobody_in_between(world: World, right: Right) -> None:
    with pytest.raises(intake.NotAccepted, match="in your own name"):
        asked_by(world, Asker.AGENT, right)
    assert not SubjectRequest.objects.exists()


def test_names_and_addresses_of_who_asks_lie_sealed(world: World) -> None:
    asked_by(world, Asker.AGENT)
    row = str(Representative.objects.values().get())
    assert "Alma" not in row
    assert ALMA not in row
    assert "Alma" not in json.dumps(list(Event.objects.values_list("details", flat=True)))


def test_an_agents_request_that_nobody_confirms_lapses(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    assert verification.lapse_next(at=world.later(days=7, seconds=1))
    subject_request.refresh_from_db()
    assert subject_request.state == State.LAPSED


def test_a_confirmation_is_the_mailbox_owners_even_when_staff_asked_again(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    world.later(minutes=20)
    assert verification.ask(subject_request, at=world.at)
    world.prove(subject_request)
    assert Representative.objects.get().confirmed_at == world.at
    assert world.at - subject_request.received_at == timedelta(minutes=20)
    assert subject_request.events.filter(actor=str(SUBJECT), tag="identity:confirmed").count() == 1
