"""Opening a database, for reading or for writing, so that it keeps its rules while we are there."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import time
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote

import psycopg
import sqlalchemy as sa
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from sqlalchemy import exc

from dsr.connectors import blocks
from dsr.connectors.contract import Cell
from dsr.connectors.sql import resting

BUSY_SECONDS = 20
LOCK_SECONDS = 5.0
_ENDLESS = ("max_recursive_iterations", "cte_max_recursion_depth")  # of a search through rows of one table
_DRIVERS = {
    "mariadb": "mariadb+pymysql",
    "mysql": "mysql+pymysql",
    "postgresql": "postgresql+psycopg",
}
_LEVELS = {
    # What others have committed since is seen: by what was there at the beginning, two who erase what both of
    # them are in would each believe the other there, and leave it.
    ("mysql", True): {"isolation_level": "READ COMMITTED"},
    # Each question would otherwise be three: BEGIN and ROLLBACK go to the server on their own.
    ("postgresql", False): {"isolation_level": "AUTOCOMMIT"},
}


def open_engine(url: str, *, writing: bool = False) -> sa.Engine:
    """Give the engine of an address; nothing is connected yet. ValueError: not one of a database we can reach.

    One in a process for reading, one for writing: it has learnt how the server speaks, and would learn it again for
    every item. Connections are given back after each question, which ends its transaction: the next one, such as a
    read-back, sees what others see. Who is done closes it by `close_engine`.
    """
    return _engine(url, writing=writing)


def close_engine(engine: sa.Engine) -> None:
    """Close what is idle, and forget statements, which hold the values they were first asked with: it can go on."""
    engine.clear_compiled_cache()
    if not resting.kept(engine):
        engine.dispose()


@lru_cache(maxsize=128)
def _engine(url: str, *, writing: bool) -> sa.Engine:
    with _silent():
        parsed = sa.make_url(url)
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        family = parsed.get_backend_name().replace("mariadb", "mysql")
    if family == "sqlite":
        return _sqlite(parsed, writing=writing)
    told = {name: value for name, value in _arguments(family).items() if name not in parsed.query}
    if family == "postgresql":
        told["options"] = _options(parsed.query.get("options", ()), writing=writing)
    level = _LEVELS.get((family, writing), {})
    rests = family == "postgresql" and not writing
    kept = resting.POOL if rests else {}
    with _silent():
        engine = sa.create_engine(parsed, hide_parameters=True, connect_args=told, **level, **kept)
    if rests:
        resting.lets(engine)
    if family == "mysql":
        sa.event.listen(engine, "connect", _mysql_session(writing=writing))
    if family == "postgresql":
        sa.event.listen(engine, "connect", _postgresql_session)
    return engine


@contextmanager
def _silent() -> Iterator[None]:
    """What is wrong with an address, in words of ours: theirs quote a part of it, which may be of the password."""
    try:
        yield
    except (exc.ArgumentError, ModuleNotFoundError):
        raise ValueError("it is not the address of a database that we have a driver for") from None
    except (ValueError, TypeError):
        told = "it cannot be read as an address; what is no letter or digit in a password is written as %40 for '@'"
        raise ValueError(told) from None


def _arguments(family: str) -> Mapping[str, object]:
    if family == "mysql":
        return {"connect_timeout": 10}
    if family != "postgresql":
        return {}
    return {
        "connect_timeout": 10,
        "prepare_threshold": None,  # a plan that is made before the keys are known may read the table for each of them
        "keepalives_idle": 30,
    }


def _options(theirs: str | Sequence[str], *, writing: bool) -> str:
    """Those of the address, such as a search_path, and then ours: of two for one setting, the server takes the last."""
    told = {
        "lock_timeout": f"{LOCK_SECONDS * 1000:.0f}",
        "default_transaction_read_only": "off" if writing else "on",
        "cursor_tuple_fraction": "1",  # an answer is read to its end
        "DateStyle": "ISO",  # in others nobody can tell the day from the month
    }
    given = [theirs] if isinstance(theirs, str) else theirs
    return " ".join((*given, *(f"-c {name}={value}" for name, value in told.items())))


class _Cursor(Protocol):
    def execute(self, query: str) -> object: ...

    def fetchone(self) -> object: ...

    def close(self) -> object: ...


class _Connection(Protocol):
    def cursor(self) -> _Cursor: ...


def _mysql_session(*, writing: bool) -> Callable[[_Connection, object], None]:
    """Moments in UTC, strictness and short waits, whatever the server's own defaults are."""

    def connected(connection: _Connection, _: object) -> None:
        seconds = max(1, round(LOCK_SECONDS))
        cursor = connection.cursor()
        cursor.execute(
            f"SET time_zone = '+00:00', innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds},"
            " sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
        )
        for setting in _ENDLESS:  # MariaDB stops after so many rounds without a word, MySQL with an error
            cursor.execute(f"SHOW VARIABLES LIKE '{setting}'")
            if cursor.fetchone():
                cursor.execute(f"SET {setting} = 4294967295")
        if not writing:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        cursor.close()

    return connected


class _Moments(Loader):
    """The driver refuses the whole answer for one cell of 'infinity'."""

    def load(self, data: Buffer) -> Cell:
        return blocks.moment(bytes(data).decode())


class _Days(Loader):
    def load(self, data: Buffer) -> Cell:
        return blocks.day(bytes(data).decode())


class _Times(Loader):
    """24:00 is one, too."""

    def load(self, data: Buffer) -> time | str:
        text = bytes(data).decode()
        try:
            return time.fromisoformat(text)
        except ValueError:
            return text


_LOADERS: Mapping[str, type[_Moments | _Days | _Times]] = {
    "timestamptz": _Moments,
    "timestamp": _Moments,
    "date": _Days,
    "time": _Times,
    "timetz": _Times,
}


def _postgresql_session(connection: psycopg.Connection[object], _: object) -> None:
    """What Python has no moment for is text, however long the answer that it is in."""
    for kind, loader in _LOADERS.items():
        connection.adapters.register_loader(kind, loader)


def _sqlite(url: sa.URL, *, writing: bool) -> sa.Engine:
    path = url.database or ""
    if not path or path == ":memory:" or path.startswith("file:"):
        raise ValueError("an SQLite address must name a file: sqlite:////folder/name.sqlite3")

    def connect() -> sqlite3.Connection:
        # mode=rw: a missing file is an error, never a new and empty database
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            check_same_thread=False,
            isolation_level=None,  # transactions begin where we say
        )
        connection.text_factory = _text
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # erased rows are overwritten in the file, too
        if not writing:
            connection.execute("PRAGMA query_only=ON")
        return connection

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.QueuePool, hide_parameters=True)
    sa.event.listen(engine, "begin", begin)
    return engine


def _text(stored: bytes) -> str:
    return stored.decode(errors="replace")  # SQLite stores any bytes as text
