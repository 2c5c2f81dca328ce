"""Opening a database, and its errors in our two words, without a value of anybody's in the text."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc

from dsr.connectors.contract import Rejected, Unreachable

BUSY_SECONDS = 20
LOCK_SECONDS = 5.0
_SQLITE_PASSING = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN))


def open_engine(url: str) -> sa.Engine:
    """Make an engine; nothing is connected yet. ValueError: not an address of a database we can reach.

    No pool: a connection lives as long as one question, so that a read-back sees what others see.
    """
    try:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        arguments: dict[str, object] = {}
        if parsed.get_backend_name() == "postgresql":
            arguments = {
                "connect_timeout": 10,
                "options": f"-c lock_timeout={LOCK_SECONDS * 1000:.0f}",
                "keepalives_idle": 30,
            }
            arguments = {name: value for name, value in arguments.items() if name not in parsed.query}
        return sa.create_engine(parsed, poolclass=sa.NullPool, hide_parameters=True, connect_args=arguments)
    except (exc.ArgumentError, ModuleNotFoundError):
        raise ValueError("it is not the address of a database that we have a driver for") from None


def _sqlite(url: sa.URL) -> sa.Engine:
    path = url.database or ""
    if not path or path == ":memory:" or path.startswith("file:"):
        raise ValueError("an SQLite address must name a file: sqlite:////folder/name.sqlite3")

    def connect() -> sqlite3.Connection:
        # mode=rw: a missing file is an error, never a new and empty database
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode=rw", uri=True, timeout=BUSY_SECONDS, check_same_thread=False
        )
        connection.text_factory = _text
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # erased rows are overwritten in the file, too
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool, hide_parameters=True)


def _text(stored: bytes) -> str:
    return stored.decode(errors="replace")  # SQLite stores any bytes as text


@contextmanager
def speaking(place: str) -> Iterator[None]:
    """Turn the driver's errors into Unreachable and Rejected; `from None`, as theirs may quote values."""
    try:
        yield
    except exc.IntegrityError:
        message = f"{place}: the database refuses; other rows point at these, or a rule of its own forbids it"
        raise Rejected(message) from None
    except exc.DBAPIError as error:
        if _passes(error):
            raise Unreachable(f"{place}: the database does not answer now ({_reason(error)})") from None
        raise Rejected(f"{place}: the database refuses the statement ({_reason(error)})") from None
    except exc.SQLAlchemyError as error:
        raise Rejected(f"{place}: the database cannot be asked ({type(error).__name__})") from None


def _passes(error: exc.DBAPIError) -> bool:
    """Whether trying again may help."""
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _SQLITE_PASSING
    return error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError)


def _reason(error: exc.DBAPIError) -> str:
    orig = error.orig
    return str(getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None) or type(orig).__name__)
