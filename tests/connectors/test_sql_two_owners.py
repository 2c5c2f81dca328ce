"""Rows that concern two people: each sees what is theirs, and the erasure of one leaves the other's whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from dsr.connectors import sharing
from dsr.connectors.contract import Ability, Batch, Chunk, Connector, Effect, File, Found, Rejected
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Hop, Identities, Route
from dsr.datamap.schema import SystemMap, Way
from dsr.datamap.sharing import STAYS
from tests.connectors.maps import collection, rows
from tests.connectors.two_owners import (
    MALLORY,
    MALLORYS,
    SAM,
    SAMS,
    erased,
    erasures,
    fill,
    listed,
    network,
    routes,
    seen,
    shared,
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'network.sqlite3'}", poolclass=sa.NullPool)
    fill(made)
    yield made
    made.dispose()


@pytest.fixture
def about(engine: sa.Engine) -> SystemMap:
    return network(str(engine.url))


@pytest.fixture
def connector(about: SystemMap) -> SqlDatabase:
    return SqlDatabase.from_map(about, {})


def standing(engine: sa.Engine, table: str) -> dict[object, tuple[object, ...]]:
    with engine.connect() as connection:
        return {row[0]: tuple(row[1:]) for row in connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1")}


def test_each_row_comes_once_with_what_is_ones_own_and_no_field_of_the_other(
    about: SystemMap, connector: SqlDatabase
) -> None:
    found = {row["id"]: row for row in seen(connector, routes(about)["messages"], SAM)}
    assert len(found) == len(seen(connector, routes(about)["messages"], SAM)) == 3
    assert found[1] == {
        "id": 1, "sender": 1, "receiver": None, "draft": f"{SAMS} to her", "reply": None, "sent_on": "monday"
    }  # fmt: skip
    assert found[2] == {
        "id": 2, "sender": None, "receiver": 1, "draft": None, "reply": f"{SAMS} answers", "sent_on": "tuesday"
    }  # fmt: skip


def test_what_one_sent_to_oneself_is_shown_whole(about: SystemMap, connector: SqlDatabase) -> None:
    (own,) = (row for row in seen(connector, routes(about)["messages"], SAM) if row["id"] == 3)
    assert (own["sender"], own["receiver"], own["reply"]) == (1, 1, f"{SAMS} answers himself")


def test_the_plain_search_still_brings_the_row_as_it_is(about: SystemMap, connector: SqlDatabase) -> None:
    assert MALLORYS in str(rows(connector, routes(about)["messages"], SAM))


def test_what_the_map_shows_is_shown(engine: sa.Engine) -> None:
    about = network(str(engine.url), {**shared(), "show": {"draft": "It was written to the other."}})
    found = seen(SqlDatabase.from_map(about, {}), routes(about)["messages"], SAM)
    assert {row["draft"] for row in found if row["id"] == 2} == {f"{MALLORYS} to him"}
    assert {row["sender"] for row in found if row["id"] == 2} == {None}


def test_what_is_of_both_is_shown_to_both_and_stays_as_long_as_one_of_them(engine: sa.Engine) -> None:
    about = network(str(engine.url), shared(fields=("sent_on",)))
    (sent,) = (row for row in seen(SqlDatabase.from_map(about, {}), routes(about)["messages"], SAM) if row["id"] == 1)
    assert (sent["sent_on"], sent["receiver"]) == ("monday", None)
    erased(about, listed(about, SAM))
    assert standing(engine, "messages")[1][0::4] == (None, "monday")


def test_the_manifest_lists_the_way_of_each_row(about: SystemMap) -> None:
    found = {key: chunk.way for chunk in listed(about, SAM) if chunk.collection == "messages" for key in chunk.keys}
    assert found == {(1,): Way.UNLINK, (2,): Way.UNLINK, (3,): Way.DELETE}


def test_sams_erasure_leaves_mallorys_rows_whole_but_for_sam(about: SystemMap, engine: sa.Engine) -> None:
    connector = SqlDatabase.from_map(about, {})
    before = {row["id"]: row for row in seen(connector, routes(about)["messages"], MALLORY)}
    erased(about, listed(about, SAM))
    assert {row["id"]: row for row in seen(connector, routes(about)["messages"], MALLORY)} == before
    assert standing(engine, "messages")[1] == (None, 2, None, f"{MALLORYS} answers", "monday")
    assert standing(engine, "messages")[2][1:4] == (None, f"{MALLORYS} to him", "erased")
    assert 3 not in standing(engine, "messages")
    assert SAMS not in str(standing(engine, "messages"))
    assert seen(connector, routes(about)["messages"], SAM) == []


def test_with_the_last_of_them_the_row_goes(about: SystemMap, engine: sa.Engine) -> None:
    erased(about, listed(about, SAM))
    assert {chunk.way for chunk in listed(about, MALLORY) if (1,) in chunk.keys} == {Way.DELETE}
    receipts = erased(about, listed(about, MALLORY))
    assert Effect.IN_DOUBT not in {receipt.effect for receipt in receipts}
    assert set(standing(engine, "messages")) == {5}
    assert standing(engine, "messages")[5] == (None, 3, None, "", "sunday")


def test_two_erasures_approved_together_leave_no_row_behind(about: SystemMap, engine: sa.Engine) -> None:
    sams, mallorys = listed(about, SAM), listed(about, MALLORY)
    for one, other in zip(sams, mallorys, strict=False):
        erased(about, [one])
        erased(about, [other])
    left = [*sams[len(mallorys) :], *mallorys[len(sams) :]]
    erased(about, left)
    assert set(standing(engine, "messages")) == {5}
    assert set(standing(engine, "addresses")) == {8}
    connector = SqlDatabase.from_map(about, {})
    assert [key for chunk in (*sams, *mallorys) for key in connector.read_back(chunk)] == []


def test_repeated_it_changes_nothing(about: SystemMap, engine: sa.Engine) -> None:
    chunks = [chunk for chunk in listed(about, SAM) if chunk.collection == "messages"]
    erased(about, chunks)
    before = standing(engine, "messages")
    assert {receipt.effect for receipt in erased(about, chunks)} == {Effect.ABSENT}
    assert standing(engine, "messages") == before


def test_who_has_come_into_a_row_since_is_not_deleted_with_it(about: SystemMap, engine: sa.Engine) -> None:
    chunks = listed(about, MALLORY)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET receiver = 3 WHERE id = 4")
    erased(about, [chunk for chunk in chunks if chunk.collection == "messages"])
    assert standing(engine, "messages")[4][1] == 3
    (alone,) = (chunk for chunk in chunks if (4,) in chunk.keys)
    assert SqlDatabase.from_map(about, {}).read_back(alone) == ((4,),)


def test_read_back_names_the_row_that_was_not_unlinked(about: SystemMap, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER sticky AFTER UPDATE ON messages WHEN NEW.id = 1 AND NEW.sender IS NULL"
            " BEGIN UPDATE messages SET sender = 1 WHERE id = 1; END"
        )
    chunks = [chunk for chunk in listed(about, SAM) if chunk.collection == "messages"]
    erased(about, chunks)
    connector = SqlDatabase.from_map(about, {})
    assert [key for chunk in chunks for key in connector.read_back(chunk)] == [(1,)]


def test_a_row_that_nobody_is_left_in_and_still_stands_is_named(about: SystemMap, engine: sa.Engine) -> None:
    sent = next(chunk for chunk in listed(about, SAM) if chunk.collection == "messages" and (1,) in chunk.keys)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET sender = NULL, draft = NULL, receiver = NULL WHERE id = 1")
    assert SqlDatabase.from_map(about, {}).read_back(sent) == ((1,),)


def test_an_address_stays_as_long_as_somebody_lives_there(about: SystemMap, engine: sa.Engine) -> None:
    receipt = erased(about, listed(about, SAM))[-1]
    assert (receipt.effect, [(one.key, one.reason) for one in receipt.kept]) == (Effect.KEPT, [((7,), STAYS)])
    assert set(standing(engine, "addresses")) == {7, 8}
    assert erased(about, listed(about, MALLORY))[-1].effect is Effect.DONE
    assert set(standing(engine, "addresses")) == {8}


def test_both_who_live_there_are_shown_the_address(about: SystemMap, connector: SqlDatabase) -> None:
    assert (
        seen(connector, routes(about)["addresses"], SAM) == seen(connector, routes(about)["addresses"], MALLORY) != []
    )


def test_a_row_goes_with_one_of_them_only_where_the_map_gives_a_reason(about: SystemMap, engine: sa.Engine) -> None:
    erased(about, listed(about, SAM))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT who, whom FROM follows").all() == [(2, 3)]


def test_a_tombstone_takes_the_persons_place(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO people VALUES (0, 'deleted user', NULL)")
    rule = shared()
    parties = {
        "sender": {"erase": "replace", "set": {"sender": 0, "draft": "deleted"}},
        "receiver": {"erase": "replace", "set": {"receiver": 0, "reply": "deleted"}},
    }
    merged = {slug: {**party, **parties[slug]} for slug, party in rule["parties"].items()}  # type: ignore[attr-defined]  # of a plain map
    about = network(str(engine.url), {"parties": merged})
    erased(about, listed(about, SAM))
    assert standing(engine, "messages")[1] == (0, 2, "deleted", f"{MALLORYS} answers", "monday")
    erased(about, listed(about, MALLORY))
    assert set(standing(engine, "messages")) == {5}


def test_a_tenant_that_is_everybodys_names_nobody_by_itself(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, tenant INTEGER, sender, receiver)")
        connection.exec_driver_sql("INSERT INTO notes VALUES (1, 7, 1, NULL), (2, 7, 1, 2), (3, 7, 2, 3)")
    ways = [("tenant", "sender"), ("tenant", "receiver")]
    links = [{"to": "people", "on": dict(zip(way, ("address_id", "id"), strict=True))} for way in ways]
    parties = {way[1]: {"title": way[1], "known_by": way} for way in ways}
    found = network(str(engine.url))
    notes = collection("id,tenant,sender,receiver", key="id", links=links, shared={"parties": parties})
    about = found.model_copy(update={"collections": {**found.collections, "notes": notes}})
    to_people = routes(about)["people"]
    route = Route("notes", notes, (), tuple(Hop(way, to_people, ("address_id", "id")) for way in ways))
    connector = SqlDatabase.from_map(about, {})
    sams, mallorys = (list(erasures(connector, route, who)) for who in (SAM, MALLORY))
    assert {chunk.way for chunk in sams if (1,) in chunk.keys} == {Way.DELETE}
    erased(about, sams)
    assert standing(engine, "notes") == {2: (7, None, 2), 3: (7, 2, 3)}
    erased(about, mallorys)
    assert standing(engine, "notes") == {3: (7, None, 3)}


def test_the_live_schema_is_compared_with_the_rule(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE messages RENAME TO old")
        connection.exec_driver_sql(
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, sender INTEGER NOT NULL REFERENCES people (id),"
            " draft TEXT, reply TEXT, sent_on TEXT)"
        )
    said = [str(one.message) for one in SqlDatabase.from_map(network(str(engine.url)), {}).check()]
    assert "column 'receiver' is missing" in said
    assert "column 'sender' may not be empty, so 'sender' cannot be unlinked: set a value that is nobody's" in said


def test_a_system_that_cannot_tell_whose_a_row_is_brings_none(
    about: SystemMap, connector: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlDatabase, "abilities", SqlDatabase.abilities - {Ability.SHARE})
    with pytest.raises(Rejected, match="whose of several people"):
        next(sharing.found(connector, routes(about)["messages"], SAM))


def test_a_chunk_without_the_rule_is_as_it_was(about: SystemMap, connector: SqlDatabase, engine: sa.Engine) -> None:
    assert connector.erase(Chunk("messages", Way.DELETE, ("id",), ((1,),)), "key").effect is Effect.DONE
    assert 1 not in standing(engine, "messages")


class Pictures:
    """A connector of somebody else's, whose rows have files."""

    abilities = frozenset({Ability.FIND, Ability.SHARE})

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """Sam's message 1 is his; message 2 was sent to him. The file is the sender's."""
        ways = {name for hop in route.hops for name in hop.fields}
        found = [(1, 1, 2)] * ("sender" in ways) + [(2, 2, 1)] * ("receiver" in ways)
        names = ("id", "sender", "receiver") if "sender" in route.collection.fields else ("id",)
        yield Batch(route.name, names, tuple(row[: len(names)] for row in found))
        for row in found if route.collection.files else ():
            yield File(route.name, row[:1], "x", iter((b"%d" % row[0],)))


def test_a_file_comes_only_to_whom_the_map_shows_its_name(about: SystemMap) -> None:
    route = routes(about)["messages"]
    with_files = replace(route, collection=route.collection.model_copy(update={"files": "draft"}))
    found = list(sharing.found(cast("Connector", Pictures()), with_files, SAM))
    assert [b"".join(one.chunks) for one in found if isinstance(one, File)] == [b"1"]
    assert [row for one in found if isinstance(one, Batch) for row in one.rows] == [(1, 1, None), (2, None, 1)]
