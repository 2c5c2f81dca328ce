"""Withdrawing takes no more steps than agreeing took, and says what it does (GDPR Art. 7(3))."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.utils.translation import override

from dsr.datamap.schema import Purpose
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import LegalHold, SubjectRequest
from dsr.portal import checking
from dsr.steps import ledger, maps, work
from dsr.steps.deciding import approval, holds, review
from dsr.steps.deciding.holds import Order
from dsr.steps.fulfilling import withdrawal
from tests.conftest import NOW, SAM, World
from tests.portal.conftest import page_of
from tests.portal.test_mine import enter
from tests.steps import scenes

HERE = [
    (slug, name, purpose)
    for slug, about in maps.controllers().items()
    for name, purpose in withdrawal.here(about.controller).items()
]


def withdraw(sam: Client, controller: str, *purposes: str, region: str = "eea") -> list[str]:
    """Sam withdraws; the pages on which something had to be done."""
    passed = [f"/{controller}/withdraw/"]
    given = {"purposes": list(purposes), "email": SAM, "region": region}
    response = sam.post(passed[0], given)
    assert response.status_code == 302, response.content.decode()
    return [*passed, response["Location"]]


def request_at(address: str) -> SubjectRequest:
    return SubjectRequest.objects.get(reference=address.split("/")[3])


def page(sam: Client, address: str) -> str:
    return unescape(sam.get(address).content.decode())


@pytest.mark.parametrize(("controller", "name", "purpose"), HERE)
def test_withdrawing_takes_no_more_steps_than_agreeing_took(
    sam: Client, world: World, controller: str, name: str, purpose: Purpose
) -> None:
    passed = withdraw(sam, controller, name)
    own = request_at(passed[-1])
    response = sam.post(passed[-1], {"code": world.code()})
    assert response["Location"] == page_of(own)
    work.advance(own, at=world.at)
    own.refresh_from_db()
    assert own.state == State.APPROVED  # the rest happens by itself
    assert len(passed) <= purpose.given_in


def test_the_start_leads_to_the_one_page(sam: Client, world: World) -> None:
    assert sam.get("/joypix/ask/consent-withdrawal/")["Location"] == "/joypix/withdraw/"


@pytest.mark.parametrize("controller", ["joypix", "pixplus"])
def test_every_purpose_says_what_stops_and_what_that_means(sam: Client, world: World, controller: str) -> None:
    text = page(sam, f"/{controller}/withdraw/")
    for purpose in withdrawal.here(maps.controller(controller).controller).values():
        assert purpose.title in text
        assert purpose.describes in text
        assert purpose.when_withdrawn in text


def test_what_only_the_device_can_end_is_explained_and_is_no_choice(sam: Client, world: World) -> None:
    text = page(sam, "/joypix/withdraw/")
    assert "Use your camera" in text
    assert "On a phone or tablet: Settings" in text
    assert 'value="camera"' not in text
    refused = sam.post("/joypix/withdraw/", {"purposes": ["camera"], "email": SAM, "region": "eea"})
    assert "There is a problem" in refused.content.decode()
    assert not SubjectRequest.objects.exists()


def test_what_is_missing_is_asked_for_and_nothing_that_was_given_is_lost(sam: Client, world: World) -> None:
    text = unescape(sam.post("/joypix/withdraw/", {"email": "sam", "purposes": ["marketing"]}).content.decode())
    assert '<a href="#email">Enter an e-mail address' in text
    assert '<a href="#region_0">Choose where you live' in text
    assert 'value="marketing" checked' in text
    assert 'value="sam"' in text


def test_the_page_says_in_the_end_what_stopped_and_what_is_left(sam: Client, world: World) -> None:
    passed = withdraw(sam, "joypix", "marketing")
    own = request_at(passed[-1])
    sam.post(passed[-1], {"code": world.code()})
    work.advance(own, at=world.at)
    world.work(State.DELIVERED, own)
    text = page(sam, page_of(own))
    assert "What became of your consent" in text
    assert "stays lawful (GDPR Art. 7(3))" in text
    assert "Use your camera: " in text
    assert "We answered you" in text


def test_an_erasure_asks_how_much_and_shows_what_that_takes(sam: Client, world: World) -> None:
    base = "/joypix/ask/erasure/"
    answers: tuple[tuple[str, dict[str, str]], ...] = (
        ("region", {"region": "eea"}),
        ("asker", {"asker": "person"}),
        ("email", {"email": SAM}),
        ("identities", {}),
        ("scope", {"scope": "content"}),
        ("details", {"details": ""}),
    )
    for question, given in answers:
        assert sam.post(f"{base}{question}/", given).status_code == 302
    text = page(sam, f"{base}check/")
    assert "My content only" in text
    assert "Generations" in text
    assert "Orders" not in text
    assert "What you may have made public" in text
    own = request_at(sam.post(f"{base}check/")["Location"])
    assert own.scope == "content"


def proven(sam: Client, world: World, right: Right) -> SubjectRequest:
    """A request that Sam has proven in this browser."""
    own = world.file(right)
    sam.post(page_of(own, "prove/"), {"code": world.code()})
    own.refresh_from_db()
    return own


def test_the_status_page_of_an_erasure_lists_what_was_public_with_what_becomes_of_it(
    sam: Client, world: World, dana: Actor
) -> None:
    own = proven(sam, world, Right.ERASURE)
    review.accept(own, by=dana, at=world.at)
    world.work(State.SEARCHED, own)
    text = page(sam, page_of(own))
    public = [row for row in own.manifest.summary if row["collection"] == "public"]
    assert public
    assert "What you made public" in text
    assert "As the service agreement says for content you made public" in text
    assert "Your account is disabled now" in text


def test_what_was_public_in_a_system_that_was_left_out_is_not_called_erased(
    sam: Client, world: World, dana: Actor, eli: Actor
) -> None:
    own = proven(sam, world, Right.ERASURE)
    review.accept(own, by=dana, at=world.at)
    world.work(State.SEARCHED, own)
    approval.approve(own, digest=own.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    item = scenes.item_of(own, Kind.ERASE, "media-store")
    ledger.quarantine(item, note="The bucket is locked.", at=world.at)
    approval.exclude(item, reason="The bucket is locked.", by=eli, at=world.at)
    world.work(State.PACKAGED, own)
    enter(sam)
    assert "record erased" not in page(sam, page_of(own))


@pytest.mark.parametrize("kind", [LegalHold.LEGAL, LegalHold.FREEZE])
def test_the_status_page_shows_a_hold_its_review_date_and_the_ways_to_complain(
    sam: Client, world: World, dana: Actor, kind: str
) -> None:
    own = proven(sam, world, Right.ERASURE)
    holds.set_hold(own, Order("A secret reason", NOW.date().replace(month=12), kind=kind), by=dana, at=world.at)
    text = page(sam, page_of(own))
    assert ("A legal hold stands" if kind == LegalHold.LEGAL else "Your account is frozen here") in text
    assert "Thursday 3 December 2026" in text
    assert "Complain to a supervisory authority" in text
    assert "secret" not in text


def test_a_frozen_package_is_not_offered_and_not_handed_over(
    sam: Client, world: World, dana: Actor, prove: Callable[[SubjectRequest], None]
) -> None:
    own = scenes.packaged(world)
    enter(sam)
    assert "Download your answer" in page(sam, page_of(own))
    order = Order("x", NOW.date().replace(month=12), kind=LegalHold.FREEZE, person=True)
    holds.set_hold(own, order, by=dana, at=world.at)
    assert "Download your answer" not in page(sam, page_of(own))
    assert sam.post(page_of(own, "download/"))["Location"] == page_of(own)


def test_of_a_frozen_account_no_answer_is_shown(sam: Client, world: World, dana: Actor) -> None:
    own = proven(sam, world, Right.COMPLAINT)
    review.answer(own, text="You live in Exeter.", by=dana, at=world.at)
    assert "You live in Exeter." in page(sam, page_of(own))
    order = Order("x", NOW.date().replace(month=12), kind=LegalHold.FREEZE, person=True)
    freeze = holds.set_hold(own, order, by=dana, at=world.at)[0]
    assert "You live in Exeter." not in page(sam, page_of(own))
    holds.release(freeze, by=dana, at=world.at)
    assert "You live in Exeter." in page(sam, page_of(own))


def test_of_a_frozen_account_no_present_values_are_shown(sam: Client, world: World, dana: Actor) -> None:
    own = proven(sam, world, Right.RECTIFICATION)
    review.accept(own, by=dana, at=world.at)
    world.work(State.SEARCHED, own)
    assert sam.get(page_of(own, "correct/")).status_code == 200
    order = Order("x", NOW.date().replace(month=12), kind=LegalHold.FREEZE, person=True)
    holds.set_hold(own, order, by=dana, at=world.at)
    assert sam.get(page_of(own, "correct/"))["Location"] == page_of(own)


def test_several_consents_are_listed_with_the_marks_of_the_readers_language() -> None:
    given = {"details": {"purposes": ["marketing", "analytics"]}}
    with override("zh-hans"):
        shown = next(checking.rows(maps.controller("joypix"), Right.CONSENT_WITHDRAWAL, given)).value
    assert "\uff1b" in shown
    assert ";" not in shown
