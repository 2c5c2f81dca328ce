"""Decisions: on grounds of the law, in whole or in part, by the right people, once."""

import json
import zipfile
from io import BytesIO

import pytest

from accounts.models import Staff
from dsr.law.actors import Actor
from dsr.law.grounds import GROUNDS, Ground, grounds_for
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import Event, EventSecret, SubjectRequest
from dsr.steps import permissions, work
from dsr.steps.answering import packaging
from dsr.steps.deciding import approval, ownership, review, withholding
from dsr.steps.fulfilling import manifest, parts
from dsr.steps.move import Conflict
from tests.conftest import World
from tests.steps import scenes, taking

SHOWN = "Forty requests in one week, each for the same day, after we had answered all of them."


def proven(world: World, right: Right = Right.ACCESS) -> SubjectRequest:
    subject_request = world.file(right)
    world.prove(subject_request)
    return subject_request


def test_a_refusal_keeps_own_words_sealed_beside_the_ground(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, words="No zebra here.", by=dana, at=world.at)
    assert "zebra" not in subject_request.refusal_sealed
    assert subject_request.refusal() == "No zebra here."
    assert any("No zebra here." in text for text in world.letters())
    assert "zebra" not in json.dumps(list(subject_request.events.values_list("details", flat=True)))


@pytest.mark.parametrize("ground", [ground for ground in Ground if ground not in grounds_for(Right.ACCESS, part=False)])
def test_a_ground_of_another_right_refuses_nothing(world: World, dana: Actor, ground: Ground) -> None:
    subject_request = proven(world)
    with pytest.raises(Conflict, match="does not hold"):
        review.refuse(subject_request, ground=ground, evidence=SHOWN, by=dana, at=world.at)
    assert subject_request.state == State.VERIFIED


TWO = [ground for ground, facts in GROUNDS.items() if facts.second_person]


@pytest.mark.parametrize("ground", TWO)
def test_unfounded_and_excessive_need_a_second_person(world: World, dana: Actor, eli: Actor, ground: Ground) -> None:
    subject_request = proven(world)
    review.take(subject_request, by=dana, at=world.at)
    with pytest.raises(permissions.Forbidden):
        review.refuse(subject_request, ground=ground, evidence=SHOWN, by=dana, at=world.at)
    review.refuse(subject_request, ground=ground, evidence=SHOWN, by=eli, at=world.at)
    assert subject_request.state == State.REFUSED
    assert subject_request.events.get(tag="refusal:shown").why() == SHOWN


def test_the_owner_is_not_the_second_person(world: World, officer: Actor) -> None:
    subject_request = proven(world)
    review.take(subject_request, by=officer, at=world.at)
    with pytest.raises(Conflict, match="second person"):
        review.refuse(subject_request, ground=Ground.EXCESSIVE, evidence=SHOWN, by=officer, at=world.at)


def test_who_hands_a_request_over_is_not_the_second_person(world: World, dana: Actor, officer: Actor) -> None:
    subject_request = proven(world)
    ownership.assign(subject_request, to=Staff.objects.get(pk=dana.id), by=officer, at=world.at)
    with pytest.raises(Conflict, match="handed over"):
        review.refuse(subject_request, ground=Ground.EXCESSIVE, evidence=SHOWN, by=officer, at=world.at)


def test_who_once_took_a_request_never_becomes_its_second_person(world: World, dana: Actor, officer: Actor) -> None:
    subject_request = proven(world)
    review.take(subject_request, by=officer, at=world.at)
    ownership.assign(subject_request, to=Staff.objects.get(pk=dana.id), by=dana, at=world.at)
    with pytest.raises(Conflict, match="took"):
        review.refuse(subject_request, ground=Ground.EXCESSIVE, evidence=SHOWN, by=officer, at=world.at)


def test_who_accepted_a_request_is_not_the_second_person(world: World, dana: Actor, officer: Actor) -> None:
    subject_request = proven(world)
    review.accept(subject_request, by=officer, at=world.at)
    ownership.assign(subject_request, to=Staff.objects.get(pk=dana.id), by=dana, at=world.at)
    with pytest.raises(Conflict, match="accepted"):
        review.refuse(subject_request, ground=Ground.EXCESSIVE, evidence=SHOWN, by=officer, at=world.at)


def test_nobody_is_the_second_person_of_a_request_that_has_no_first(world: World, eli: Actor) -> None:
    with pytest.raises(Conflict, match="takes the request first"):
        review.refuse(proven(world), ground=Ground.EXCESSIVE, evidence=SHOWN, by=eli, at=world.at)


@pytest.mark.parametrize("ground", [ground for ground, facts in GROUNDS.items() if facts.evidence and facts.whole])
def test_what_must_be_shown_is_shown(world: World, dana: Actor, eli: Actor, ground: Ground) -> None:
    subject_request = proven(world)
    review.take(subject_request, by=dana, at=world.at)
    by = eli if GROUNDS[ground].second_person else dana
    with pytest.raises(Conflict, match="for us to show"):
        review.refuse(subject_request, ground=ground, by=by, at=world.at)


