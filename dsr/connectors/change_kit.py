"""What a connector promises that corrects and stops, as tests that its author runs beside ContractKit.

class TestCsvFolder(ContractKit, ChangeKit):
    @pytest.fixture
    def world(self, tmp_path) -> World: ...
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import ParamSpec

from dsr.connectors.contract import Ability, Change, Effect, Receipt, Rejected
from dsr.connectors.contract_kit import Snapshot, World, keys_of, promise, same, to_the_end
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import Stop
from dsr.datamap.values import same as same_value

P = ParamSpec("P")

_WRONG = "nobody ever wrote this"


class ChangeKit:
    """World.changes and World.stops say what is tried."""

    def test_what_the_world_tries_is_declared(self, world: World) -> None:
        """Abilities, corrections and stops fit together."""
        with closing(world.connect()) as connector:
            same(Ability.CORRECT in connector.abilities, bool(world.changes), "corrections are declared")
            same(Ability.STOP in connector.abilities, bool(world.stops), "stops are declared")

    def test_a_correction_writes_the_new_values_and_nothing_else(self, world: World) -> None:
        """Seen by a second connection, and in the named rows alone."""
        before = world.snapshot()
        for changes in _together(world):
            receipt = _corrected(world, changes, "kit-correct")
            same(receipt.outcomes, (Effect.DONE,) * len(changes), f"{changes[0].collection}: all are done")
            same((receipt.effect, receipt.count), (Effect.DONE, len(changes)), "and the receipt sums them up")
            _stands(world, changes)
        moved = {(change.collection, change.key) for change in world.changes}
        same(_moved(before, world.snapshot()), moved, "the named rows moved, no others")

    def test_a_repeated_correction_changes_nothing(self, world: World) -> None:
        """With the same key, and with another."""
        for changes in _together(world):
            _corrected(world, changes, "kit-correct")
        after = world.snapshot()
        for changes in _together(world):
            for key in ("kit-correct", "kit-correct-again"):
                done = (Effect.DONE,) * len(changes)
                same(_corrected(world, changes, key).outcomes, done, "what stands there already is done")
        same(world.snapshot(), after, "repeating changes nothing")

    def test_a_value_that_changed_meanwhile_is_not_overwritten(self, world: World) -> None:
        """Each change says for itself what became of it."""
        before = world.snapshot()
        for changes in _together(world):
            stale = tuple(replace(change, before=_WRONG) for change in changes)
            receipt = _corrected(world, stale, "kit-stale")
            same(receipt.outcomes, (Effect.KEPT,) * len(stale), "a value that is not as expected stays")
            same((receipt.effect, receipt.count), (Effect.KEPT, 0), "and the receipt says so")
        same(world.snapshot(), before, "nothing was overwritten")

    def test_a_row_that_is_not_there_is_absent(self, world: World) -> None:
        """Nothing is made up."""
        before = world.snapshot()
        for changes in _together(world):
            gone = tuple(replace(change, key=(_WRONG,) * len(change.key)) for change in changes)
            same(_corrected(world, gone, "kit-gone").outcomes, (Effect.ABSENT,) * len(gone), "no such row")
            with closing(world.connect()) as connector:
                same(connector.read_values(gone), (None,) * len(gone), "and no value")
        same(world.snapshot(), before, "nothing was written")

    def test_what_the_map_does_not_let_be_corrected_is_refused(self, world: World) -> None:
        """A key, a field that nobody marked, an unknown one."""
        before = world.snapshot()
        for changes in _together(world):
            for field in (changes[0].key_fields[0], _WRONG):
                _refused(_corrected, world, _renamed(changes, field), "kit-refused")
        same(world.snapshot(), before, "nothing was written")

    def test_a_stop_marks_the_subjects_rows_and_no_others(self, world: World) -> None:
        """A second connection finds none that runs; nobody else's row moves."""
        for stop in world.stops:
            before, route = world.snapshot(), _route(world, stop)
            runs = _running(world, stop, world.subject)
            promise(runs > 0, f"{stop.collection}: something is to be stopped")
            receipt = _stopped(world, stop, "kit-stop")
            same((receipt.effect, receipt.count), (Effect.DONE, runs), f"{stop.collection}: all of it is stopped")
            same(_running(world, stop, world.subject), 0, f"{stop.collection}: read back, nothing runs")
            moved = _moved(before, world.snapshot())
            same(len(moved), runs, f"{stop.collection}: as many rows moved as were stopped")
            promise(moved <= _own(world, route), f"{stop.collection}: and all are the subject's")

    def test_a_repeated_stop_changes_nothing(self, world: World) -> None:
        """What was stopped keeps its moment."""
        for stop in world.stops:
            _stopped(world, stop, "kit-stop")
            after = world.snapshot()
            for key in ("kit-stop", "kit-stop-again"):
                again = _stopped(world, stop, key)
                same((again.effect, again.count), (Effect.ABSENT, 0), f"{stop.collection}: nothing runs any more")
            same(world.snapshot(), after, "repeating changes nothing")

    def test_without_identities_nothing_is_stopped(self, world: World) -> None:
        """Nobody is not everybody."""
        before = world.snapshot()
        nobody: list[Identities] = [{}, dict.fromkeys(world.subject, ())]
        for stop in world.stops:
            for identities in nobody:
                receipt = _stopped(world, stop, "kit-nobody", identities)
                same(receipt.effect, Effect.ABSENT, f"{stop.collection}: nobody's rows")
                same(_running(world, stop, identities), 0, f"{stop.collection}: and none of them runs")
        same(world.snapshot(), before, "nothing was stopped")

    def test_a_stop_is_taken_back_by_its_undo_or_not_at_all(self, world: World) -> None:
        """Afterwards everything is as before; without an undo it is refused."""
        for stop in world.stops:
            before = world.snapshot()
            stopped = _stopped(world, stop, "kit-stop")
            if stop.undo is None:
                _refused(_resumed, world, stop, "kit-resume")
                continue
            resumed = _resumed(world, stop, "kit-resume")
            again = _resumed(world, stop, "kit-resume-again")
            same((resumed.effect, resumed.count), (Effect.DONE, stopped.count), f"{stop.collection}: taken back")
            same(again.effect, Effect.ABSENT, f"{stop.collection}: once")
            same(world.snapshot(), before, f"{stop.collection}: everything is as before")

    def test_a_stop_that_the_map_does_not_name_is_refused(self, world: World) -> None:
        """A caller cannot make one up."""
        before = world.snapshot()
        for stop in world.stops:
            other = stop.model_copy(update={"set": dict.fromkeys(stop.set, _WRONG)})
            _refused(_stopped, world, other, "kit-other")
        same(world.snapshot(), before, "nothing was stopped")


