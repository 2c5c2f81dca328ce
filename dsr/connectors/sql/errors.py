"""A database's errors in our two words; they name constraints and tables, and no value of anybody's."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from dsr.connectors.contract import Rejected, Unreachable

_SQLITE_PASSING = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN))
# MySQL's and MariaDB's numbers: too many connections, shutting down, lock waits, deadlocks, interrupted statements.
_MYSQL_PASSING = frozenset((1040, 1053, 1203, 1205, 1213, 1226, 1317, 1927, 1969, 3024))
_MYSQL_CLIENT = range(2000, 3000)  # no connection, or it broke
_MYSQL_NUMBERS = range(1000, 10_000)

_POSTGRESQL = {
    "23001": "foreign key",
    "23502": "a rule that it may not be empty",
    "23503": "foreign key",
    "23505": "unique constraint",
    "23514": "check",
    "23P01": "exclusion",
}
_FUNCTION = re.compile(r"^PL/pgSQL function ([^\s(]+)", re.MULTILINE)
# What the server itself appends to its message; whatever a value held stands before it.
_MYSQL = {
    1048: re.compile(r"^Column '(?P<column>[^']+)' cannot be null$"),
    1062: re.compile(r"for key '(?P<unique>[^']+)'$"),
    1364: re.compile(r"^Field '(?P<column>[^']+)'"),
    1406: re.compile(r"^Data too long for column '(?P<length>[^']+)'"),
    1451: re.compile(r"\(`[^`]+`\.`(?P<table>[^`]+)`, CONSTRAINT `(?P<key>[^`]+)`"),
    1452: re.compile(r"\(`[^`]+`\.`(?P<table>[^`]+)`, CONSTRAINT `(?P<key>[^`]+)`"),
    1644: re.compile(r"^(?P<trigger>)"),  # SIGNAL
    3819: re.compile(r"^Check constraint '(?P<check>[^']+)' is violated\.$"),
    4025: re.compile(r"^CONSTRAINT `(?P<check>[^`]+)` failed for `[^`]+`\.`(?P<table>[^`]+)`$"),
}
_SQLITE = (
    re.compile(r"^NOT NULL constraint failed: (?P<column>.+)$"),
    re.compile(r"^UNIQUE constraint failed: (?P<unique>.+)$"),
    re.compile(r"^CHECK constraint failed: (?P<check>.+)$"),
    re.compile(r"^(?P<foreign>)FOREIGN KEY constraint failed$"),
)
_MISMATCH = re.compile(r'^foreign key mismatch - "(?P<mismatch>.+" referencing ".+)"$')
_SAYS = {
    "column": "column '{}' may not be empty",
    "unique": "unique constraint '{}'",
    "check": "check '{}'",
    "key": "foreign key '{}'",
    "length": "column '{}' is too short",
    "foreign": "a foreign key{}",
    "mismatch": 'a foreign key that leads to no key, "{}"',
    "trigger": "a trigger{}",
}


@contextmanager
def speaking(place: str) -> Iterator[None]:
    """Turn the driver's errors into Unreachable and Rejected; `from None`, as theirs may quote values."""
    try:
        yield
    except exc.DBAPIError as error:
        if passes(error):
            raise Unreachable(f"{place}: the database does not answer now ({_code(error)})") from None
        raise Rejected(f"{place}: {refusal(error)}") from None
    except exc.SQLAlchemyError as error:
        raise Rejected(f"{place}: the database cannot be asked ({type(error).__name__})") from None


def passes(error: exc.DBAPIError) -> bool:
    """Whether trying again may help."""
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _SQLITE_PASSING
    number = _number(error)
    if number is not None:
        return number in _MYSQL_PASSING or number in _MYSQL_CLIENT
    return error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError)


def refusal(error: exc.DBAPIError) -> str:
    """Say which constraint, trigger or rule it was, as far as the database names it."""
    for named in (_by_diagnosis, _by_number, _by_sentence):
        if found := named(error):
            return f"the database refuses: {found}"
    if isinstance(error, exc.IntegrityError):
        return f"the database refuses; other rows point at these, or a rule of its own forbids it ({_code(error)})"
    return f"the database refuses the statement ({_code(error)})"


def nameless(error: exc.DBAPIError) -> bool:
    """Whether the database only says that some foreign key stands in the way."""
    return isinstance(error.orig, sqlite3.Error) and str(error.orig) == "FOREIGN KEY constraint failed"


def _by_diagnosis(error: exc.DBAPIError) -> str:
    """PostgreSQL says it in fields of their own."""
    diagnosis, state = getattr(error.orig, "diag", None), str(getattr(error.orig, "sqlstate", None))
    if diagnosis is None:
        return ""
    if kind := _POSTGRESQL.get(state):
        name = diagnosis.constraint_name or diagnosis.column_name or ""
        return f"{kind} '{name}' of table '{diagnosis.table_name or ''}'"
    if found := _FUNCTION.search(diagnosis.context or ""):
        return f"a trigger, in its function '{found[1]}' ({state})"
    return ""


def _by_number(error: exc.DBAPIError) -> str:
    """MySQL and MariaDB put names into the message, beside values."""
    number = _number(error)
    if error.orig is None or number not in _MYSQL:
        return ""
    return _named(_MYSQL[number].search(str(error.orig.args[1])))


def _by_sentence(error: exc.DBAPIError) -> str:
    """SQLite has sentences without values; what a trigger says is its author's."""
    if not isinstance(error.orig, sqlite3.IntegrityError):
        return _named(_MISMATCH.search(str(error.orig))) if isinstance(error.orig, sqlite3.Error) else ""
    if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER":
        return _SAYS["trigger"].format("")
    return next((_named(found) for one in _SQLITE if (found := one.search(str(error.orig)))), "")


def _named(found: re.Match[str] | None) -> str:
    if found is None:
        return ""
    names = found.groupdict()
    table = names.pop("table", None)
    ((kind, name),) = names.items()
    return _SAYS[kind].format(name) + (f" of table '{table}'" if table else "")


def _number(error: exc.DBAPIError) -> int | None:
    """Give the number of an error of MySQL or MariaDB."""
    arguments = getattr(error.orig, "args", ())
    if arguments and isinstance(arguments[0], int):
        return arguments[0] if arguments[0] in _MYSQL_NUMBERS else None
    return None


def _code(error: exc.DBAPIError) -> str:
    orig = error.orig
    named = _number(error) or getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None)
    return str(named or type(orig).__name__)
