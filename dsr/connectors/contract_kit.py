"""What every connector promises, as tests that its author runs under pytest.

Subclass `ContractKit` in a test module and give it a fixture `world`:

    class TestCsvFolder(ContractKit):
        @pytest.fixture
        def world(self, tmp_path) -> World: ...
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import cast

from dsr.connectors.contract import Ability, Batch, CallingBack, Change, Chunk, Connector, Effect, File, Receipt
from dsr.datamap import erasing
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import Stop, Way
from dsr.datamap.secrets import secret
from dsr.datamap.sharing import Others

MOST_ROWS = 1_000
_MOST_POLLS = 100
_UNKNOWN_TO_ALL = "nobody-has-this-value"
_CALL_AT = "https://portal.example/api/v1/callbacks/kit/"

# collection -> key -> the row as the system holds it, read without the connector
Snapshot = Mapping[str, Mapping[Key, object]]


@dataclass(frozen=True)
class World:
    """A live system with one subject and others in it."""

    connect: Callable[[], Connector]  # a new connector each time
    routes: tuple[Route, ...]  # children before parents
    subject: Identities
    bystander: Identities
    snapshot: Callable[[], Snapshot]
    kept: Mapping[str, frozenset[Key]]  # rows of the subject that the system itself keeps
    # For ChangeKit: true `before`s of the subject's rows; stops that the map names, one with an undo, one without
    changes: tuple[Change, ...] = ()
    stops: tuple[Stop, ...] = ()


class ContractKit:
    """A0 are all rows before, B0 the subject's, C0 a bystander's; A1, B1, C1 the same after the erasure."""

    def test_abilities_are_declared_as_facts(self, world: World) -> None:
        """What a connector can do is known before it is asked."""
        with closing(world.connect()) as connector:
            promise(isinstance(connector.abilities, frozenset), "abilities are a frozenset")
            promise(all(isinstance(one, Ability) for one in connector.abilities), "of Ability")
            promise(Ability.FIND in connector.abilities, "and finding is the least")

    def test_a_system_that_fits_its_map_has_no_findings(self, world: World) -> None:
        """check() and describe() answer, and agree with the map."""
        with closing(world.connect()) as connector:
            same(connector.check(), [], "nothing differs from the map")
            promise(bool(connector.describe().collections), "the system describes itself")

    def test_find_brings_the_subjects_rows_and_count_agrees(self, world: World) -> None:
        """Every row once, in its map's fields, at most 1,000 to a batch; nobody else's."""
        snapshot = world.snapshot()
        with closing(world.connect()) as connector:
            for route in world.routes:
                keys = keys_of(connector, route, world.subject)
                others = keys_of(connector, route, world.bystander)
                same(len(set(keys)), len(keys), f"{route.name}: no row comes twice")
                promise(set(keys) <= set(snapshot[route.name]), f"{route.name}: every row exists")
                promise(not set(keys) & set(others), f"{route.name}: the bystander's rows stay away")
                same(connector.count(route, world.subject), len(keys), f"{route.name}: count agrees")
        same(world.snapshot(), snapshot, "finding and counting change nothing")

    def test_without_identities_nobody_is_found(self, world: World) -> None:
        """No identity, an empty one, or one that nobody has: nothing, never everything."""
        with closing(world.connect()) as connector:
            for route in world.routes:
                for identities in _empty(world.subject):
                    same(keys_of(connector, route, identities), [], f"{route.name}: nothing found")
                    same(connector.count(route, identities), 0, f"{route.name}: nothing counted")

    def test_erasure_takes_the_subjects_rows_and_no_others(self, world: World) -> None:
        """A1 = A0 - B0, B1 = 0, C1 = C0; what the system keeps is named with its reason."""
        before = world.snapshot()
        with closing(world.connect()) as connector:
            chunks = _chunks(connector, world)
            for chunk in chunks:
                receipt = _carried_out(connector, chunk, key=f"kit-{chunk.collection}")
                _judge(receipt, chunk, world.kept.get(chunk.collection, frozenset()))
        after = world.snapshot()
        for chunk in chunks:
            _compare(chunk, before, after, world.kept.get(chunk.collection, frozenset()))
        touched = {chunk.collection for chunk in chunks}
        for name in set(before) - touched:
            same(after[name], before[name], f"{name}: nothing was to be erased here")

    def test_a_repeated_erasure_is_harmless(self, world: World) -> None:
        """With the same key, and with another, the second time changes nothing."""
        with closing(world.connect()) as connector:
            chunks = [_without(chunk, world.kept) for chunk in _chunks(connector, world)]
            for chunk in chunks:
                _carried_out(connector, chunk, key=f"kit-{chunk.collection}")
        after = world.snapshot()
        with closing(world.connect()) as connector:
            for chunk in chunks:
                _carried_out(connector, chunk, key=f"kit-{chunk.collection}")
                again = _carried_out(connector, chunk, key=f"kit-{chunk.collection}-again")
                same(again.effect, Effect.ABSENT, f"{chunk.collection}: nothing is there any more")
        same(world.snapshot(), after, "repeating changes nothing")

    def test_read_back_names_what_is_still_there(self, world: World) -> None:
        """All keys before the erasure, afterwards those alone that are kept."""
        with closing(world.connect()) as connector:
            for chunk in _chunks(connector, world):
                kept = world.kept.get(chunk.collection, frozenset())
                same(set(connector.read_back(chunk)), set(chunk.keys), f"{chunk.collection}: all there")
                _carried_out(connector, chunk, key=f"kit-{chunk.collection}")
                same(set(connector.read_back(chunk)), set(kept), f"{chunk.collection}: gone, unless kept")

    def test_a_row_that_is_somebody_elses_too_is_left_and_named(self, world: World) -> None:
        """With the ability SHARE a deletion takes nobody else's rows; here the key itself names others."""
        before = world.snapshot()
        with closing(world.connect()) as connector:
            chunks = _chunks(connector, world) if Ability.SHARE in connector.abilities else []
            for chunk in (one for one in chunks if one.way is Way.DELETE):
                named = Others({chunk.key_fields[0]: None})
                left = _carried_out(connector, replace(chunk, others=named), key=f"kit-left-{chunk.collection}")
                same(left.effect, Effect.ABSENT, f"{chunk.collection}: nothing was to be taken")
                kept = replace(chunk, others=replace(named, stays=True))
                receipt = _carried_out(connector, kept, key=f"kit-stays-{chunk.collection}")
                same({one.key for one in receipt.kept}, set(chunk.keys), f"{chunk.collection}: all kept, and named")
        same(world.snapshot(), before, "nobody else's rows were taken")

    def test_erasing_nothing_changes_nothing(self, world: World) -> None:
        """An empty chunk is never read as everything."""
        before = world.snapshot()
        with closing(world.connect()) as connector:
            for chunk in _chunks(connector, world):
                nothing = Chunk(chunk.collection, chunk.way, chunk.key_fields, (), chunk.set)
                receipt = connector.erase(nothing, f"kit-nothing-{chunk.collection}")
                same(receipt.effect, Effect.ABSENT, f"{chunk.collection}: an empty chunk")
        same(world.snapshot(), before, "nothing was named, so nothing changed")


