"""The maps of both reference controllers say what their policies say (rows J1 to J15, P1 to P15)."""

import pytest

from dsr.datamap.checks import contrast
from dsr.datamap.facts import erasure_outline, facts
from dsr.datamap.offers import matrix
from dsr.datamap.outline import Goes
from dsr.datamap.plan import compile_plan
from dsr.datamap.portable import portable_fields
from dsr.datamap.schema import ControllerMap, Way
from dsr.law.rights import Right
from tests.controllers.reference import MAPS


def own(slug: str) -> ControllerMap:
    """The controller's map without the portal, which is a system of every controller."""
    found = MAPS[slug]
    systems = {name: one for name, one in found.systems.items() if one.connector.kind != "portal"}
    return found.model_copy(update={"systems": systems})


@pytest.fixture
def joypix() -> ControllerMap:
    return own("joypix")


@pytest.fixture
def pixplus() -> ControllerMap:
    return own("pixplus")


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
def test_an_address_alone_reaches_every_collection(slug: str) -> None:
    assert compile_plan(MAPS[slug], {"email"}).unreachable == ()


@pytest.mark.parametrize("slug", MAPS)
def test_an_account_id_alone_reaches_everything_but_what_an_address_asked_for_others(slug: str) -> None:
    assert compile_plan(MAPS[slug], {"account"}).unreachable == ("rightful.acting",)


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
        ("joypix", {"marketing", "analytics", "personalisation", "camera", "album", "microphone"}),
        ("pixplus", {"generation", "model-training"}),
    ],
)
def test_every_consent_can_be_withdrawn_and_says_what_then_happens(slug: str, purposes: set[str]) -> None:
    """Rows J4, J5, J6, P4, P6."""
    register = MAPS[slug].controller.purposes
    withdrawable = {name for name, purpose in register.items() if purpose.withdrawable}

    assert withdrawable == purposes
    assert all(register[name].when_withdrawn and register[name].given_in for name in withdrawable)


@pytest.mark.parametrize("slug", MAPS)
def test_what_is_withdrawn_here_stops_in_the_consent_records_and_what_is_not_is_explained(slug: str) -> None:
    """Rows J4, J5: cookies and permissions of a device are explained, not pretended."""
    purposes = {name: one for name, one in MAPS[slug].controller.purposes.items() if one.withdrawable}
    stops = MAPS[slug].systems["app-database"].stops
    elsewhere = {name for name, one in purposes.items() if one.stopped_at != "here"}

    assert set(stops) == set(purposes) - elsewhere | {"account"}
    assert all(stops[name].collection == "consents" for name in stops if name != "account")
    assert all(purposes[name].how for name in elsewhere)


def test_cookies_of_joypix_are_withdrawn_in_its_records_and_explained_in_the_browser(joypix: ControllerMap) -> None:
    purposes = joypix.controller.purposes

    assert {name for name, one in purposes.items() if one.stopped_at == "device"} == {"camera", "album", "microphone"}
    assert all("cookies" in purposes[name].how for name in ("analytics", "personalisation"))


def test_training_of_models_is_told_to_runninghub_by_its_service(pixplus: ControllerMap) -> None:
    """Row P6."""
    runninghub = pixplus.controller.recipients["runninghub"]

    assert pixplus.controller.purposes["model-training"].told == ("runninghub",)
    assert (runninghub.told_by, runninghub.system) == ("connector", "runninghub")
    assert set(pixplus.systems["runninghub"].stops) == {"generation", "model-training"}


