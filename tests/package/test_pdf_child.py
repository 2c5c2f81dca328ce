"""The process that makes the PDF: what reaches it, what it can reach, and how it ends."""

import io
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from dsr.package import pdf_child, report
from dsr.package.pages import FOLDER
from tests.package import answers
from tests.package.conftest import opened

pytestmark = pytest.mark.typeset

SCRIPTS = {
    "Latin": "Žofia Łęcka",
    "Cyrillic": "Привет мир",
    "Greek": "Καλημέρα",
    "Arabic": "مرحبا",
    "Hebrew": "שלום",
    "Chinese": "一只猫在月球上喝茶",
    "traditional Chinese": "臺灣繁體",
    "Japanese": "日本語のテキスト",
    "Korean": "안녕하세요",
    "Hindi": "बारिश",
    "Thai": "บ้านริมทะเล",
    "emoji": "😀🦊🌸",
}
BOX = "\ue123"  # of no font: for private use
CHILD = "import sys, os, resource, signal, time; sys.stdin.buffer.read(); "


def page_of(*texts: str) -> str:
    """A page in the letter's own style."""
    css = (FOLDER / "report.css").read_text("utf-8")
    lines = "".join(f'<p dir="auto">{text}</p>' for text in texts)
    return f'<!doctype html><html lang="en"><title>t</title><style>{css}</style><body>{lines}'


