"""Access and erasure as a person and as staff walk them: real browser, real servers, real systems."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Demo, Walker

pytestmark = [pytest.mark.browser, pytest.mark.processes]
Opens = Callable[[], Walker]


def environments(demo: Demo, program: str) -> list[str]:
    """Of the demo's processes that run this program."""
    session = os.getsid(demo.process.pid)
    ours = [each for each in Path("/proc").glob("[0-9]*") if _parent(each) == session]
    return [(each / "environ").read_text() for each in ours if program in (each / "cmdline").read_text().split("\0")]


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return 0


def ask(sam: Walker, demo: Demo, controller: str, what: str, send: str, address: str) -> str:
    """From the first page to the proven mailbox; the reference."""
    sam.page.goto(f"{demo.url}/")
    sam.looks()
    sam.press(controller)
    sam.press(what)
    sam.choose("California")
    sam.press("Continue")
    sam.choose("For myself")
    sam.press("Continue")
    sam.fill("E-mail address", address)
    sam.press("Continue")
    sam.press("Continue")
    if "erased" in what:
        sam.choose("My account and everything")
        sam.press("Continue")
    sam.press("Continue")
    sam.press(send)
    reference = sam.page.url.split("/")[-3]
    sam.fill("Code", demo.code(address, reference))
    sam.press("Prove my address")
    return reference


def sign_in(demo: Demo, opens: Opens, who: str) -> Walker:
    """A staff member passes both factors, once in a demo: a code is good once, and few are good at a time."""
    staff = opens()
    staff.staff = demo, who
    if who in demo.sessions:
        staff.page.context.add_cookies(demo.sessions[who])
        staff.page.goto(f"{demo.url}/desk/")
        return staff
    staff.page.goto(f"{demo.url}/desk/")
    staff.looks()
    staff.page.locator("#id_username").fill(who)
    staff.page.locator("#id_password").fill(demo.password(who))
    staff.page.locator("#id_token").fill(demo.staff_code(who))
    staff.press("Sign in")
    staff.looks()  # at what one acknowledges once
    staff.press("I know my duty, and keep it")
    demo.sessions[who] = list(staff.page.context.cookies())
    return staff


def download(sam: Walker, demo: Demo, folder: Path, address: str) -> zipfile.ZipFile:
    """Take the answer: from the status page by a fresh code to the page that waits, which looks again by itself."""
    sam.page.reload()
    sam.looks()
    reference = sam.page.url.rstrip("/").rpartition("/")[2]
    sam.press("Download your answer")
    sam.fill("Code", demo.code(address, reference, "With this code you download our answer"))
    sam.press("Continue")
    save = sam.page.get_by_role("link", name="Save the file")
    save.wait_for()
    sam.looks()
    with sam.page.expect_download() as coming:
        save.click()
    path = folder / "answer.zip"
    coming.value.save_as(path)
    return zipfile.ZipFile(path)


def find_nothing_on_paper(dana: Walker, demo: Demo) -> None:
    """The task of a system that only people can search, from the list to the answer; first without one."""

    def asked() -> int:
        dana.page.goto(f"{demo.url}/desk/tasks/")
        return dana.page.get_by_role("link", name="Search: Paper archive").count()

    demo.await_(asked, "the task")
    dana.looks()
    dana.press("Search: Paper archive")
    dana.press("Show whom to look for")
    assert "sam@example.com" in dana.page.content()
    dana.press("Write it down")
    assert "Choose what became of it." in dana.page.content()
    dana.choose("Nothing found")
    dana.press("Write it down")
    assert "This task is over." in dana.page.content()


def test_sam_asks_for_the_data_and_takes_it_home(demo: Demo, walker: Opens, tmp_path: Path) -> None:
    sam = walker()
    reference = ask(
        sam, demo, "JoyPix", "See the data we hold about you", "Send my request to see my data", "amal@example.com"
    )
    dana = sign_in(demo, walker, "dana")
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.looks()
    dana.press("Take it")
    dana.press("Accept the request")
    dana.press("Accept")
    demo.await_(lambda: demo.state(reference) == "packaged", "the package")
    archive = download(sam, demo, tmp_path, "amal@example.com")
    users = json.loads(archive.read(f"{reference}/data/app-database/users.json"))
    assert [user["email"] for user in users] == ["amal@example.com"]
    assert archive.read(f"{reference}/report.pdf").startswith(b"%PDF-")


def test_sam_has_the_data_erased_with_two_pairs_of_eyes(demo: Demo, walker: Opens, tmp_path: Path) -> None:
    sam = walker()
    reference = ask(
        sam, demo, "PixPlus", "Have your data erased", "Send my request to erase my data", "sam@example.com"
    )
    dana = sign_in(demo, walker, "dana")
    dana.page.goto(f"{demo.url}/desk/requests/{reference}/")
    dana.press("Accept the request")
    dana.press("Accept")
    find_nothing_on_paper(dana, demo)
    demo.await_(lambda: demo.state(reference) == "searched", "the manifest")
    eli = sign_in(demo, walker, "eli")
    eli.page.goto(f"{demo.url}/desk/requests/{reference}/")
    eli.looks()
    eli.press("Approve the manifest")
    eli.press("Approve and erase")
    assert demo.state(reference) == "approved"
    demo.pass_grace(reference)
    demo.await_(lambda: demo.state(reference) == "packaged", "the erasure")
    archive = download(sam, demo, tmp_path, "sam@example.com")
    manifest = json.loads(archive.read(f"{reference}/manifest.json"))
    outcomes = {system["system"]: system["outcome"] for system in manifest["systems"]}
    assert outcomes["app-database"] == "erased"
    assert outcomes["runninghub"] in {"erased", "kept"}


def test_the_web_server_has_no_secret_of_a_system(demo: Demo) -> None:
    (web,), workers = environments(demo, "granian"), environments(demo, "celery")
    secrets = ("JOYPIX_DATABASE_URL=", "PIXPLUS_RUNNINGHUB_TOKEN=")
    assert [name for name in secrets if name in web] == []
    assert all(name in worker for worker in workers for name in secrets)
    assert len(workers) == 2  # who does the work, and who sends letters
