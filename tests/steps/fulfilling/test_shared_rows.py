"""What stands in a row of two people is erased in the way that was approved, whatever changes around it."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from django.conf import settings

from dsr.connectors import registry
from dsr.datamap.load import MapError, load
from dsr.datamap.schema import IdentityKind, Period
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import maps
from dsr.steps.asking import intake
from dsr.steps.deciding import approval, review
from dsr.steps.fulfilling import replay, supplement
from tests.conftest import SAM
from tests.steps.fulfilling.shop import Shop

CUSTOMERS = """
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
      address_id: {category: user.unique_id}
"""
MESSAGES = """
  messages:
    title: Messages
    key: [id]
    links:
      - {to: customers, on: {sender: id}}
      - {to: customers, on: {receiver: id}}
    purposes: [selling]
    source: provided
    retention: books
    shared:
      parties:
        sender: {title: Who wrote it, known_by: [sender], fields: [draft]}
        receiver: {title: Who got it, known_by: [receiver], fields: [reply]}
    fields:
      id: {category: user.unique_id}
      sender: {category: user.unique_id}
      receiver: {category: user.unique_id}
      draft: {category: user.content.private}
      reply: {category: user.content.private}
      sent_on: {category: user.content}
"""
KEPT = MESSAGES.replace("    shared:\n", "    keep: {rule: books, since: sent_on}\n    shared:\n")
ATTACHMENTS = """
  attachments:
    title: Attachments
    key: [id]
    links:
      - {to: messages, on: {message_id: id}}
    purposes: [selling]
    source: provided
    retention: account
    shared:
      parties:
        thread: {title: Who is in the message, known_by: [message_id], several: true}
    fields:
      id: {category: user.unique_id}
      message_id: {category: user.unique_id}
"""
LETTERS = (
    MESSAGES.replace("messages:", "letters:")
    .replace("      - {to: customers, on: {sender: id}}\n", "")
    .replace("    links:", "    found_by: {email: [sender]}\n    created: sent_on\n    links:")
)
TABLES = """
DROP TABLE lines; DROP TABLE orders; DROP TABLE ratings; DROP TABLE vouchers; DROP TABLE customers;
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, address_id TEXT COLLATE NOCASE);
CREATE TABLE messages (id INTEGER PRIMARY KEY, sender INTEGER, receiver INTEGER, draft TEXT, reply TEXT, sent_on TEXT);
CREATE TABLE letters (id INTEGER PRIMARY KEY, sender TEXT, receiver INTEGER, draft TEXT, reply TEXT, sent_on TEXT);
CREATE TABLE attachments (id INTEGER PRIMARY KEY, message_id INTEGER);
INSERT INTO customers VALUES (1, 'sam@example.com', 'elm'), (2, 'mallory@example.com', 'ELM');
INSERT INTO messages VALUES (1, 1, 2, 'of sam', 'of mallory', '2025-03-01');
INSERT INTO letters VALUES (1, 'sam@example.com', 2, 'of sam', 'of mallory', '2020-01-01');
"""


def opened(shop: Shop, collections: str) -> None:
    """The shop with these collections beside its customers."""
    (shop.folder / "acme/systems/shop.yaml").write_text((CUSTOMERS + collections).lstrip(), "utf-8")
    load(shop.folder / "acme", registry.flaws)
    with closing(sqlite3.connect(shop.database)) as database:
        database.executescript(TABLES)


def lengthened(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> PlanItem:
    """On the day of Sam's kept rows the rule has become longer: what waits instead."""
    shop.erasure()
    (item,) = shop.waiting()
    rule = maps.controller("acme").controller.retention["books"]
    monkeypatch.setitem(rule.__dict__, "period", Period(years=10))
    assert shop.on_its_day(item).outcome == Outcome.KEPT
    (again,) = shop.waiting()
    return again


def approved(shop: Shop, meanwhile: str) -> PlanItem:
    """The system's erasure after something has changed between approval and execution."""
    asked = intake.Intake("acme", Right.ERASURE, ((IdentityKind.EMAIL, SAM),), region="eea")
    subject_request = intake.receive(asked, by=SUBJECT, at=shop.at)
    subject_request.identities.update(proven_at=shop.at)
    SubjectRequest.objects.filter(pk=subject_request.pk).update(state=State.VERIFIED)
    subject_request.refresh_from_db()
    review.accept(subject_request, by=shop.dana, at=shop.at)
    shop.work()
    subject_request.refresh_from_db()
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=shop.eli, at=shop.at)
    shop.write(meanwhile)
    shop.work()
    return PlanItem.objects.get(subject_request=subject_request, kind=Kind.ERASE, until=None)


