"""What stands beside the data: until when it is kept, what was searched and is empty, zones, and currencies."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from dsr.connectors.contract import Batch, Cell
from dsr.datamap import checks, money
from dsr.datamap.facts import facts
from dsr.datamap.flaw import Flaw
from dsr.datamap.schema import CollectionMap, ControllerMap, FieldMap, Keep, Period, Retention
from dsr.package.contents import Answer, CollectionOutcome, LeftOut, RefusedPart, SystemOutcome
from dsr.package.readable import Readable
from dsr.package.since import Since
from tests.package import answers
from tests.package.conftest import Opened
from tests.package.maps import CONTROLLER, JOYPIX, SYSTEMS

Open = Callable[[Answer], Opened]
FIELDS = ("id", "total", "paid_at")


def payments(**more: object) -> ControllerMap:
    """JoyPix, with what its payments say of money and time."""
    orders = SYSTEMS["payments"].collections["orders"]
    fields = {**orders.fields, "paid_at": FieldMap(category="user.payment", label="Paid on")}
    orders = orders.model_copy(update={"fields": fields, "ages_from": "paid_at", **more})
    rule = Retention(kind="statutory", says="3 years after payment.", period=Period(years=3), citation="tax code")
    controller = CONTROLLER.model_copy(update={"retention": {**CONTROLLER.retention, "orders": rule}})
    system = SYSTEMS["payments"].model_copy(update={"collections": {"orders": orders}})
    return JOYPIX.model_copy(update={"controller": controller, "systems": {**SYSTEMS, "payments": system}})


def paid(*days: Cell, about: ControllerMap | None = None) -> Answer:
    """An answer with an order of each of these days."""
    rows = tuple((number, 5, day) for number, day in enumerate(days))
    parts = {"payments": lambda: iter([Batch("orders", FIELDS, rows)])}
    return answers.access(controller=about or payments(), systems=(SystemOutcome("payments", "found"),), parts=parts)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (["2024-05-03"], "3 years after payment. By this rule until 3 May 2027."),
        ([date(2024, 5, 3), date(2024, 5, 3)], "By this rule until 3 May 2027."),
        # 02:00 in UTC is still the day before in New York.
        ([datetime(2024, 5, 4, 2, tzinfo=UTC)], "By this rule until 3 May 2027."),
        (
            ["2025-01-01", "2024-05-03"],
            "By this rule until 3 May 2027 for the oldest record, and until 1 January 2028 for the newest.",
        ),
        (["2024-05-03", None], "For 1 record no day is fixed yet: the time counts from “Paid on”."),
        ([None, ""], "No day is fixed yet: the time counts from “Paid on”, and that is empty."),
    ],
)
def test_it_says_until_which_day_records_are_kept(open_package: Open, days: list[Cell], words: str) -> None:
    package = open_package(paid(*days))
    assert words in package.text("index.html")
    assert words in package.report_html


@pytest.mark.parametrize("days", [["01.02.2024"], ["2024-05-03", date(2024, 5, 3)]])
def test_no_day_is_named_that_nobody_can_be_sure_of(open_package: Open, days: list[Cell]) -> None:
    page = open_package(paid(*days)).text("index.html")
    assert "<dd>3 years after payment.</dd>" in page


def test_no_day_is_named_where_the_date_was_left_out(open_package: Open) -> None:
    emptied = Batch("orders", FIELDS, ((1, 5, None),), left_out=frozenset({"paid_at"}))
    page = open_package(replace(paid(), parts={"payments": lambda: iter([emptied])})).text("index.html")
    assert "<dd>3 years after payment.</dd>" in page


def test_no_day_is_called_open_where_the_whole_column_was_left_out(open_package: Open) -> None:
    batch = Batch("orders", FIELDS[:2], ((1, 5),))
    page = open_package(replace(paid(), parts={"payments": lambda: iter([batch])})).text("index.html")
    assert "<dd>3 years after payment.</dd>" in page


def test_a_number_that_is_none_names_no_day(open_package: Open) -> None:
    page = open_package(paid(Decimal("NaN"), Decimal(1714694400))).text("index.html")
    assert "<dd>3 years after payment.</dd>" in page


def billed(*days: Cell) -> Answer:
    """An answer with orders of these days, and an invoice whose time counts from its order."""
    about = payments()
    invoices = (
        about.systems["payments"]
        .collections["orders"]
        .model_copy(update={"title": "Invoices", "ages_from": "orders.paid_at"})
    )
    found = {**about.systems["payments"].collections, "invoices": invoices}
    system = about.systems["payments"].model_copy(update={"collections": found})
    about = about.model_copy(update={"systems": {**about.systems, "payments": system}})
    orders = tuple((number, 5, day) for number, day in enumerate(days))
    batches = [Batch("invoices", ("id",), ((1,),)), Batch("orders", FIELDS, orders)]
    return replace(paid(about=about), parts={"payments": lambda: iter(batches)})


def test_a_rule_that_counts_from_another_collection_takes_the_date_found_there(open_package: Open) -> None:
    page = open_package(billed("2024-05-03")).text("index.html")
    assert page.count("By this rule until 3 May 2027.") == 2


def test_of_several_dates_in_another_collection_the_last_is_the_latest_day(open_package: Open) -> None:
    page = open_package(billed("2024-05-03", "2025-01-01")).text("index.html")
    assert "<dd>3 years after payment. By this rule until 1 January 2028 at the latest.</dd>" in page
    assert page.count("for the oldest record") == 1  # of the orders themselves


def test_no_day_is_named_by_another_collection_of_which_records_were_left_out(open_package: Open) -> None:
    left = LeftOut("payments", "orders", "", "", 1, "It would harm others.", "Art. 15(4)", "Two paid.")
    page = open_package(replace(billed("2024-05-03"), left_out=(left,))).text("index.html")
    assert page.count("By this rule until") == 1  # of the orders that are there


def test_blank_dates_in_another_collection_are_not_counted_as_records_of_this_one(open_package: Open) -> None:
    page = open_package(billed("2024-05-03", None)).text("index.html")
    assert page.count("For 1 record no day is fixed yet") == 1  # of the orders themselves
    assert "<dd>3 years after payment.</dd>" in page


def test_a_rule_for_some_rows_names_no_day_for_all(open_package: Open) -> None:
    keep = Keep(rule="orders", since="paid_at", when={"total": ("5",)})
    page = open_package(paid("2024-05-03", about=payments(ages_from="", keep=keep))).text("index.html")
    assert "By this rule" not in page
    keep = Keep(rule="orders", since="paid_at")
    page = open_package(paid("2024-05-03", about=payments(ages_from="", keep=keep))).text("index.html")
    assert "By this rule until 3 May 2027." in page


def test_a_rule_that_keeps_rows_beyond_the_collections_own_is_named(open_package: Open) -> None:
    own = next(slug for slug in CONTROLLER.retention if slug != "orders")
    keep = Keep(rule="orders", since="paid_at")
    about = payments(ages_from="", retention=own, keep=keep)
    package = open_package(paid("2024-05-03", about=about))
    words = (
        f"<dd>{CONTROLLER.retention[own].says} Records may be kept by another rule, too: 3 years after payment.</dd>"
    )
    assert words in package.text("index.html")
    assert words in package.report_html
    title = about.systems["payments"].collections["orders"].title
    told = {fact.text: fact.title for fact in facts(about).retention}
    assert title in told["3 years after payment."]
    assert title in told[CONTROLLER.retention[own].says]


def test_the_name_of_a_currencys_column_is_no_currency() -> None:
    fields = {"amount": amount("CUR", 2), "CUR": FieldMap(category="user.payment")}
    described = CollectionMap.model_validate(
        {"title": "", "key": ("amount",), "purposes": (), "source": "provided", "retention": "x", "fields": fields}
    )
    assert Readable(described, [("amount", 0)], "").row((1250,))["amount"].text == "12.50"


def test_dates_are_the_same_however_they_are_batched() -> None:
    days: list[Cell] = [f"2024-05-{day:02}" for day in range(1, 29)]
    whole, parted = Since(), Since()
    whole.note([*days, None])
    for day in [*days[10:], None, *days[:10]]:
        parted.note([day])
    assert whole == parted
    assert (whole.earliest, whole.latest, whole.blank) == ("2024-05-01", "2024-05-28", 1)


def test_empty_collections_are_named_each_and_so_are_those_that_nothing_leads_to(open_package: Open) -> None:
    found = [Batch("users", answers.USER, (answers.user_row(),)), Batch("events", answers.EVENT, ((1,) * 6,))]
    systems = (SystemOutcome("app", "found"), SystemOutcome("media", "found"), SystemOutcome("support", "nothing"))
    package = open_package(
        answers.access(systems=systems, parts={"app": lambda: iter(found)}, unreached=frozenset({"media.saved"}))
    )
    for page in (package.text("index.html"), package.report_html):
        assert re.findall(r"Searched, and nothing found: ([^<]*)<", page) == ["Prompts"]
        assert re.findall(r"identifiers leads there: ([^<]*)<", page) == ["Saved pictures"]
        assert "Searched, nothing found<small>Letters</small>" in page


def test_a_refused_collection_is_not_called_empty(open_package: Open) -> None:
    refused = CollectionOutcome("letters", 0, refused=RefusedPart("It would harm others.", "Art. 15(4)", "Two wrote."))
    systems = (SystemOutcome("support", "found", "", (refused,)),)
    package = open_package(answers.access(systems=systems, parts={}))
    assert "Searched, nothing found" not in package.text("index.html")
    assert "nothing found: " not in package.text("index.html")


def test_a_collection_whose_records_staff_left_out_is_not_called_empty(open_package: Open) -> None:
    left = LeftOut("support", "letters", "", "", 2, "It would harm others.", "Art. 15(4)", "Two wrote.")
    systems = (SystemOutcome("support", "found", "", (CollectionOutcome("letters", 2),)),)
    package = open_package(answers.access(systems=systems, parts={}, left_out=(left,)))
    for page in (package.text("index.html"), package.report_html):
        assert "nothing found" not in page
        assert "<small>Letters</small>" not in page
        assert "Letters (" in page


def test_empty_collections_beside_one_that_was_left_out_whole_are_said_to_be_empty(open_package: Open) -> None:
    systems = (SystemOutcome("app", "found", "", (CollectionOutcome("users", 1),)),)
    package = open_package(answers.access(systems=systems, parts={}))
    for page in (package.text("index.html"), package.report_html):
        assert re.findall(r"Searched, and nothing found: ([^<]*)<", page) == ["Prompts; Usage events"]


def test_the_rest_is_not_called_whole_when_a_system_did_not_answer(open_package: Open) -> None:
    refused = CollectionOutcome("letters", 0, refused=RefusedPart("It would harm others.", "Art. 15(4)", "Two wrote."))
    systems = (SystemOutcome("support", "found", "", (refused,)),)
    whole = "The rest of the answer is whole."
    assert whole in open_package(answers.access(systems=systems, parts={})).text("index.html")
    package = open_package(answers.access(systems=(*systems, SystemOutcome("media", "failed")), parts={}))
    assert whole not in package.text("index.html") + package.report_html


def read(cell: Cell, field: FieldMap, *beside: Cell, zone: str = "") -> tuple[str, str]:
    """How a cell is read in a row with these cells beside it."""
    fields = {"amount": field, "currency": FieldMap(category="user.payment")}
    described = CollectionMap.model_validate(
        {"title": "", "key": ("amount",), "purposes": (), "source": "provided", "retention": "x", "fields": fields}
    )
    places = [("amount", 0), ("currency", 1)][: 1 + len(beside)]
    shown = Readable(described, places, zone).row((cell, *beside))["amount"]
    return shown.text, shown.meaning


def amount(currency: str, decimals: int = 0) -> FieldMap:
    return FieldMap(category="user.payment", currency=currency, decimals=decimals)


@pytest.mark.parametrize(
    ("cell", "field", "beside", "text"),
    [
        (1250, amount("currency", 2), ["EUR"], "12.50 EUR"),
        (123456789, amount("currency", 2), [" usd "], "1,234,567.89 USD"),
        (-5, amount("JPY"), [], "-5 JPY"),
        (Decimal("0.10"), amount("EUR"), [], "0.10 EUR"),
        ("19.99", amount("EUR"), [], "19.99 EUR"),
        (12.5, amount("EUR"), [], "12.5 EUR"),
    ],
)
def test_money_is_shown_with_its_currency(cell: Cell, field: FieldMap, beside: list[Cell], text: str) -> None:
    assert read(cell, field, *beside) == (text, "")


@pytest.mark.parametrize("beside", [[], [None], ["<b>"], ["EURO"]])
def test_an_amount_without_a_currency_says_so(beside: list[Cell]) -> None:
    assert read(1250, amount("currency", 2), *beside) == ("12.50", "no currency known")


@pytest.mark.parametrize("cell", [True, "free", "1e9", "=1+1", float("inf"), "9" * 40])
def test_what_is_no_amount_is_shown_as_it_is(cell: Cell) -> None:
    assert "EUR" not in read(cell, amount("EUR", 2))[0]


PLAIN = FieldMap(category="user.behavior")


@pytest.mark.parametrize("cell", ["2026-03-05 14:03:00", "2026-03-05T14:03:00", datetime(2026, 3, 5, 14, 3)])  # noqa: DTZ001  a table's
def test_a_moment_without_a_zone_has_the_systems_or_says_that_none_is_known(cell: Cell) -> None:
    assert read(cell, PLAIN, zone="America/New_York") == ("2026-03-05 14:03 UTC-05:00", "")
    assert read(cell, PLAIN) == ("2026-03-05 14:03", "no zone known")


def test_a_moment_with_a_zone_keeps_its_own() -> None:
    here = datetime(2026, 3, 5, 14, 3, 7, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert read(here, PLAIN, zone="America/New_York") == ("2026-03-05 14:03:07 UTC+05:30", "")
    assert read("2026-03-05T14:03:00Z", PLAIN, zone="America/New_York") == ("2026-03-05 14:03 UTC", "")


def test_the_files_keep_amounts_and_moments_as_the_system_wrote_them(open_package: Open) -> None:
    about = payments()
    orders = about.systems["payments"].collections["orders"]
    fields = {**orders.fields, "total": amount("EUR", 2)}
    system = about.systems["payments"].model_copy(
        update={"zone": "Europe/Berlin", "collections": {"orders": orders.model_copy(update={"fields": fields})}}
    )
    about = about.model_copy(update={"systems": {**about.systems, "payments": system}})
    package = open_package(paid("2026-03-05 14:03:00", about=about))
    assert package.json("data/payments/orders.json") == [{"id": 0, "total": 5, "paid_at": "2026-03-05 14:03:00"}]
    assert "0.05 EUR" in package.text("index.html")
    assert "2026-03-05 14:03 UTC+01:00" in package.text("index.html")
    (listed,) = package.json("manifest.json")["collections"]
    assert (listed["fields"]["total"]["currency"], listed["fields"]["total"]["decimals"]) == ("EUR", 2)


def said(flaws: Iterable[Flaw]) -> list[str]:
    return [".".join(map(str, flaw.where)) for flaw in flaws]


@pytest.mark.parametrize(
    ("field", "flawed"),
    [
        (amount("EUR", 2), []),
        (amount("currency"), []),
        (amount("curency"), ["fields.amount.currency"]),
        (amount("amount"), ["fields.amount.currency"]),
        (amount("", 2), ["fields.amount.decimals"]),
    ],
)
def test_a_map_that_misnames_a_currency_is_refused(field: FieldMap, flawed: list[str]) -> None:
    assert said(money.flaws("app", (), {"amount": field, "currency": PLAIN})) == flawed


def test_a_map_that_misnames_a_zone_is_refused() -> None:
    systems = {"app": SYSTEMS["app"].model_copy(update={"zone": "Europe/Berln"})}
    assert "zone" in said(checks.flaws(CONTROLLER, systems))
