"""What came in after the approval is listed anew, approved anew by a second person, and only then erased."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dsr.connectors.contract import Chunk, Receipt
from dsr.connectors.sql.database import SqlDatabase
from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Approval, SubjectRequest, Supplement, sealed
from dsr.steps import ledger
from dsr.steps.answering import packaging
from dsr.steps.deciding import approval, holds
from dsr.steps.deciding.holds import Order
from dsr.steps.fulfilling import supplement
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests import staging
from tests.conftest import NOW, World, dana_in, eli_in
from tests.steps import scenes
from tests.steps.fulfilling.test_execution import generation


@staging.scene()
def stuck(world: World) -> SubjectRequest:
    """Sam went on using the service: the read-back of an approved erasure finds a row that no manifest lists."""
    subject_request = scenes.approved(world, dana_in(), eli_in())
    world.later(days=4)
    generation(world, "late-1")
    scenes.work_on(world, subject_request, Kind.ERASE)
    return subject_request


def listed(world: World, stuck: SubjectRequest, by: Actor) -> Supplement:
    """What came in is listed."""
    supplement.ask(scenes.item_of(stuck, Kind.ERASE, "app-database"), by=by, at=world.at)
    scenes.work_on(world, stuck, Kind.CLOSE)
    return Supplement.objects.get()


def there(world: World) -> bool:
    with scenes.live(world) as database:
        return bool(database.execute("SELECT count(*) FROM generations WHERE id = 'late-1'").fetchone() == (1,))


def test_it_lists_what_came_in_and_nothing_that_was_listed_before(
    world: World, dana: Actor, stuck: SubjectRequest
) -> None:
    summary = listed(world, stuck, dana).summary
    assert [(row["collection"], row["count"]) for row in summary] == [("generations", 1)]
    assert there(world)


def test_once_a_second_person_approves_it_is_erased_and_counted(
    world: World, dana: Actor, eli: Actor, stuck: SubjectRequest
) -> None:
    late = listed(world, stuck, dana)
    supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    world.work(State.PACKAGED, stuck)
    assert not there(world)
    item = scenes.item_of(stuck, Kind.ERASE, "app-database")
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.ERASED)
    found = sum(row["count"] for row in stuck.manifest.summary if row["collection"] == "generations")
    system = next(one for one in packaging.answer_to(stuck, at=world.at).systems if one.system == "app-database")
    told = {row.collection: (row.found, row.erased) for row in system.collections}
    assert told["generations"] == (found + 1, found + 1)
    assert Approval.objects.filter(subject_request=stuck).count() == 2


def test_neither_who_accepted_nor_who_had_it_listed_approves(
    world: World, dana: Actor, devi: Actor, officer: Actor, stuck: SubjectRequest
) -> None:
    late = listed(world, stuck, officer)
    for by in (dana, devi, officer):
        with pytest.raises(Forbidden):
            supplement.approve(late, digest=late.digest, by=by, at=world.at)
    assert there(world)


def test_another_digest_or_a_second_yes_changes_nothing(
    world: World, dana: Actor, eli: Actor, stuck: SubjectRequest
) -> None:
    late = listed(world, stuck, dana)
    with pytest.raises(Conflict, match="not the manifest"):
        supplement.approve(late, digest="0" * 64, by=eli, at=world.at)
    supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    with pytest.raises(Conflict):
        supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    assert Approval.objects.filter(supplement=late).count() == 1


def test_a_file_that_was_changed_after_it_was_listed_is_not_approved(
    world: World, dana: Actor, eli: Actor, stuck: SubjectRequest
) -> None:
    late = listed(world, stuck, dana)
    path = sealed.file_path(late.part_id)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Conflict, match="not the manifest"):
        supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    assert not Approval.objects.filter(supplement=late).exists()


def test_a_supplement_that_was_changed_after_its_approval_erases_nothing(
    world: World, dana: Actor, eli: Actor, stuck: SubjectRequest
) -> None:
    late = listed(world, stuck, dana)
    supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    Supplement.objects.update(digest="0" * 64)
    scenes.work_on(world, stuck, Kind.ERASE)
    assert there(world)
    assert scenes.item_of(stuck, Kind.ERASE, "app-database").state == ItemState.QUARANTINED


def test_a_legal_hold_stops_it_like_the_first(world: World, dana: Actor, eli: Actor, stuck: SubjectRequest) -> None:
    late = listed(world, stuck, dana)
    holds.set_hold(stuck, Order("x", NOW.date().replace(month=12)), by=dana, at=world.at)
    with pytest.raises(Conflict, match="legal hold"):
        supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    assert there(world)


def test_one_is_listed_at_a_time_and_only_where_rows_were_found_again(
    world: World, dana: Actor, ada: Actor, stuck: SubjectRequest
) -> None:
    item = scenes.item_of(stuck, Kind.ERASE, "app-database")
    with pytest.raises(Forbidden):
        supplement.ask(item, by=ada, at=world.at)
    listed(world, stuck, dana)
    with pytest.raises(Conflict):
        supplement.ask(item, by=dana, at=world.at)
    with pytest.raises(Conflict):
        supplement.ask(scenes.item_of(stuck, Kind.ERASE, "media-store"), by=dana, at=world.at)


def test_what_comes_in_after_that_is_listed_once_more(
    world: World, dana: Actor, eli: Actor, stuck: SubjectRequest
) -> None:
    first = listed(world, stuck, dana)
    generation(world, "late-2")
    supplement.approve(first, digest=first.digest, by=eli, at=world.at)
    scenes.work_on(world, stuck, Kind.ERASE)
    supplement.ask(scenes.item_of(stuck, Kind.ERASE, "app-database"), by=dana, at=world.at)
    scenes.work_on(world, stuck, Kind.CLOSE)
    second = Supplement.objects.exclude(pk=first.pk).get()
    supplement.approve(second, digest=second.digest, by=eli, at=world.at)
    world.work(State.PACKAGED, stuck)
    with scenes.live(world) as database:
        assert database.execute("SELECT count(*) FROM generations WHERE user_id = 'jp000001'").fetchone() == (0,)


def test_a_row_that_points_at_an_account_which_was_to_go_is_erased_before_it(
    world: World, dana: Actor, eli: Actor
) -> None:
    with scenes.live(world) as database:  # nothing that is kept needs the account: its row goes as a whole
        database.execute("DELETE FROM orders WHERE user_id = 'jp000001'")
    subject_request = scenes.approved(world, dana_in(), eli_in())
    world.later(days=4)
    generation(world, "late-1")  # its user_id is a foreign key, which the connector's SQLite keeps
    scenes.work_on(world, subject_request, Kind.ERASE)
    item = scenes.item_of(subject_request, Kind.ERASE, "app-database")
    assert "users: the database refuses" in item.note
    late = listed(world, subject_request, dana)
    supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    world.work(State.PACKAGED, subject_request)
    with scenes.live(world) as database:
        assert database.execute("SELECT count(*) FROM users WHERE id = 'jp000001'").fetchone() == (0,)
    assert not there(world)


def test_a_supplement_changes_no_key_of_an_effect_that_came_before_it(
    world: World, dana: Actor, eli: Actor, stuck: SubjectRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: dict[str, list[str]] = {}
    erase = SqlDatabase.erase_together

    def noted(self: SqlDatabase, effects: Sequence[tuple[Chunk, str]]) -> tuple[Receipt, ...]:
        for chunk, key in effects:
            used.setdefault(chunk.collection, []).append(key)
        return erase(self, effects)

    monkeypatch.setattr(SqlDatabase, "erase_together", noted)
    ledger.retry(scenes.item_of(stuck, Kind.ERASE, "app-database"), by=dana, at=world.at)
    scenes.work_on(world, stuck, Kind.ERASE)
    before = {name: list(keys) for name, keys in used.items()}
    late = listed(world, stuck, dana)
    supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    used.clear()
    world.work(State.PACKAGED, stuck)
    own = used["generations"].pop(0)  # of the supplement, and first
    assert used == before
    assert own not in {key for keys in before.values() for key in keys}


def paid_late(world: World) -> None:
    """A paid order that came in when the account stood in the manifest already."""
    with scenes.live(world) as database:
        database.execute("DELETE FROM orders WHERE id = 'late-order'")
        database.execute(
            "INSERT INTO orders VALUES ('late-order', 'jp000002', 'pro-year', 9900, 'EUR', 'paid', 'x', ?, ?)",
            (NOW.isoformat(), NOW.isoformat()),
        )


def test_a_late_row_that_is_kept_keeps_the_account_that_was_to_go(world: World, dana: Actor, eli: Actor) -> None:
    with scenes.live(world) as database:
        database.execute("DELETE FROM orders WHERE user_id = 'jp000002'")
    subject_request = scenes.approved(world, dana, eli, email="mallory@example.com")
    world.later(days=4)
    paid_late(world)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert scenes.item_of(subject_request, Kind.ERASE, "app-database").state == ItemState.QUARANTINED
    late = listed(world, subject_request, dana)
    supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    world.work(State.PACKAGED, subject_request)
    with scenes.live(world) as database:
        account = database.execute("SELECT email, nickname FROM users WHERE id = 'jp000002'").fetchone()
        order = database.execute("SELECT count(*) FROM orders WHERE id = 'late-order'").fetchone()
    assert (account, order) == ((None, None), (1,))
    system = next(
        one for one in packaging.answer_to(subject_request, at=world.at).systems if one.system == "app-database"
    )
    told = {row.collection: (row.found, row.erased, [kept.count for kept in row.kept]) for row in system.collections}
    assert told["users"] == (1, 0, [1])
    assert told["orders"] == (1, 0, [1])


def taken_away(world: World) -> dict[Path, bytes]:
    """Sam's files, of which the search finds none."""
    paths = (world.systems.folder / "joypix/media").rglob("*jp000001*/**/*")
    files = {path: path.read_bytes() for path in paths if path.is_file()}
    for path in files:
        path.unlink()
    return files


