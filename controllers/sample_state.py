"""What the sample payment institution and RunningHub remember, in one SQLite file that outlives a kill."""

import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from controllers.sample_joypix import Payment
from controllers.sample_pixplus import Task

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE payments (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, order_id TEXT NOT NULL, amount_cents INTEGER NOT NULL,
    currency TEXT NOT NULL, card_brand TEXT NOT NULL, card_last4 TEXT NOT NULL,
    card_fingerprint TEXT NOT NULL, payer_name TEXT NOT NULL, status TEXT NOT NULL, paid_at TEXT NOT NULL,
    completed_on TEXT);
CREATE TABLE tasks (
    task_id TEXT PRIMARY KEY, effect TEXT NOT NULL, prompt TEXT NOT NULL, status TEXT NOT NULL,
    effect_image TEXT NOT NULL, created_at TEXT NOT NULL, finished_at TEXT NOT NULL, expires_on TEXT NOT NULL,
    processing TEXT NOT NULL, training TEXT NOT NULL, deletable INTEGER NOT NULL);
CREATE TABLE journal (
    effect INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, key TEXT, ids TEXT NOT NULL,
    at REAL NOT NULL);
CREATE TABLE answers (
    service TEXT NOT NULL, key TEXT NOT NULL, ids TEXT NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (service, key));
CREATE TABLE jobs (  -- of deleting tasks; of stopping what `stops` names, where it names something
    id TEXT PRIMARY KEY, started_at REAL NOT NULL, ids TEXT NOT NULL, stops TEXT NOT NULL, answer TEXT);
