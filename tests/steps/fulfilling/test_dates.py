"""Dates of live rows: what an erasure, a replay, a report and a check say where one cannot be read."""

import io
import json
import secrets
import shutil
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from dsr.datamap.schema import IdentityKind
from dsr.desk import sheet
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import SubjectRequest, Suppression
from dsr.steps import maps, work
from dsr.steps.answering import packaging
from dsr.steps.answering.keeping import _reduce
from dsr.steps.asking import intake
from dsr.steps.deciding import holds
from dsr.steps.deciding.holds import Order
from dsr.steps.fulfilling import parts, replay
from tests.steps.fulfilling.shop import CONTROLLER, SYSTEM, Shop

BARE = """
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
    retention: books
    created: created_at
    ages_from: created_at
    fields:
      id: {category: user.unique_id}
      email: {category: user.contact.email}
      created_at: {category: user.account}
"""


def said(command: str, *arguments: str) -> tuple[int, str]:
    """The exit code and what was said."""
    told = io.StringIO()
    try:
        call_command(command, *arguments, stdout=told)
    except SystemExit as ended:
        return int(str(ended.code)), told.getvalue()
    return 0, told.getvalue()


def bare(shop: Shop, *moments: object, kind: str = "") -> None:
    """A table of Sam's rows alone, with these moments."""
    (shop.folder / "acme/systems/shop.yaml").write_text(BARE.lstrip(), "utf-8")
    with shop.live() as database:
        for table in ("lines", "orders", "ratings", "vouchers", "customers"):
            database.execute(f"DROP TABLE {table}")
        database.execute(f"CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, created_at {kind})")
        database.execute("CREATE INDEX called ON customers (email)")
        rows = [("sam@example.com", moment) for moment in moments]
        database.executemany("INSERT INTO customers (email, created_at) VALUES (?, ?)", rows)


def restored(shop: Shop, *moments: object, kind: str = "") -> None:
    """They were erased; then the database was restored from before."""
    bare(shop, *moments, kind=kind)
    backup = shop.database.read_bytes()
    shop.erasure()
    assert shop.read("SELECT id FROM customers") == []
    shop.database.write_bytes(backup)


def test_a_restored_row_goes_whenever_its_moment_can_be_read_and_else_is_told(shop: Shop) -> None:
    readable = (1700000000, 1700000000.5, 1700000000000, "2024-01-01 10:00:00 UTC", "2024-01-01")
    restored(shop, *readable, None, "01.01.2024", "Mon, 01 Jan 2024 10:00:00 GMT", shop.at.date().isoformat())
    code, told = said("replay_erasures", "--controller", "acme")
    assert code == 1
    assert "5 rows erased again and read back" in told
    assert "customers: 4 rows stay, for 'created_at' does not tell whether they are older than the erasure" in told
    assert "Nothing is left" not in told
    assert shop.read("SELECT id FROM customers") == [(6,), (7,), (8,), (9,)]


def test_a_moment_without_a_zone_that_may_be_before_or_after_the_erasure_is_told(shop: Shop) -> None:
    restored(shop, "2024-01-01")
    (erased_at,) = set(Suppression.objects.values_list("erased_at", flat=True))
    wall = (erased_at + timedelta(minutes=30)).replace(tzinfo=None)  # in Berlin that was before the erasure
    with shop.live() as database:
        database.execute("UPDATE customers SET created_at = ?", [wall.isoformat(" ")])
    code, told = said("replay_erasures", "--controller", "acme")
    assert code == 1
    assert "customers: 1 rows stay, for 'created_at' does not tell" in told
    assert shop.read("SELECT count(*) FROM customers") == [(1,)]


def test_hashes_whose_key_is_lost_are_told_as_open(shop: Shop, settings: Settings, tmp_path: Path) -> None:
    restored(shop, "2024-01-01T10:00:00Z")
    folder = tmp_path / "keys"
    shutil.copytree(settings.DSR_KEYS, folder)
    ring = {"current": "k9", "keys": {"k9": b64encode(secrets.token_bytes(32)).decode()}}
    (folder / "suppression.json").chmod(0o600)
    (folder / "suppression.json").write_text(json.dumps(ring))
    settings.DSR_KEYS = folder
    code, told = said("replay_erasures", "--controller", "acme")
    assert code == 1
    assert "suppression ledger: 2 hashes cannot be compared: suppression.json lacks their key (k1)" in told
    assert "Nothing is left" not in told


