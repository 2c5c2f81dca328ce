"""Withdrawing a consent, and a legal hold, as they are walked in a real browser."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import Demo, Walker
from tests.browser.test_walk_in_browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]
Opens = Callable[[], Walker]


def test_sam_withdraws_a_consent_on_one_page(demo: Demo, walker: Opens) -> None:
    sam = walker()
    sam.page.goto(f"{demo.url}/joypix/")
    sam.press("Withdraw a consent")
    sam.press("Withdraw my consent")
    assert "There is a problem" in sam.page.content()
    sam.page.get_by_label("Send you offers").check()
    sam.fill("What is your e-mail address?", "amal@example.com")
    sam.page.get_by_label("European Union, Iceland, Liechtenstein or Norway").check()
    sam.press("Withdraw my consent")
    reference = sam.page.url.split("/")[-3]
    sam.fill("Code", demo.code("amal@example.com", reference))
    sam.press("Prove my address")
    demo.await_(lambda: demo.state(reference) == "delivered", "the answer")
    sam.page.reload()
    sam.looks()
    assert "What became of your consent" in sam.page.content()


def test_dana_sets_a_legal_hold_and_releases_it(demo: Demo, walker: Opens) -> None:
    review = datetime.now(UTC).date() + timedelta(days=365)
    sam = walker()
    sam.page.goto(f"{demo.url}/joypix/withdraw/")
    sam.page.get_by_label("Analytics cookies").check()
    sam.fill("What is your e-mail address?", "yusuf@example.com")
    sam.page.get_by_label("Another country").check()
    sam.press("Withdraw my consent")
    reference = sam.page.url.split("/")[-3]
    dana = sign_in(demo, walker, "dana")
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.looks()
    dana.press("Set a legal hold or a freeze")
    dana.fill("Why?", "Claim 114")
    dana.page.get_by_label("When is it looked at again?").fill(review.isoformat())
    dana.press("Set it")
    assert f"{review:%-d %b %Y}" in dana.page.content()
    dana.page.get_by_role("link", name="Release").click()
    dana.looks()
    dana.press("Release it")
    assert "Nothing holds this request." in dana.page.content()
