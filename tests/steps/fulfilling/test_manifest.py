"""The fate of each row: erased, or kept with a ground and a day. In doubt it stays."""

from datetime import date
from decimal import Decimal

import pytest

from dsr.connectors.contract import Batch, Cell
from dsr.datamap.schema import Erase, Keep, Link, Way
from dsr.steps import maps
from dsr.steps.fulfilling import manifest

ON = date(2026, 11, 3)
FIELDS = ("id", "user_id", "status", "completed_at")


def fates(*rows: tuple[Cell, ...], key: Cell = None) -> list[tuple[str, str, str]]:
    """Collection, rule and last day of each line, for orders and the account they belong to."""
    controller_map = maps.controller("joypix")
    rules = manifest.Rules(
        {slug: rule.period.model_dump() for slug, rule in controller_map.controller.retention.items() if rule.period}
    )
    found = [Batch("orders", FIELDS, rows), Batch("users", ("id",), ((key or "jp1",),))]
    lines = manifest.lines_of(controller_map.systems["app-database"], rules, found, ON)
    return [(line.collection, line.rule, line.until) for line in lines]


def test_a_paid_order_stays_three_years_after_its_completion() -> None:
    kept = fates(("o1", "jp1", "paid", "2025-11-01T09:00:00Z"))
    assert kept[0][2] == "2028-11-01"


def test_a_paid_order_whose_three_years_are_over_goes() -> None:
    assert fates(("o1", "jp1", "paid", "2023-11-01T09:00:00Z"))[0] == ("orders", "", "")


def test_an_order_that_was_never_paid_goes() -> None:
    assert fates(("o1", "jp1", "cancelled", "2026-11-01T09:00:00Z"))[0] == ("orders", "", "")


@pytest.mark.parametrize(
    ("since", "rule"), [(None, "paid-orders"), (" ", "paid-orders"), ("31.12.2025", f"{manifest.UNREAD}paid-orders")]
)
def test_a_paid_order_without_a_date_to_count_from_stays_and_an_unreadable_one_says_so(
    since: str | None, rule: str
) -> None:
    orders = fates(("o1", "jp1", "paid", since))[0]
    assert manifest.last_day(orders[2]) is None
    assert orders[1] == rule


def test_a_paid_order_stays_where_its_status_is_filled_to_a_fixed_width() -> None:
    assert fates(("o1", "jp1", "paid    ", "2025-11-01T09:00:00Z"))[0][2] == "2028-11-01"


def test_the_account_leaves_its_number_where_its_key_is_filled_to_a_fixed_width() -> None:
    lines = fates(("o1", "jp1", "paid", "2025-11-01T09:00:00Z"), key="jp1     ")
    assert lines[-2:] == [("users", "", ""), ("users", manifest.TOMBSTONE, "2028-11-01")]


def test_an_order_whose_status_was_not_brought_stays() -> None:
    system = maps.controller("joypix").systems["app-database"]
    rules = manifest.Rules({"paid-orders": {"years": 3}})
    found = [Batch("orders", ("id", "user_id", "completed_at"), (("o1", "jp1", "2025-11-01"),))]
    assert [line.until for line in manifest.lines_of(system, rules, found, ON)] == ["2028-11-01"]


def test_the_account_leaves_its_number_as_long_as_an_order_needs_it() -> None:
    lines = fates(("o1", "jp1", "paid", "2025-11-01T09:00:00Z"), ("o2", "jp1", "paid", "2026-11-01T09:00:00Z"))
    assert lines[-2:] == [("users", "", ""), ("users", manifest.TOMBSTONE, "2029-11-01")]


def test_the_account_goes_whole_when_no_order_needs_it() -> None:
    assert fates(("o1", "jp1", "cancelled", None))[-1] == ("users", "", "")


def test_a_collection_that_the_map_keeps_is_never_erased() -> None:
    system = maps.controller("joypix").systems["app-database"]
    keeping = system.collections["consents"].model_copy(
        update={"erase": system.collections["consents"].erase.model_copy(update={"way": Way.KEEP})}
    )
    changed = system.model_copy(update={"collections": {"consents": keeping}})
    lines = list(manifest.lines_of(changed, manifest.Rules({}), [Batch("consents", ("id",), ((1,),))], ON))
    assert [manifest.last_day(line.until) for line in lines] == [None]


@pytest.mark.parametrize(("cell", "text"), [(Decimal("1.50"), "1.50"), (date(2026, 1, 2), "2026-01-02"), (7, 7)])
def test_a_key_is_spelled_the_same_however_it_travelled(cell: Cell, text: str | int) -> None:
    assert manifest.spelled(cell) == text