@pytest.mark.parametrize("kind", ["TEXT", "DATE"])
@pytest.mark.parametrize("moment", ["31.12.2001", "Jan 1 2001"])
def test_a_report_and_a_check_say_what_they_cannot_read(shop: Shop, kind: str, moment: str) -> None:
    bare(shop, moment, "2026-01-01", None, kind=kind)
    code, told = said("retention_report")
    assert code == 2
    assert "customers: cannot be judged" in told
    assert "1 rows name no moment; 1 rows hold a moment that cannot be read" in told
    code, told = said("check_systems")
    assert code == 1
    assert "'created' counts from 'created_at', where 1 of 2 rows looked at hold no moment" in told


def test_a_rule_with_a_period_beside_a_map_without_a_date_is_not_known(shop: Shop) -> None:
    bare(shop, "2026-01-01")
    path = shop.folder / "acme/systems/shop.yaml"
    path.write_text(path.read_text("utf-8").replace("    ages_from: created_at\n", ""), "utf-8")
    code, told = said("retention_report")
    assert code == 2
    assert "acme/shop customers: no date (books, statutory); the map names no 'ages_from'" in told
    assert "Not known of 1 of 1 collections: acme/shop customers" in told


def test_a_report_counts_moments_however_they_are_written(shop: Shop) -> None:
    bare(shop, 978307200, "20010101", "2001-01-01 00:00:00 UTC", "2026-01-01", "31.12.2001")
    code, told = said("retention_report")
    assert code == 1
    assert "3 rows are over age" in told
    assert "1 rows hold a moment that cannot be read" in told


def test_a_check_names_a_column_that_holds_no_moments(shop: Shop) -> None:
    bare(shop, kind="BLOB")
    assert "'ages_from' counts from 'created_at', a column that holds no moments (BLOB)" in said("check_systems")[1]


def test_what_is_kept_from_a_date_that_nobody_can_read_is_told_apart(shop: Shop) -> None:
    shop.write("UPDATE orders SET paid_at = '01.03.2025' WHERE id = 11")
    subject_request = shop.erasure()
    assert shop.read("SELECT id FROM orders WHERE customer_id = 1") == [(10,), (11,)]
    unread = {
        (one["collection"], one["count"], one["until"])
        for one in subject_request.manifest.summary
        if one["rule"] == "unread:books"
    }
    assert unread == {("orders", 1, "9999-12-31"), ("lines", 1, "9999-12-31")}
    assert (
        "cannot be read: mend these rows"
        in sheet.kept(maps.controller("acme"), {"count": 1, "rule": "unread:books", "until": "9999-12-31"}).ground
    )
    assert "'keep.since' counts from 'paid_at', where 1 of 3 rows" in said("check_systems")[1]
    (system,) = packaging.answer_to(subject_request, at=shop.at).systems
    grounds = {kept.ground for one in system.collections for kept in one.kept}
    assert "Tax law wants it kept." in grounds


def test_what_is_kept_goes_after_its_day_is_over_where_the_controller_is(shop: Shop) -> None:
    (shop.folder / "acme/controller.yaml").write_text(
        CONTROLLER.lstrip().replace("country: DE, zone: Europe/Berlin", "country: CN, zone: Asia/Shanghai"), "utf-8"
    )
    shop.write("UPDATE orders SET paid_at = '2024-03-01T20:00:00Z' WHERE customer_id = 1")
    shop.erasure()
    (item,) = shop.waiting()
    assert item.not_before.isoformat() == "2032-03-02T16:00:00+00:00"
    assert shop.on_its_day(item).kind == Kind.ERASE
    assert shop.read("SELECT id FROM orders WHERE customer_id = 1") == []


