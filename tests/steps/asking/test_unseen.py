"""A mailbox that was not seen for long may be somebody else's by now: then a second channel is needed (A11)."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from dsr.connectors import sharing
from dsr.connectors.contract import Batch, Connector, Found, Unreachable
from dsr.datamap.route import Identities, Route
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.law.actors import PORTAL, SUBJECT, Actor
from dsr.law.ladder import Rung
from dsr.law.rights import SEARCHED, Right
from dsr.law.states import State
from dsr.law.work import Asker, ItemState, Kind, Letter
from dsr.models import Event, SubjectRequest
from dsr.steps import ledger, maps
from dsr.steps.asking import cancellation, intake, ladder, second, unseen
from dsr.steps.asking.verification import Confirmation
from dsr.steps.deciding import merging, review
from dsr.steps.fulfilling import search
from dsr.steps.move import Conflict
from dsr.steps.post import outbox
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.representing import asked_by
from tests.steps.vouching import needing, opened

LONG_AGO = "2019-05-04T10:00:00+00:00"
LATELY = "2026-10-30T10:00:00+00:00"
SURER = "need to be surer"
SAYS = "  unseen: {months: 24, system: app-database, collection: users, field: last_active_at}\n"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Maps by which JoyPix asks when a mailbox was last seen."""
    folder = tmp_path_factory.mktemp("asking") / "controllers"
    ignored = shutil.ignore_patterns("*.py", "__pycache__")
    shutil.copytree(django_settings.DSR_CONTROLLERS, folder, ignore=ignored)
    path = folder / "joypix" / "controller.yaml"
    path.write_text(path.read_text("utf-8").replace("\nproof:\n", f"\nproof:\n{SAYS}", 1), encoding="utf-8")
    return folder


@pytest.fixture
def watched(world: World, asking: Path, settings: Settings) -> World:
    """The world by those maps."""
    settings.DSR_CONTROLLERS = asking
    return world


def seen(world: World, at: str | None, email: str = SAM) -> None:
    """When the account of this mailbox was last used."""
    with scenes.live(world) as database:
        changed = database.execute("UPDATE users SET last_active_at = ? WHERE email = ?", [at, email])
        assert changed.rowcount == 1


def proven(world: World, right: Right = Right.ACCESS, email: str = SAM) -> SubjectRequest:
    own = world.file(right, email=email)
    world.prove(own)
    return own


def looked(world: World, own: SubjectRequest) -> SubjectRequest:
    """A worker did what was due."""
    world.work()
    return SubjectRequest.objects.get(pk=own.pk)


def raised(own: SubjectRequest) -> list[Event]:
    return list(own.events.filter(tag=unseen.RAISED))


def surer(world: World) -> list[str]:
    return [text for text in world.letters() if SURER in text]


def silent(monkeypatch: pytest.MonkeyPatch, slug: str) -> None:
    """This system does not answer."""
    connect = search.connect

    def connected(system: SystemMap) -> Connector:
        if system.slug == slug:
            message = "no answer"
            raise Unreachable(message)
        return connect(system)

    monkeypatch.setattr(search, "connect", connected)


@pytest.mark.parametrize("right", sorted(SEARCHED))
def test_a_mailbox_not_seen_for_two_years_needs_a_second_channel_before_anybody_accepts(
    watched: World, dana: Actor, right: Right
) -> None:
    seen(watched, LONG_AGO)
    own = proven(watched, right)
    assert not surer(watched)
    own = looked(watched, own)
    assert own.proof_needed == Rung.SECOND
    assert len(surer(watched)) == 1
    with pytest.raises(Conflict, match="another address on file is needed"):
        review.accept(own, by=dana, at=watched.at)
    assert second.ask(own, at=watched.at)
    assert second.confirm(own, watched.code(), at=watched.at) is Confirmation.CONFIRMED
    review.accept(own, by=dana, at=watched.at)
    assert own.state == State.ACCEPTED


def test_the_record_says_once_why_and_names_nobody(watched: World) -> None:
    seen(watched, LONG_AGO)
    own = looked(watched, proven(watched))
    (event,) = raised(own)
    assert event.actor == str(PORTAL)
    assert event.details == {"needed": "second-channel", "unseen_months": 24}