def test_a_rule_that_grew_longer_does_not_turn_an_approved_unlinking_into_a_deletion(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(shop, KEPT)
    assert shop.on_its_day(lengthened(shop, monkeypatch)).outcome == Outcome.ERASED
    assert shop.read("SELECT sender, receiver, draft, reply FROM messages") == [(None, 2, None, "of mallory")]


def test_a_rule_that_grew_longer_does_not_let_keys_count_in_another_table(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(shop, KEPT)
    again = lengthened(shop, monkeypatch)
    shop.write("CREATE TABLE other AS SELECT id, 2 AS sender, NULL AS receiver, draft, reply, sent_on FROM messages")
    moved = shop.folder.parent / f"{shop.folder.name}-moved"
    shutil.copytree(shop.folder, moved)
    there = (CUSTOMERS + KEPT).replace("title: Messages\n", "title: Messages\n    settings: {table: other}\n")
    (moved / "acme/systems/shop.yaml").write_text(there.lstrip(), "utf-8")
    monkeypatch.setattr(settings, "DSR_CONTROLLERS", moved)
    assert shop.on_its_day(again).outcome != Outcome.ERASED
    assert shop.read("SELECT sender, draft FROM other") == [(2, "of sam")]


def test_who_comes_back_into_a_shared_row_with_a_backup_is_unlinked_again(shop: Shop) -> None:
    opened(shop, LETTERS)
    subject_request = shop.erasure()
    subject_request.items.filter(kind=Kind.ASSEMBLE).update(not_before=shop.at)
    shop.work()
    shop.write("UPDATE letters SET sender = 'sam@example.com', draft = 'of sam'")
    (told,) = (
        one
        for one in replay.replay(maps.controller("acme"), dry_run=False, at=shop.at + timedelta(days=1))
        if one.reference
    )
    assert not told.open
    assert shop.read("SELECT sender, receiver, draft, reply FROM letters") == [(None, 2, None, "of mallory")]


def test_whom_the_database_takes_for_a_resident_keeps_the_address(shop: Shop) -> None:
    addresses = """
  addresses:
    title: Addresses
    key: [id]
    links:
      - {to: customers, on: {id: address_id}}
    purposes: [selling]
    source: provided
    retention: account
    shared:
      parties:
        residents: {title: Who lives there, known_by: [id], several: true}
    fields:
      id: {category: user.unique_id}
"""
    opened(shop, addresses)
    shop.write("CREATE TABLE addresses (id TEXT COLLATE NOCASE PRIMARY KEY)")
    shop.write("INSERT INTO addresses VALUES ('elm')")
    shop.erasure()
    assert shop.read("SELECT * FROM addresses") == [("elm",)]


def test_who_came_into_a_row_after_its_approval_gets_a_list_that_unlinks_it(shop: Shop) -> None:
    opened(shop, MESSAGES)
    shop.write("UPDATE messages SET receiver = NULL, reply = NULL")
    item = approved(shop, "UPDATE messages SET receiver = 2, reply = 'of mallory'")
    assert item.state == ItemState.QUARANTINED
    supplement.ask(item, by=shop.dana, at=shop.at)
    shop.work()
    (late,) = supplement.waiting(item.subject_request)
    supplement.approve(late, digest=late.digest, by=shop.eli, at=shop.at)
    shop.work()
    item.refresh_from_db()
    assert item.outcome == Outcome.ERASED
    assert shop.read("SELECT sender, receiver, draft, reply FROM messages") == [(None, 2, None, "of mallory")]


def test_what_hangs_on_a_row_goes_with_the_last_of_its_people(shop: Shop) -> None:
    opened(shop, MESSAGES + ATTACHMENTS)
    shop.write("INSERT INTO messages VALUES (2, 1, 1, 'of sam', NULL, '2025-03-01')")
    shop.write("INSERT INTO attachments VALUES (10, 1), (20, 2)")
    shop.erasure()
    assert shop.read("SELECT id, message_id FROM attachments") == [(10, 1)]


def test_a_scope_with_rows_of_several_names_those_by_whom_they_are_somebodys(shop: Shop) -> None:
    opened(shop, MESSAGES + ATTACHMENTS)
    described = shop.folder / "acme/controller.yaml"
    scope = "scopes:\n  files: {title: Files, describes: Files., collections: [shop.attachments]}\n"
    described.write_text(described.read_text("utf-8") + scope, "utf-8")
    with pytest.raises(MapError, match=r"'shop.attachments' are somebody's while one of 'shop.messages' leads there"):
        load(shop.folder / "acme", registry.flaws)
