"""What a replay never touches: rows that no approved manifest listed, whatever name they bear."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.portal import journey
from dsr.steps import ledger, maps
from dsr.steps.asking import intake
from dsr.steps.deciding import approval, review
from tests.conftest import SAM, World, walked
from tests.steps import scenes
from tests.steps.fulfilling.test_execution import generation
from tests.steps.fulfilling.test_replay import APP, replay, sams

OTHER = "jp800001"
NEWER = 800_001


def account(world: World, email: str) -> None:
    """Somebody else's, older than any erasure."""
    with scenes.live(world) as database:
        row = "INSERT INTO users (id, email, nickname, created_at) VALUES (?, ?, 'Other', '2026-01-01T00:00:00Z')"
        database.execute(row, (OTHER, email))


def stands(world: World, pk: str = OTHER) -> bool:
    with scenes.live(world) as database:
        return bool(database.execute("SELECT nickname FROM users WHERE id = ?", (pk,)).fetchone() == ("Other",))


def restore(world: World, seeded: Path) -> None:
    """The application database, from before any erasure."""
    for stale in world.systems.folder.glob(f"{APP}-*"):
        stale.unlink()
    shutil.copyfile(seeded / APP, world.systems.folder / APP)


@pytest.fixture
def halfway(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    """Sam's erasure is done in the application database, and stuck everywhere else."""
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    others = subject_request.items.filter(kind=Kind.ERASE).exclude(system="app-database")
    assert others.update(state=ItemState.QUARANTINED)
    world.work()
    return subject_request


def goes_on(world: World, subject_request: SubjectRequest) -> None:
    PlanItem.objects.filter(subject_request=subject_request, state=ItemState.QUARANTINED).update(state=ItemState.READY)
    world.work(State.PACKAGED, subject_request)


def test_an_address_in_other_capitals_is_somebody_elses_and_stays(
    world: World, answered: Callable[..., SubjectRequest]
) -> None:
    account(world, SAM.capitalize())
    answered(Right.ERASURE)
    code, said = replay()
    assert stands(world)
    assert "users: 1 rows bear a name that was erased, and were not erased themselves" in said
    assert code == 2  # nothing is left to do, though the institution cannot be asked


def test_an_older_account_that_takes_an_erased_address_over_stays(
    world: World, answered: Callable[..., SubjectRequest]
) -> None:
    account(world, "other@example.com")
    answered(Right.ERASURE)
    with scenes.live(world) as database:
        database.execute("UPDATE users SET email = ? WHERE id = ?", (SAM, OTHER))
    replay()
    assert stands(world)


@pytest.fixture
def left_out(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    """Answered without the application database, of which nothing was touched."""
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    app = scenes.item_of(subject_request, Kind.ERASE, "app-database")
    ledger.quarantine(app, note="Listed rows may be somebody else's now", at=world.at)
    approval.exclude(app, reason="The account is another person's now.", by=eli, at=world.at)
    world.work(State.PACKAGED, subject_request)
    return subject_request


def test_nothing_is_erased_in_a_system_that_the_approver_left_out(world: World, left_out: SubjectRequest) -> None:
    before = sams(world)
    replay()
    assert sams(world) == before
    assert before["users"] == 1


def test_what_one_system_erased_is_erased_again_while_another_is_stuck(
    world: World, seeded: Path, halfway: SubjectRequest
) -> None:
    restore(world, seeded)
    replay()
    assert set(sams(world).values()) == {0}
    goes_on(world, halfway)
    assert set(sams(world).values()) == {0}


def test_who_came_back_before_the_last_system_was_done_keeps_the_new_account(
    world: World, halfway: SubjectRequest
) -> None:
    world.later(days=6)
    with scenes.live(world) as database:
        row = "INSERT INTO users (id, email, nickname, created_at) VALUES (?, ?, 'Other', ?)"
        database.execute(row, ("jp900001", SAM, world.at.isoformat().replace("+00:00", "Z")))
    world.later(days=4)
    goes_on(world, halfway)
    replay()
    assert stands(world, "jp900001")


@pytest.fixture
def of_content(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    """Sam keeps the account, and what Sam made is erased."""
    asked = intake.Intake("joypix", Right.ERASURE, ((IdentityKind.EMAIL, SAM),), scope="content")
    subject_request = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    world.work(State.PACKAGED, subject_request)
    return subject_request


def test_of_a_part_of_the_data_that_part_alone_is_erased_again(
    world: World, seeded: Path, of_content: SubjectRequest
) -> None:
    restore(world, seeded)
    before = sams(world)
    with scenes.live(world) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(generations)")]
        told = {"id": "?", "created_at": "?"}
        newer = ", ".join(told.get(name, name) for name in names)
        copied = f"INSERT INTO generations SELECT {newer} FROM generations WHERE user_id = 'jp000001' LIMIT 1"
        values = {"id": NEWER, "created_at": world.at.isoformat()}
        database.execute(copied, [values[name] for name in names if name in values])
    replay()
    assert before["generations"] > 1
    assert sams(world) == before | {"generations": 1}  # what was made since then


def test_a_scope_that_left_the_map_stops_its_own_replay_alone(
    world: World, seeded: Path, of_content: SubjectRequest, settings: Settings, tmp_path: Path
) -> None:
    with scenes.live(world) as database:
        other = database.execute("SELECT email FROM users WHERE id = 'jp000003'").fetchone()[0]
    walked(world, Right.ERASURE, email=other)
    restore(world, seeded)
    settings.DSR_CONTROLLERS = shutil.copytree(settings.DSR_CONTROLLERS, tmp_path / "maps")
    facts = tmp_path / "maps/joypix/controller.yaml"
    facts.write_text(
        facts.read_text().replace("  content:\n    title: My content only", "  mine:\n    title: Mine only")
    )
    code, said = replay()
    assert code == 1
    assert f"{of_content.reference}: The map offers no scope 'content' any more" in said
    with scenes.live(world) as database:
        assert database.execute("SELECT count(*) FROM users WHERE email = ?", (other,)).fetchone() == (0,)


def test_what_is_kept_in_a_system_that_was_left_out_untouched_is_not_erased_on_its_day_either(
    left_out: SubjectRequest,
) -> None:
    waiting = left_out.items.filter(kind=Kind.ERASE).exclude(until=None).values_list("system", flat=True)
    assert set(waiting) == {"payment-institution"}  # which says until when it keeps a row
    titles = {row.title for row in journey.kept(left_out, maps.controller("joypix"))}
    assert titles.isdisjoint({"Orders", "Account"})


def test_what_is_kept_in_a_system_that_was_left_out_half_erased_goes_on_its_day(
    world: World, dana: Actor, eli: Actor
) -> None:
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    generation(world, "late-1")  # read back, so it is stuck
    scenes.work_on(world, subject_request, Kind.ERASE)
    app = scenes.item_of(subject_request, Kind.ERASE, "app-database")
    approval.exclude(app, reason="New rows; a second request follows.", by=eli, at=world.at)
    world.work(State.PACKAGED, subject_request)
    waiting = subject_request.items.filter(kind=Kind.ERASE).exclude(until=None).values_list("system", flat=True)
    assert set(waiting) == {"app-database", "payment-institution"}
