"""A shop in a real database: Sam with many rows, Mallory with some, and the map of it."""

from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from dsr.connectors.contract import Change
from dsr.connectors.contract_kit import Snapshot, World
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Hop, Identities, Route, Seed
from dsr.datamap.schema import Stop, SystemMap
from tests.connectors.maps import collection, system

SAM: Identities = {"email": (("sam@example.com",),), "social": (("google", "sam"),)}
MALLORY: Identities = {"email": (("mallory@example.com",),), "social": (("facebook", "sam"),)}
EVENTS = 2_300
PLACED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

metadata = sa.MetaData()
users = sa.Table(
    "app users",  # a name that must be quoted
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("email", sa.String(80), unique=True),
    sa.Column("Nick Name", sa.String(80)),
    sa.Column("password_hash", sa.String(80)),
    sa.Column("suspended_at", sa.String(80)),
)
social = sa.Table(
    "social",
    metadata,
    sa.Column("provider", sa.String(80), primary_key=True),
    sa.Column("subject", sa.String(80), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("app users.id")),
)
orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.ForeignKey("app users.id"), nullable=False),
    sa.Column("amount", sa.Numeric(10, 2)),
    sa.Column("placed_at", sa.DateTime(timezone=True)),
)
lines = sa.Table(
    "lines",
    metadata,
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item", sa.String(80)),
)
events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.ForeignKey("app users.id")),
    sa.Column("page", sa.String(80)),
)
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.ForeignKey("app users.id")),
    sa.Column("purpose", sa.String(80)),
    sa.Column("version", sa.Integer),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
)
SUSPENDED = Stop(collection="users", set={"suspended_at": "$now"}, undo={"suspended_at": None})
UNSUBSCRIBED = Stop(
    collection="consents", when={"purpose": ("offers", "news"), "version": ("2",)}, set={"withdrawn_at": "$now"}
)
PAGES_HIDDEN = Stop(collection="events", when={"page": ("/home",)}, set={"page": "hidden"}, undo={"page": "/home"})
CHANGES = (
    Change("users", ("id",), (1,), "Nick Name", "sam 申", "Samuel 'O'; --"),
    Change("orders", ("id",), (3,), "amount", Decimal("12.30"), Decimal("15.5")),
    Change("orders", ("id",), (6,), "amount", Decimal("12.30"), 7),
    Change("lines", ("order_id", "line"), (3, 1), "item", "picture", "portrait"),
)


def shop_map(url: str) -> SystemMap:
    """The map of the shop."""
    of_user = ({"to": "users", "on": {"user_id": "id"}},)
    return system(
        "sql",
        {"url": url},
        stops={"account": SUSPENDED, "marketing": UNSUBSCRIBED, "analytics": PAGES_HIDDEN},
        users=collection(
            "id,email,Nick Name,password_hash,suspended_at",
            key="id",
            secret="password_hash",
            rectifiable="email,Nick Name",
            settings={"table": "app users"},
            found_by={"email": ("email",), "account": ("id",)},
        ),
        social=collection(
            "provider,subject,user_id",
            key="provider,subject",
            found_by={"social": ("provider", "subject")},
            links=of_user,
        ),
        consents=collection("id,user_id,purpose,version,withdrawn_at", key="id", links=of_user),
        orders=collection("id,user_id,amount,placed_at", key="id", rectifiable="amount", links=of_user),
        lines=collection(
            "order_id,line,item",
            key="order_id,line",
            rectifiable="item",
            links=({"to": "orders", "on": {"order_id": "id"}},),
        ),
        events=collection(
            "id,user_id,page",
            key="id",
            links=of_user,
            erase={"way": "aggregate", "set": {"user_id": None, "page": "erased"}},
        ),
    )


def shop_routes(shop: SystemMap) -> tuple[Route, ...]:
    """Children before parents; each row is reached by every way the map names."""
    found = shop.collections
    of_users = Route("users", found["users"], (Seed("email", ("email",)), Seed("account", ("id",))), ())
    to_users = Hop(("user_id",), of_users, ("id",))
    by_social = (Seed("social", ("provider", "subject")),)
    of_orders = Route("orders", found["orders"], (), (to_users,))
    return (
        Route("lines", found["lines"], (), (Hop(("order_id",), of_orders, ("id",)),)),
        Route("events", found["events"], (), (to_users,)),
        Route("social", found["social"], by_social, (to_users,)),
        Route("consents", found["consents"], (), (to_users,)),
        of_orders,
        of_users,
    )


def fill(engine: sa.Engine) -> None:
    """Make the tables and the people."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        for number, name in ((1, "sam"), (2, "mallory"), (3, "dana")):
            connection.execute(
                users.insert(),
                {
                    "id": number,
                    "email": f"{name}@example.com",
                    "Nick Name": f"{name} \u7533",
                    "password_hash": "secret",
                },
            )
        connection.execute(
            social.insert(),
            [
                {"provider": "google", "subject": "sam", "user_id": None},
                {"provider": "facebook", "subject": "sam", "user_id": 2},
                {"provider": "twitter", "subject": "s", "user_id": 1},
            ],
        )
        connection.execute(
            orders.insert(),
            [{"id": n, "user_id": 1 + n % 3, "amount": Decimal("12.30"), "placed_at": PLACED} for n in range(30)],
        )
        connection.execute(
            consents.insert(),
            [
                {
                    "id": n,
                    "user_id": 1 + n % 3,
                    "purpose": ("offers", "news", "cookies")[n // 3 % 3],
                    "version": 1 + n // 9,
                    "withdrawn_at": PLACED if n == 12 else None,
                }
                for n in range(18)
            ],
        )
        connection.execute(
            lines.insert(),
            [{"order_id": n // 2, "line": n % 2, "item": "picture"} for n in range(60)],
        )
        connection.execute(
            events.insert(),
            [{"id": n, "user_id": 1 if n < EVENTS else 2, "page": "/home"} for n in range(EVENTS + 50)],
        )


def snapshot(engine: sa.Engine) -> Snapshot:
    """Every row of every table, read without a connector."""
    keys = {"users": users, "social": social, "consents": consents}
    keys |= {"orders": orders, "lines": lines, "events": events}
    with engine.connect() as connection:
        return {
            name: {
                tuple(getattr(row, column.name) for column in table.primary_key): tuple(row)
                for row in connection.execute(sa.select(table))
            }
            for name, table in keys.items()
        }


def shop_world(url: str, engine: sa.Engine) -> World:
    """The filled shop for the contract kit."""
    shop = shop_map("${SHOP_URL}")
    return World(
        connect=lambda: SqlDatabase.from_map(shop, {"SHOP_URL": url}),
        routes=shop_routes(shop),
        subject=SAM,
        bystander=MALLORY,
        snapshot=lambda: snapshot(engine),
        kept={},
        changes=CHANGES,
        stops=(SUSPENDED, UNSUBSCRIBED, PAGES_HIDDEN),
    )
