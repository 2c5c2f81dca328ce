"""The law page: what a lawyer must see of every law file, and who may look (M2, M4)."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts import staff
from accounts.models import Role
from dsr.law.files import law_version
from dsr.law.grounds import GROUNDS
from dsr.law.regimes import Regime, Status, regimes
from dsr.models import Event
from tests.desk.test_pages import Inline, text

LAW = "/desk/law/"
Browser = Callable[..., Client]


@pytest.fixture
def page(browser: Browser) -> str:
    """As Pat, the privacy officer of JoyPix, sees it; runs of blanks are one."""
    return re.sub(r"\s+", " ", text(browser(Role.PRIVACY_OFFICER), LAW))


def section(page: str, regime: str) -> str:
    """The part of the page about one law."""
    start = page.index(f'aria-labelledby="{regime}"')
    return page[start : page.index("</section>", start)]


def escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("'", "&#x27;")


@pytest.mark.parametrize("regime", regimes().values(), ids=lambda each: each.slug)
def test_every_row_stands_with_value_words_and_citation(page: str, regime: Regime) -> None:
    shown = section(page, regime.slug)
    missing = [
        (row.key, part)
        for row in regime.rows
        for part in (row.value, row.plain, row.citation)
        if escaped(part) not in shown
    ]
    assert missing == []


@pytest.mark.parametrize("regime", regimes().values(), ids=lambda each: each.slug)
def test_each_row_nobody_has_read_carries_a_flag(page: str, regime: Regime) -> None:
    flags = section(page, regime.slug).count(">Still to verify<")
    assert flags == sum(row.status is Status.VERIFY for row in regime.rows)


def test_a_law_without_a_lawyers_review_says_so(page: str) -> None:
    waiting = [regime for regime in regimes().values() if regime.reviewed_on is None]
    assert page.count("Not reviewed by a lawyer yet") == len(waiting)


def test_active_laws_come_first(page: str) -> None:
    places = {slug: page.index(f'aria-labelledby="{slug}"') for slug in regimes()}
    active = [places[regime.slug] for regime in regimes().values() if regime.active]
    assert max(active) < min(place for slug, place in places.items() if not regimes()[slug].active)


def test_every_ground_stands_with_its_citation(page: str) -> None:
    shown = section(page, "grounds")
    said = [(facts.plain, facts.citation) for facts in GROUNDS.values()]
    assert [each for each in said if not all(escaped(part) in shown for part in each)] == []


def test_the_version_of_the_files_is_shown(page: str) -> None:
    assert f"<code>{law_version()}</code>" in page


def test_a_lawyer_sees_which_region_of_the_controller_uses_a_law(page: str) -> None:
    used = re.search(r"Used by ([^<]*)</p>", section(page, "ccpa"))
    assert used
    assert "JoyPix: " in used[1]
    assert "PixPlus" not in page


def test_no_page_of_law_is_an_event_for_nothing_in_it_is_about_a_person(browser: Browser) -> None:
    client = browser(Role.AUDITOR)
    before = Event.objects.count()
    text(client, LAW)
    assert Event.objects.count() == before


def test_the_law_stands_in_the_desks_navigation(browser: Browser) -> None:
    assert f'<a href="{LAW}">Law</a>' in text(browser(Role.AGENT), "/desk/")


def test_mallory_who_has_not_signed_in_sees_no_law(client: Client, db: None) -> None:
    answer = client.get(LAW)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/desk/login/?next={LAW}")


def test_the_law_page_carries_no_inline_script_or_style(browser: Browser) -> None:
    inline = Inline()
    inline.feed(text(browser(Role.AGENT), LAW))
    assert inline.found == []


def test_an_administrator_without_a_controller_sees_the_law_too(
    browser: Browser, sign_in: Callable[[str], Client]
) -> None:
    staff.add("root", "Root", [], administrator=True)
    assert "Used by" not in text(sign_in("root"), LAW)
