"""New and empty databases on real servers, and a second hand in them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """One database: its kind, its address for connectors, and an engine that bypasses them."""

    kind: str
    url: str
    engine: sa.Engine

    def run(self, *statements: str) -> None:
        """Run statements as they are, in one transaction."""
        with self.engine.begin() as connection:
            for statement in statements:
                self._told(connection, statement)

    def read(self, statement: str) -> list[tuple[Any, ...]]:
        """Give the rows."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in self._told(connection, statement).fetchall()]

    def _told(self, connection: sa.Connection, statement: str) -> DBAPICursor:
        """By the driver's own cursor, to which '%' means nothing."""
        cursor = connection.connection.cursor()
        cursor.execute(statement)
        return cursor


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Database]:
    """A file of its own."""
    url = f"sqlite:///{folder / 'one database.sqlite3'}"
    with _opened("sqlite", url, sa.make_url(url)) as made:
        yield made


@contextmanager
def on_postgresql(server: str) -> Iterator[Database]:
    """A database of its own on this server."""
    address = sa.make_url(server).set(drivername="postgresql+psycopg")
    name = _made(address)
    with _opened("postgresql", _told(server, name), address.set(database=name)) as made:
        yield made


def on(asked: pytest.FixtureRequest, folder: Path) -> AbstractContextManager[Database]:
    """One of the three that a fixture's parameter names; the server comes from the fixture of that name."""
    if asked.param == "sqlite":
        return on_sqlite(folder)
    return {"postgresql": on_postgresql, "mariadb": on_mariadb}[asked.param](asked.getfixturevalue(asked.param))


@contextmanager
def on_mariadb(server: str) -> Iterator[Database]:
    """A database of its own on this server."""
    address = sa.make_url(server).set(drivername="mysql+pymysql")
    name = _made(address)
    with _opened("mariadb", _told(server, name), address.set(database=name)) as made:
        yield made


def _made(address: sa.URL) -> str:
    name = f"shop_{next(_numbers)}"
    with _engine(address).connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"CREATE DATABASE {name}")
    return name


def _told(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def _engine(address: sa.URL) -> sa.Engine:
    return sa.create_engine(address, poolclass=sa.NullPool)


@contextmanager
def _opened(kind: str, url: str, address: sa.URL) -> Iterator[Database]:
    engine = _engine(address)
    if kind == "sqlite":
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    yield Database(kind, url, engine)
    engine.dispose()
