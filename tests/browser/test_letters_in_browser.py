"""What is answered by a letter or at once, as it is walked in a real browser: every type has its end."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Demo, Walker
from tests.browser.test_walk_in_browser import ask, download, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]
Opens = Callable[[], Walker]


def file_report(sam: Walker, demo: Demo, link: str, button: str, address: str) -> str:
    """From the start page to the proven mailbox, whatever is asked on the way; the reference."""
    sam.page.goto(f"{demo.url}/pixplus/")
    sam.press(link)
    sam.choose("United Kingdom")
    sam.press("Continue")
    if sam.page.get_by_label("For myself").count():
        sam.choose("For myself")
        sam.press("Continue")
    sam.fill("E-mail address", address)
    sam.press("Continue")
    if not sam.page.locator("textarea").count():
        sam.press("Continue")  # further identifiers: none
    sam.page.locator("textarea").fill("What happened: I saw it on Monday.")
    sam.press("Continue")
    sam.press(button)
    reference = str(sam.page.url.split("/")[-3])
    sam.fill("Code", demo.code(address, reference))
    sam.press("Prove my address")
    return reference


@pytest.mark.parametrize(
    ("link", "button", "address"),
    [
        ("Complain or ask a question", "Send my complaint or question", "yusuf@example.com"),
        ("Report that a child uses this service", "Send my report", "amal@example.com"),
        ("Report a misused account or leaked data", "Send my report", "li.wei@example.com"),
    ],
)
def test_it_is_answered_by_a_letter(demo: Demo, walker: Opens, link: str, button: str, address: str) -> None:
    sam = walker()
    reference = file_report(sam, demo, link, button, address)
    dana = sign_in(demo, walker, "dana")
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.press("Accept the request")
    dana.press("Accept")
    dana.press("Write the answer")
    dana.page.locator("textarea").first.fill("Dear reader, we looked at it and mended it.")
    for choice in dana.page.get_by_role("radio").all()[:1]:
        choice.check()
    dana.press("Send the answer")
    assert demo.state(reference) == "delivered"
    sam.page.reload()
    sam.looks()
    text = sam.page.locator("main").inner_text()
    assert "we looked at it and mended it" in text
    assert "complain" in text


def test_amal_comes_from_the_app_and_takes_the_data_along(demo: Demo, walker: Opens, tmp_path: Path) -> None:
    sam = walker()
    sam.page.goto(f"{demo.url}/demo/app/")
    sam.looks()
    sam.press(re.compile("of JoyPix ?, signed in as amal@example.com"))
    sam.press("Go on")
    reference = ask(
        sam, demo, "JoyPix", "Take your data with you", "Send my request to take my data with me", "amal@example.com"
    )
    dana = sign_in(demo, walker, "dana")
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.press("Accept the request")
    dana.press("Accept")
    demo.await_(lambda: demo.state(reference) == "packaged", "the package")
    sam.page.reload()
    sam.press("Show us that it is you")  # as when the request was filed, for whoever reads only the mail
    sam.looks()
    sam.page.goto(f"{demo.url}/demo/app/")
    sam.press(re.compile("of JoyPix ?, signed in as amal@example.com"))
    sam.press("Go on")
    sam.looks()
    sam.press("Use it for this request")
    archive = download(sam, demo, tmp_path, "amal@example.com")
    assert json.loads(archive.read(f"{reference}/portability.json"))
    assert not any(name.endswith(".pdf") for name in archive.namelist())


def test_how_data_is_used_is_told_at_once(demo: Demo, walker: Opens) -> None:
    sam = walker()
    sam.page.goto(f"{demo.url}/pixplus/")
    sam.press("Find out how we use personal data")
    assert "RunningHub" in sam.page.locator("main").inner_text()
