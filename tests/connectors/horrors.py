"""A schema of horrors in each database, and the map of it: what real systems hold that no textbook shows."""

from dsr.connectors.sql import SqlDatabase
from dsr.datamap.plan import compile_plan
from dsr.datamap.route import Identities, Route
from dsr.datamap.schema import ControllerMap, SystemMap
from tests.connectors.databases import Database
from tests.connectors.maps import collection, system

SAM: Identities = {"email": (("sam@example.com",),)}

# Words that mean something to the database, as names; per database what only it has.
_TYPES = {
    "sqlite": {"text": "TEXT", "json": "TEXT", "bytes": "BLOB", "moment": "TEXT", "kind": "TEXT", "list": "TEXT"},
    "postgresql": {
        "text": "varchar(30)",
        "json": "json",
        "bytes": "bytea",
        "moment": "timestamptz",
        "kind": "kind",
        "list": "text[]",
    },
    "mariadb": {
        "text": "varchar(30)",
        "json": "json",
        "bytes": "varbinary(16)",
        "moment": "timestamp NULL",
        "kind": "enum('free','paid')",
        "list": "text",
    },
}
_NOTE, _TAGS = '{"a": [1]}', "{a,b}"
_QUOTE = {"sqlite": '"', "postgresql": '"', "mariadb": "`"}


def make(database: Database) -> None:
    """Make the tables: Sam is 1, Mallory 2; Sam's rows stand first."""
    kinds, quote = _TYPES[database.kind], _QUOTE[database.kind]
    text, at = kinds["text"], "'2026-03-01 12:00:00+00:00'" if database.kind != "mariadb" else "'2026-03-01 17:30:00'"
    image = "'\\x00ff27'::bytea" if database.kind == "postgresql" else "x'00ff27'"
    if database.kind == "postgresql":
        database.run(
            "CREATE TYPE kind AS ENUM ('free', 'paid')", "CREATE DOMAIN nick AS text CHECK (length(VALUE) > 2)"
        )
    nick = "nick NOT NULL" if database.kind == "postgresql" else f"{text} NOT NULL CHECK (length(nick) > 2)"
    order, group, of = (f"{quote}{name}{quote}" for name in ("order", "group", "select %s :from"))
    database.run(
        f"CREATE TABLE {order} (id {kinds['bytes']} NOT NULL, part int NOT NULL, {group} {kinds['kind']},"
        f" {of} {text}, email {text} NOT NULL UNIQUE, nick {nick}, note {kinds['json']}, tags {kinds['list']},"
        f" score int NOT NULL CHECK (score > 0), born date NOT NULL, made_at {kinds['moment']},"
        f" deleted_at {kinds['moment']}, loud {text} GENERATED ALWAYS AS (upper(email)) STORED,"
        " PRIMARY KEY (id, part))",
    )
    columns = f"id, part, {group}, {of}, email, nick, note, tags, score, born, made_at, deleted_at"
    for values in (
        f"1, 'paid', 'it''s %s', 'sam@example.com', 'sammy', '{_NOTE}', '{_TAGS}', 5, '1990-01-02', {at}, NULL",
        f"2, 'free', NULL, 'sam@example.org', 'sam', NULL, NULL, 7, '1990-01-02', {at}, {at}",
        f"3, 'free', 'x', 'mallory@example.com', 'mallory', NULL, '{_TAGS}', 9, '1991-01-02', {at}, NULL",
    ):
        database.run(f"INSERT INTO {order} ({columns}) VALUES ({image}, {values})")


def horrors(url: str) -> SystemMap:
    """The map; Sam's rows are found by e-mail, redacted and not deleted."""
    fields = "id,part,group,select %s :from,email,nick,note,tags,score,born,made_at,deleted_at,loud"
    order = collection(
        fields,
        key="id,part",
        settings={"table": "order"},
        found_by={"email": ("email",)},
        erase={
            "way": "redact",
            "set": dict.fromkeys(("group", "select %s :from", "email", "nick", "note", "tags", "score", "born"), None),
        },
    )
    return system("sql", {"url": url}, orders=order)


def routes(told: SystemMap) -> dict[str, Route]:
    """The routes as the plan makes them, by collection and in its order."""
    made = ControllerMap.model_construct(systems={told.slug: told})
    (plan,) = compile_plan(made, ("email",)).systems
    return {route.name: route for route in plan.routes}


def connected(told: SystemMap) -> SqlDatabase:
    """A connector of this map."""
    return SqlDatabase.from_map(told, {})
