"""Who asks, for what, and what the shop holds about them; the same for every process of a run."""

import sqlite3
from contextlib import closing
from pathlib import Path

from dsr.law.rights import Right

SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, item TEXT);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TABLE reviews (id INTEGER PRIMARY KEY, customer_id INTEGER, words TEXT);
CREATE INDEX reviews_customer ON reviews (customer_id);
CREATE TABLE gone (collection TEXT, id INTEGER);
CREATE TRIGGER customer_gone AFTER DELETE ON customers BEGIN INSERT INTO gone VALUES ('customers', OLD.id); END;
CREATE TRIGGER order_gone AFTER DELETE ON orders BEGIN INSERT INTO gone VALUES ('orders', OLD.id); END;
CREATE TRIGGER review_gone AFTER UPDATE ON reviews BEGIN INSERT INTO gone VALUES ('reviews', OLD.id); END;
"""
ORDERS = 2  # of nearly everybody
MANY_ORDERS = 520  # of one of ten: more than goes in one transaction, so it is rehearsed and goes in parts
APART = 10_000  # between the numbers of two people's orders


def email(number: int) -> str:
    """A mailbox."""
    return f"person{number}@example.com"


def right_of(number: int) -> Right:
    """Of ten people four ask for erasure, two for access and four for a file to take elsewhere."""
    return (Right.ERASURE, Right.PORTABILITY, Right.ACCESS, Right.PORTABILITY, Right.ERASURE)[number % 5]


def erasing(many: int) -> set[int]:
    """Who asks for erasure."""
    return {number for number in range(many) if right_of(number) is Right.ERASURE}


def orders_of(number: int) -> range:
    """The numbers of a person's orders."""
    first = number * APART
    return range(first, first + (MANY_ORDERS if number % 10 == 4 else ORDERS))


def seed(path: Path, people: int) -> None:
    """Make the shop; each effect on its rows is written down by the shop itself."""
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.executescript(SHOP)
        shop.executemany("INSERT INTO customers VALUES (?, ?, ?)", ((n, email(n), f"Name {n}") for n in range(people)))
        orders = ((order, n, f"item {order}") for n in range(people) for order in orders_of(n))
        shop.executemany("INSERT INTO orders VALUES (?, ?, ?)", orders)
        shop.executemany("INSERT INTO reviews VALUES (?, ?, ?)", ((n, n, f"words {n}") for n in range(people)))
    with closing(sqlite3.connect(path)) as shop:
        shop.execute("PRAGMA journal_mode=WAL")