def decided(children: dict[str, object], parent: dict[str, object], *rows: tuple[Cell, ...]) -> list[manifest.Line]:
    """The lines of orders and of the account they point at, with these rules of erasure."""
    system = maps.controller("joypix").systems["app-database"]
    orders = system.collections["orders"]
    users = system.collections["users"]
    changed = system.model_copy(
        update={
            "collections": {
                "orders": orders.model_copy(update={"erase": Erase.model_validate(children)}),
                "users": users.model_copy(update={"erase": Erase.model_validate(parent)}),
            }
        }
    )
    found = [Batch("orders", FIELDS, rows), Batch("users", ("id",), (("jp1",), ("jp2",)))]
    return list(manifest.lines_of(changed, manifest.Rules({"paid-orders": {"years": 3}}), found, ON))


def test_a_kept_row_keeps_its_parent_with_the_same_ground_where_no_id_may_be_left() -> None:
    lines = decided({}, {"way": "delete"}, ("o1", "jp1", "paid", "2025-11-01"))
    users = [(line.keys, line.until, line.rule) for line in lines if line.collection == "users"]
    assert users == [([["jp1"]], "2028-11-01", "paid-orders"), ([["jp2"]], "", "")]


def test_only_the_parent_that_a_kept_row_points_at_leaves_its_number() -> None:
    lines = decided({}, {"way": "delete", "tombstone": True}, ("o1", "jp1", "paid", "2025-11-01"))
    users = [(line.keys, line.way, line.until) for line in lines if line.collection == "users"]
    assert users == [
        ([["jp1"]], Way.TOMBSTONE, ""),
        ([["jp1"]], Way.DELETE, "2028-11-01"),
        ([["jp2"]], Way.DELETE, ""),
    ]


def test_unlink_empties_what_leads_to_the_person_and_nothing_else() -> None:
    (orders, *_) = decided({"way": "unlink"}, {}, ("o1", "jp1", "cancelled", None))
    assert (orders.way, orders.set) == (Way.UNLINK, {"user_id": None})


def test_a_tombstone_leaves_the_key_alone() -> None:
    (orders, *_) = decided({"way": "tombstone", "set": {"status": "gone"}}, {}, ("o1", "jp1", "cancelled", None))
    assert orders.way is Way.TOMBSTONE
    assert orders.set["status"] == "gone"
    assert "id" not in orders.set
    assert orders.set["user_id"] is orders.set["invoice_name"] is None


def test_a_period_may_begin_at_an_event_of_the_parent() -> None:
    system = maps.controller("joypix").systems["app-database"]
    keep = Keep(rule="usage", since="users.cancelled_at")
    devices = system.collections["devices"].model_copy(update={"keep": keep})
    changed = system.model_copy(update={"collections": {"devices": devices, "users": system.collections["users"]}})
    found = [
        Batch("devices", ("id", "user_id"), ((1, "jp1"), (2, "jp2"))),
        Batch("users", ("id", "cancelled_at"), (("jp1", "2026-10-01"), ("jp2", "2025-01-01"))),
    ]
    rules = manifest.Rules({"usage": {"months": 6}})
    anchors = manifest.anchors(changed, lambda: found)
    lines = [line for line in manifest.lines_of(changed, rules, found, ON, anchors) if line.collection == "devices"]
    assert [(line.keys, line.until) for line in lines] == [([[1]], "2027-04-01"), ([[2]], "")]


def test_a_tombstone_needs_nothing_that_its_row_pointed_at() -> None:
    system = maps.controller("joypix").systems["app-database"]
    users, devices = system.collections["users"], system.collections["devices"]
    pointing = Link.model_validate({"to": "users", "on": {"id": "avatar"}})
    lived = users.model_copy(update={"erase": Erase(tombstone=True)})
    collections = {
        "orders": system.collections["orders"],
        "users": lived,
        "devices": devices.model_copy(update={"links": (pointing,), "erase": Erase()}),
    }
    found = [
        Batch("orders", FIELDS, (("o1", "jp1", "paid", "2025-11-01"),)),
        Batch("users", ("id", "avatar"), (("jp1", "d1"),)),
        Batch("devices", ("id",), (("d1",),)),
    ]
    changed = system.model_copy(update={"collections": collections})
    lines = manifest.lines_of(changed, manifest.Rules({"paid-orders": {"years": 3}}), found, ON)
    assert [(line.way, line.until) for line in lines if line.collection == "devices"] == [(Way.DELETE, "")]
