"""A network in a real database, in which most rows are two people's: messages, addresses, and who follows whom."""

from collections.abc import Iterator
from contextlib import closing

import sqlalchemy as sa

from dsr.connectors import sharing
from dsr.connectors.contract import Batch, Chunk, Connector, Receipt
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Hop, Identities, Route, Seed
from dsr.datamap.schema import SystemMap
from dsr.datamap.sharing import Share, ending
from tests.connectors.maps import collection, system

SAM: Identities = {"email": (("sam@example.com",),)}
MALLORY: Identities = {"email": (("mallory@example.com",),)}
SAMS, MALLORYS = "canary-of-sam", "canary-of-mallory"

metadata = sa.MetaData()
people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("email", sa.String(80)),
    sa.Column("address_id", sa.Integer, sa.ForeignKey("addresses.id")),
)
addresses = sa.Table(
    "addresses",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("street", sa.String(80)),
)
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sender", sa.ForeignKey("people.id")),
    sa.Column("receiver", sa.ForeignKey("people.id")),
    sa.Column("draft", sa.String(80)),
    sa.Column("reply", sa.String(80), nullable=False),
    sa.Column("sent_on", sa.String(80)),
)
follows = sa.Table(
    "follows",
    metadata,
    sa.Column("who", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("whom", sa.Integer, primary_key=True, autoincrement=False),
)
MESSAGES = (
    (1, 1, 2, f"{SAMS} to her", f"{MALLORYS} answers", "monday"),
    (2, 2, 1, f"{MALLORYS} to him", f"{SAMS} answers", "tuesday"),
    (3, 1, 1, f"{SAMS} to himself", f"{SAMS} answers himself", "friday"),
    (4, 2, None, f"{MALLORYS} to nobody", "", "sunday"),
    (5, 2, 3, f"{MALLORYS} to dana", "", "sunday"),
)
PARTIES = {
    "sender": {"title": "Who wrote it", "known_by": ("sender",), "fields": ("draft",)},
    "receiver": {"title": "Who got it", "known_by": ("receiver",), "fields": ("reply",)},
}


def shared(**changed: object) -> dict[str, object]:
    """The rule for messages, each party with these changes."""
    return {"parties": {slug: {**party, **changed} for slug, party in PARTIES.items()}}


def network(url: str, rule: dict[str, object] | None = None) -> SystemMap:
    """The map; who follows whom goes with either of them."""
    follower = {"erase": "delete", "why": "Half of it says nothing."}
    return system(
        "sql",
        {"url": url},
        people=collection("id,email,address_id", key="id", found_by={"email": ("email",)}),
        messages=collection(
            "id,sender,receiver,draft,reply,sent_on",
            key="id",
            links=({"to": "people", "on": {"sender": "id"}}, {"to": "people", "on": {"receiver": "id"}}),
            shared=rule or shared(),
        ),
        addresses=collection(
            "id,street",
            key="id",
            links=({"to": "people", "on": {"id": "address_id"}},),
            shared={"parties": {"residents": {"title": "Who lives there", "known_by": ("id",), "several": True}}},
        ),
        follows=collection(
            "who,whom",
            key="who,whom",
            links=({"to": "people", "on": {"who": "id"}}, {"to": "people", "on": {"whom": "id"}}),
            shared={
                "parties": {
                    "follower": {"title": "Who follows", "known_by": ("who",), **follower},
                    "followed": {"title": "Who is followed", "known_by": ("whom",), **follower},
                },
                "show": {"who": "Both know of it.", "whom": "Both know of it."},
            },
        ),
    )


def routes(about: SystemMap) -> dict[str, Route]:
    """In the order of erasure."""
    found = about.collections
    to_people = Route("people", found["people"], (Seed("email", ("email",)),), ())
    links = {
        name: tuple(Hop(tuple(link.on), to_people, tuple(link.on.values())) for link in found[name].links)
        for name in ("messages", "follows", "addresses")
    }
    return {
        "messages": Route("messages", found["messages"], (), links["messages"]),
        "follows": Route("follows", found["follows"], (), links["follows"]),
        "people": to_people,
        "addresses": Route("addresses", found["addresses"], (), links["addresses"]),
    }


def fill(engine: sa.Engine) -> None:
    """Sam and Mallory live together, and Dana elsewhere."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(addresses.insert(), [{"id": 7, "street": "Elm St 1"}, {"id": 8, "street": "Oak St 2"}])
        rows = ((1, "sam", 7), (2, "mallory", 7), (3, "dana", 8))
        connection.execute(
            people.insert(), [{"id": i, "email": f"{name}@example.com", "address_id": a} for i, name, a in rows]
        )
        names = [column.name for column in messages.columns]
        connection.execute(messages.insert(), [dict(zip(names, row, strict=True)) for row in MESSAGES])
        connection.execute(follows.insert(), [{"who": 1, "whom": 2}, {"who": 2, "whom": 1}, {"who": 2, "whom": 3}])


def seen(connector: Connector, route: Route, who: Identities) -> list[dict[str, object]]:
    """What one person is shown of a collection."""
    batches = (one for one in sharing.found(connector, route, who) if isinstance(one, Batch))
    return [dict(zip(batch.fields, row, strict=True)) for batch in batches for row in batch.rows]


def erasures(connector: Connector, route: Route, who: Identities) -> Iterator[Chunk]:
    """What the manifest says of one person's rows of a collection."""
    key = route.collection.key
    for batch in sharing.found(connector, route, who):
        assert isinstance(batch, Batch)
        keys = tuple(tuple(row[batch.fields.index(name)] for name in key) for row in batch.rows)
        end = ending(route.name, route.collection, batch.share or Share((), ()))
        yield Chunk(route.name, end.way, key, keys, end.new, end.others)  # type: ignore[arg-type]  # keys are numbers


def listed(about: SystemMap, who: Identities) -> list[Chunk]:
    """The whole manifest of one person's erasure."""
    with closing(SqlDatabase.from_map(about, {})) as connector:
        return [chunk for route in routes(about).values() for chunk in erasures(connector, route, who)]


def erased(about: SystemMap, chunks: list[Chunk]) -> list[Receipt]:
    """Carry it out, in its order."""
    with closing(SqlDatabase.from_map(about, {})) as connector:
        return [connector.erase(chunk, f"key-{number}") for number, chunk in enumerate(chunks)]
