"""Whole rows that are cut loose, and rows of which the number alone stays: from the map to the answer."""

from typing import Any

from dsr.law.work import ItemState, Kind
from dsr.models import SubjectRequest
from dsr.steps.answering import packaging
from dsr.steps.fulfilling import manifest, parts
from tests.steps import scenes
from tests.steps.fulfilling.shop import Shop


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
