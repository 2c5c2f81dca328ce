"""What was approved is erased, once, and nothing is called erased that is still there."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controllers.sample_state import Json
from controllers.sample_state import State as ServiceState
from dsr.law.actors import SUBJECT, Actor
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Manifest, PlanItem, SubjectRequest
from dsr.steps import ledger, work
from dsr.steps.asking import cancellation
from dsr.steps.deciding import approval
from dsr.steps.move import Conflict
from tests import staging
from tests.conftest import SAM, World, dana_in, eli_in
from tests.steps import scenes

SAMS = "jp000001"
BELOW_USERS = ("social_signins", "devices", "orders", "generations", "consents")


@staging.scene()
def erasing(world: World) -> SubjectRequest:
    """Sam's approved erasure, on the day after its grace period."""
    subject_request = scenes.approved(world, dana_in(), eli_in())
    world.later(days=4)
    return subject_request


def consents_aside(world: World) -> list[str]:
    """Everything but consents, which are withdrawn when an erasure is accepted, and not given again."""
    return [line for line in scenes.state_of(app_database(world)) if '"consents"' not in line]


def effects(world: World) -> object:
    """What the services were asked to do."""
    return world.systems.services.state.journal()["items"]


def app_database(world: World) -> Path:
    return world.systems.folder / "joypix" / "database.sqlite3"


def generation(world: World, key: str) -> None:
    """Sam goes on using the service."""
    with scenes.live(world) as database:
        columns = "id, user_id, kind, prompt, model, status, compute_ms, saved, created_at"
        row = (key, SAMS, "image", "one more fox", "m1", "done", 1, 0, "2026-11-05T10:00:00Z")
        database.execute(f"INSERT INTO generations ({columns}) VALUES (?,?,?,?,?,?,?,?,?)", row)


def test_who_cancels_in_the_grace_period_keeps_everything(world: World, dana: Actor, eli: Actor) -> None:
    before = consents_aside(world)
    subject_request = scenes.approved(world, dana, eli)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.later(days=2))
    scenes.work_on(world, subject_request, Kind.RESUME)  # the account is enabled again
    world.later(days=30)
    assert not work.do_next(at=world.at)
    assert consents_aside(world) == before
    assert effects(world) == []


def test_nothing_is_touched_before_the_grace_period_is_over(world: World, dana: Actor, eli: Actor) -> None:
    scenes.approved(world, dana, eli)
    before = scenes.state_of(app_database(world))
    world.later(days=3, seconds=-1)
    assert not work.do_next(at=world.at)
    assert scenes.state_of(app_database(world)) == before
    assert effects(world) == []


def test_once_erasing_has_begun_it_cannot_be_cancelled(world: World, erasing: SubjectRequest) -> None:
    work.do_next(at=world.at)
    open_items = list(erasing.items.filter(kind=Kind.ERASE).values("pk", "state"))
    assert not cancellation.possible(erasing)
    with pytest.raises(Conflict, match="begun"):
        cancellation.cancel(erasing, by=SUBJECT, at=world.at)
    erasing.refresh_from_db()
    assert erasing.state == State.APPROVED
    assert list(erasing.items.filter(kind=Kind.ERASE).values("pk", "state")) == open_items


def test_who_cancels_in_the_moment_of_the_claim_is_told_that_it_is_too_late(
    world: World, erasing: SubjectRequest
) -> None:
    with (
        scenes.a_rival_before("SAVEPOINT", lambda: ledger.claim(at=world.at)),
        pytest.raises(Conflict, match="begun"),
    ):
        cancellation.cancel(erasing, by=SUBJECT, at=world.at)


def test_sams_rows_are_erased_and_nobody_elses_change(world: World, erasing: SubjectRequest) -> None:
    def others() -> list[object]:
        with scenes.live(world) as database:
            tables = (
                database.execute(f"SELECT * FROM {table} WHERE user_id != ? ORDER BY id", (SAMS,)).fetchall()
                for table in BELOW_USERS
            )
            return [*tables, database.execute("SELECT * FROM users WHERE id != ? ORDER BY id", (SAMS,)).fetchall()]

    before = others()
    scenes.work_on(world, erasing, Kind.ERASE)
    with scenes.live(world) as database:
        left = {
            table: database.execute(f"SELECT count(*) FROM {table} WHERE user_id = ?", (SAMS,)).fetchone()[0]
            for table in BELOW_USERS
        }
    assert left.pop("orders") > 0  # kept by law
    assert set(left.values()) == {0}
    assert others() == before