def test_the_desk_says_why_more_proof_is_needed(watched: World, dana: Actor, sign_in: Callable[[str], Client]) -> None:
    seen(watched, LONG_AGO)
    own = looked(watched, proven(watched))
    page = sign_in("dana").get(f"/desk/requests/{own.reference}/").content.decode()
    assert "More proof is needed: the mailbox was not seen in the 24 months before the receipt" in page


def test_a_mailbox_that_was_seen_lately_needs_no_more_and_no_address_on_file_is_kept(
    watched: World, dana: Actor
) -> None:
    seen(watched, LATELY)
    own = looked(watched, proven(watched))
    assert (own.proof_needed, own.others_sealed, raised(own)) == (Rung.MAILBOX, "", [])
    assert not surer(watched)
    review.accept(own, by=dana, at=watched.at)
    assert own.state == State.ACCEPTED


@pytest.mark.parametrize(
    ("at", "rises"),
    [
        ("2024-11-03T07:00:00+00:00", False),  # in Los Angeles the same day two years before the receipt begins
        ("2024-11-03T06:59:59+00:00", True),
        ("2024-11-03T06:59:59", True),  # by the zone that the map names for the system, UTC
        ("2024-11-03T07:00:00", False),
        ("2024-11-03", False),
        ("2024-11-02", True),
    ],
)
def test_the_day_itself_is_not_longer_ago(watched: World, at: str, rises: bool) -> None:
    seen(watched, at)
    own = looked(watched, proven(watched))
    assert bool(raised(own)) is rises


def test_the_receipt_counts_and_not_the_day_of_the_look(watched: World) -> None:
    seen(watched, "2024-11-03T10:00:00+00:00")
    own = watched.file(Right.ACCESS)
    watched.prove(own)
    watched.later(days=3)
    assert not raised(looked(watched, own))


def test_where_nothing_is_found_nothing_rises(watched: World, dana: Actor) -> None:
    own = looked(watched, proven(watched, email="nobody@example.com"))
    assert not raised(own)
    review.accept(own, by=dana, at=watched.at)
    assert own.state == State.ACCEPTED


@pytest.mark.parametrize("blank", [None, ""])
def test_where_no_moment_is_written_nothing_rises(watched: World, blank: str | None) -> None:
    seen(watched, blank)
    assert not raised(looked(watched, proven(watched)))


def test_what_is_no_moment_waits_for_a_person_and_is_never_taken_for_lately(watched: World, dana: Actor) -> None:
    seen(watched, "last spring")
    own = looked(watched, proven(watched))
    item = own.items.get(kind=Kind.ADDRESSES)
    assert item.state == ItemState.QUARANTINED
    assert "'last_active_at' holds what is no moment" in item.note
    assert "spring" not in item.note
    with pytest.raises(Conflict, match="last seen"):
        review.accept(own, by=dana, at=watched.at)


def test_before_the_look_nobody_accepts_and_the_desk_says_why(
    watched: World, dana: Actor, sign_in: Callable[[str], Client]
) -> None:
    seen(watched, LATELY)
    own = proven(watched)
    with pytest.raises(Conflict, match="A worker first looks when this mailbox was last seen"):
        review.accept(own, by=dana, at=watched.at)
    page = sign_in("dana").get(f"/desk/requests/{own.reference}/accept/", follow=True).content.decode()
    assert "A worker first looks when this mailbox was last seen" in page


def test_where_the_map_does_not_ask_nobody_looks_and_nobody_waits(world: World, dana: Actor) -> None:
    seen(world, LONG_AGO)
    own = proven(world)
    assert not own.items.exists()
    review.accept(own, by=dana, at=world.at)
    assert own.state == State.ACCEPTED


