"""A small shop in one database, with each way in which a row can be erased, and Sam among its customers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import work
from dsr.steps.asking import intake
from dsr.steps.deciding import approval, review
from tests.conftest import SAM

CONTROLLER = """
slug: acme
name: Acme
operator: Acme Ltd
describes: A shop.
email: privacy@acme.example
brand: {colour: "#0f5b66"}
calendar: {country: DE, zone: Europe/Berlin}
promise_source: Our own promise.
grace_days: 0
authority: Example Authority
languages: [en, zh-Hans]
regions:
  eea: {title: European Economic Area, regimes: [gdpr], authority: Example Authority}
policy_versions:
  - {version: "1", effective_on: "2026-01-01"}
identities: {email: The address you signed up with}
rights:
  access: {granted_by: law, citation: GDPR Art. 15}
  erasure: {granted_by: law, citation: GDPR Art. 17}
purposes:
  selling: {title: Sell, describes: Take and send your orders., basis: contract}
recipients: {}
retention:
  books: {kind: statutory, says: 8 years., period: {years: 8}, ground: Tax law wants it kept., citation: § 147 AO}
  account: {kind: agreed, says: As long as you have an account., citation: section 4}
automated_decisions: "none: a person decides"
"""
SYSTEM = """
slug: shop
title: Shop
connector: {kind: sql, settings: {url: "${ACME_SHOP_URL}"}}
collections:
  customers:
    title: Account
    key: [id]
    found_by: {email: [email]}
    purposes: [selling]
    source: provided
    retention: account
    erase: {tombstone: true}
    fields:
      id: {category: user.unique_id}
      email: {category: user.contact.email}
  orders:
    title: Orders
    key: [id]
    links:
      - {to: customers, on: {customer_id: id}}
    purposes: [selling]
    source: provided
    retention: books
    keep: {rule: books, since: paid_at}
    erase: {tombstone: true}
    fields:
      id: {category: user.behavior.purchase_history}
      customer_id: {category: user.unique_id}
      paid_at: {category: user.behavior.purchase_history}
  lines:
    title: Lines of orders
    key: [id]
    links:
      - {to: orders, on: {order_id: id}}
    purposes: [selling]
    source: provided
    retention: books
    keep: {rule: books, since: orders.paid_at}
    fields:
      id: {category: user.behavior.purchase_history}
      order_id: {category: user.behavior.purchase_history}
      article: {category: user.behavior.purchase_history}
  ratings:
    title: Ratings
    key: [id]
    links:
      - {to: customers, on: {customer_id: id}}
    purposes: [selling]
    source: provided
    retention: account
    erase: {way: unlink}
    fields:
      id: {category: user.content}
      customer_id: {category: user.unique_id}
      stars: {category: user.content}
  vouchers:
    title: Vouchers
    key: [number]
    links:
      - {to: customers, on: {customer_id: id}}
    purposes: [selling]
    source: provided
    retention: account
    erase: {way: tombstone, set: {greeting: erased}}
    fields:
      number: {category: user.behavior.purchase_history}
      customer_id: {category: user.unique_id}
      greeting: {category: user.content}
"""
TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), paid_at TEXT);
CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id), article TEXT);
CREATE TABLE ratings (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), stars INTEGER);
CREATE TABLE vouchers (number INTEGER PRIMARY KEY, customer_id INTEGER, greeting TEXT NOT NULL);
INSERT INTO customers VALUES (1, 'sam@example.com'), (2, 'mallory@example.com');
INSERT INTO orders VALUES (10, 1, '2024-02-01'), (11, 1, '2025-03-01'), (20, 2, '2025-03-01');
INSERT INTO lines VALUES (100, 10, 'Lamp'), (110, 11, 'Chair'), (200, 20, 'Table');
INSERT INTO ratings VALUES (1000, 1, 5), (1001, 1, 2), (2000, 2, 4);
INSERT INTO vouchers VALUES (500, 1, 'For Sam'), (600, 2, 'For Mallory');
"""


class Shop:
    """The controller's files and its database in one folder, a clock, and the walk of an erasure."""

    def __init__(self, folder: Path, at: datetime, dana: Actor, eli: Actor) -> None:
        """Write everything."""
        (folder / "acme/systems").mkdir(parents=True)
        (folder / "acme/controller.yaml").write_text(CONTROLLER.lstrip(), "utf-8")
        (folder / "acme/systems/shop.yaml").write_text(SYSTEM.lstrip(), "utf-8")
        self.folder, self.at, self.dana, self.eli = folder, at, dana, eli
        self.database = folder / "shop.sqlite3"
        with closing(sqlite3.connect(self.database)) as database:
            database.executescript(TABLES)

    @contextmanager
    def live(self) -> Iterator[sqlite3.Connection]:
        """The database, past the portal."""
        with closing(sqlite3.connect(self.database)) as database, database:
            yield database

    def read(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of it."""
        with self.live() as database:
            return database.execute(sql).fetchall()

    def write(self, sql: str) -> None:
        """Somebody else changes it."""
        with self.live() as database:
            database.execute(sql)

    def accepted(self) -> SubjectRequest:
        """Sam's erasure, accepted."""
        asked = intake.Intake("acme", Right.ERASURE, ((IdentityKind.EMAIL, SAM),), region="eea")
        subject_request = intake.receive(asked, by=SUBJECT, at=self.at)
        subject_request.identities.update(proven_at=self.at)
        SubjectRequest.objects.filter(pk=subject_request.pk).update(state=State.VERIFIED)
        subject_request.refresh_from_db()
        review.accept(subject_request, by=self.dana, at=self.at)
        return subject_request

    def approved(self) -> SubjectRequest:
        """The same, searched and approved; nothing is erased yet."""
        subject_request = self.accepted()
        self.work()
        subject_request.refresh_from_db()
        approval.approve(subject_request, digest=subject_request.manifest.digest, by=self.eli, at=self.at)
        subject_request.items.filter(kind=Kind.ASSEMBLE).update(not_before=self.at + timedelta(days=90_000))
        return subject_request

    def erasure(self) -> SubjectRequest:
        """The same, erased as far as today allows."""
        subject_request = self.approved()
        self.work()
        subject_request.refresh_from_db()
        return subject_request

    def work(self) -> None:
        """Workers do everything that is due."""
        while work.do_next(at=self.at):
            pass

    def waiting(self) -> list[PlanItem]:
        """What waits for its day, the nearest first."""
        waiting = PlanItem.objects.filter(kind=Kind.ERASE).exclude(until=None)
        return list(waiting.exclude(state=ItemState.DONE).order_by("until"))

    def on_its_day(self, item: PlanItem) -> PlanItem:
        """The day after the last one on which its rows are kept has come."""
        self.at = max(self.at, item.not_before)
        self.work()
        item.refresh_from_db()
        return item
