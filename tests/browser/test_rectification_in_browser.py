"""A rectification as a person and as staff walk it: what is right is entered, decided, corrected and read back."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.browser.conftest import Demo, Walker
from tests.browser.test_walk_in_browser import ask, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]
ADDRESS = "mallory@example.com"


def nickname(demo: Demo) -> str:
    """What the live system says."""
    path = next(demo.var.glob("**/joypix/database.sqlite3"))
    with closing(sqlite3.connect(path, timeout=20)) as live:
        return str(live.execute("SELECT nickname FROM users WHERE email = ?", [ADDRESS]).fetchone()[0])


def test_sam_corrects_a_name_and_staff_decide(demo: Demo, walker: Callable[[], Walker]) -> None:
    before = nickname(demo)
    sam = walker()
    reference = ask(sam, demo, "JoyPix", "Correct your data", "Send my request to correct my data", ADDRESS)
    dana = sign_in(demo, walker, "dana")
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.press("Accept the request")
    dana.press("Accept")
    demo.await_(lambda: demo.state(reference) == "searched", "the search")
    sam.page.reload()
    sam.looks()
    sam.press("See my data and correct it")
    sam.page.get_by_role("link", name="Correct this").first.click()
    sam.looks()
    assert sam.page.get_by_role("textbox", name="E-mail").count() == 0
    language = sam.page.get_by_role("textbox", name="Language")
    as_it_was = language.input_value()
    language.fill("no language")
    sam.fill("Nickname", "Mal K.")
    sam.press("Continue")
    assert sam.page.get_by_label("Nickname").input_value() == "Mal K."
    assert "Language:" in sam.page.get_by_role("alert").inner_text()
    language.fill(as_it_was)
    sam.press("Continue")
    sam.press("Write what is missing or wrong")
    sam.fill("What is missing", "I was a member since 2019.")
    sam.press("Continue")
    sam.press("Check and send")
    sam.press("Send what I entered")
    assert nickname(demo) == before
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.looks()
    dana.press("Decide about the values")
    assert "Mal K." in dana.page.content()
    dana.press(re.compile("^Accept ?: Nickname"))
    dana.page.get_by_label("Your answer to the statement").fill("We put it beside your account.")
    dana.press("Answer the statement")
    demo.await_(lambda: demo.state(reference) == "delivered", "the correction")
    assert nickname(demo) == "Mal K."
    sam.page.reload()
    sam.looks()
    text = sam.page.locator("main").inner_text()
    assert "Corrected, and read back from our systems." in text
    assert before in text
    assert "We put it beside your account." in text
