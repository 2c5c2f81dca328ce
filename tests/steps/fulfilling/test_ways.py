"""Whole rows that are cut loose, and rows of which the number alone stays: from the map to the answer."""

from collections.abc import Callable
from typing import Any

import pytest

from dsr.law.work import ItemState, Kind
from dsr.models import SubjectRequest
from dsr.steps.answering import packaging
from dsr.steps.fulfilling import manifest, parts
from tests.steps import scenes
from tests.steps.fulfilling import shop as shops
from tests.steps.fulfilling.shop import Shop

EMPTIED = shops.SYSTEM.replace("erase: {tombstone: true}", "erase: {way: redact, set: {email: null}}", 1)


def listed(subject_request: SubjectRequest) -> dict[str, tuple[Any, ...]]:
    """Keys, way and new values in the manifest, of what goes at once."""
    with parts.reading(subject_request.manifest.part) as stream:
        lines = [line for line in manifest.read(stream) if not line.until]
    return {line.collection: (line.keys, str(line.way), line.set) for line in lines}


def test_rows_are_cut_loose_or_emptied_and_the_answer_says_so(shop: Shop) -> None:
    subject_request = shop.erasure()
    assert listed(subject_request)["ratings"] == ([[1000], [1001]], "unlink", {"customer_id": None})
    emptied = {"customer_id": None, "greeting": "erased"}
    assert listed(subject_request)["vouchers"] == ([[500]], "tombstone", emptied)
    assert shop.read("SELECT * FROM ratings") == [(1000, None, 5), (1001, None, 2), (2000, 2, 4)]
    assert shop.read("SELECT * FROM vouchers") == [(500, None, "erased"), (600, 2, "For Mallory")]
    (system,) = packaging.answer_to(subject_request, at=shop.at).systems
    told = {row.collection: (row.found, row.erased, row.kept) for row in system.collections}
    assert (told["ratings"], told["vouchers"]) == ((2, 2, ()), (1, 1, ()))


def test_rows_that_are_not_cut_loose_after_all_are_not_called_erased(shop: Shop) -> None:
    shop.write("CREATE TRIGGER quiet BEFORE UPDATE ON ratings WHEN OLD.id = 1000 BEGIN SELECT RAISE(IGNORE); END")
    item = scenes.item_of(shop.erasure(), Kind.ERASE, "shop")
    assert (item.state, item.outcome) == (ItemState.QUARANTINED, "")
    assert "still there" in item.note


@pytest.fixture
def emptying(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Shop]:
    """A shop of customers alone, with a table as it is told, of whom nothing but the number is to stay."""

    def made(tables: str) -> Shop:
        monkeypatch.setattr(shops, "SYSTEM", EMPTIED[: EMPTIED.index("  orders:")])
        monkeypatch.setattr(shops, "TABLES", tables)
        shop: Shop = request.getfixturevalue("shop")
        return shop

    return made


def test_a_row_that_its_key_does_not_name_again_is_not_called_erased(emptying: Callable[[str], Shop]) -> None:
    shop = emptying(
        "CREATE TABLE customers (id TEXT PRIMARY KEY, email TEXT);"
        "INSERT INTO customers VALUES (x'ff41', 'sam@example.com');"
    )
    item = scenes.item_of(shop.erasure(), Kind.ERASE, "shop")
    assert shop.read("SELECT email FROM customers") == [("sam@example.com",)]
    assert (item.state, item.outcome) == (ItemState.QUARANTINED, "")
    assert "1 rows that should be gone are still there" in item.note


def test_a_row_with_a_neutral_value_is_read_back_as_erased(emptying: Callable[[str], Shop]) -> None:
    shop = emptying(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);"
        "INSERT INTO customers VALUES (7, 'sam@example.com');"
    )
    item = scenes.item_of(shop.erasure(), Kind.ERASE, "shop")
    assert shop.read("SELECT email FROM customers") == [("erased-7",)]
    assert (item.state, item.counts["customers"]["erased"]) == (ItemState.DONE, 1)


EITHER = pytest.mark.parametrize("keeping", ["unlink", "tombstone"], indirect=True)


@pytest.fixture
def keeping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The law has ratings kept, too, from the day on which they were given; then they are cut loose, or emptied."""
    kept = f"    erase: {{way: {request.param}}}\n    keep: {{rule: books, since: given_on}}\n    fields:\n"
    dated = "      given_on: {category: user.content}\n"
    system = shops.SYSTEM.replace("    erase: {way: unlink}\n    fields:\n", kept + dated)
    monkeypatch.setattr(shops, "SYSTEM", system)
    tables = shops.TABLES.replace("stars INTEGER)", "stars INTEGER, given_on TEXT DEFAULT '2001-01-01')")
    monkeypatch.setattr(shops, "TABLES", tables.replace("INTO ratings", "INTO ratings (id, customer_id, stars)"))
    shop: Shop = request.getfixturevalue("shop")
    return shop


def stays_until_its_day(shop: Shop) -> None:
    """Of two ratings of Sam's the one that the law has kept; then it is cut loose, too."""
    assert shop.read("SELECT id, customer_id FROM ratings") == [(1000, 1), (1001, None), (2000, 2)]
    for item in shop.waiting():
        assert shop.on_its_day(item).state == ItemState.DONE
    assert shop.read("SELECT id, customer_id FROM ratings") == [(1000, None), (1001, None), (2000, 2)]


@EITHER
def test_a_row_that_was_kept_is_cut_loose_on_its_day_as_its_map_says(keeping: Shop) -> None:
    keeping.write("UPDATE ratings SET given_on = '2025-05-05' WHERE id = 1000")
    keeping.erasure()
    stays_until_its_day(keeping)


@EITHER
def test_a_row_that_was_to_be_cut_loose_stays_when_the_law_has_it_kept_since(keeping: Shop) -> None:
    keeping.approved()
    keeping.write("UPDATE ratings SET given_on = '2025-05-05' WHERE id = 1000")
    keeping.work()
    stays_until_its_day(keeping)