@pytest.mark.parametrize("when", ["true", "True", "1"])
def test_what_a_truth_keeps_is_kept_by_a_system_that_counts_truths(shop: Shop, when: str) -> None:
    text = SYSTEM.lstrip().replace("since: paid_at}", f'since: paid_at, when: {{paid: ["{when}"]}}}}')
    text = text.replace(
        "      customer_id: {category: user.unique_id}\n      paid_at",
        "      paid: {category: user}\n      customer_id: {category: user.unique_id}\n      paid_at",
    )
    (shop.folder / "acme/systems/shop.yaml").write_text(text, "utf-8")
    shop.write("ALTER TABLE orders ADD COLUMN paid BOOLEAN DEFAULT 0")
    shop.write("UPDATE orders SET paid = 1 WHERE id = 11")
    shop.erasure()
    assert shop.read("SELECT id FROM orders WHERE customer_id = 1") == [(11,)]


def all_kept(shop: Shop) -> None:
    """A rule keeps every row until the end of 2026."""
    bare(shop, "2019-01-01T10:00:00Z")
    path = shop.folder / "acme/systems/shop.yaml"
    kept = "    keep: {rule: books, since: created_at}\n    fields:\n"
    path.write_text(path.read_text("utf-8").replace("    fields:\n", kept), "utf-8")


def test_who_was_erased_on_a_later_day_is_known_also_when_the_request_is_reduced(shop: Shop) -> None:
    all_kept(shop)
    backup = shop.database.read_bytes()
    subject_request = shop.erasure()
    work.advance(subject_request, at=shop.at)
    parts.forget(subject_request)
    _reduce(subject_request, at=shop.at)
    (item,) = shop.waiting()
    shop.on_its_day(item)
    assert shop.read("SELECT id FROM customers") == []
    shop.database.write_bytes(backup)
    told = [one.says for one in replay.replay(maps.controller("acme"), dry_run=False, at=shop.at)]
    assert told == ["1 rows erased again and read back"]
    assert shop.read("SELECT id FROM customers") == []


def test_what_came_in_where_a_rule_keeps_everything_is_found_before_the_answer(shop: Shop) -> None:
    all_kept(shop)
    subject_request = shop.approved()
    shop.write("INSERT INTO customers (email, created_at) VALUES ('sam@example.com', '2001-01-01')")
    shop.work()
    item = subject_request.items.get(kind=Kind.ERASE, until=None)
    assert item.state == ItemState.QUARANTINED
    assert item.note == "Read back: 1 rows that should be gone are still there."


def test_a_system_of_which_a_rule_keeps_everything_says_that_it_keeps_it(shop: Shop) -> None:
    all_kept(shop)
    subject_request = shop.erasure()
    assert subject_request.items.get(kind=Kind.ERASE, until=None).outcome == Outcome.KEPT
    (system,) = packaging.answer_to(subject_request, at=shop.at).systems
    (customers,) = system.collections
    assert (system.outcome, customers.erased, [rows.count for rows in customers.kept]) == ("kept", 0, [1])


@pytest.mark.parametrize("reduced", [False, True])
def test_a_hold_by_another_name_of_a_restored_row_stops_the_replay(shop: Shop, reduced: bool) -> None:
    bare(shop, "2024-01-01")
    path = shop.folder / "acme/systems/shop.yaml"
    path.write_text(path.read_text("utf-8").replace("{email: [email]}", "{email: [email], account: [id]}"), "utf-8")
    backup = shop.database.read_bytes()
    shop.erasure()
    assert shop.read("SELECT id FROM customers") == []
    shop.database.write_bytes(backup)
    SubjectRequest.objects.update(state=State.DELIVERED, closed_at=shop.at)  # closed, and nothing of it is at stake
    if reduced:
        _reduce(SubjectRequest.objects.get(), at=shop.at)
    asked = intake.Intake("acme", Right.ACCESS, ((IdentityKind.EMAIL, "lawyer@example.com"),), region="eea")
    lawsuit = intake.receive(asked, by=SUBJECT, at=shop.at)
    order = Order("A lawsuit", shop.at.date() + timedelta(days=30), person=True, others=((IdentityKind.ACCOUNT, "1"),))
    holds.set_hold(lawsuit, order, by=shop.dana, at=shop.at)
    code, told = said("replay_erasures", "--controller", "acme")
    assert shop.read("SELECT id FROM customers") == [(1,)], told
    assert (code, "a legal hold stands: the rest stays" in told) == (1, True)