def _together(world: World) -> list[tuple[Change, ...]]:
    """The changes, those of one collection together."""
    names = dict.fromkeys(change.collection for change in world.changes)
    return [tuple(change for change in world.changes if change.collection == name) for name in names]


def _route(world: World, stop: Stop) -> Route:
    return next(route for route in world.routes if route.name == stop.collection)


def _corrected(world: World, changes: tuple[Change, ...], key: str) -> Receipt:
    """Correct over a connection of its own, to the end."""
    with closing(world.connect()) as connector:
        return to_the_end(connector, connector.correct(changes, f"{key}-{changes[0].collection}"))


def _stopped(world: World, stop: Stop, key: str, identities: Identities | None = None) -> Receipt:
    """Stop over a connection of its own, to the end; the subject's rows unless others are named."""
    told = world.subject if identities is None else identities
    with closing(world.connect()) as connector:
        return to_the_end(connector, connector.stop(stop, _route(world, stop), told, key))


def _resumed(world: World, stop: Stop, key: str) -> Receipt:
    with closing(world.connect()) as connector:
        return to_the_end(connector, connector.resume(stop, _route(world, stop), world.subject, key))


def _stands(world: World, changes: tuple[Change, ...]) -> None:
    with closing(world.connect()) as connector:
        for change, value in zip(changes, connector.read_values(changes), strict=True):
            promise(same_value(value, change.after), f"{change.collection}: read back, {value!r} is the new value")


def _running(world: World, stop: Stop, identities: Identities) -> int:
    with closing(world.connect()) as connector:
        return connector.still_running(stop, _route(world, stop), identities)


def _refused(effect: Callable[P, Receipt], *arguments: P.args, **more: P.kwargs) -> None:
    try:
        effect(*arguments, **more)
    except Rejected:
        return
    raise AssertionError("what the map does not name is refused")


def _renamed(changes: tuple[Change, ...], field: str) -> tuple[Change, ...]:
    return tuple(replace(change, field=field) for change in changes)


def _moved(before: Snapshot, after: Snapshot) -> set[tuple[str, Key]]:
    """The rows that are not as they were."""
    same({name: set(rows) for name, rows in after.items()}, {name: set(rows) for name, rows in before.items()}, "rows")
    return {(name, key) for name, rows in before.items() for key, row in rows.items() if after[name][key] != row}


def _own(world: World, route: Route) -> set[tuple[str, Key]]:
    """Every row of the subject in the route's collection."""
    with closing(world.connect()) as connector:
        return {(route.name, key) for key in keys_of(connector, route, world.subject)}
