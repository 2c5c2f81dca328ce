"""Sam opens a package off-line, full of what Mallory wrote: nothing acts, and nobody hears that it was opened."""

import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from dsr.connectors.contract import Batch, File, Found
from dsr.law.rights import Right
from dsr.package import archive, portability
from dsr.package.contents import Answer, CollectionOutcome, KeptRows, RecipientTold, SystemOutcome
from tests.package import answers
from tests.package.test_hostile import MEDIA, PIECES

pytestmark = [pytest.mark.browser, pytest.mark.processes]
PRESSED = 6  # keys of each kind, on each page
BACK = 40  # keys
UNDER = """() => {
  const box = document.getElementById("search").getBoundingClientRect();
  const own = document.activeElement.getBoundingClientRect();
  const inside = document.getElementById("search").contains(document.activeElement);
  return !inside && own.top < box.bottom && own.bottom <= box.bottom && own.bottom > box.top;
}"""


class Bird:
    """Listens beside the package: whatever calls it was made to by what Mallory wrote."""

    def __init__(self) -> None:
        """On a port that nobody knows before."""
        heard: list[str] = []

        class Song(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                heard.append(self.path)  # also of what it does not know how to answer

        self.heard = heard
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Song)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        """And be gone."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def bird() -> Iterator[Bird]:
    listening = Bird()
    yield listening
    listening.stop()


def baits(address: str) -> tuple[str, ...]:
    """What would call the address, or open a window, if it were more than text."""
    host = address.removeprefix("http:")
    return (
        f"<img src={address}/img>",
        f"<svg onload=\"fetch('{address}/svg')\"><image href={address}/image /></svg>",
        f"<script src={address}/script></script>",
        f"<script>fetch('{address}/fetch');alert(1)</script>",
        f"</style><style>@import '{address}/css';*{{background:url({address}/url)}}</style>",
        f"<link rel=stylesheet href={host}/link><link rel=prefetch href={address}/prefetch>",
        f"<iframe src={address}/frame></iframe><object data={address}/object></object>",
        f"<meta http-equiv=refresh content='0;url={address}/refresh'><base href={address}/>",
        f'" autofocus onfocus="location=\'{address}/focus\'" style="background:url({address}/style)',
        f"<video src={address}/video autoplay></video><form action={address}/form><button autofocus>x</form>",
        f"<a ping={address}/ping href=javascript:alert(1)>x</a>",
        f"{address}/plain",
        f"javascript:fetch('{address}/url')",
    )


def answer(right: Right, address: str) -> Answer:
    """Everything that comes from outside is a bait: cells, names of files, notes, words of staff and of recipients."""
    texts = (*baits(address), *answers.HOSTILE, *PIECES)
    odd = " ".join(baits(address))

    def app() -> Iterator[Found]:
        yield Batch("users", answers.USER, ((*answers.user_row()[:2], odd, *answers.user_row()[3:]),))
        rows = tuple((at, answers.AT, text, texts[-1 - at], odd, 0.5) for at, text in enumerate(texts))
        yield Batch("events", answers.EVENT, rows)

    def media() -> Iterator[Found]:
        yield Batch("saved", ("path", "bytes"), tuple((text, 3) for text in texts))
        picture = f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{address}/picture'/></svg>".encode()
        for text, content in zip(texts, (picture, picture, *MEDIA.values()), strict=False):
            yield File("saved", (text,), text, iter((content,)))

    kept = KeptRows(1, odd, odd, None, odd)
    erased = CollectionOutcome("users", 2, 1, (kept,))
    erasing = right is Right.ERASURE
    systems = (
        SystemOutcome("app", "kept" if erasing else "found", odd, (erased,) if erasing else ()),
        SystemOutcome("media", "found", odd),
        SystemOutcome("payments", "failed", odd),
        SystemOutcome("support", "not-reached", odd),
    )
    parts = {} if erasing else {"app": app, "media": media}
    told = (RecipientTold(odd, odd, odd),)
    return answers.access(right=right, systems=systems, parts=parts, told=told, identities=(("email", odd),))


@pytest.fixture(scope="module")
def unpacked(bird: Bird, tmp_path_factory: pytest.TempPathFactory) -> dict[Right, Path]:
    """As a browser unpacks what it downloads."""
    folders = {}
    for right in (Right.ERASURE, Right.PORTABILITY, Right.ACCESS):  # the one with pictures is last
        out = io.BytesIO()
        if right is Right.PORTABILITY:
            portability.write(answer(right, bird.address), out)
        else:
            archive.write(answer(right, bird.address), out, report=lambda _: b"%PDF-marked")
        folders[right] = tmp_path_factory.mktemp("downloads")
        with zipfile.ZipFile(out) as package:
            package.extractall(folders[right])
    return {right: folder / answers.access().reference for right, folder in folders.items()}


class Watched:
    """A page whose every request, message and window is written down."""

    def __init__(self, context: BrowserContext) -> None:
        """From before it opens."""
        self.asked: list[str] = []
        self.said: list[str] = []
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("page", self._listen)
        self.page: Page = context.new_page()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: self.said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.on("download", lambda download: self.said.append(f"download: {download.url}"))

    def _dismiss(self, dialog: Dialog) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def walk(self, index: Path) -> None:
        """Open it, scroll it through so that pictures load, and go from one control to the next."""
        self.page.goto(index.as_uri())
        for _ in range(PRESSED):
            self.page.keyboard.press("PageDown")
            self.page.keyboard.press("Tab")
        for picture in self.page.locator("img").all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", value=True)

    def rest(self) -> None:
        """Until nothing is asked any more."""
        self.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_opened_package_asks_nobody_and_nothing_in_it_acts(
    chromium: Browser, bird: Bird, unpacked: dict[Right, Path], *, scripts: bool
) -> None:
    context = chromium.new_context(java_script_enabled=scripts)
    watched = Watched(context)
    for folder in unpacked.values():
        watched.walk(folder / "index.html")
    watched.rest()
    title, pages = watched.page.title(), len(context.pages)
    context.close()
    assert bird.heard == []
    assert watched.said == []
    assert (title, pages) == ("Your data at JoyPix: R3K-2WN-P5M", 1)
    asked = [(urlsplit(url).scheme, Path(unquote(urlsplit(url).path))) for url in watched.asked]
    pictures = [("file", path) for _, path in asked if path.is_relative_to(unpacked[Right.ACCESS] / "data/files")]
    assert [path.suffix for _, path in pictures] == [".gif"]  # the one that is none too large
    opened = [("file", folder / "index.html") for folder in unpacked.values()]
    assert sorted(asked) == sorted([*opened, *pictures])


def test_the_bird_would_have_heard(chromium: Browser, bird: Bird, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("".join(baits(bird.address)[:2]), encoding="utf-8")
    context = chromium.new_context()
    watched = Watched(context)
    watched.walk(page)
    watched.rest()
    context.close()
    heard, bird.heard[:] = set(bird.heard), []
    assert heard == {"/img", "/svg", "/image"}


def opened(context: BrowserContext, folder: Path) -> Watched:
    """The page of an access, watched from before it opens."""
    watched = Watched(context)
    watched.page.goto((folder / "index.html").as_uri())
    return watched


def test_a_search_shows_what_it_finds_and_counts_it(chromium: Browser, bird: Bird, unpacked: dict[Right, Path]) -> None:
    context = chromium.new_context()
    watched = opened(context, unpacked[Right.ACCESS])
    page = watched.page
    rows = page.locator(".rows tbody tr")
    all_rows, items = rows.count(), page.locator(".rows tbody tr, .files li").count()
    page.get_by_role("searchbox", name="Search in what this page shows").fill("ACCOUNT  sam@example")
    expect(page.get_by_role("status")).to_have_text(f"Rows and files found: 1 / {items}")
    expect(rows.locator("visible=true")).to_have_count(1)
    expect(page.get_by_role("heading", name="Media store")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(rows.locator("visible=true")).to_be_focused()
    page.get_by_role("searchbox").fill("no such thing as this")
    expect(page.get_by_role("status")).to_have_text("Nothing found on this page.")
    page.get_by_role("searchbox").press("Escape")
    expect(rows.locator("visible=true")).to_have_count(all_rows)
    expect(page.get_by_role("status")).to_have_text("")
    context.close()
    assert (watched.said, bird.heard) == ([], [])


def test_what_mallory_wrote_can_be_searched_for_and_stays_text(
    chromium: Browser, bird: Bird, unpacked: dict[Right, Path]
) -> None:
    context = chromium.new_context()
    watched = opened(context, unpacked[Right.ACCESS])
    for bait in (*baits(bird.address), "constructor __proto__", "\\", "[", "$&"):
        watched.page.get_by_role("searchbox").fill(bait)
        watched.page.keyboard.press("Enter")
        expect(watched.page.get_by_role("status")).not_to_have_text("")
        watched.page.get_by_role("searchbox").press("Escape")
    watched.rest()
    context.close()
    assert (watched.said, bird.heard) == ([], [])


def test_what_the_search_box_lies_over_is_never_what_has_the_focus(
    chromium: Browser, unpacked: dict[Right, Path]
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 700})
    page = opened(context, unpacked[Right.ACCESS]).page
    page.locator("footer").scroll_into_view_if_needed()
    page.get_by_role("link").last.focus()
    hidden = []
    for _ in range(BACK):
        page.keyboard.press("Shift+Tab")
        hidden.append(page.evaluate(UNDER))
    context.close()
    assert sum(hidden) == 0


def test_a_section_whose_title_has_the_words_counts_as_found(chromium: Browser, bird: Bird, tmp_path: Path) -> None:
    secret = ((None,) * 9 + ("hash",),)
    batch = Batch("users", answers.USER[-1:], tuple(row[-1:] for row in secret))
    given = answers.access(systems=(SystemOutcome("app", "found"),), parts={"app": lambda: iter([batch])})
    out = io.BytesIO()
    archive.write(given, out, report=lambda _: b"%PDF-marked")
    with zipfile.ZipFile(out) as package:
        package.extractall(tmp_path)
    context = chromium.new_context()
    page = opened(context, tmp_path / given.reference).page
    title = page.locator(".place h3").inner_text()
    page.get_by_role("searchbox").fill(title)
    expect(page.locator(".place h3")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Rows and files found: 0 / 0")
    context.close()
    assert bird.heard == []


def test_a_name_of_a_file_is_found(chromium: Browser, unpacked: dict[Right, Path]) -> None:
    context = chromium.new_context()
    page = opened(context, unpacked[Right.ACCESS]).page
    page.get_by_role("searchbox").fill("0003.")
    expect(page.locator(".files li").locator("visible=true")).to_have_count(1)
    context.close()


def test_without_scripts_there_is_no_search_and_nothing_is_missing(
    chromium: Browser, unpacked: dict[Right, Path]
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = opened(context, unpacked[Right.ACCESS]).page
    expect(page.get_by_role("searchbox")).to_have_count(0)
    assert page.locator(".rows tbody tr").count() == page.locator(".rows tbody tr").locator("visible=true").count()
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(chromium: Browser, unpacked: dict[Right, Path], width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    widths = {}
    for right, folder in unpacked.items():
        page = opened(context, folder).page
        widths[right] = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert widths == dict.fromkeys(unpacked, width)