def test_while_the_system_does_not_answer_the_look_waits_and_staff_see_it(
    watched: World, dana: Actor, sign_in: Callable[[str], Client]
) -> None:
    seen(watched, LONG_AGO)
    own = proven(watched)
    with pytest.MonkeyPatch.context() as patch:
        silent(patch, "app-database")
        own = looked(watched, own)
        assert not raised(own)
        with pytest.raises(Conflict, match="last seen"):
            review.accept(own, by=dana, at=watched.at)
        page = sign_in("dana").get(f"/desk/requests/{own.reference}/").content.decode()
        assert "Look at the account before the decision" in page
        assert "No answer: no answer" in page
    watched.later(hours=1)
    own = looked(watched, own)
    assert len(raised(own)) == 1
    assert own.others()


def test_a_system_that_the_look_does_not_need_holds_up_nobody(
    watched: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(watched, LATELY)
    for slug in set(maps.controller("joypix").systems) - {"app-database"}:
        silent(monkeypatch, slug)
    own = looked(watched, proven(watched))
    review.accept(own, by=dana, at=watched.at)
    assert own.state == State.ACCEPTED


def test_two_people_lower_it_and_it_stays_lowered(watched: World, dana: Actor, eli: Actor) -> None:
    seen(watched, LONG_AGO)
    own = looked(watched, proven(watched))
    ladder.propose_less(own, Rung.MAILBOX, reason="They answered from the number on file.", by=dana, at=watched.at)
    with pytest.raises(Conflict, match="not proven surely enough"):
        review.accept(own, by=dana, at=watched.at)
    ladder.agree(own, by=eli, at=watched.at)
    own = looked(watched, own)
    assert own.proof_needed == Rung.MAILBOX
    review.accept(own, by=dana, at=watched.at)
    assert len(raised(own)) == 1


def test_what_two_people_lowered_does_not_rise_again_when_a_worker_looks_once_more(
    watched: World, dana: Actor, eli: Actor
) -> None:
    alone = "amal@example.com"  # no other address is on file: asked for more by staff, a worker looks again
    seen(watched, LONG_AGO, alone)
    own = looked(watched, proven(watched, email=alone))
    ladder.require_more(own, Rung.APP, by=dana, at=watched.at)
    assert own.items.get(kind=Kind.ADDRESSES).state == ItemState.READY
    ladder.propose_less(own, Rung.MAILBOX, reason="They answered from the number on file.", by=dana, at=watched.at)
    ladder.agree(own, by=eli, at=watched.at)
    own = looked(watched, own)
    assert own.proof_needed == Rung.MAILBOX
    assert [event.actor for event in raised(own)] == [str(PORTAL), str(dana)]


def test_a_worker_that_dies_in_the_look_leaves_it_to_the_next_and_the_record_has_one_event(watched: World) -> None:
    seen(watched, LONG_AGO)
    own = proven(watched)
    item = ledger.claim(at=watched.at)
    assert item is not None
    with scenes.dying(outbox, "queue"):
        second.look(item, at=watched.at)
    assert not raised(own)
    assert SubjectRequest.objects.get().proof_needed == Rung.MAILBOX
    second.look(item, at=watched.at)
    with pytest.raises(ledger.Fenced):
        second.look(item, at=watched.at)  # somebody who was thought dead
    assert len(raised(own)) == 1
    assert own.notices.filter(letter=Letter.PROOF).count() == 1


def test_what_staff_ask_for_during_the_look_is_looked_for_and_nothing_rises_twice(watched: World, dana: Actor) -> None:
    seen(watched, LONG_AGO)
    own = proven(watched)
    item = ledger.claim(at=watched.at)
    assert item is not None
    ladder.require_more(own, Rung.SECOND, by=dana, at=watched.at)
    second.look(item, at=watched.at)
    item.refresh_from_db()
    assert item.state == ItemState.READY
    own = looked(watched, own)
    assert [event.actor for event in raised(own)] == [str(dana)]
    assert own.others()


def test_who_was_seen_lately_and_is_asked_for_more_by_staff_gets_a_code_to_another_address(
    watched: World, dana: Actor
) -> None:
    seen(watched, LATELY)
    own = looked(watched, proven(watched))
    ladder.require_more(own, Rung.SECOND, by=dana, at=watched.at)
    own = looked(watched, own)
    assert second.ask(own, at=watched.at)


def test_a_request_that_ends_during_the_look_is_neither_raised_nor_written_about(watched: World) -> None:
    seen(watched, LONG_AGO)
    own = proven(watched)
    item = ledger.claim(at=watched.at)
    assert item is not None
    cancellation.cancel(own, by=SUBJECT, at=watched.at)
    with pytest.raises(ledger.Fenced):
        second.look(item, at=watched.at)
    assert not raised(own)
    assert not surer(watched)


def test_the_look_reads_the_moment_and_the_way_to_it_and_nothing_else(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(watched, LATELY)
    brought: list[tuple[str, ...]] = []
    found = sharing.found

    def listening(connector: Connector, route: Route, identities: Identities) -> Iterator[Found]:
        for each in found(connector, route, identities):
            assert isinstance(each, Batch)
            brought.append(each.fields)
            yield each

    monkeypatch.setattr(sharing, "found", listening)
    looked(watched, proven(watched))
    assert brought == [("id", "last_active_at")]


def test_where_a_second_channel_is_needed_anyway_only_addresses_are_looked_for(watched: World) -> None:
    seen(watched, LONG_AGO)
    own = needing(watched, Rung.SECOND)
    watched.prove(own)
    own = looked(watched, own)
    assert not raised(own)
    assert own.others()


def vouched(world: World, **identifiers: str) -> SubjectRequest:
    """Sam's mailbox is proven, and the app vouched for these identifiers."""
    asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, SAM),), vouched=opened(world, identifiers))
    own = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(own)
    return own


