"""A system that only a person can search or erase: a task, what was handed in, the second look."""

import json
import re
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Value
from django.db.models.functions import Concat

from accounts.models import Staff
from dsr.connectors import registry
from dsr.connectors.contract import File
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Errand, Event, Notice, PlanItem, SubjectRequest, sealed
from dsr.package.contents import KeptRows
from dsr.steps import ledger, maps
from dsr.steps.answering import keeping, packaging
from dsr.steps.asking import cancellation
from dsr.steps.deciding import approval, holds
from dsr.steps.errands import answering, asking, uploads
from dsr.steps.fulfilling import parts, search, staying
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests import staging
from tests.conftest import SAM, World, dana_in, eli_in, officer_in
from tests.steps import scenes
from tests.steps.errands import scene

CANARY = "Sam's own words on paper"
PDF = b"%PDF-1.4 a scan"
ROWS = [{"number": 7, "email": SAM, "subject": CANARY, "scan": "7.pdf"}, {"number": 9, "email": "", "subject": None}]


def bring(errand: Errand, by: Actor, world: World) -> None:
    place = search.reach(errand.item)
    upload = uploads.Upload(json.dumps({"letters": ROWS}).encode(), "", (("7.pdf", PDF),))
    found = uploads.read(upload, place.plan.routes, place.identities)
    answering.bring(errand, found, by=by, at=world.at)


@staging.scene("people_are_asked")
def searched_by_hand(world: World) -> SubjectRequest:
    """An access request of Sam's; Dana and Olga are to be written to."""
    dana_in(), officer_in()
    Staff.objects.update(email=Concat("username", Value("@desk.example")))
    return scene.searched_by_hand(world)


@pytest.fixture
def asked(searched_by_hand: SubjectRequest) -> Errand:
    """The task of Sam's access request."""
    return scene.task(searched_by_hand)


@staging.scene("people_are_asked")
def erasing_by_hand(world: World) -> SubjectRequest:
    """An approved erasure, the grace period over; two letters are listed."""
    dana = dana_in()
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    bring(scene.waiting(world, subject_request), dana, world)
    world.work(State.SEARCHED, subject_request)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli_in(), at=world.at)
    world.later(days=4)
    return scene.waiting(world, subject_request, Kind.ERASE).item.subject_request


@pytest.fixture
def to_erase(erasing_by_hand: SubjectRequest) -> Errand:
    """The task of it."""
    return scene.task(erasing_by_hand, Kind.ERASE)


DONE = answering.Erased({"letters": 2})


def test_a_search_by_hand_waits_and_blocks_no_worker(asked: Errand, world: World, dana: Actor) -> None:
    item = asked.item
    again = scene.item(item.subject_request)
    assert (again.state, again.attempts, again.tries) == (ItemState.WAITING, 0, 0)
    assert asked.due_on == world.at.date() + timedelta(days=7)
    assert Notice.objects.filter(letter=Letter.TASK, to=f"staff:{dana.id}").count() == 1
    scenes.work_on(world, item.subject_request, Kind.FIND)
    world.later(hours=2)
    scenes.work_on(world, item.subject_request, Kind.FIND)
    assert Errand.objects.count() == 1
    assert Notice.objects.filter(letter=Letter.TASK, to=f"staff:{dana.id}").count() == 1


def test_what_was_handed_in_becomes_the_part_and_the_answer(asked: Errand, world: World, dana: Actor) -> None:
    bring(asked, dana, world)
    item = scene.item(asked.item.subject_request)
    assert (item.state, item.outcome, item.counts) == (
        ItemState.DONE,
        Outcome.FOUND,
        {"rows": {"letters": 2}, "files": 1},
    )
    assert item.part is not None
    found = [
        (one.name, b"".join(one.chunks)) if isinstance(one, File) else one.rows for one in parts.found_in(item.part)
    ]
    assert found == [((7, SAM, CANARY, "7.pdf"), (9, "", None, None)), ("7.pdf", PDF)]
    world.work(State.PACKAGED, item.subject_request)


