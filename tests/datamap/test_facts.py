"""The facts of Article 15 are read from the map; what is not said there is said to be missing."""

from pathlib import Path

import pytest

from dsr.datamap.facts import collection_facts, erasure_outline, facts
from dsr.datamap.load import load
from dsr.datamap.outline import Goes, period_in_words
from dsr.datamap.schema import Period
from tests.datamap.scene import CONTROLLER, SYSTEM, acme

NINE = {
    *("purposes", "categories", "recipients", "retention", "rights"),
    *("complaint", "source", "automated_decisions", "transfer_safeguards"),
}


def test_every_answer_has_the_nine_facts_and_none_of_them_is_empty(tmp_path: Path) -> None:
    told = facts(load(acme(tmp_path))).as_json()

    assert set(told) == NINE
    assert all(told.values())


def test_purposes_are_told_for_each_category_with_their_basis(tmp_path: Path) -> None:
    found = facts(load(acme(tmp_path))).purposes

    (email,) = [one for one in found if one.code == "user.contact.email"]
    assert (email.title, email.text) == ("E-mail address", "Sell (based on the contract with you)")


def test_a_purpose_of_one_field_is_not_told_of_the_others(tmp_path: Path) -> None:
    withdrawal = "withdrawable: true, given_in: 1, told: [bank]"
    mail = f"  post: {{title: Write to you, describes: Offers., basis: consent, {withdrawal}}}\n"
    controller = CONTROLLER.replace("recipients:\n", f"{mail}recipients:\n", 1)
    shop = SYSTEM.replace("user.contact.email}", "user.contact.email, purposes: [post]}")

    found = {one.code: one.text for one in facts(load(acme(tmp_path, controller=controller, shop=shop))).purposes}

    assert found["user.contact.email"] == "Write to you (based on your consent)"
    assert found["user.payment"] == "Sell (based on the contract with you)"


def test_recipients_are_named_with_their_country_and_a_missing_country_is_not_invented(
    tmp_path: Path,
) -> None:
    told = facts(load(acme(tmp_path))).recipients
    silent = facts(
        load(acme(tmp_path, controller=CONTROLLER.replace("payments, country: NO", 'payments, country: ""')))
    )

    assert [(one.title, one.text) for one in told] == [("Bank", "Takes payments. Country: NO.")]
    assert silent.recipients[0].text == "Takes payments. Country: the policy states none."


def test_what_the_policy_does_not_state_is_none_with_a_reason(tmp_path: Path) -> None:
    told = facts(load(acme(tmp_path))).as_json()

    assert told["transfer_safeguards"] == "none: the policy states none"
    assert told["automated_decisions"] == "none: no machine decides"


def test_safeguards_of_a_third_country_are_told(tmp_path: Path) -> None:
    controller = CONTROLLER.replace("country: NO}", "country: US, safeguard: Standard clauses}")

    (entry,) = facts(load(acme(tmp_path, controller=controller))).transfer_safeguards

    assert (entry.title, entry.text) == ("Bank", "Standard clauses")


@pytest.mark.parametrize("text", ["", "none:", " None: "])
def test_where_nothing_is_said_of_automated_decisions_the_reason_is_that(tmp_path: Path, text: str) -> None:
    loaded = load(acme(tmp_path))
    silent = loaded.controller.model_copy(update={"automated_decisions": text})
    told = facts(loaded.model_copy(update={"controller": silent})).as_json()
    assert told["automated_decisions"] == "none: the policy states none"


def test_automated_processing_that_a_collection_records_is_told(tmp_path: Path) -> None:
    shop = SYSTEM.replace("    title: Orders\n", "    title: Orders\n    automated: A model rates each order.\n")

    told = facts(load(acme(tmp_path, shop=shop))).automated_decisions

    assert [(one.title, one.text) for one in told] == [("Orders", "A model rates each order.")]


def test_restriction_and_objection_are_named_beside_the_rights_with_a_form(tmp_path: Path) -> None:
    found = facts(load(acme(tmp_path))).rights

    assert [one.code for one in found] == ["access", "restriction", "objection"]


def test_retention_is_quoted_beside_the_collections_it_rules(tmp_path: Path) -> None:
    found = facts(load(acme(tmp_path))).retention

    assert [(one.title, one.text) for one in found] == [
        ("Orders", "5 years."),
        ("Users", "The policy states none."),
    ]


def test_a_collection_has_its_own_facts_in_plain_words(tmp_path: Path) -> None:
    found = collection_facts(load(acme(tmp_path)), "shop", "orders")

    assert (found.title, found.purposes, found.basis) == ("Orders", ("Sell",), ("the contract with you",))
    assert (found.source, found.recipients, found.retention) == ("you gave it to us", ("Bank",), "5 years.")
    assert found.categories == ("Identifiers we gave you", "Payments")


def test_whoever_runs_a_system_is_a_recipient_of_all_it_holds(tmp_path: Path) -> None:
    shop = SYSTEM.replace("title: Shop\n", "title: Shop\nprocessor: bank\n", 1)

    assert collection_facts(load(acme(tmp_path, shop=shop)), "shop", "users").recipients == ("Bank",)


def test_the_outline_of_an_erasure_says_what_stays_why_and_until_when(tmp_path: Path) -> None:
    shop = SYSTEM.replace("paid_at: {category: user.payment}", "paid_at: {category: user.payment, label: Payment}")

    users, orders = erasure_outline(load(acme(tmp_path, shop=shop)))

    assert (users.goes, users.how, users.why_kept) == (Goes.ALL, "deleted", "")
    assert (orders.goes, orders.why_kept, orders.until) == (
        Goes.PARTLY,
        "Bookkeeping law",
        "5 years after the payment",
    )
    assert orders.citation == "law"


def test_a_processor_with_a_ground_of_its_own_may_keep_something(tmp_path: Path) -> None:
    plain = SYSTEM.replace("    keep: {rule: books, since: paid_at, when: {status: [paid]}}\n", "")
    shop = plain.replace("title: Shop\n", "title: Shop\nprocessor: bank\n", 1)

    users, orders = erasure_outline(load(acme(tmp_path, shop=shop)))

    assert users.goes is Goes.ALL
    assert (orders.goes, orders.why_kept, orders.until) == (Goes.PARTLY, "Bookkeeping law", "5 years.")


def test_a_collection_kept_whole_goes_not_at_all(tmp_path: Path) -> None:
    shop = SYSTEM.replace(
        "    keep: {rule: books, since: paid_at, when: {status: [paid]}}\n", "    erase: {way: keep}\n"
    )

    assert erasure_outline(load(acme(tmp_path, shop=shop)))[1].goes is Goes.NONE


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (Period(years=3), "3 years"),
        (Period(months=1, days=2), "1 month and 2 days"),
        (Period(hours=24), "24 hours"),
        (Period(), "no time at all"),
    ],
)
def test_periods_are_said_in_words(period: Period, words: str) -> None:
    assert period_in_words(period) == words
