"""Take the pictures of README.md from a running demo.

Called with its address, it files an erasure at JoyPix and accepts it at the desk, as tests/browser does.
DSR_VAR names the demo's folder.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("DSR_VAR", ROOT / "var"))
IMAGES = ROOT / "docs" / "images"
ADDRESS = "amal@example.com"
PERSON, STAFF = (620, 860), (1200, 1000)  # sizes of their windows
MOST_BYTES = 60_000
PATIENCE = 60.0  # seconds until a letter or a page is there


def sized(window: tuple[int, int]) -> ViewportSize:
    """As Playwright wants it."""
    return {"width": window[0], "height": window[1]}


def keep(page: Page, name: str) -> None:
    """The top of the page, with as many colours as fit into the size."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in (128, 64, 32, 16):
        out = io.BytesIO()
        shot.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / f"{name}.png").write_bytes(out.getvalue())
    print(f"docs/images/{name}.png  {out.tell() // 1000} kB, {colours} colours")


def press(page: Page, name: str) -> None:
    """A button, or else a link, of this name."""
    button = page.get_by_role("button", name=name, exact=True)
    (button if button.count() else page.get_by_role("link", name=name, exact=True)).first.click()
    page.wait_for_load_state()


def mailed_code(reference: str) -> str:
    """The code in the letter about a request; a worker sends it within a second or two."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for path in (VAR / "demo" / "mail").glob("*.eml"):
            text = path.read_text("utf-8")
            if reference in text and (code := re.search(r"^\s+([2-9A-Z]{4} [2-9A-Z]{4})\s*$", text, re.MULTILINE)):
                return code[1]
        time.sleep(0.2)
    raise TimeoutError(f"no letter about {reference} in {VAR / 'demo' / 'mail'}; is DSR_VAR the demo's folder?")


def asked(page: Page, url: str) -> str:
    """A person asks JoyPix for an erasure and proves the mailbox; the reference."""
    page.goto(f"{url}/joypix/")
    keep(page, "portal-start")
    press(page, "Have your data erased")
    for choice in ("California", "For myself"):
        page.get_by_label(choice, exact=True).check()
        press(page, "Continue")
    page.get_by_label("What is your e-mail address?").fill(ADDRESS)
    press(page, "Continue")
    press(page, "Continue")
    page.get_by_label("My account and everything").check()
    press(page, "Continue")
    press(page, "Continue")
    page.get_by_role("heading", name="What stays, why and until when").evaluate("heading => heading.scrollIntoView()")
    keep(page, "check-answers")
    press(page, "Send my request to erase my data")
    reference = page.url.split("/")[-3]
    page.get_by_label("Code").first.fill(mailed_code(reference))
    press(page, "Prove my address")
    return reference


def signed_in(browser: Browser, url: str, who: str) -> Page:
    """A page of a staff member who has passed both factors."""
    command = [sys.executable, "manage.py", "code", who]
    told = subprocess.run(
        command,
        env=os.environ | {"DSR_DEMO": "1", "DSR_VAR": str(VAR)},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    page = browser.new_page(viewport=sized(STAFF))
    page.goto(f"{url}/desk/")
    page.locator("#id_username").fill(who)
    page.locator("#id_password").fill(json.loads((VAR / "demo" / "staff.json").read_text("ascii"))[who])
    page.locator("#id_token").fill(told.stdout.strip())
    press(page, "Sign in")
    if (duty := page.get_by_role("button", name="I know my duty, and keep it")).count():
        duty.click()
    return page


def decided(page: Page, url: str, reference: str) -> None:
    """Dana takes and accepts it, and waits for the manifest."""
    page.goto(f"{url}/desk/requests/{reference}/")
    press(page, "Take it")
    press(page, "Accept the request")
    press(page, "Accept")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not page.get_by_text("Every system was searched").count():
        time.sleep(0.5)
        page.reload()


def main(url: str) -> int:
    """All pictures, in the order of the walk."""
    httpx.get(f"{url}/joypix/").raise_for_status()
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox"])
        person = browser.new_page(viewport=sized(PERSON))
        reference = asked(person, url)
        decided(signed_in(browser, url, "dana"), url, reference)
        person.reload()
        keep(person, "status")
        approver = signed_in(browser, url, "eli")
        approver.goto(f"{url}/desk/requests/{reference}/")
        keep(approver, "desk-request")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
