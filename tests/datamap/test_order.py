"""The order of erasure: rows that point at others go before these."""

from dsr.datamap.plan import erasure_order
from dsr.datamap.schema import SystemMap
from tests.connectors.maps import collection, system

CUSTOMERS = collection("id,email,place", key="id", found_by={"email": ("email",)})


def shop(**links: tuple[str, dict[str, str]]) -> SystemMap:
    """Customers, and collections that each have one link."""
    linked = {
        name: collection("id,owner,place", key="id", links=({"to": to, "on": on},)) for name, (to, on) in links.items()
    }
    return system("sql", {"url": "sqlite:////x"}, None, customers=CUSTOMERS, **linked)


def test_orders_go_before_their_customer_and_lines_before_their_order() -> None:
    told = shop(orders=("customers", {"owner": "id"}), lines=("orders", {"owner": "id"}))
    assert erasure_order(told) == ("lines", "orders", "customers")


def test_an_address_goes_after_the_customer_who_points_at_it() -> None:
    told = shop(orders=("customers", {"owner": "id"}), addresses=("customers", {"id": "place"}))
    assert erasure_order(told) == ("orders", "customers", "addresses")


def test_what_belongs_to_an_address_still_goes_before_it() -> None:
    told = shop(
        addresses=("customers", {"id": "place"}),
        maps=("addresses", {"owner": "id"}),
        cities=("addresses", {"id": "place"}),
    )
    order = erasure_order(told)
    assert order.index("maps") < order.index("addresses") < order.index("cities")
    assert order.index("customers") < order.index("addresses")


def test_a_profile_that_shares_its_customers_key_goes_first() -> None:
    assert erasure_order(shop(profiles=("customers", {"id": "id"}))) == ("profiles", "customers")


def test_part_of_a_key_points_at_what_it_belongs_to() -> None:
    lines = collection("customer,number", key="customer,number", links=({"to": "customers", "on": {"customer": "id"}},))
    told = system("sql", {"url": "sqlite:////x"}, customers=CUSTOMERS, lines=lines)
    assert erasure_order(told) == ("lines", "customers")


def test_links_that_contradict_each_other_leave_the_children_first() -> None:
    both = ({"to": "customers", "on": {"owner": "id"}}, {"to": "customers", "on": {"id": "place"}})
    told = system(
        "sql", {"url": "sqlite:////x"}, customers=CUSTOMERS, addresses=collection("id,owner", key="id", links=both)
    )
    assert erasure_order(told) == ("addresses", "customers")


def test_links_into_other_systems_order_nothing_here() -> None:
    assert erasure_order(shop(parcels=("post.parcels", {"owner": "id"}))) == ("parcels", "customers")