def test_what_came_in_after_the_approval_is_found_and_not_called_erased(world: World, erasing: SubjectRequest) -> None:
    generation(world, "late-1")
    scenes.work_on(world, erasing, Kind.ERASE)
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    assert (item.state, item.outcome) == (ItemState.QUARANTINED, "")
    assert "1 rows" in item.note
    erasing.refresh_from_db()
    assert erasing.state == State.APPROVED


def test_what_came_in_is_found_again_by_the_worker_after_one_that_died(world: World, erasing: SubjectRequest) -> None:
    generation(world, "late-1")
    scenes.work_on(world, erasing, Kind.ERASE)
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    # By now the account is an id alone: its address leads nowhere any more.
    PlanItem.objects.filter(pk=item.pk).update(state=ItemState.RUNNING, lease_until=datetime(2000, 1, 1, tzinfo=UTC))
    scenes.work_on(world, erasing, Kind.ERASE)
    item.refresh_from_db()
    assert item.state == ItemState.QUARANTINED


def test_once_what_came_in_is_gone_a_retry_completes_the_erasure(
    world: World, dana: Actor, erasing: SubjectRequest
) -> None:
    generation(world, "late-1")
    scenes.work_on(world, erasing, Kind.ERASE)
    with scenes.live(world) as database:
        database.execute("DELETE FROM generations WHERE id = 'late-1'")
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    ledger.retry(item, by=dana, at=world.at)
    scenes.work_on(world, erasing, Kind.ERASE)
    item.refresh_from_db()
    assert item.outcome == Outcome.ERASED
    erasing.refresh_from_db()
    assert erasing.state == State.CARRIED_OUT


def test_the_approver_can_answer_without_a_system_that_could_not_be_erased(
    world: World, eli: Actor, erasing: SubjectRequest
) -> None:
    generation(world, "late-1")
    scenes.work_on(world, erasing, Kind.ERASE)
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    approval.exclude(item, reason="New rows; a second request follows.", by=eli, at=world.at)
    item.refresh_from_db()
    assert item.outcome == Outcome.FAILED


class LyingInstitution(ServiceState):
    """Says 'done' and does nothing."""

    def erase_payments(self, ids: Sequence[str], key: str | None) -> Json:
        """Claim that everything is gone."""
        return {"status": "done", "erased": len(ids), "kept": [], "absent": 0}


def test_a_service_that_lies_is_not_believed(world: World, erasing: SubjectRequest) -> None:
    services = world.systems.services
    services.state = LyingInstitution(services.state.path)
    scenes.work_on(world, erasing, Kind.ERASE)
    item = scenes.item_of(erasing, Kind.ERASE, "payment-institution")
    assert (item.state, item.outcome) == (ItemState.QUARANTINED, "")
    assert "still there" in item.note


class BackdatingInstitution(ServiceState):
    """Keeps rows, it says, until a day that is over."""

    def erase_payments(self, ids: Sequence[str], key: str | None) -> Json:
        """Keep everything until last year."""
        kept = [{"id": one, "until": "2025-01-01", "reason": "law"} for one in ids]
        return {"status": "done", "erased": 0, "kept": kept, "absent": 0}


def test_a_service_that_keeps_rows_beyond_their_day_is_not_believed(world: World, erasing: SubjectRequest) -> None:
    services = world.systems.services
    services.state = BackdatingInstitution(services.state.path)
    scenes.work_on(world, erasing, Kind.ERASE)
    assert scenes.item_of(erasing, Kind.ERASE, "payment-institution").state == ItemState.QUARANTINED


def test_a_database_that_silently_keeps_a_row_is_not_believed(world: World, erasing: SubjectRequest) -> None:
    with scenes.live(world) as database:
        database.execute("CREATE TRIGGER quiet BEFORE DELETE ON consents BEGIN SELECT RAISE(IGNORE); END")
    scenes.work_on(world, erasing, Kind.ERASE)
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    assert (item.state, item.outcome) == (ItemState.QUARANTINED, "")


def test_a_database_that_silently_keeps_what_an_id_should_lose_is_not_believed(
    world: World, erasing: SubjectRequest
) -> None:
    with scenes.live(world) as database:
        database.execute("CREATE TRIGGER quiet BEFORE UPDATE ON users BEGIN SELECT RAISE(IGNORE); END")
    scenes.work_on(world, erasing, Kind.ERASE)
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    assert (item.state, item.outcome) == (ItemState.QUARANTINED, "")