def test_who_signed_in_with_the_app_is_known_and_not_looked_at(watched: World, dana: Actor) -> None:
    seen(watched, LONG_AGO)
    own = vouched(watched, account="jp000001", email=SAM)
    assert not own.items.exists()
    review.accept(own, by=dana, at=watched.at)
    assert search.proven(own) == {"email": ((SAM,),), "account": (("jp000001",),)}


def test_mallorys_own_account_opens_no_mailbox_that_sam_left_long_ago(watched: World, dana: Actor) -> None:
    seen(watched, LONG_AGO)
    own = looked(watched, vouched(watched, account="jp000002"))
    assert len(raised(own)) == 1
    assert not surer(watched)
    review.accept(own, by=dana, at=watched.at)
    assert search.proven(own) == {"account": (("jp000002",),)}


def test_to_stop_to_report_and_to_complain_is_never_made_harder(watched: World, dana: Actor) -> None:
    seen(watched, LONG_AGO)
    own = proven(watched, Right.COMPLAINT)
    assert not own.items.exists()
    review.accept(own, by=dana, at=watched.at)
    assert own.state == State.ACCEPTED


def test_of_a_guardian_nothing_more_is_needed_than_the_check_by_staff(watched: World) -> None:
    seen(watched, LONG_AGO)
    own = asked_by(watched, Asker.GUARDIAN)
    watched.prove(own)
    assert not own.items.exists()


def test_nothing_surely_proven_waits_for_a_request_that_may_still_need_more(watched: World) -> None:
    seen(watched, LATELY)
    first = proven(watched)
    watched.later(minutes=1)
    sure = needing(watched, Rung.SECOND)
    watched.prove(sure)
    sure.identities.update(rung=Rung.SECOND)
    assert ladder.settled(sure)
    assert merging.originals(sure) == []
    looked(watched, first)
    assert merging.originals(sure) == [first]


def test_what_was_proven_before_the_map_asked_goes_on(
    world: World, asking: Path, dana: Actor, settings: Settings
) -> None:
    seen(world, LONG_AGO)
    own = proven(world)
    settings.DSR_CONTROLLERS = asking
    review.accept(own, by=dana, at=world.at)
    assert own.state == State.ACCEPTED


def test_who_accepts_while_it_rises_is_told_so(watched: World, dana: Actor) -> None:
    seen(watched, LONG_AGO)
    stale = proven(watched)
    looked(watched, stale)
    assert stale.proof_needed == Rung.MAILBOX  # as Dana's process read it
    with pytest.raises(Conflict, match="another address on file is needed"):
        review.accept(stale, by=dana, at=watched.at)
    assert SubjectRequest.objects.get().state == State.VERIFIED