def test_a_system_that_held_nothing_is_looked_at_again_before_it_is_called_empty(
    world: World, dana: Actor, eli: Actor
) -> None:
    files = taken_away(world)
    subject_request = scenes.approved(world, dana, eli)
    for path, content in files.items():  # Sam goes on uploading in the days of grace
        path.write_bytes(content)
    world.later(days=4)
    scenes.work_on(world, subject_request, Kind.ERASE)
    item = scenes.item_of(subject_request, Kind.ERASE, "media-store")
    assert files
    assert item.state == ItemState.QUARANTINED
    assert item.note == f"Read back: {len(files)} rows that should be gone are still there."
    supplement.ask(item, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.CLOSE)
    late = Supplement.objects.get()
    supplement.approve(late, digest=late.digest, by=eli, at=world.at)
    world.work(State.PACKAGED, subject_request)
    assert not any(path.exists() for path in files)


def test_a_system_that_still_holds_nothing_is_said_to_hold_nothing(world: World, dana: Actor, eli: Actor) -> None:
    taken_away(world)
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    world.work(State.PACKAGED, subject_request)
    item = scenes.item_of(subject_request, Kind.ERASE, "media-store")
    assert (item.state, item.outcome) == (ItemState.DONE, Outcome.NOTHING)


def test_every_system_is_looked_at_again_also_where_the_rules_keep_everything_that_was_found(
    world: World, dana: Actor, eli: Actor
) -> None:
    taken_away(world)
    subject_request = scenes.searched(world, dana)
    manifest = subject_request.manifest
    manifest.summary = [{**row, "until": "2030-01-01"} for row in manifest.summary]
    approval.plan_erasure(subject_request, manifest, world.at, at=world.at)
    systems = subject_request.items.filter(kind=Kind.ERASE).values_list("system", flat=True)
    assert sorted(systems) == ["app-database", "media-store", "payment-institution"]
