"""The order of erasure: rows that point at others go before these."""

from dsr.datamap.plan import compile_plan, erasure_order
from dsr.datamap.schema import SystemMap
from tests.connectors.maps import collection, system
from tests.datamap.whole import whole

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


def test_what_only_points_neither_finds_nor_orders() -> None:
    accounts = collection(
        "id,email,photo,invited_by",
        key="id",
        found_by={"email": ("email",)},
        links=(
            {"to": "photos", "on": {"photo": "id"}, "owns": False},
            {"to": "accounts", "on": {"invited_by": "id"}, "owns": False},
        ),
    )
    photos = collection("id,owner", key="id", links=({"to": "accounts", "on": {"owner": "id"}},))
    told = system("sql", {"url": "sqlite:////x"}, accounts=accounts, photos=photos)
    (plan,) = compile_plan(whole(told), ["email"]).systems
    assert [route.name for route in plan.routes] == list(erasure_order(told)) == ["photos", "accounts"]
    assert (plan.routes[1].hops, plan.routes[1].loops) == ((), ())


def test_collections_that_only_lead_to_each_other_are_not_reached_by_anybody() -> None:
    ring = tuple(
        system(
            "sql",
            {"url": "sqlite:////x"},
            rows=collection("id,other", key="id", links=({"to": to, "on": {"other": "id"}},)),
        ).model_copy(update={"slug": slug})
        for slug, to in (("left", "right.rows"), ("right", "left.rows"))
    )
    plan = compile_plan(whole(*ring), ["email"])
    assert (plan.systems, plan.unreachable) == ((), ("left.rows", "right.rows"))


def test_keys_go_round_between_systems_that_wait_for_each_other_and_the_others_stand_behind() -> None:
    shop = system(
        "sql",
        {"url": "sqlite:////x"},
        customers=CUSTOMERS,
        refunds=collection("id,payment", key="id", links=({"to": "bank.payments", "on": {"payment": "id"}},)),
    )
    payments = collection("id,customer", key="id", links=({"to": "shop.customers", "on": {"customer": "id"}},))
    bank = system("sql", {"url": "sqlite:////x"}, payments=payments).model_copy(update={"slug": "bank"})
    late = collection("id,refund", key="id", links=({"to": "shop.refunds", "on": {"refund": "id"}},))
    mail = system("sql", {"url": "sqlite:////x"}, letters=late).model_copy(update={"slug": "a-mail"})
    plan = compile_plan(whole(mail, bank, shop), ["email"])
    assert [[one.system for one in group] for group in plan.groups] == [["shop", "bank"], ["a-mail"]]
    assert plan.unreachable == ()