@pytest.mark.parametrize(
    ("slug", "regions"),
    [
        (
            "joypix",
            {"eea": ("gdpr",), "uk": ("uk-gdpr",), "california": ("ccpa",), "us": (), "elsewhere": ()},
        ),
        (
            "pixplus",
            {"eea": ("gdpr",), "uk": ("uk-gdpr",), "california": ("ccpa",), "china": ("pipl",), "elsewhere": ()},
        ),
    ],
)
def test_people_live_in_regions_with_their_law_and_authority(slug: str, regions: dict[str, tuple[str, ...]]) -> None:
    found = MAPS[slug].controller.regions

    assert {name: one.regimes for name, one in found.items()} == regions
    assert list(found) == list(regions)
    assert all(one.authority and one.complaint_to for one in found.values())
    assert all(one.court for one in found.values() if set(one.regimes) & {"gdpr", "uk-gdpr", "pipl"})


@pytest.mark.parametrize("slug", MAPS)
def test_every_right_is_offered_in_every_region(slug: str) -> None:
    offers = [one for row in matrix(MAPS[slug].controller).values() for one in row.values()]

    assert all(one and one.citation for one in offers)


@pytest.mark.parametrize("right", [Right.PORTABILITY, Right.COMPLAINT])
def test_what_the_policy_of_pixplus_does_not_list_is_granted_by_law_or_by_the_house(
    pixplus: ControllerMap, right: Right
) -> None:
    """Row P12."""
    granted = {region: one and one.granted_by for region, one in matrix(pixplus.controller)[right].items()}

    assert granted == {"eea": "law", "uk": "law", "california": "house", "china": "law", "elsewhere": "house"}


@pytest.mark.parametrize("slug", MAPS)
def test_no_law_is_quoted_where_it_does_not_reach(slug: str) -> None:
    found = matrix(MAPS[slug].controller)
    quoted = {
        region: " ".join(one.citation for row in found.values() if (one := row[region]))
        for region in MAPS[slug].controller.regions
    }

    assert "UK GDPR" not in quoted["eea"]
    assert "GDPR" not in quoted["uk"].replace("UK GDPR", "")
    assert not any("GDPR" in quoted[region] for region in quoted if region not in {"eea", "uk"})


@pytest.mark.parametrize("slug", MAPS)
def test_an_erasure_takes_everything_or_the_content_alone(slug: str) -> None:
    """Row P8."""
    scopes = MAPS[slug].controller.scopes

    assert list(scopes) == ["everything", "content"]
    assert scopes["everything"].everything
    assert not any("account" in one or "users" in one or "consents" in one for one in scopes["content"].collections)


@pytest.mark.parametrize("slug", MAPS)
def test_the_portal_speaks_english_and_chinese(slug: str) -> None:
    assert MAPS[slug].controller.languages == ("en", "zh-hans")


def test_names_languages_and_addresses_can_be_corrected_and_are_checked_by_type() -> None:
    found = {
        f"{slug}.{collection}.{name}": field.type
        for slug in MAPS
        for system in MAPS[slug].systems.values()
        for collection, described in system.collections.items()
        for name, field in described.fields.items()
        if field.rectifiable
    }

    assert found == {
        "joypix.users.email": "email",
        "joypix.users.nickname": "text",
        "joypix.users.language": "language",
        "joypix.orders.invoice_name": "text",
        "joypix.gifts.sender_note": "text",
        "pixplus.accounts.email": "email",
        "pixplus.accounts.nickname": "text",
        "pixplus.accounts.language": "language",
    }


@pytest.mark.parametrize(
    ("slug", "left_out"),
    [
        ("joypix", {"social_signins", "consents"}),
        ("pixplus", {"devices", "face_data", "moderation_records", "consents", "events", "logs", "crash_reports"}),
    ],
)
def test_a_portable_copy_leaves_out_what_rests_on_duty_interest_or_others(slug: str, left_out: set[str]) -> None:
    """GDPR Art. 20(1)."""
    found = own(slug)
    fields = {
        name: portable_fields(found, system.slug, name)
        for system in found.systems.values()
        for name in system.collections
    }

    assert {name for name, kept in fields.items() if not kept} == left_out
    assert not any("id" in kept or "account_id" in kept or "user_id" in kept for kept in fields.values())


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