def test_an_approval_that_names_another_manifest_erases_nothing(world: World, erasing: SubjectRequest) -> None:
    before = scenes.state_of(app_database(world))
    Manifest.objects.filter(subject_request=erasing).update(digest="0" * 64)
    scenes.work_on(world, erasing, Kind.ERASE)
    assert {item.state for item in erasing.items.filter(kind=Kind.ERASE)} == {ItemState.QUARANTINED}
    assert scenes.state_of(app_database(world)) == before
    assert effects(world) == []


def test_a_repeated_attempt_carries_the_same_key(world: World, erasing: SubjectRequest) -> None:
    world.systems.services.add_fault({"service": "payment", "times": 1, "status": 503, "after_effect": True})
    scenes.work_on(world, erasing, Kind.ERASE)
    world.later(minutes=5)
    scenes.work_on(world, erasing, Kind.ERASE)
    assert scenes.item_of(erasing, Kind.ERASE, "payment-institution").state == ItemState.DONE
    done = effects(world)
    assert isinstance(done, list)
    assert len(done) == 1


@pytest.fixture
def carried_out(world: World, erasing: SubjectRequest) -> SubjectRequest:
    """Everything is erased but what is kept; the package is left for another test."""
    scenes.work_on(world, erasing, Kind.ERASE)
    erasing.items.filter(kind=Kind.ASSEMBLE).update(not_before=datetime(2100, 1, 1, tzinfo=UTC))
    return erasing


def kept(subject_request: SubjectRequest, system: str = "app-database") -> list[PlanItem]:
    deferred = subject_request.items.filter(kind=Kind.ERASE, system=system).exclude(until=None)
    return list(deferred.order_by("until"))


def orders(world: World) -> int:
    with scenes.live(world) as database:
        return int(database.execute("SELECT count(*) FROM orders WHERE user_id = ?", (SAMS,)).fetchone()[0])


def test_kept_rows_are_erased_on_the_day_after_their_last_in_the_controllers_zone(
    carried_out: SubjectRequest,
) -> None:
    items = kept(carried_out)
    assert items
    starts = {item.until: item.not_before.astimezone(ZoneInfo("America/Los_Angeles")) for item in items}
    assert [(day, start.date(), start.hour, start.minute) for day, start in starts.items()] == [
        (day, day + timedelta(days=1), 0, 0) for day in starts if isinstance(day, date)
    ]


def test_kept_rows_stand_until_their_day_and_not_a_moment_longer(world: World, carried_out: SubjectRequest) -> None:
    first = kept(carried_out)[0]
    before = orders(world)
    world.at = first.not_before - timedelta(seconds=1)
    scenes.work_on(world, carried_out, Kind.ERASE)
    assert orders(world) == before
    world.at = first.not_before
    scenes.work_on(world, carried_out, Kind.ERASE)
    assert orders(world) < before


def test_who_comes_back_keeps_the_new_account_when_old_orders_go(world: World, carried_out: SubjectRequest) -> None:
    with scenes.live(world) as database:
        database.execute("INSERT INTO users (id, email, nickname) VALUES ('jp999999', ?, 'Sam again')", (SAM,))
        columns = "id, user_id, product, amount_cents, currency, status, invoice_name, created_at"
        row = "'o-new', 'jp999999', 'pro-year', 9900, 'USD', 'created', 'Sam Ortiz', '2027-01-01T00:00:00Z'"
        database.execute(f"INSERT INTO orders ({columns}) VALUES ({row})")
    world.later(days=4 * 366)
    scenes.work_on(world, carried_out, Kind.ERASE)
    assert {(item.state, item.outcome) for item in kept(carried_out)} == {(ItemState.DONE, Outcome.ERASED)}
    assert orders(world) == 0
    with scenes.live(world) as database:
        assert database.execute("SELECT count(*) FROM orders WHERE id = 'o-new'").fetchone() == (1,)
        assert database.execute("SELECT id FROM users WHERE email = ?", (SAM,)).fetchall() == [("jp999999",)]


def test_what_hangs_on_an_erased_account_is_found_even_years_later(world: World, carried_out: SubjectRequest) -> None:
    last = kept(carried_out)[-1]
    generation(world, "late-1")
    world.at = last.not_before
    scenes.work_on(world, carried_out, Kind.ERASE)
    last.refresh_from_db()
    assert last.state == ItemState.QUARANTINED
