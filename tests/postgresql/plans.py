"""How the database finds the next item, among many that are finished. Django is set up by who imports this."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.sql import SQL, Literal

from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import PlanItem, SubjectRequest
from dsr.models.plan import in_order
from dsr.steps import ledger

FINISHED = """
INSERT INTO dsr_planitem (id, subject_request_id, kind, system, state, outcome, note, handle_sealed,
                          reasons_sealed, effects_kid, counts, fence, attempts, tries, not_before, created_at)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
SELECT {key}, subject_request_id, 'find', 'system-' || n, 'done', 'found', '', '', '', '', '{{}}',
       1, 0, 0, not_before, created_at FROM numbers, dsr_planitem WHERE id = %s
"""
BEHIND_EACH_OTHER = """
INSERT INTO dsr_planitem_after (from_planitem_id, to_planitem_id)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
SELECT {key}, {before} FROM numbers WHERE n > 1
"""
KEYS = {"sqlite": "printf('%%032x', {n})", "postgresql": "lpad(to_hex({n}), 32, '0')::uuid"}
REQUESTS, BACKLOG = 2_000, 1_000
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}


def of_claim(finished: int, at: datetime) -> dict[str, str]:
    """The plan of the statement by which a worker claims the item that is due, and the one PostgreSQL would keep."""
    item = _one_due(at)
    key = KEYS[connection.vendor]
    number, before = key.format(n="n"), key.format(n="n - 1")
    with connection.cursor() as cursor:
        cursor.execute(FINISHED.format(key=number), [finished, item.pk.hex])
        cursor.execute(BEHIND_EACH_OTHER.format(key=number, before=before), [finished])
        if connection.vendor == "postgresql":  # its autovacuum does so by itself, a minute later
            cursor.execute("ANALYZE")
    asked: list[tuple[str, Any]] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: ANN401 — Django's signature
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        claimed = ledger.claim(at=at)
    assert claimed == item
    text, params = next((sql, params) for sql, params in asked if 'FROM "dsr_planitem"' in sql)
    with transaction.atomic(), connection.cursor() as cursor:
        in_order()
        cursor.execute(EXPLAIN[connection.vendor] + text, params)
        plans = {"plan": _read(cursor)}
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            numbered = text.replace("%s", "{}").format(*(f"${number + 1}" for number in range(len(params))))
            cursor.execute(f"PREPARE claim AS {numbered}")
            values = SQL(", ").join(Literal(str(value)) for value in params)
            cursor.execute(SQL("EXPLAIN EXECUTE claim({})").format(values))
            plans["kept"] = _read(cursor)
        return plans


def _read(cursor: CursorWrapper) -> str:
    return "\n".join(str(row[-1]) for row in cursor.fetchall())


def _one_due(at: datetime) -> PlanItem:
    asked = {"controller": "joypix", "right": Right.ACCESS, "received_at": at, "due_on": at.date()}
    others = (SubjectRequest(reference=f"R{number}", state=State.DELIVERED, **asked) for number in range(REQUESTS))
    SubjectRequest.objects.bulk_create(others)  # a planner reads a table of one row as a whole
    subject_request = SubjectRequest.objects.create(reference="R", state=State.ACCEPTED, **asked)
    due = {"subject_request": subject_request, "kind": "find", "not_before": at, "created_at": at}
    PlanItem.objects.bulk_create(PlanItem(system=f"later-{number}", **due) for number in range(BACKLOG))
    first = due | {"not_before": at - timedelta(seconds=1)}
    return PlanItem.objects.create(system="app-database", **first)