def test_what_was_handed_in_lies_nowhere_in_plain(asked: Errand, world: World, dana: Actor) -> None:
    bring(asked, dana, world)
    item = scene.item(asked.item.subject_request)
    assert item.part is not None
    on_disk = sealed.file_path(item.part.pk).read_bytes()
    assert CANARY.encode() not in on_disk
    assert PDF not in on_disk
    told = str(list(Event.objects.values_list("details"))) + str(list(Errand.objects.values())) + str(item.counts)
    assert CANARY not in told
    assert SAM not in told


def test_nothing_found_is_an_answer_too(asked: Errand, world: World, dana: Actor) -> None:
    answering.nothing(asked, by=dana, at=world.at)
    assert scene.item(asked.item.subject_request).outcome == Outcome.NOTHING
    world.work(State.PACKAGED, asked.item.subject_request)


def test_a_task_is_answered_once(asked: Errand, world: World, dana: Actor) -> None:
    answering.nothing(asked, by=dana, at=world.at)
    with pytest.raises(Conflict):
        bring(scene.task(asked.item.subject_request), dana, world)
    assert scene.item(asked.item.subject_request).outcome == Outcome.NOTHING


def test_what_cannot_be_searched_is_left_out_by_name_or_tried_again(asked: Errand, world: World, dana: Actor) -> None:
    subject_request = asked.item.subject_request
    answering.cannot(asked, "Room 3 burned down.", by=dana, at=world.at)
    item = scene.item(subject_request)
    assert (item.state, item.note) == (ItemState.QUARANTINED, answering.NOT_POSSIBLE)
    assert "burned" not in str(Errand.objects.values())
    ledger.retry(item, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    answering.nothing(scene.task(subject_request), by=dana, at=world.at)
    assert scene.item(subject_request).outcome == Outcome.NOTHING


def test_mallory_and_whoever_only_audits_answer_no_task(asked: Errand, world: World, ada: Actor) -> None:
    with pytest.raises(Forbidden):
        answering.nothing(asked, by=ada, at=world.at)
    with pytest.raises(Forbidden):
        asking.take(asked, by=ada, at=world.at)
    with pytest.raises(Forbidden):
        asking.show(asked, by=ada, at=world.at)


def test_an_engineer_sees_whom_to_look_for_once_the_task_is_theirs(
    asked: Errand, world: World, engineer: Actor
) -> None:
    with pytest.raises(Forbidden):
        asking.show(asked, by=engineer, at=world.at)
    asking.take(asked, by=engineer, at=world.at)
    (shown,) = asking.show(scene.task(asked.item.subject_request), by=engineer, at=world.at)
    assert shown.by == (("E-mail", (SAM,)),)
    assert Event.objects.filter(tag="task:shown", actor=str(engineer)).count() == 1


def test_an_owner_is_reminded_before_the_day_and_late_it_is_escalated(
    asked: Errand, world: World, dana: Actor, officer: Actor
) -> None:
    asking.take(asked, by=dana, at=world.at)
    assert not asking.remind_next(at=world.at)
    world.later(days=6)
    assert asking.remind_next(at=world.at)
    assert not asking.remind_next(at=world.at)
    assert Notice.objects.filter(letter=Letter.TASK, to=f"staff:{dana.id}").count() >= 1
    before = Notice.objects.filter(letter=Letter.TASK, to=f"staff:{officer.id}").count()
    world.later(days=2)
    assert asking.remind_next(at=world.at)
    assert not asking.remind_next(at=world.at)
    assert Notice.objects.filter(letter=Letter.TASK, to=f"staff:{officer.id}").count() == before + 1
    assert re.search(r"\bsam\b", " ".join(world.letters()[-3:]), re.IGNORECASE) is None


def test_an_erasure_by_hand_counts_once_a_second_person_has_looked(
    world: World, dana: Actor, to_erase: Errand, devi: Actor
) -> None:
    subject_request = to_erase.item.subject_request
    (shown,) = asking.show(to_erase, by=dana, at=world.at)
    assert shown.keys == ("7", "9")
    answering.erased(to_erase, DONE, by=dana, at=world.at)
    world.later(hours=2)  # the ledger asks again
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert scene.item(subject_request, Kind.ERASE).state == ItemState.WAITING
    with pytest.raises(Forbidden):
        answering.confirm(scene.task(subject_request, Kind.ERASE), by=dana, at=world.at)
    answering.confirm(scene.task(subject_request, Kind.ERASE), by=devi, at=world.at)
    scenes.work_on(world, subject_request, Kind.ERASE)
    item = scene.item(subject_request, Kind.ERASE)
    assert (item.outcome, item.counts["letters"]["erased"]) == (Outcome.ERASED, 2)


def test_the_answer_names_what_was_confirmed_by_hand(world: World, dana: Actor, to_erase: Errand, devi: Actor) -> None:
    answering.erased(to_erase, DONE, by=dana, at=world.at)
    answering.confirm(scene.task(to_erase.item.subject_request, Kind.ERASE), by=devi, at=world.at)
    scenes.work_on(world, to_erase.item.subject_request, Kind.ERASE)
    answer = packaging.answer_to(to_erase.item.subject_request, at=world.at)
    notes = {one.system: one.note for one in answer.systems}
    assert notes["paper-archive"].startswith("Confirmed by hand")
    assert notes["app-database"] == ""


def test_what_the_second_look_finds_opens_the_task_again(
    world: World, dana: Actor, to_erase: Errand, devi: Actor
) -> None:
    subject_request = to_erase.item.subject_request
    answering.erased(to_erase, DONE, by=dana, at=world.at)
    answering.send_back(scene.task(subject_request, Kind.ERASE), by=devi, at=world.at)
    world.later(hours=2)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert scene.item(subject_request, Kind.ERASE).state == ItemState.WAITING
    assert scene.task(subject_request, Kind.ERASE).answer == ""


def told_of_letters(subject_request: SubjectRequest, world: World) -> tuple[KeptRows, ...]:
    """What the answer says of letters that stay."""
    systems = packaging.answer_to(subject_request, at=world.at).systems
    (letters,) = next(one.collections for one in systems if one.system == "paper-archive")
    return letters.kept


def test_why_rows_stay_stands_nowhere_in_plain_words_and_is_forgotten_with_its_request(
    world: World, dana: Actor, to_erase: Errand, devi: Actor
) -> None:
    subject_request, words = to_erase.item.subject_request, "Sam Ortiz sued us over it."
    answering.erased(to_erase, answering.Erased({"letters": 1}, ("7",), None, words), by=dana, at=world.at)
    answering.confirm(scene.task(subject_request, Kind.ERASE), by=devi, at=world.at)
    scenes.work_on(world, subject_request, Kind.ERASE)
    written = [*Event.objects.values("tag", "details"), *PlanItem.objects.values("counts", "reasons_sealed")]
    assert words not in str(written)
    ended = Event.objects.get(tag="item:kept", details__item="erase paper-archive", details__outcome="kept")
    assert words in ended.secret.text()
    assert [stays.words for stays in told_of_letters(subject_request, world)] == [words]
    SubjectRequest.objects.update(state=State.DELIVERED, closed_at=world.at)
    assert keeping.reduce_next(at=world.later(days=5000))
    assert [stays.words for stays in told_of_letters(subject_request, world)] == [""]


def test_words_that_come_after_the_time_of_a_request_are_not_kept(world: World, to_erase: Errand) -> None:
    SubjectRequest.objects.update(reduced_at=world.at)  # as before the day of a deferred erasure
    reasons = staying.Reasons(to_erase.item)
    assert reasons.named("Sam Ortiz sued us over it.") == 0
    assert reasons.kept() == {}


def test_rows_that_stay_are_named_with_day_and_reason(world: World, dana: Actor, to_erase: Errand, devi: Actor) -> None:
    subject_request = to_erase.item.subject_request
    until = world.at.date() + timedelta(days=90)
    kept = answering.Erased({"letters": 1}, ("7",), until, "It is needed in a dispute.")
    answering.erased(to_erase, kept, by=dana, at=world.at)
    answering.confirm(scene.task(subject_request, Kind.ERASE), by=devi, at=world.at)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert scene.item(subject_request, Kind.ERASE).outcome == Outcome.KEPT
    (stays,) = told_of_letters(subject_request, world)
    assert (stays.count, stays.until, stays.words) == (1, until, "It is needed in a dispute.")
    assert PlanItem.objects.filter(subject_request=subject_request, system="paper-archive", until=until).count() == 1


@pytest.mark.parametrize(
    ("done", "says"),
    [
        (answering.Erased({"letters": 1}), "have to be as many"),
        (answering.Erased({"letters": 1}, ("7",)), "Say why"),
        (answering.Erased({"letters": 1}, ("8",), None, "why"), "not on the list"),
        (answering.Erased({"letters": 1}, ("7",), date(2020, 1, 1), "why"), "in the future"),
    ],
)
def test_an_account_that_does_not_add_up_is_not_taken(
    done: answering.Erased, says: str, world: World, dana: Actor, to_erase: Errand
) -> None:
    with pytest.raises(Conflict, match=says):
        answering.erased(to_erase, done, by=dana, at=world.at)
    assert scene.task(to_erase.item.subject_request, Kind.ERASE).answer == ""


def test_while_a_legal_hold_stands_nobody_is_asked_to_erase(world: World, dana: Actor, to_erase: Errand) -> None:
    order = holds.Order("A court asks.", world.at.date() + timedelta(days=30))
    holds.set_hold(to_erase.item.subject_request, order, by=dana, at=world.at)
    with pytest.raises(Conflict, match="legal hold"):
        answering.erased(to_erase, DONE, by=dana, at=world.at)
    world.later(days=8)
    assert not asking.remind_next(at=world.at)


def test_a_cancelled_request_takes_its_tasks_away(asked: Errand, world: World, dana: Actor) -> None:
    cancellation.cancel(SubjectRequest.objects.get(pk=asked.item.subject_request_id), by=SUBJECT, at=world.at)
    assert not asking.standing(["joypix"]).exists()
    with pytest.raises(Conflict):
        answering.nothing(asked, by=dana, at=world.at)


def test_a_closed_account_is_asked_nothing_more(asked: Errand, world: World, dana: Actor) -> None:
    asking.take(asked, by=dana, at=world.at)
    Staff.objects.filter(pk=dana.id).update(is_active=False)
    with pytest.raises(Forbidden):
        answering.nothing(asked, by=dana, at=world.at)


def test_two_people_who_answer_at_once_give_one_answer(asked: Errand, world: World, dana: Actor) -> None:
    def rival() -> None:
        Errand.objects.filter(pk=asked.pk).update(answer=Errand.NOTHING)

    with scenes.a_rival_before("dsr_errand", rival), pytest.raises(Conflict):
        answering.nothing(asked, by=dana, at=world.at)
    assert scene.item(asked.item.subject_request).state == ItemState.WAITING
    assert not Event.objects.filter(tag="task:answered").exists()


def test_after_its_time_nothing_is_left_of_what_was_said_about_a_task(asked: Errand, world: World, dana: Actor) -> None:
    answering.cannot(asked, "Room 3 burned down.", by=dana, at=world.at)
    cancellation.cancel(SubjectRequest.objects.get(pk=asked.item.subject_request_id), by=SUBJECT, at=world.at)
    assert scene.task(asked.item.subject_request).because() == "Room 3 burned down."
    assert keeping.reduce_next(at=world.later(days=800))
    assert scene.task(asked.item.subject_request).because() == ""


def test_answering_a_task_that_the_ledger_gave_up_on_still_counts(asked: Errand, world: World, dana: Actor) -> None:
    world.later(days=31)
    scenes.work_on(world, asked.item.subject_request, Kind.FIND)
    assert scene.item(asked.item.subject_request).state == ItemState.QUARANTINED
    bring(asked, dana, world)
    assert scene.item(asked.item.subject_request).outcome == Outcome.FOUND


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"settings": {"days": "0"}}, "'days' is a number from 1 to 28"),
        ({"settings": {"days": "soon"}}, "'days' is a number from 1 to 28"),
        ({"settings": {"room": "3"}}, "unknown setting 'room'"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, object], says: str, world: World) -> None:
    paper = maps.controller("joypix").systems["paper-archive"]
    changed = paper.model_copy(update={"connector": paper.connector.model_copy(update=change)})
    with pytest.raises(ValueError, match=says):
        registry.build(changed, {})


def test_what_only_a_person_can_count_is_shown_so(world: World) -> None:
    shown = StringIO()
    call_command("preview", controller="joypix", right="access", identity=[f"email={SAM}"], stdout=shown)
    assert ["letters", "by", "hand"] in [line.split() for line in shown.getvalue().splitlines()]
    assert not Errand.objects.exists()
