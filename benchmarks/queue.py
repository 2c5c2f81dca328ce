"""What a turn of the queue costs beside few and beside a million finished items, in a process of its own.

Called as `python -m benchmarks.queue FOLDER`: the folder holds keys; DSR_DATABASE_URL names the database.
Finished items are copied by the database, ten to a request that is delivered. A turn is what a worker does around
its work: it claims the next item that is due, through the gate of its system, and finishes it with its Event.
"""

import json
import os
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from uuid import UUID

SIZES = (1_000, 10_000, 100_000, 1_000_000)
TURNS = 200
EACH = 10  # items of one request
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
KEYS = {"sqlite": "printf('%032x', {n})", "postgresql": "lpad(to_hex({n}), 32, '0')::uuid"}


def main(folder: Path) -> None:
    """Print the figures as JSON: milliseconds of a turn, by how many items are finished."""
    (folder / "keys" / "django.txt").write_text("benchmark", "ascii")
    os.environ.update(DSR_VAR=str(folder), DJANGO_SETTINGS_MODULE="dsr.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(_turned()) + "\n")


def _turned() -> dict[int, float]:
    from django.core.management import call_command

    from dsr.models import PlanItem

    call_command("migrate", verbosity=0)
    pattern = _finished_by_hand()
    _turns()  # connections, gates and statements are ready
    found = {}
    for size in SIZES:
        _copies(pattern, -(-PlanItem.objects.count() // EACH) * EACH, size)
        found[size] = statistics.median(_turns())
    return found


def _turns() -> list[float]:
    from dsr.law.work import Outcome
    from dsr.steps import ledger

    _open_items()
    taken = []
    for _ in range(TURNS):
        start = perf_counter()
        item = ledger.claim(at=NOW)
        if item is None:
            message = "nothing to claim"
            raise AssertionError(message)
        ledger.finish(item, Outcome.NOTHING, at=NOW, counts={})
        taken.append(1000 * (perf_counter() - start))
    return taken


def _open_items() -> None:
    """What is due next: one item for each of so many requests."""
    from dsr.law.references import new_reference
    from dsr.models import PlanItem, SubjectRequest

    asked = {"controller": "joypix", "right": "access", "state": "accepted", "received_at": NOW, "due_on": NOW.date()}
    rows = [SubjectRequest(reference=new_reference(), **asked) for _ in range(TURNS)]
    SubjectRequest.objects.bulk_create(rows)
    due = {"kind": "find", "system": "app-database", "not_before": NOW, "created_at": NOW}
    PlanItem.objects.bulk_create(PlanItem(subject_request=row, **due) for row in rows)


def _finished_by_hand() -> tuple[UUID, UUID]:
    """A delivered request and an item of it that is done: what is copied."""
    from dsr.law.references import new_reference
    from dsr.models import PlanItem, SubjectRequest

    asked = {"controller": "joypix", "right": "access", "state": "delivered", "received_at": NOW, "due_on": NOW.date()}
    row = SubjectRequest.objects.create(reference=new_reference(), **asked)
    done = {"kind": "find", "state": "done", "outcome": "nothing", "system": "app-database", "not_before": NOW}
    return row.pk, PlanItem.objects.create(subject_request=row, finished_at=NOW, created_at=NOW, **done).pk


def _copies(pattern: tuple[UUID, UUID], have: int, want: int) -> None:
    """Fill up to `want` finished items, with their requests."""
    from django.db import connection

    from dsr.models import PlanItem, SubjectRequest

    key = KEYS[connection.vendor]
    request = key.format(n=f"n / {EACH} + 1")
    of_request = {"id": request, "reference": f"'C' || (n / {EACH} + 1)"}
    of_item = {"id": key.format(n="n + 1"), "subject_request_id": request, "system": f"'system-' || (n %% {EACH})"}
    numbers = f"WITH RECURSIVE c(n) AS (SELECT {have} UNION ALL SELECT n + 1 FROM c WHERE n < {want - 1})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        for model, primary, changed, only in (
            (SubjectRequest, pattern[0], of_request, f"AND n %% {EACH} = 0"),
            (PlanItem, pattern[1], of_item, ""),
        ):
            table = model._meta.db_table
            names = [str(field.column) for field in model._meta.concrete_fields]
            values = ", ".join(changed.get(name, f'one."{name}"') for name in names)
            quoted = ", ".join(f'"{name}"' for name in names)
            select = f"SELECT {values} FROM c, {table} one WHERE one.id = %s {only}"
            cursor.execute(f"INSERT INTO {table} ({quoted}) {numbers} {select}", [primary.hex])
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = '30s'")
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
