"""At the desk: what is needed and reached, asking for more, and two people for less."""

from collections.abc import Callable

from django.test import Client

from dsr.law.actors import Actor
from dsr.law.ladder import Rung
from dsr.models import SubjectRequest
from dsr.steps.asking import ladder
from tests.conftest import World
from tests.steps.vouching import needing

SignIn = Callable[[str], Client]


def at(own: SubjectRequest, under: str = "") -> str:
    """The page of a request at the desk, or one below it."""
    return f"/desk/requests/{own.reference}/{under}"


def test_less_proof_takes_two_people_at_the_desk_too(
    world: World, dana: Actor, eli: Actor, officer: Actor, sign_in: SignIn
) -> None:
    own = needing(world, Rung.APP)
    world.prove(own)
    page = sign_in("dana").get(at(own)).content.decode()
    assert "A sign-in with the controller" in page
    assert "Not yet: nothing is searched before" in page
    assert "is needed" in sign_in("dana").get(at(own, "accept/"), follow=True).content.decode()
    said = {"to": "mailbox", "reason": "The account was closed last year."}
    assert sign_in("olga").post(at(own, "propose-less-proof/"), said).status_code == 302
    refused = sign_in("olga").post(at(own, "agree-to-less-proof/"))
    assert refused.status_code == 403
    own.refresh_from_db()
    assert own.proof_needed == Rung.APP
    page = sign_in("eli").get(at(own, "agree-to-less-proof/")).content.decode()
    assert "A sign-in with the controller" in page
    assert "A code to the e-mail address" in page
    assert "The account was closed last year." in page  # who decides reads why, on the page where they decide
    assert sign_in("eli").post(at(own, "agree-to-less-proof/")).status_code == 302
    own.refresh_from_db()
    assert own.proof_needed == Rung.MAILBOX
    shown = sign_in("dana").get(at(own)).content.decode()
    assert "Proposed that less proof is enough: a code to the e-mail address" in shown
    assert "The account was closed last year." in shown


def test_who_does_not_agree_says_so_on_a_page_of_the_desk(
    world: World, dana: Actor, eli: Actor, sign_in: SignIn
) -> None:
    own = needing(world, Rung.APP)
    world.prove(own)
    ladder.propose_less(own, Rung.MAILBOX, reason="The account was closed last year.", by=dana, at=world.at)
    assert "decline-less-proof" in sign_in("eli").get(at(own)).content.decode()
    assert "The account was closed last year." in sign_in("eli").get(at(own, "decline-less-proof/")).content.decode()
    assert sign_in("eli").post(at(own, "decline-less-proof/")).status_code == 302
    own.refresh_from_db()
    assert own.proof_needed == Rung.APP
    shown = sign_in("dana").get(at(own)).content.decode()
    assert "Declined that less proof is enough" in shown
    assert "propose-less-proof" in shown
