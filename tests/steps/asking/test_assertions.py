"""The controller's app vouches: signed by it, once, for five minutes, and for one request."""

import pytest
from django.db import connection

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.ladder import Rung
from dsr.law.rights import Right
from dsr.law.work import Asker, Kind
from dsr.models import Assertion, SubjectRequest
from dsr.steps.answering import packaging
from dsr.steps.asking import assertions, intake, ladder
from dsr.steps.asking.representation import Acting
from dsr.steps.deciding import merging, review
from dsr.steps.deciding.floods import FLOOD
from dsr.steps.fulfilling import search
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.representing import NAMES, PDF
from tests.steps.vouching import SAMS, forged, needing, opened, signed

NEW = "sam.new@example.net"


def test_who_is_signed_in_to_the_app_is_proven_by_it_and_by_the_code(world: World, dana: Actor) -> None:
    own = needing(world, Rung.APP)
    assertions.bind(own, opened(world), at=world.at)
    assert search.proven(own) == {"account": (("jp000001",),)}  # the mailbox waits for its own code
    world.prove(own)
    review.accept(own, by=dana, at=world.at)
    assert search.proven(SubjectRequest.objects.get()) == {"account": (("jp000001",),), "email": ((SAM,),)}
    assert own.events.get(tag=assertions.BOUND).details["kinds"] == ["account", "email"]


def test_a_mailbox_alone_is_not_enough_where_the_app_is_needed(world: World, dana: Actor) -> None:
    own = needing(world, Rung.APP)
    world.prove(own)
    with pytest.raises(Conflict, match="not proven surely enough"):
        review.accept(own, by=dana, at=world.at)
    assert search.proven(own) == {}
    assertions.bind(own, opened(world), at=world.at)
    review.accept(own, by=dana, at=world.at)


def test_mallorys_own_account_never_lifts_the_mailbox_of_sam_that_she_reads(world: World, dana: Actor) -> None:
    """Her app vouches for her account, not for Sam's: his mailbox enters no plan by it."""
    own = needing(world, Rung.APP)
    assertions.bind(own, opened(world, {"account": "jp000002", "email": "mallory@example.com"}), at=world.at)
    world.prove(own)
    assert search.proven(SubjectRequest.objects.get()) == {"account": (("jp000002",),)}
    review.accept(own, by=dana, at=world.at)
    scenes.work_on(world, own, Kind.FIND)
    assert {row["email"] for row in scenes.found(own)["app-database.users"]} <= {"mallory@example.com"}


def test_a_new_address_is_bound_from_the_account_and_proves_nothing_of_it_by_itself(world: World) -> None:
    own = needing(world, Rung.APP, email=NEW)
    assertions.bind(own, opened(world), at=world.at)
    world.prove(own)
    own = SubjectRequest.objects.get()
    assert search.proven(own) == {"account": (("jp000001",),)}
    assert ladder.reached(own)
    mailbox = own.mailbox()
    assert mailbox is not None
    assert mailbox.value() == NEW


def test_an_assertion_is_taken_once_opened_once_and_bound_once(world: World) -> None:
    text = signed(world)
    token, _ = assertions.take(text, "joypix", at=world.at)
    with pytest.raises(assertions.NotTaken, match="used before"):
        assertions.take(text, "joypix", at=world.at)
    assert assertions.open_link("pixplus", token, at=world.at) is None
    held = assertions.open_link("joypix", token, at=world.at)
    assert held is not None
    assert [assertions.open_link("joypix", token, at=world.at) for _ in range(3)] == [None] * 3
    first, second = needing(world, Rung.APP), needing(world, Rung.APP)
    assertions.bind(first, held, at=world.at)
    with pytest.raises(Conflict, match="used before"):
        assertions.bind(second, held, at=world.at)
    assert search.proven(second) == {}
    assert Assertion.objects.get().identifiers_sealed == ""


def test_a_link_opens_for_five_minutes_and_what_it_opened_counts_for_an_hour(world: World) -> None:
    token, until = assertions.take(signed(world), "joypix", at=world.at)
    held = opened(world)
    world.later(minutes=5)
    assert until == world.at
    assert assertions.open_link("joypix", token, at=world.at) is None
    world.later(minutes=56)
    assert assertions.held("joypix", str(held.pk), at=world.at) is None
    with pytest.raises(Conflict):
        assertions.bind(needing(world, Rung.APP), held, at=world.at)
    world.later(minutes=10)
    while assertions.forget_next(at=world.at):
        pass
    assert not Assertion.objects.exists()


