"""Approved keys whose rows have got another owner since: those rows are not touched, and a person looks."""

from datetime import datetime, timedelta

import pytest

from dsr.connectors.contract import Chunk, Receipt, Unreachable
from dsr.connectors.sql import SqlDatabase
from dsr.law.deadlines import local_day
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import ledger, maps
from dsr.steps.deciding import holds
from dsr.steps.fulfilling import limits, whole
from tests.steps.fulfilling.shop import Shop


def erase_item(subject_request: SubjectRequest) -> PlanItem:
    return subject_request.items.get(kind=Kind.ERASE, until=None)


@pytest.mark.parametrize("tries", [1, 2])
def test_a_listed_row_that_is_somebody_elses_now_stops_the_erasure_before_its_first_effect(
    shop: Shop, tries: int
) -> None:
    subject_request = shop.approved()
    shop.write("UPDATE ratings SET customer_id = 2 WHERE id = 1000")
    shop.work()
    for _ in range(1, tries):
        ledger.retry(erase_item(subject_request), by=shop.dana, at=shop.at)
        shop.work()
    item = erase_item(subject_request)
    assert item.state == ItemState.QUARANTINED
    assert "1 of ratings" in item.note
    assert shop.read("SELECT customer_id FROM ratings ORDER BY id") == [(2,), (1,), (2,)]
    assert shop.read("SELECT email FROM customers WHERE id = 1") == [("sam@example.com",)]


def test_on_a_deferred_day_what_is_somebody_elses_stays_with_all_that_hangs_on_it_and_the_rest_goes(
    shop: Shop,
) -> None:
    shop.write("INSERT INTO orders VALUES (12, 1, '2025-03-01')")
    shop.erasure()
    shop.write("UPDATE orders SET customer_id = 2 WHERE id = 11")
    for item in shop.waiting()[:2]:
        shop.on_its_day(item)
    item.refresh_from_db()
    assert item.state == ItemState.QUARANTINED
    assert "1 of lines, 1 of orders" in item.note
    assert shop.read("SELECT id FROM orders") == [(11,), (20,)]
    assert shop.read("SELECT id FROM lines") == [(110,), (200,)]


def test_a_number_that_was_given_anew_between_two_attempts_is_not_erased_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("DELETE FROM lines WHERE order_id < 20")
    shop.write("DELETE FROM orders WHERE customer_id = 1")
    subject_request = shop.approved()
    with monkeypatch.context() as until:
        until.setattr(SqlDatabase, "read_back", _no_answer)
        shop.work()
    assert shop.read("SELECT id FROM customers") == [(2,)]
    shop.write("INSERT INTO customers VALUES (1, 'new@example.com')")
    shop.at += timedelta(hours=2)
    shop.work()
    assert erase_item(subject_request).state == ItemState.QUARANTINED
    assert shop.read("SELECT email FROM customers WHERE id = 1") == [("new@example.com",)]


def _no_answer(self: SqlDatabase, chunk: Chunk) -> tuple[object, ...]:
    message = f"{chunk.collection}: no answer"
    raise Unreachable(message)


def test_an_erasure_that_was_cut_off_half_way_takes_the_rest_next_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = shop.approved()
    erase, seen = SqlDatabase.erase, list[str]()

    def cut_off(self: SqlDatabase, chunk: Chunk, key: str) -> Receipt:
        seen.append(chunk.collection)
        if len(seen) == 3:
            message = "gone"
            raise Unreachable(message)
        return erase(self, chunk, key)

    monkeypatch.setattr(SqlDatabase, "erase", cut_off)
    monkeypatch.setattr(whole, "CHUNK", 0)
    shop.work()
    assert len(seen) == 3
    shop.at += timedelta(hours=2)
    shop.work()
    item = erase_item(subject_request)
    assert (item.state, item.outcome, item.note) == (ItemState.DONE, Outcome.ERASED, "")


def test_a_hold_that_is_set_while_rows_are_counted_is_asked_for_before_the_first_effect(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = shop.approved()
    begin = limits.Watch.begin

    def held(self: limits.Watch, item: PlanItem, *, at: datetime) -> None:
        begin(self, item, at=at)
        order = holds.Order("Asked by the police.", local_day(shop.at, maps.calendar("acme")) + timedelta(days=9))
        holds.set_hold(subject_request, order, by=shop.dana, at=shop.at)

    monkeypatch.setattr(limits.Watch, "begin", held)
    shop.work()
    assert shop.read("SELECT email FROM customers WHERE id = 1") == [("sam@example.com",)]
