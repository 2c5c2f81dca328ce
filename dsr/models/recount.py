"""Writing counted dates into a million deadlines by a few statements, which Django's own updates cannot say.

What decides the dates is the same in many rows, so each distinct basis is counted once. The answers travel as one
JSON text into a table of this transaction, and one statement joins it.
"""

import json
from collections.abc import Iterable

from django.db import connection

COLUMNS = ("edition_id", "receipt_on", "starts_on", "term", "paused", "pausing_from", "pausing_to")
COUNTED = ("due_on", "unpaused_on", "provisional", "attend_on")
NEVER = "0001-01-01"  # for a date that is not there: a join compares no NULLs

Row = tuple[str | bool, ...]


def write(rows: Iterable[Row]) -> int:
    """Set the dates of every open deadline whose basis is among the rows and whose dates differ; how many did.

    A row is COLUMNS and then COUNTED, dates as ISO text, NEVER for none. Call it in a transaction.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")  # a million rows may take longer than a page waits
        cursor.execute(_CREATE)
        cursor.execute(_UNFOLD[connection.vendor], [json.dumps(list(rows))])
        cursor.execute(_UPDATE)
        written = int(cursor.rowcount)
        cursor.execute("DROP TABLE dsr_reckoned")
    return written


# The types of the deadline's own columns: SQLite joins by an index only what compares alike.
_TYPES = {"edition_id": "text", "term": "text", "paused": "text", "provisional": "bool"}
_NAMED = {name: _TYPES.get(name, "date") for name in (*COLUMNS, *COUNTED)}
_COLUMNS = ", ".join(f"{name} {kind}" for name, kind in _NAMED.items())
_CREATE = f"CREATE TEMPORARY TABLE dsr_reckoned ({_COLUMNS}, PRIMARY KEY ({', '.join(COLUMNS)}))"
_EXTRACTED = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(_NAMED)))
_CAST = ", ".join(f"(value ->> {place})::{kind}" for place, kind in enumerate(_NAMED.values()))
_UNFOLD = {
    "sqlite": f"INSERT INTO dsr_reckoned SELECT {_EXTRACTED} FROM json_each(%s)",  # noqa: S608 — the words are ours
    "postgresql": f"INSERT INTO dsr_reckoned SELECT {_CAST} FROM jsonb_array_elements(%s::jsonb)",  # noqa: S608 — as above
}
_IN_FORCE = "CASE WHEN d.extended AND d.extended_term <> '' THEN d.extended_term ELSE d.term END"
# A row that another transaction changed since its basis was read joins none: it was counted there.
_UPDATE = f"""
    UPDATE dsr_deadline AS d SET
        due_on = r.due_on, unpaused_on = r.unpaused_on, provisional = r.provisional,
        attend_on = CASE WHEN d.due_on = r.due_on THEN d.attend_on WHEN d.breached_at IS NULL THEN r.attend_on END
    FROM dsr_reckoned AS r
    WHERE d.met_at IS NULL AND d.edition_id = r.edition_id AND d.receipt_on = r.receipt_on
        AND d.starts_on = r.starts_on AND {_IN_FORCE} = r.term AND d.paused = r.paused
        AND COALESCE(d.pausing_from, '{NEVER}') = r.pausing_from AND COALESCE(d.pausing_to, '{NEVER}') = r.pausing_to
        AND (d.due_on <> r.due_on OR d.unpaused_on <> r.unpaused_on OR d.provisional <> r.provisional)
"""  # noqa: S608 — as above
