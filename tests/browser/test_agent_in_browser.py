"""An agent asks for Sam, Sam says yes, staff look at the permission, and only Sam gets the answer."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.browser.conftest import Demo, Walker
from tests.browser.test_walk_in_browser import download, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes]
Opens = Callable[[], Walker]
PERSON, ALMA = "amal@example.com", "alma@agents.example"


def asked_by_alma(alma: Walker, demo: Demo, folder: Path) -> str:
    """From the first page to the receipt; the reference."""
    alma.page.goto(f"{demo.url}/joypix/ask/access/")
    alma.looks()
    alma.press("Continue")  # without an answer: the error summary stands at the top
    assert "Choose where you live" in alma.page.content()
    alma.choose("United Kingdom")
    alma.press("Continue")
    alma.choose("For somebody who permitted it")
    alma.press("Continue")
    alma.fill("Your name", "Alma Agent")
    alma.fill("Your own e-mail address", ALMA)
    alma.press("Continue")
    alma.fill("What is the person's e-mail address?", PERSON)
    alma.press("Continue")
    alma.press("Continue")
    alma.press("Continue")
    permission = folder / "permission.pdf"
    permission.write_bytes(b"%PDF-1.7 I permit Alma Agent to ask for me. Amal")
    alma.press("Send the request")
    assert "Choose a file" in alma.page.content()
    alma.page.get_by_label("The signed permission").set_input_files(permission)
    alma.press("Send the request")
    assert "Now the person says yes or no" in alma.page.content()
    return str(alma.page.url.split("/")[-3])


def documents(demo: Demo) -> list[tuple[str, str]]:
    """Key and hash of every document."""
    with closing(sqlite3.connect(demo.var / "portal.sqlite3", timeout=20)) as connection:
        return list(connection.execute("SELECT wrapped_key, sha256 FROM dsr_evidence"))


def test_an_agents_request_is_walked_to_the_persons_own_answer(demo: Demo, walker: Opens, tmp_path: Path) -> None:
    alma, amal = walker(), walker()
    reference = asked_by_alma(alma, demo, tmp_path)
    amal.page.goto(f"{demo.url}/joypix/requests/{reference}/prove/")
    amal.looks()
    amal.press("Say no with the code")
    amal.press("Say yes with the code")
    amal.fill("Code", demo.code(PERSON, reference))
    amal.press("Prove my address")
    assert "Alma Agent asks this for you, and you said yes" in amal.page.content()
    dana = sign_in(demo, walker, "dana")
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.looks()
    with dana.page.expect_download() as coming:
        dana.page.get_by_role("button", name="Open").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF-1.7 I permit")
    dana.press("Accept the request")
    dana.press("Accept")
    assert documents(demo) == [("", "")]
    demo.await_(lambda: demo.state(reference) == "packaged", "the package")
    archive = download(amal, demo, tmp_path, PERSON)
    assert any(name.endswith("users.json") for name in archive.namelist())
    alma.page.goto(f"{demo.url}/joypix/requests/{reference}/")
    assert "Find my request" in alma.page.title()
    letters = [path.read_text() for path in (demo.var / "demo" / "mail").glob("*.eml")]
    told = [text for text in letters if f"To: {ALMA}" in text]
    assert len(told) == 1
    assert f"/requests/{reference}" not in told[0]


def test_staff_enter_a_call_and_see_what_is_offered_where(demo: Demo, walker: Opens) -> None:
    dana = sign_in(demo, walker, "dana")
    dana.press("Enter a request")
    dana.press("JoyPix")
    dana.press("Enter the request")
    assert "There is a problem" in dana.page.content()
    dana.press("Rights")
    assert "Not offered" in dana.page.content() or "Law" in dana.page.content()
