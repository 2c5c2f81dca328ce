"""The floor: the same rows fetched, or deleted, by eight statements written by hand."""

import io
import json
import subprocess
from time import perf_counter

import psycopg
from psycopg.rows import dict_row

_MINE = "(SELECT id FROM customer WHERE email = %(email)s)"
SELECTS = {
    "customer": "SELECT * FROM customer WHERE email = %(email)s",
    "address": "SELECT * FROM address WHERE id IN (SELECT address_id FROM customer WHERE email = %(email)s)",
    "payment_card": f"SELECT * FROM payment_card WHERE customer_id IN {_MINE}",
    "orders": f"SELECT * FROM orders WHERE customer_id IN {_MINE}",
    "order_item": f"SELECT * FROM order_item WHERE order_id IN (SELECT id FROM orders WHERE customer_id IN {_MINE})",
    "login": f"SELECT * FROM login WHERE customer_id IN {_MINE}",
    "visit": "SELECT * FROM visit WHERE email = %(email)s",
    "service_request": "SELECT * FROM service_request WHERE email = %(email)s",
}


def seconds(address: str, email: str) -> float:
    """How long it takes to put them into one JSON file, connection included."""
    start = perf_counter()
    with psycopg.connect(address, row_factory=dict_row) as connection:
        found = {name: connection.execute(select, {"email": email}).fetchall() for name, select in SELECTS.items()}
    json.dump(found, io.StringIO(), default=str)
    return perf_counter() - start


DELETES = {
    name: f"DELETE FROM {name} WHERE id = ANY(%(ids)s)"
    for name in ("order_item", "orders", "login", "payment_card", "customer", "address", "visit", "service_request")
}


def erased(address: str, email: str) -> float:
    """How long the same rows take to be found and deleted by hand: one transaction, nothing listed nor read back."""
    start = perf_counter()
    with psycopg.connect(address, row_factory=dict_row) as connection:
        found = {name: connection.execute(select, {"email": email}).fetchall() for name, select in SELECTS.items()}
        for name, delete in DELETES.items():
            connection.execute(delete, {"ids": [row["id"] for row in found[name]]})
    return perf_counter() - start


def copied(address: str, select: str) -> float:
    """How long PostgreSQL's own COPY takes through `gzip -1`, thrown away."""
    start = perf_counter()
    with (
        subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as gzip,
        psycopg.connect(address) as connection,
        connection.cursor().copy(f"COPY ({select}) TO STDOUT (FORMAT csv)") as copy,
    ):
        for chunk in copy:
            gzip.stdin.write(chunk)  # type: ignore[union-attr]  # it is a pipe
        gzip.stdin.close()  # type: ignore[union-attr]  # as above
    return perf_counter() - start
