"""Database rules that Django cannot state: append-only tables. Set after every migrate, proven by a check.

SQLite drops a table's triggers when a migration rebuilds it, so the installer is idempotent and always runs.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

APPEND_ONLY: dict[str, tuple[str, ...]] = {  # table -> what is unique: a column, or several with a comma
    "dsr_event": ("id",),
    "dsr_approval": ("id", "subject_request_id,supplement_id"),
    "dsr_leaf": ("position", "event_id"),
    "dsr_checkpoint": ("size",),
    "dsr_certificate": ("id", "subject_request_id"),
}
ACTIONS = ("UPDATE", "DELETE")
# What is asked of whom stays: whoever wants something else asks anew. An access is never turned into an erasure.
FIXED = {"dsr_subjectrequest": ("right", "controller", "reference")}


class Unsupported(Exception):
    """The portal's own tables live on SQLite or PostgreSQL only."""


def install(connection: BaseDatabaseWrapper) -> None:
    """Set every trigger anew, in one transaction: at no moment do the tables stand unguarded."""
    statements = {"sqlite": _sqlite, "postgresql": _postgresql}.get(connection.vendor)
    if statements is None:
        raise Unsupported(connection.vendor)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for table in APPEND_ONLY:
            for statement in statements(table):
                cursor.execute(statement)
        for table, columns in FIXED.items():
            for statement in _fixed(connection.vendor, table, columns):
                cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Triggers that do not stand."""
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": (
            "SELECT tgname FROM pg_trigger "
            "WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal AND pg_table_is_visible(tgrelid)"
        ),
    }.get(connection.vendor)
    if query is None:
        raise Unsupported(connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(query)
        standing = {name for (name,) in cursor.fetchall()}
    return sorted(_expected(connection.vendor) - standing)


def alone(connection: BaseDatabaseWrapper, *, wait: bool = False) -> bool:
    """Whether this transaction is the only one to extend the record until it ends; with `wait`, it becomes that.

    SQLite lets one transaction write at a time anyhow: ours begin as IMMEDIATE.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('dsr_leaf'))")
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('dsr_leaf'))")
        return bool(cursor.fetchone()[0])


def _expected(vendor: str) -> set[str]:
    actions = (*ACTIONS, "REPLACE" if vendor == "sqlite" else "TRUNCATE")
    append_only = {f"{table}_no_{action.lower()}" for table in APPEND_ONLY for action in actions}
    return append_only | {f"{table}_fixed" for table in FIXED}


def _fixed(vendor: str, table: str, columns: tuple[str, ...]) -> list[str]:
    """Columns whose value is set once."""
    name, quoted = f"{table}_fixed", [f'"{column}"' for column in columns]
    changed = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in quoted)
    of = ", ".join(quoted)
    message = f"{table}: {', '.join(columns)} never changes"
    if vendor == "sqlite":
        body = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE UPDATE OF {of} ON {table} WHEN {changed} {body}",
        ]
    return [
        (
            "CREATE OR REPLACE FUNCTION dsr_fixed() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
        ),
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        (
            f"CREATE TRIGGER {name} BEFORE UPDATE OF {of} ON {table} FOR EACH ROW WHEN ({changed}) "
            "EXECUTE FUNCTION dsr_fixed()"
        ),
    ]


def _sqlite(table: str) -> list[str]:
    statements = []
    for action in ACTIONS:
        name = f"{table}_no_{action.lower()}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name}",
            (
                f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            ),
        ]
    # REPLACE deletes the row in its way, and SQLite fires no trigger for that.
    name = f"{table}_no_replace"
    taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {_same(unique)})" for unique in APPEND_ONLY[table])  # noqa: S608 — the names are ours
    statements += [
        f"DROP TRIGGER IF EXISTS {name}",
        (
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {taken} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        ),
    ]
    return statements


def _same(unique: str) -> str:
    return " AND ".join(f"{column} IS NEW.{column}" for column in unique.split(","))


def _postgresql(table: str) -> list[str]:
    statements = [
        (
            "CREATE OR REPLACE FUNCTION dsr_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    ]
    for action in (*ACTIONS, "TRUNCATE"):
        name = f"{table}_no_{action.lower()}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION dsr_append_only()",
        ]
    return statements
