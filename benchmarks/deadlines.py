"""A million open deadlines counted again, in a process of its own.

Called as `python -m benchmarks.deadlines FOLDER`: the folder holds keys; DSR_DATABASE_URL names the database.
Twelve thousand requests are made by hand (6 calendars, 400 days of receipt, 5 kinds of pause) and copied by the
database. Their dates are right for one evening; then the next day begins, on which every open pause moves its date.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from time import perf_counter

COPIES = 84  # of 12,000
PLACES = (("US", None), ("US", "CA"), ("DE", None), ("GB", "ENG"), ("FR", None), ("BR", None))
TERMS = ("15 business-days", "1 month", "45 days", "3 months")
DAYS = 400
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


def main(folder: Path) -> None:
    """Print the figures as JSON."""
    (folder / "keys" / "django.txt").write_text("benchmark", "ascii")
    os.environ.update(DSR_VAR=str(folder), DJANGO_SETTINGS_MODULE="dsr.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(_counted()) + "\n")


def _counted() -> dict[str, float]:
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from dsr.models import Deadline
    from dsr.steps.counting import recounting

    call_command("migrate", verbosity=0)
    _originals()
    _copies()
    rows = Deadline.objects.filter(met_at=None).count()
    with CaptureQueriesContext(connection) as captured:
        start = perf_counter()
        moved = recounting.count(at=NOW + timedelta(days=1), every=True)
        seconds = perf_counter() - start
        statements = len(captured)
        start = perf_counter()
        recounting.count(at=NOW + timedelta(days=1))
        again = perf_counter() - start
    return {"rows": rows, "moved": moved, "seconds": seconds, "statements": statements, "again": again}


def _originals() -> None:
    from dsr.law.calendars import Calendar
    from dsr.models import Deadline, SubjectRequest
    from dsr.steps.counting import reckoning

    editions = [reckoning.keep(Calendar(land, "UTC", part), 2026, at=NOW).version for land, part in PLACES]
    today = NOW.date()
    requests, rows = [], []
    for number, (edition, back, kind) in enumerate(product(editions, range(DAYS), range(5)), 1):
        received = today - timedelta(days=back)
        since = min(today, received + timedelta(days=2))
        row = Deadline(
            id=number,
            regime="house",
            duty="answer",
            edition_id=edition,
            receipt_on=received,
            starts_on=received,
            term=TERMS[number % len(TERMS)],
            paused=f"{received}/{received + timedelta(days=back % 9)}" if kind in {2, 4} else "",
            pausing_from=since if kind in {3, 4} else None,
            pausing_to=today + timedelta(days=14) if kind in {3, 4} else None,
        )
        reckoning.reckon(row, at=NOW)
        row.subject_request = SubjectRequest(
            reference=f"B{number:08}", controller="joypix", right="access", received_at=NOW, due_on=row.due_on
        )
        requests.append(row.subject_request)
        rows.append(row)
    SubjectRequest.objects.bulk_create(requests)
    Deadline.objects.bulk_create(rows)


def _copies() -> None:
    """The database copies rows by itself: a hundred times faster than making them here."""
    from django.db import connection

    from dsr.models import Deadline, SubjectRequest

    count = Deadline.objects.count()
    number = f"d.id + c.n * {count}"
    key = f"printf('%032x', {number})"
    if connection.vendor == "postgresql":
        key = f"lpad(to_hex({number}), 32, '0')::uuid"
    own = {"id": key, "reference": f"'C' || ({number})"}
    copied = {"id": number, "subject_request_id": key}
    copies = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {COPIES - 1})"
    join = "FROM c, dsr_deadline d JOIN dsr_subjectrequest r ON r.id = d.subject_request_id"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        for model, alias, changed in ((SubjectRequest, "r", own), (Deadline, "d", copied)):
            names = [str(field.column) for field in model._meta.concrete_fields]
            values = ", ".join(changed.get(name, f'{alias}."{name}"') for name in names)
            quoted = ", ".join(f'"{name}"' for name in names)
            # The originals alone are copied: their numbers come first.
            into = f"INSERT INTO {model._meta.db_table} ({quoted})"
            cursor.execute(f"{into} {copies} SELECT {values} {join} WHERE d.id <= {count}")
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = '30s'")
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
