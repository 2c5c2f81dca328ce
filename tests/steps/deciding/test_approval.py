"""Nothing is erased before a second person has approved exactly what will be erased."""

import pytest

from accounts import staff
from accounts.models import Membership, Role, Staff
from dsr.law.actors import PORTAL, SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Approval, Event, Manifest, PlanItem, SubjectRequest, sealed
from dsr.steps.answering import packaging
from dsr.steps.deciding import approval
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.steps import scenes


def approve(subject_request: SubjectRequest, by: Actor, world: World, digest: str = "") -> None:
    shown = digest or subject_request.manifest.digest
    approval.approve(subject_request, digest=shown, by=by, at=world.at)


def refused(subject_request: SubjectRequest) -> bool:
    """Whether nothing came of the approval."""
    subject_request.refresh_from_db()
    planned = subject_request.items.filter(kind=Kind.ERASE).exists()
    return subject_request.state == State.SEARCHED and not Approval.objects.exists() and not planned


def quarantined(subject_request: SubjectRequest, kind: Kind, system: str) -> PlanItem:
    item = scenes.item_of(subject_request, kind, system)
    PlanItem.objects.filter(pk=item.pk).update(state=ItemState.QUARANTINED, note="A test.")
    item.refresh_from_db()
    return item


def test_a_second_person_approves_and_the_grace_period_begins(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    approve(subject_request, eli, world)
    given = Approval.objects.get()
    assert (str(given.by_id), given.digest) == (eli.id, subject_request.manifest.digest)
    starts = set(subject_request.items.filter(kind=Kind.ERASE).values_list("not_before", flat=True))
    assert starts == {subject_request.erase_after}
    assert scenes.seconds_until(starts.pop(), world) == 3 * 24 * 3600


def test_who_accepted_cannot_approve_even_with_both_roles(world: World, dana: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    Membership.objects.create(staff_id=dana.id, controller="joypix", role=Role.PRIVACY_OFFICER)
    with pytest.raises(Forbidden, match="second person"):
        approve(subject_request, dana, world)
    assert refused(subject_request)


@pytest.mark.parametrize("by", [SUBJECT, PORTAL, Actor(ActorKind.TOKEN, "1")])
def test_only_people_who_work_here_approve(world: World, dana: Actor, by: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    with pytest.raises(Forbidden):
        approve(subject_request, by, world)
    assert refused(subject_request)


def test_an_approver_who_lost_the_role_cannot_approve(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    Membership.objects.filter(staff_id=eli.id, controller="joypix").delete()
    with pytest.raises(Forbidden):
        approve(subject_request, eli, world)
    assert refused(subject_request)


def test_an_approver_who_left_cannot_approve(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    Staff.objects.filter(pk=eli.id).update(is_active=False)
    with pytest.raises(Forbidden):
        approve(subject_request, eli, world)
    assert refused(subject_request)


def test_an_approver_of_another_controller_cannot_approve(world: World, dana: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    staff.add("mallory", "Mallory", [("pixplus", Role.APPROVER)])
    mallory = Actor(ActorKind.STAFF, str(Staff.objects.get(username="mallory").pk))
    with pytest.raises(Forbidden):
        approve(subject_request, mallory, world)
    assert refused(subject_request)


def test_another_digest_than_the_one_that_was_shown_is_refused(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    with pytest.raises(Conflict, match="not the manifest"):
        approve(subject_request, eli, world, digest="0" * 64)
    assert refused(subject_request)


def test_a_digest_that_was_edited_in_its_table_is_refused(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    Manifest.objects.update(digest="0" * 64)
    with pytest.raises(Conflict, match="not the manifest"):
        approve(subject_request, eli, world, digest=subject_request.manifest.part.sha256)
    assert refused(subject_request)


@pytest.mark.parametrize("change", ["flip", "cut", "remove", "swap"])
def test_a_manifest_that_was_changed_on_disk_is_refused(world: World, dana: Actor, eli: Actor, change: str) -> None:
    subject_request = scenes.searched(world, dana)
    path = sealed.file_path(subject_request.manifest.part.pk)
    whole = path.read_bytes()
    other = sealed.file_path(subject_request.parts.filter(system="app-database").get().pk)
    if change == "remove":
        path.unlink()
    else:
        changed = {"flip": whole[:-1] + bytes([whole[-1] ^ 1]), "cut": whole[:-20], "swap": other.read_bytes()}
        path.write_bytes(changed[change])
    with pytest.raises(Conflict, match="not the manifest"):
        approve(subject_request, eli, world)
    assert refused(subject_request)


def test_approving_twice_approves_once(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    stale = SubjectRequest.objects.get(pk=subject_request.pk)
    approve(subject_request, eli, world)
    with pytest.raises(Conflict, match="meanwhile"):
        approve(stale, eli, world)
    assert Event.objects.filter(tag="plan:approved").count() == 1
    assert Approval.objects.count() == 1


def test_an_erasure_of_somebody_unknown_needs_no_approval(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE, email="nobody@example.com")
    scenes.work_on(world, subject_request, Kind.FIND)
    scenes.work_on(world, subject_request, Kind.CLOSE)
    subject_request.refresh_from_db()
    assert subject_request.state == State.CARRIED_OUT
    assert not subject_request.items.filter(kind=Kind.ERASE).exists()


def test_a_reviewer_answers_an_access_without_a_system_and_the_answer_names_it(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    item = quarantined(subject_request, Kind.FIND, "app-database")
    approval.exclude(item, reason="Down since Monday.", by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    answer = packaging.answer_to(subject_request, at=world.at)
    said = {system.system: (system.outcome, system.note) for system in answer.systems}
    assert said["app-database"] == (Outcome.FAILED, "Down since Monday.")


def test_what_is_searched_by_way_of_a_system_left_out_is_not_called_empty(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    item = quarantined(subject_request, Kind.FIND, "app-database")
    approval.exclude(item, reason="Down since Monday.", by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    said = {}
    for language in ("en", "zh-hans"):
        answer = packaging.answer_to(subject_request, at=world.at, language=language)
        said[language] = next((s.outcome, s.note) for s in answer.systems if s.system == "payment-institution")
    assert said == {
        "en": (Outcome.FAILED, "It is searched by way of Application database, which was left out."),
        "zh-hans": (Outcome.FAILED, "此系统要通过应用数据库进行搜索，而后者被排除在外。"),
    }


def test_of_an_erasure_only_an_approver_leaves_a_system_out(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    item = quarantined(subject_request, Kind.FIND, "payment-institution")
    with pytest.raises(Forbidden):
        approval.exclude(item, reason="Down.", by=dana, at=world.at)
    approval.exclude(item, reason="Down.", by=eli, at=world.at)
    item.refresh_from_db()
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.FAILED)
    assert Event.objects.get(tag="item:excluded").actor == str(eli)


@pytest.mark.parametrize("reason", ["", "   "])
def test_nothing_is_left_out_without_a_reason(world: World, dana: Actor, reason: str) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    item = quarantined(subject_request, Kind.FIND, "app-database")
    with pytest.raises(Conflict, match="Say why"):
        approval.exclude(item, reason=reason, by=dana, at=world.at)


@pytest.mark.parametrize("state", [ItemState.READY, ItemState.RUNNING, ItemState.DONE])
def test_a_system_that_has_not_failed_is_not_left_out(world: World, dana: Actor, state: ItemState) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    item = scenes.item_of(subject_request, Kind.FIND, "app-database")
    PlanItem.objects.filter(pk=item.pk).update(state=state)
    with pytest.raises(Conflict, match="has failed"):
        approval.exclude(item, reason="Down.", by=dana, at=world.at)


def test_the_package_itself_is_never_left_out(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    item = quarantined(subject_request, Kind.ASSEMBLE, "")
    with pytest.raises(Conflict):
        approval.exclude(item, reason="Down.", by=dana, at=world.at)


def test_the_person_is_told_when_erasing_begins_and_that_it_can_be_cancelled(
    world: World, dana: Actor, eli: Actor
) -> None:
    subject_request = scenes.approved(world, dana, eli)
    letter = world.letters()[-1]
    assert "you can cancel" in letter
    assert f"{subject_request.erase_after:%B %Y}" in letter
    assert "America/Los_Angeles" in letter


def test_who_accepts_a_request_of_nobody_owns_it(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    subject_request.refresh_from_db()
    assert str(subject_request.owner_id) == dana.id


def test_rows_that_wait_for_their_date_are_never_left_out(world: World, dana: Actor, eli: Actor) -> None:
    item = quarantined(scenes.approved(world, dana, eli), Kind.ERASE, "app-database")
    PlanItem.objects.filter(pk=item.pk).update(until=world.at.date())
    with pytest.raises(Conflict, match="Only a system that has failed"):
        approval.exclude(item, reason="Down.", by=eli, at=world.at)