def test_what_the_app_did_not_sign_vouches_for_nobody(world: World) -> None:
    good = signed(world)
    bad = [
        good[:-2] + ("AA" if not good.endswith("AA") else "BB"),
        forged(world, aud="https://elsewhere.example"),
        forged(world, iss="pixplus"),
        forged(world, exp=int(world.at.timestamp()) + 3600),
        forged(world, identifiers={"device": "jp-device"}),  # JoyPix knows nobody by that here
        forged(world, identifiers={"email": "sam@ex\u0430mple.com\u200b"}),
        "no assertion",
    ]
    for text in bad:
        with pytest.raises(assertions.NotTaken):
            assertions.take(text, "joypix", at=world.at)
    with pytest.raises(assertions.NotTaken):
        assertions.take(good, "pixplus", at=world.at)
    assert not Assertion.objects.exists()


def test_no_agent_and_no_decided_request_takes_one(world: World, dana: Actor) -> None:
    acting = Acting(Asker.AGENT, *NAMES[Asker.AGENT], PDF)
    named = ((IdentityKind.EMAIL, SAM),)
    asked = intake.Intake("joypix", Right.ACCESS, named, acting=acting, vouched=opened(world))
    for_another = intake.receive(asked, by=SUBJECT, at=world.at)
    assert not for_another.identities.filter(kind="account").exists()
    accepted = scenes.accepted(world, dana, Right.ACCESS)
    with pytest.raises(Conflict, match="no more proof"):
        assertions.bind(accepted, opened(world), at=world.at)


def test_nothing_that_an_app_said_lies_readable_in_the_tables(world: World) -> None:
    opened(world, SAMS | {"account": "jp-very-own-account"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT identifiers_sealed, nonce_hash, link_hash FROM dsr_assertion")
        assert "jp-very-own-account" not in str(cursor.fetchall())


def test_without_its_key_in_the_environment_no_app_vouches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    text = signed(world)
    monkeypatch.delenv("JOYPIX_APP_KEY")
    with pytest.raises(assertions.NotTaken, match="JOYPIX_APP_KEY"):
        assertions.take(text, "joypix", at=world.at)


def test_a_form_sent_twice_at_once_files_one_request_and_says_why(world: World) -> None:
    held = opened(world)
    asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, SAM),), vouched=held)
    intake.receive(asked, by=SUBJECT, at=world.at)
    with pytest.raises(intake.NotAccepted, match="used before"):
        intake.receive(asked, by=SUBJECT, at=world.at)
    assert SubjectRequest.objects.count() == 1


def test_a_request_from_the_app_is_never_merged_into_one_that_still_waits_for_proof(world: World) -> None:
    """Who reads Sam's mailbox files the same before him: his own goes on all the same."""
    before = []
    for _ in range(FLOOD):
        before.append(needing(world, Rung.APP))
        world.prove(before[-1])
        world.later(minutes=1)
    own = needing(world, Rung.APP)
    assertions.bind(own, opened(world), at=world.at)
    world.prove(own)
    own.refresh_from_db()
    assert merging.original(own) is None
    assert merging.originals(own) == []
    late = needing(world, Rung.APP)
    world.prove(late)
    assert merging.original(late) == before[0]


def test_the_answer_names_what_it_was_searched_by_and_no_mailbox_that_is_proven_too_weakly(
    world: World, dana: Actor
) -> None:
    own = needing(world, Rung.APP)
    assertions.bind(own, opened(world, {"account": "jp000002"}), at=world.at)
    world.prove(own)
    review.accept(own, by=dana, at=world.at)
    own = SubjectRequest.objects.get()
    assert packaging.answer_to(own, at=world.at).identities == (("account", "jp000002"),)


def test_of_the_account_that_vouches_only_so_much_is_shown_that_its_owner_knows_it(world: World) -> None:
    for known, seen in (({"account": "jp000001"}, "j…01"), ({"account": "jp1"}, "j…"), (SAMS, "s…@example.com")):
        assert assertions.shown(opened(world, known)) == seen