CREATE INDEX payments_customer ON payments (customer_id);
"""
JOB_SECONDS = 1.0
PAYMENT_YEARS = 3
STOPPABLE = frozenset({"processing", "training"})
LIMIT = 100  # rows of one page, ids of one question

Json = dict[str, object]


class KeyReused(ValueError):
    """The same idempotency key came with other ids: an error of the caller."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where to look, and from where on."""

    table: str
    field: str
    values: Sequence[str]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Every method opens the file anew, so that any thread may call it."""

    path: Path

    def create(self, anchor: date, payments: Iterable[Payment], tasks: Iterable[Task]) -> None:
        """Make the file. The services' calendar starts at `anchor` and runs on from now."""
        with sqlite3.connect(self.path) as database:
            database.executescript(SCHEMA)
            meta = (("anchor", anchor.isoformat()), ("seeded_at", repr(time.time())))
            database.executemany("INSERT INTO meta VALUES (?, ?)", meta)
            _insert(database, "payments", payments)
            _insert(database, "tasks", tasks)
        database.execute("PRAGMA journal_mode=WAL")
        database.close()

    def page(self, page: Page) -> Json:
        """Rows of a table in the order of their keys, and where the next page begins."""
        key = "id" if page.table == "payments" else "task_id"
        marks = ", ".join("?" * len(page.values))
        wanted = f"{page.field} IN ({marks}) AND {key} > ?"
        query = f"SELECT * FROM {page.table} WHERE {wanted} ORDER BY {key} LIMIT ?"
        with self._open() as database:
            self._finish_jobs(database)
            rows = database.execute(query, (*page.values, page.cursor, LIMIT + 1)).fetchall()
        items = [{name: cell for name, cell in dict(row).items() if name != "deletable"} for row in rows[:LIMIT]]
        return {"items": items, "next": items[-1][key] if len(rows) > LIMIT else None}

    def erase_payments(self, ids: Sequence[str], key: str | None) -> Json:
        """Erase, but keep settled payments for three years after the order's completion."""
        with self._open() as database:
            answered = _answered(database, "payment", ids, key)
            if answered is None:
                today = self._today(database)
                answered = {"status": "done", **_erase(database, "payments", "id", ids, today)}
                _write_down(database, "payment", ids, key, answered)
        return answered

    def delete_tasks(self, ids: Sequence[str], key: str | None) -> Json:
        """Start a job; it is finished a second later, whether or not anybody asks."""
        return self._start("runninghub", "", ids, key)

    def stop_tasks(self, field: str, ids: Sequence[str], key: str | None) -> Json:
        """Start a job that turns `field` off, one of STOPPABLE."""
        return self._start(f"runninghub/{field}", field, ids, key)

    def _start(self, service: str, stops: str, ids: Sequence[str], key: str | None) -> Json:
        service = f"{service}:{stops}" if stops else service  # a stop is not an erasure of the same ids
        with self._open() as database:
            answered = _answered(database, service, ids, key)
            if answered is None:
                job = uuid.uuid4().hex
                answered = {"status": "started", "job": job, "retry_after": 1}
                row = (job, time.time(), json.dumps(list(ids)), stops, None)
                database.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?)", row)
                _write_down(database, service, ids, key, answered)
        return answered

    def job(self, job: str) -> Json | None:
        """How a deletion stands; None: there is no such job."""
        with self._open() as database:
            self._finish_jobs(database)
            row = database.execute("SELECT answer FROM jobs WHERE id = ?", (job,)).fetchone()
        if row is None:
            return None
        return dict(json.loads(row["answer"])) if row["answer"] else {"status": "running", "retry_after": 1}

    def journal(self) -> Json:
        """Every effect there was, in order; a repeated key leaves no second line."""
        with self._open() as database:
            rows = database.execute("SELECT * FROM journal ORDER BY effect").fetchall()
        return {"items": [{**dict(row), "ids": json.loads(row["ids"])} for row in rows]}

    def set_today(self, today: date) -> None:
        """Move the services' calendar."""
        with self._open() as database:
            meta = (("anchor", today.isoformat()), ("seeded_at", repr(time.time())))
            database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta)

    def _today(self, database: sqlite3.Connection) -> date:
        meta = dict(database.execute("SELECT name, value FROM meta").fetchall())
        gone = timedelta(seconds=time.time() - float(meta["seeded_at"]))
        return date.fromisoformat(meta["anchor"]) + timedelta(days=gone.days)

    def _finish_jobs(self, database: sqlite3.Connection) -> None:
        due = (time.time() - JOB_SECONDS,)
        query = "SELECT id, ids, stops FROM jobs WHERE answer IS NULL AND started_at <= ? ORDER BY started_at"
        for row in database.execute(query, due).fetchall():
            ids = json.loads(row["ids"])
            if row["stops"]:
                done = _stop(database, row["stops"], ids)
            else:
                done = _erase(database, "tasks", "task_id", ids, self._today(database))
            answer = json.dumps({"status": "done", **done})
            database.execute("UPDATE jobs SET answer = ? WHERE id = ?", (answer, row["id"]))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction that writes from the start, so that a key is looked up and used by one alone."""
        database = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        database.row_factory = sqlite3.Row
        try:
            database.execute("PRAGMA synchronous=FULL")
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        finally:
            database.close()


def _insert(database: sqlite3.Connection, table: str, rows: Iterable[Payment | Task]) -> None:
    some = list(rows)
    if some:
        marks = ", ".join("?" * len(some[0]))
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", some)


def _answered(database: sqlite3.Connection, service: str, ids: Sequence[str], key: str | None) -> Json | None:
    """The answer this key had before. Raises KeyReused."""
    query = "SELECT ids, answer FROM answers WHERE service = ? AND key = ?"
    row = database.execute(query, (service, key)).fetchone() if key else None
    if row is None:
        return None
    if json.loads(row["ids"]) != list(ids):
        raise KeyReused("this idempotency key was used for other ids")
    return dict(json.loads(row["answer"]))


def _write_down(database: sqlite3.Connection, service: str, ids: Sequence[str], key: str | None, answer: Json) -> None:
    told = json.dumps(list(ids))
    row = (service, key, told, time.time())
    database.execute("INSERT INTO journal (service, key, ids, at) VALUES (?, ?, ?, ?)", row)
    if key:
        database.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (service, key, told, json.dumps(answer)))


def _erase(database: sqlite3.Connection, table: str, key: str, ids: Sequence[str], today: date) -> Json:
    erased, absent, kept = 0, 0, []
    for one in dict.fromkeys(ids):
        row = database.execute(f"SELECT * FROM {table} WHERE {key} = ?", (one,)).fetchone()
        until, reason = _kept(table, row) if row else (None, "")
        if row is None:
            absent += 1
        elif until and today < until:
            kept.append({"id": one, "until": until.isoformat(), "reason": reason})
        else:
            database.execute(f"DELETE FROM {table} WHERE {key} = ?", (one,))
            erased += 1
    return {"erased": erased, "kept": kept, "absent": absent}


def _stop(database: sqlite3.Connection, field: str, ids: Sequence[str]) -> Json:
    own = list(dict.fromkeys(ids))
    marks = ", ".join("?" * len(own))
    statement = f"UPDATE tasks SET {field} = 'off' WHERE {field} <> 'off' AND task_id IN ({marks})"
    changed = database.execute(statement, own).rowcount
    return {"changed": changed, "unchanged": len(own) - changed}


def _kept(table: str, row: sqlite3.Row) -> tuple[date | None, str]:
    """Until when a row is kept, and why."""
    if table == "payments" and row["status"] == "settled" and row["completed_on"]:
        return _years_on(date.fromisoformat(row["completed_on"])), "payment record required by law"
    if table == "tasks" and not row["deletable"]:
        return date.fromisoformat(row["expires_on"]), "effect image cannot be deleted; it expires"
    return None, ""


def _years_on(day: date) -> date:
    try:
        return day.replace(year=day.year + PAYMENT_YEARS)
    except ValueError:  # 29 February
        return day.replace(year=day.year + PAYMENT_YEARS, day=28)
