"""A PostgreSQL server for one run: the shop in it, copies of the shop, and the portal's own tables."""

import importlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

HERE = Path(__file__).parent


class Server:
    """Databases by name; the shop stands once without and once with indexes on what is looked up."""

    def __init__(self, address: str) -> None:
        self._address = address

    def address(self, database: str) -> str:
        """The address of one database."""
        return self._address.replace("/postgres?", f"/{database}?")

    def make(self, database: str, *, like: str = "template1") -> str:
        """A new database, on disk already, for what still writes it would be measured as well; its address."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database} TEMPLATE {like}")
            connection.execute("CHECKPOINT")
        return self.address(database)

    def drop(self, database: str) -> None:
        """Give back its space."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def run(self, database: str, script: str) -> None:
        """Run a script of this folder, then gather what the planner wants to know."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute((HERE / script).read_text("utf-8"))
            connection.execute("VACUUM ANALYZE")


@contextmanager
def serving() -> Iterator[Server]:
    """The server with `shop_pk` (primary keys only) and `shop` (indexes as well)."""
    pgserver = importlib.import_module("pgserver")
    # Not in the caller's folder: the account that the server runs as must be able to enter.
    with tempfile.TemporaryDirectory(prefix="rightful-shop-") as folder:
        running = pgserver.get_server(folder)
        server = Server(running.get_uri())
        try:
            server.make("shop_pk")
            server.run("shop_pk", "shop.sql")
            server.make("shop", like="shop_pk")
            server.run("shop", "indexes.sql")
            yield server
        finally:
            running.cleanup()