def keys_of(connector: Connector, route: Route, identities: Identities) -> list[Key]:
    """Find, read every file once, and give the keys of the rows."""
    keys: list[Key] = []
    for found in connector.find(route, identities):
        if isinstance(found, File):
            promise(found.key in keys, f"{route.name}: a file comes after its row")
            promise(all(isinstance(chunk, bytes) for chunk in found.chunks), f"{route.name}: in bytes")
            continue
        keys += _batch_keys(route, found)
    return keys


def _batch_keys(route: Route, batch: Batch) -> Iterator[Key]:
    promise(0 < len(batch.rows) <= MOST_ROWS, f"{route.name}: a batch has 1 to {MOST_ROWS} rows")
    same(batch.collection, route.name, "a batch names its collection")
    hidden = {name for name, described in route.collection.fields.items() if secret(described)}
    promise(not hidden & set(batch.fields), f"{route.name}: what is never exported stays there")
    places = [batch.fields.index(name) for name in route.collection.key]
    for row in batch.rows:
        same(len(row), len(batch.fields), f"{route.name}: a row has a value for each field")
        yield tuple(_key_value(row[place]) for place in places)


def _key_value(cell: object) -> str | int | float | bytes | bool | None:
    return cell if cell is None or isinstance(cell, str | int | float | bytes) else str(cell)