def refuse_orders(world: World, subject_request: SubjectRequest, dana: Actor, ground: Ground) -> None:
    withholding.refuse_part(
        subject_request,
        system="app-database",
        collection="orders",
        ground=ground,
        words="They name the friend who paid.",
        by=dana,
        at=world.at,
    )


def test_a_refused_part_is_left_out_of_the_package_and_named_there(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    refuse_orders(world, subject_request, dana, Ground.RIGHTS_OF_OTHERS)
    review.accept(subject_request, by=dana, at=world.at)
    world.work(State.PACKAGED, subject_request)
    stream = b"".join(taking.taken(subject_request, at=world.at))
    with zipfile.ZipFile(BytesIO(stream)) as archive:
        names = archive.namelist()
        page = archive.read(next(name for name in names if name.endswith("index.html"))).decode()
        told = json.loads(archive.read(next(name for name in names if name.endswith("/manifest.json"))))
    assert not any("/orders." in name for name in names)
    assert any("/users.json" in name for name in names)
    assert "They name the friend who paid." in page
    assert GROUNDS[Ground.RIGHTS_OF_OTHERS].plain in page
    assert "What we left out, and why" in page
    database = next(one for one in told["systems"] if one["system"] == "app-database")
    orders = next(one for one in database["collections"] if one["collection"] == "orders")
    assert orders["refused"]["citation"] == GROUNDS[Ground.RIGHTS_OF_OTHERS].citation


def test_a_refused_part_of_an_erasure_stays_and_is_named(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = proven(world, Right.ERASURE)
    refuse_orders(world, subject_request, dana, Ground.LEGAL_CLAIMS)
    review.accept(subject_request, by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    rows = [row for row in subject_request.manifest.summary if row["collection"] == "orders"]
    assert {row["rule"] for row in rows} == {f"{manifest.REFUSED}legal_claims"}
    with scenes.live(world) as database:
        before = database.execute("SELECT count(*) FROM orders").fetchone()
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    world.work(State.PACKAGED, subject_request)
    with scenes.live(world) as database:
        assert database.execute("SELECT count(*) FROM orders").fetchone() == before
    kept = packaging.told(subject_request, at=world.at)["kept"]
    assert any("They name the friend who paid." in str(row) for row in kept)


def test_a_part_is_refused_before_the_result_is_put_together_or_not_at_all(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    world.work(State.PACKAGED, subject_request)
    with pytest.raises(Conflict, match="put together already"):
        refuse_orders(world, subject_request, dana, Ground.RIGHTS_OF_OTHERS)


def test_a_refused_part_is_decided(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    refuse_orders(world, subject_request, dana, Ground.RIGHTS_OF_OTHERS)
    with pytest.raises(Conflict, match="A decision stands"):
        refuse_orders(world, subject_request, dana, Ground.RIGHTS_OF_OTHERS)


@pytest.mark.parametrize(
    ("system", "ground", "words", "says"),
    [
        ("nowhere", Ground.RIGHTS_OF_OTHERS, "Why", "no such collection"),
        ("app-database", Ground.LEGAL_CLAIMS, "Why", "does not hold"),
        ("app-database", Ground.RIGHTS_OF_OTHERS, " ", "in your own words"),
    ],
)
def test_a_part_is_refused_with_a_place_a_ground_and_words(
    world: World, dana: Actor, system: str, ground: Ground, words: str, says: str
) -> None:
    place = {"system": system, "collection": "orders"}
    with pytest.raises(Conflict, match=says):
        withholding.refuse_part(proven(world), **place, ground=ground, words=words, by=dana, at=world.at)


def test_only_reviewers_refuse_a_part(world: World, eli: Actor) -> None:
    with pytest.raises(permissions.Forbidden):
        refuse_orders(world, proven(world), eli, Ground.RIGHTS_OF_OTHERS)


def test_what_was_found_is_forgotten_with_a_refusal(world: World, dana: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    found = subject_request.items.filter(kind=Kind.FIND).exclude(part=None).first()
    assert found is not None
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    found.refresh_from_db()
    assert found.part is not None
    assert found.part.wrapped_key == ""
    assert parts.tidy(at=world.at) == 0


def test_the_words_of_a_refusal_are_bound_to_the_record(world: World, dana: Actor) -> None:
    subject_request = proven(world)
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, words="No zebra here.", by=dana, at=world.at)
    event = Event.objects.get(tag="request:refused")
    assert event.commitment
    assert event.why() == "No zebra here."
    assert "zebra" not in str(event.details)


def test_with_a_refusal_nothing_is_searched_any_more(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    assert set(subject_request.items.values_list("state", flat=True)) == {ItemState.DONE}
    assert not work.do_next(at=world.at)


def test_the_words_of_a_refused_part_are_bound_to_the_record(world: World, dana: Actor) -> None:
    refuse_orders(world, proven(world), dana, Ground.RIGHTS_OF_OTHERS)
    assert EventSecret.objects.filter(event__tag="part:refused").count() == 1
