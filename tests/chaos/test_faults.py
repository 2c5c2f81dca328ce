"""Every way in which a system fails while it erases: nothing is called erased that is still there."""

import json

import pytest

from dsr.law.states import State
from dsr.law.work import ItemState, Outcome
from tests.chaos import targets
from tests.chaos.erasing import Erasing, told_truly

# What stands in the way of the shop's erasure, and whether somebody has to look before it is tried again.
SHOP_FAULTS = {
    "refused": "CREATE TRIGGER fault BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'no'); END",
    "ignored": "CREATE TRIGGER fault BEFORE DELETE ON orders BEGIN SELECT RAISE(IGNORE); END",
    "ignored at last": "CREATE TRIGGER fault BEFORE DELETE ON customers BEGIN SELECT RAISE(IGNORE); END",
    "not overwritten": "CREATE TRIGGER fault BEFORE UPDATE ON reviews BEGIN SELECT RAISE(IGNORE); END",
    "brought back": "CREATE TRIGGER fault AFTER DELETE ON orders BEGIN "
    "INSERT INTO orders VALUES (OLD.id, OLD.customer_id, OLD.item); END",
    "brought back under a new number": "CREATE TRIGGER fault AFTER DELETE ON orders BEGIN "
    "INSERT INTO orders VALUES (OLD.id + 1000, OLD.customer_id, OLD.item); END",
    "gone": "ALTER TABLE orders RENAME TO elsewhere",
}
MENDED = {"gone": "ALTER TABLE elsewhere RENAME TO orders"}


@pytest.mark.parametrize("fault", targets.FAULTS)
def test_a_service_that_fails_is_never_said_to_have_erased_what_is_there(erasing: Erasing, fault: str) -> None:
    erasing.courier.always = fault
    erasing.work(2 if fault != "slow" else 4)
    assert told_truly(erasing.item("courier"), erasing.left_at_the_courier())
    assert (erasing.item("courier").state == ItemState.DONE) == (fault == "slow")
    erasing.courier.always = ""
    erasing.try_again("courier")
    assert erasing.item("courier").outcome == Outcome.ERASED
    assert erasing.left_at_the_courier() == 0
    effects = [json.loads(line) for line in (erasing.folder / "effects.jsonl").read_text().splitlines()]
    assert sorted(one for effect in effects for one in effect["ids"]) == ["l0", "p0"]


@pytest.mark.parametrize("fault", SHOP_FAULTS)
def test_a_database_that_fails_is_never_said_to_have_erased_what_is_there(erasing: Erasing, fault: str) -> None:
    erasing.shop(SHOP_FAULTS[fault])
    erasing.work()
    assert erasing.item("shop").state != ItemState.DONE
    erasing.shop(MENDED.get(fault, "DROP TRIGGER IF EXISTS fault"))
    erasing.try_again("shop")
    erasing.subject_request.refresh_from_db()
    assert told_truly(erasing.item("shop"), erasing.left_in_the_shop())
    if "new number" not in fault:  # these rows nobody has approved
        assert erasing.subject_request.state == State.PACKAGED
        assert erasing.left_in_the_shop() == 0