def words(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


class Listening(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture(scope="module")
def scripts() -> tuple[bytes, list[str]]:
    """A page with every script, and what the log said of it."""
    said: list[str] = []
    watch = Listening(said)
    report.log.addHandler(watch)
    try:
        return report.render(page_of(*SCRIPTS.values())), said
    finally:
        report.log.removeHandler(watch)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_text_can_be_read_and_copied_in_its_script(scripts: tuple[bytes, list[str]], script: str) -> None:
    # Letters by their number: readers differ in the order they copy what runs from right to left.
    copied = words(scripts[0])
    assert not {letter for letter in SCRIPTS[script] if letter not in copied}


def test_no_letter_of_these_scripts_is_a_box(scripts: tuple[bytes, list[str]]) -> None:
    pdf, said = scripts
    assert said == []
    drawn = [
        glyphs
        for page in PdfReader(io.BytesIO(pdf)).pages
        if (contents := page.get_contents()) is not None
        for glyphs in re.findall(rb"<([0-9a-f]+)>", contents.get_data())
    ]
    assert len(drawn) >= len(SCRIPTS)
    assert not [glyphs for glyphs in drawn if b"0000" in re.findall(rb"....", glyphs)]  # .notdef is glyph 0


def test_a_letter_that_no_font_has_is_told_to_who_runs_the_portal(caplog: pytest.LogCaptureFixture) -> None:
    report.render(page_of(f"secret {BOX}{BOX}"))
    assert "2 letters have no font" in caplog.text
    assert "secret" not in caplog.text


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What runs in the child's place."""
    path = tmp_path / "child.py"
    monkeypatch.setattr(report, "_CHILD", path)
    return path


def test_nothing_of_our_environment_reaches_the_child_but_where_fonts_are(
    child: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child.write_text(f"{CHILD}print('%PDF-', *os.environ, sep=chr(10))")
    for name in ("DSR_SECRET_KEY", "DSR_KEY_PACKAGES", "AWS_SECRET_ACCESS_KEY", "HOME", "PATH", "FONTCONFIG_PATH"):
        monkeypatch.setenv(name, "/etc/fonts")
    reached = set(report.render("<p>").decode().split("\n")[1:-1])
    assert reached - {"LC_CTYPE"} == {"FONTCONFIG_PATH"}  # Python sets LC_CTYPE itself where no locale is


ENDS = {
    "killed": (f"{CHILD}os.kill(os.getpid(), signal.SIGKILL)", "by signal 9"),
    "hung": (f"{CHILD}time.sleep(60)", "not ready after 1 s"),
    "turning in circles": (f"{CHILD}resource.setrlimit(resource.RLIMIT_CPU, (0, 1))\nwhile True: pass", "by signal"),
    "silent": (f"{CHILD}", "ended with 0"),
    "half": (f"{CHILD}print('%PDF-1.7'); sys.exit(3)", "ended with 3"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_child_that_ends_otherwise_is_a_clear_error(child: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(report, "_SECONDS", 1.0)
    child.write_text(ENDS[how][0])
    with pytest.raises(report.ReportFailed, match=ENDS[how][1]):
        report.render("<p>")


def limited(child: Path, act: str) -> None:
    """The child as it is, which does this in place of its work."""
    code = Path(pdf_child.__file__).read_text("utf-8")
    child.write_text(code.replace("    page = weasyprint.HTML(", f"    {act}\n    page = weasyprint.HTML("))


GREEDY = {
    "memory": ("bytearray(4 << 30)", "MemoryError"),
    "a file": ("open('left-behind', 'wb')", "PermissionError"),
    "a process": ("os.fork()", "PermissionError"),
    "files": ("[os.dup(0) for _ in range(100)]", "OSError"),
    "the disk past the hook": ("os.write(os.memfd_create('a'), b'x' * 10)", "OSError"),
}


@pytest.mark.parametrize("what", GREEDY)
def test_a_child_that_wants_more_than_it_may_have_ends(child: Path, tmp_path: Path, what: str) -> None:
    act, kind = GREEDY[what]
    limited(child, act)
    with pytest.raises(report.ReportFailed, match=f"ended with 1: {kind}"):
        report.render("<p>")
    assert not (tmp_path / "left-behind").exists()


def test_where_the_kernel_allows_it_the_child_has_a_network_of_its_own_without_anybody() -> None:
    program = (
        f"import sys, os, socket; sys.path.insert(0, {str(Path(pdf_child.__file__).parent)!r}); import pdf_child\n"
        "there = pdf_child.leave_network()\n"
        "print(there, os.readlink('/proc/self/ns/net'), len(socket.if_nameindex()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    alone, place, interfaces = done.stdout.split()
    here = str(Path("/proc/self/ns/net").readlink())
    assert (alone == "True") == (place != here)
    assert alone == "False" or interfaces == "1"  # the loopback of its own, which is down


def test_a_page_full_of_references_fetches_none_and_unpacks_no_bomb(
    canary: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, hits = canary
    (tmp_path / "secret.css").write_text('p::after{content:"canary-in-a-file"}')
    inside = (tmp_path / "secret.css").as_uri()
    bomb = (
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9'>" + "<g>" * 200 + "<text>detonated</text>"
    )
    style = (
        f'@import "{inside}";@import url({address}/a.css);@import "data:text/css,p::after{{content:%22detonated%22}}";'
        f"body{{background:url({address}/b.png)}}ul{{list-style-image:url({address}/c.png)}}"
        f"@font-face{{font-family:x;src:url({address}/d.ttf),url({inside})}}p{{font-family:x;mask:url({address}/e)}}"
    )
    svg = (
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><image href="{address}/f.png"/>'
        f'<image xlink:href="{inside}"/><use href="{address}/g.svg#x"/><style>@import "{address}/h.css";</style>'
        f'<foreignObject><iframe src="{address}/i"></iframe></foreignObject></svg>'
    )
    tags = "".join(
        f'<img src="{source}"><embed src="{source}"><object data="{source}"></object><iframe src="{source}"></iframe>'
        for source in (f"{address}/j", inside, bomb, "data:text/html,detonated")
    )
    head = f'<base href="{address}/k/"><link rel="stylesheet" href="{address}/l.css"><link rel="icon" href="/m">'
    entities = '<!DOCTYPE x [<!ENTITY a "detonated"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    pdf = report.render(
        f'{entities}<html lang="en"><title>t</title>{head}<style>{style}</style><p>before</p>{svg}{tags}<p>after</p>'
    )
    assert hits == []
    assert not [word for word in ("detonated", "canary-in-a-file", "root:x:0:0") if word in words(pdf)]
    assert "before" in words(pdf)


def test_the_letter_of_a_person_with_a_hundred_thousand_events_stays_short() -> None:
    """The first rows, and where the others are; how long it takes is measured by `make bench`."""
    parts = {"app": answers.events_part(100_000), "media": answers.pictures_part(300)}
    package = opened(answers.access(parts=parts))
    pdf = report.render(package.report_html)
    assert len(PdfReader(io.BytesIO(pdf)).pages) < 60
    said = " ".join(words(pdf).split())
    assert "100,000 records" in said
    assert "data/app/events.json" in said