def _empty(subject: Identities) -> list[Identities]:
    blank = {kind: (("",) * len(keys[0]),) for kind, keys in subject.items()}
    unknown = {kind: ((_UNKNOWN_TO_ALL,) * len(keys[0]),) for kind, keys in subject.items()}
    return [{}, dict.fromkeys(subject, ()), blank, unknown]


def _chunks(connector: Connector, world: World) -> list[Chunk]:
    """Name what the subject's rows are erased by; the order is that of the routes."""
    chunks = []
    for route in world.routes:
        erase = route.collection.erase
        keys = keys_of(connector, route, world.subject)
        if erase.way is not Way.KEEP and keys:
            chunks.append(
                Chunk(route.name, erase.way, route.collection.key, tuple(keys), erasing.new_values(route.collection))
            )
    promise(bool(chunks), "the subject has rows to erase")
    return chunks


def _without(chunk: Chunk, kept: Mapping[str, frozenset[Key]]) -> Chunk:
    keys = tuple(key for key in chunk.keys if key not in kept.get(chunk.collection, frozenset()))
    return Chunk(chunk.collection, chunk.way, chunk.key_fields, keys, chunk.set)


def _carried_out(connector: Connector, chunk: Chunk, key: str) -> Receipt:
    """Erase, to the end; a system that wants to know where to call is told so."""
    if Ability.CALL_BACK in connector.abilities:
        cast("CallingBack", connector).call_back_at(_CALL_AT)
    return to_the_end(connector, connector.erase(chunk, key))


def to_the_end(connector: Connector, receipt: Receipt) -> Receipt:
    """Poll as long as the system says that it goes on."""
    for _ in range(_MOST_POLLS):
        if receipt.effect is not Effect.STARTED:
            return receipt
        time.sleep(receipt.poll_in)
        receipt = connector.poll(receipt.handle)
    raise AssertionError("the effect does not come to an end")


def _judge(receipt: Receipt, chunk: Chunk, kept: frozenset[Key]) -> None:
    expected = Effect.KEPT if kept else Effect.DONE
    same(receipt.effect, expected, f"{chunk.collection}: the receipt says what happened")
    same(receipt.count, len(chunk.keys) - len(kept), f"{chunk.collection}: and to how many rows")
    same({one.key for one in receipt.kept}, set(kept), f"{chunk.collection}: and which are kept")
    promise(all(one.reason for one in receipt.kept), f"{chunk.collection}: and why")


def _compare(chunk: Chunk, before: Snapshot, after: Snapshot, kept: frozenset[Key]) -> None:
    then, now = before[chunk.collection], after[chunk.collection]
    erased = set(chunk.keys) - kept
    if chunk.way is Way.DELETE:
        same(set(now), set(then) - erased, f"{chunk.collection}: the subject's rows are gone, no others")
    else:
        same(set(now), set(then), f"{chunk.collection}: rows stay")
        changed: Sequence[Key] = [key for key in erased if now[key] == then[key]]
        same(changed, [], f"{chunk.collection}: the subject's rows are overwritten")
    untouched = {key: row for key, row in then.items() if key not in erased}
    same({k: r for k, r in now.items() if k in untouched}, untouched, f"{chunk.collection}: others as before")


def promise(kept: bool, sentence: str) -> None:  # noqa: FBT001  reads as a sentence
    """Assert, and say what was promised."""
    if not kept:
        raise AssertionError(sentence)


def same(found: object, expected: object, sentence: str) -> None:
    """Assert that two values are equal, and say what was promised."""
    if found != expected:
        raise AssertionError(f"{sentence}: expected {expected!r}, found {found!r}")
