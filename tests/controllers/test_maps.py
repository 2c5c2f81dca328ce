"""The maps of both reference controllers say what their policies say (rows J1 to J15, P1 to P15)."""

from pathlib import Path

import pytest

from dsr.datamap.checks import contrast
from dsr.datamap.facts import erasure_outline, facts
from dsr.datamap.load import load_all
from dsr.datamap.outline import Goes
from dsr.datamap.plan import compile_plan
from dsr.datamap.schema import ControllerMap, Way
from dsr.law.rights import Right

MAPS = load_all(Path(__file__).parents[2] / "controllers")


@pytest.fixture
def joypix() -> ControllerMap:
    return MAPS["joypix"]


@pytest.fixture
def pixplus() -> ControllerMap:
    return MAPS["pixplus"]


def test_both_controllers_are_there_and_nobody_else() -> None:
    assert set(MAPS) == {"joypix", "pixplus"}


@pytest.mark.parametrize("slug", MAPS)
def test_every_right_can_be_asked_for_and_says_who_grants_it(slug: str) -> None:
    rights = MAPS[slug].controller.rights

    assert set(rights) == set(Right)
    assert all(offer.citation for offer in rights.values())


@pytest.mark.parametrize("slug", MAPS)
def test_an_answer_is_promised_within_15_business_days_of_a_calendar_said_to_be_assumed(slug: str) -> None:
    controller = MAPS[slug].controller

    assert (controller.promise_days, controller.grace_days) == (15, 3)
    assert controller.calendar.assumed


@pytest.mark.parametrize("slug", MAPS)
def test_text_on_the_controllers_colour_can_be_read(slug: str) -> None:
    brand = MAPS[slug].controller.brand

    assert contrast(brand.colour, brand.text_on_colour) >= 4.5


@pytest.mark.parametrize("slug", MAPS)
@pytest.mark.parametrize("kind", ["email", "account"])
def test_an_address_or_an_account_id_alone_reaches_every_collection(slug: str, kind: str) -> None:
    assert compile_plan(MAPS[slug], {kind}).unreachable == ()


def test_a_social_sign_in_alone_reaches_everything_joypix_holds(joypix: ControllerMap) -> None:
    assert compile_plan(joypix, {"social"}).unreachable == ()


def test_a_device_alone_reaches_what_hangs_on_it_and_not_the_account(pixplus: ControllerMap) -> None:
    reached = {
        f"{plan.system}.{route.name}" for plan in compile_plan(pixplus, {"device"}).systems for route in plan.routes
    }

    assert reached == {
        "app-database.devices",
        "event-store.events",
        "event-store.logs",
        "event-store.crash_reports",
    }


def test_what_people_submit_to_joypix_serves_generation_alone(joypix: ControllerMap) -> None:
    """Row J7."""
    prompts = joypix.systems["app-database"].collections["generations"]
    uploads = joypix.systems["media-store"].collections["uploads"]
    purposes = {
        slug
        for collection in (prompts, uploads)
        for field in collection.fields.values()
        for slug in field.purposes or collection.purposes
    }

    assert purposes == {"generation"}


def test_joypix_keeps_paid_orders_and_their_payments_and_nothing_else(joypix: ControllerMap) -> None:
    """Row J9."""
    stays = {row.collection: row.until for row in erasure_outline(joypix) if row.goes is not Goes.ALL}

    assert stays == {
        "Orders": "3 years after the order's completion",
        "Payments": "3 years after the order was completed, because finance and tax law wants it.",
    }


def test_an_agreed_period_of_joypix_never_keeps_anything(joypix: ControllerMap) -> None:
    rules = joypix.controller.retention
    keeps = [one.keep for system in joypix.systems.values() for one in system.collections.values() if one.keep]

    assert [rules[keep.rule].kind for keep in keeps] == ["statutory"]


def test_the_public_copies_of_joypix_are_a_collection_of_their_own(joypix: ControllerMap) -> None:
    """Row J8."""
    assert [row.collection for row in erasure_outline(joypix) if row.public] == ["Content you made public"]


@pytest.mark.parametrize(
    ("slug", "purposes"),
    [
        ("joypix", {"marketing", "analytics", "personalisation"}),
        ("pixplus", {"generation", "model-training"}),
    ],
)
def test_every_consent_can_be_withdrawn_and_says_what_then_happens(slug: str, purposes: set[str]) -> None:
    """Rows J4, J6, P4, P6."""
    register = MAPS[slug].controller.purposes
    withdrawable = {name for name, purpose in register.items() if purpose.withdrawable}

    assert withdrawable == purposes
    assert all(register[name].when_withdrawn for name in withdrawable)


def test_logs_of_pixplus_are_aggregated_and_their_device_forgotten(pixplus: ControllerMap) -> None:
    """Row P7."""
    logs = pixplus.systems["event-store"].collections["logs"]

    assert logs.erase.way is Way.AGGREGATE
    assert set(logs.erase.set) == {"device_id", "message"}


def test_pixplus_is_asked_for_face_data_every_time(pixplus: ControllerMap) -> None:
    """Row P3."""
    routes = [route.name for plan in compile_plan(pixplus, {"email"}).systems for route in plan.routes]

    assert "face_data" in routes


def test_prompt_reviews_are_told_as_automated_processing(pixplus: ControllerMap) -> None:
    """Row P9."""
    told = facts(pixplus).automated_decisions

    assert [one.title for one in told] == ["Automated processing", "Review of prompts"]


def test_no_country_of_a_recipient_is_invented() -> None:
    """The policies name no country of any recipient."""
    told = [one.more["country"] for slug in MAPS for one in facts(MAPS[slug]).recipients]

    assert set(told) == {"the policy states none"}
