"""The letter as PDF, and the closed room it is made in."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from django.utils import translation
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, NameObject
from weasyprint import HTML
from weasyprint.layout import table

from dsr.connectors.contract import Batch
from dsr.package import markup, pdf_child, report
from dsr.package.cells import Shown
from dsr.package.contents import Answer
from tests.package import answers
from tests.package.conftest import Opened, opened
from tests.package.test_hostile import PIECES

pytestmark = pytest.mark.typeset


def _words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.fixture(scope="module")
def letter() -> bytes:
    """Sam's, and somebody else wrote to the support desk whatever a program could take for something to do."""
    theirs = Batch(
        "letters", ("id",), tuple((f"{place} {text}",) for place, text in enumerate(PIECES) if text.isascii())
    )
    parts = {"app": answers.app_part, "media": answers.media_part, "support": lambda: iter([theirs])}
    return report.render(opened(answers.access(parts=parts)).report_html)


def test_the_letter_can_be_read_aloud(letter: bytes) -> None:
    reader = PdfReader(io.BytesIO(letter))
    assert str(reader.root_object["/Lang"]) == "en"
    assert cast("DictionaryObject", reader.root_object["/MarkInfo"])["/Marked"]
    assert reader.root_object["/StructTreeRoot"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Your data at JoyPix: R3K-2WN-P5M"
    assert [str(item["/Title"]) for item in reader.outline if isinstance(item, dict)] == ["Your data at JoyPix"]


def test_the_letter_says_who_what_when_and_how_to_complain(letter: bytes) -> None:
    words = _words(letter)
    for said in (
        "JoyPix LLC",
        "R3K-2WN-P5M",
        "12 March 2026",
        "GDPR Art. 15",
        "Data Protection Authority",
        "Page 1 of",
    ):
        assert said in words


@pytest.mark.parametrize("answer", [answers.access, answers.erasure, answers.rectification])
def test_no_table_is_measured_letter_by_letter(answer: Callable[[], Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        pytest.fail("A table looks for its widths in its cells, where each letter may begin a line: that takes seconds")

    monkeypatch.setattr(table, "auto_table_layout", refused)
    drawn = HTML(string=opened(answer()).report_html, url_fetcher=pdf_child.Refusing()).render()
    assert len(drawn.pages) > 1


def test_no_text_of_the_data_became_a_link(letter: bytes) -> None:
    reader = PdfReader(io.BytesIO(letter))
    links = [note.get_object() for page in reader.pages for note in page.get("/Annots", ())]
    assert links  # the contents point to their pages
    assert not [link for link in links if isinstance(link, DictionaryObject) and "/A" in link]
    said = {name for number in range(1, cast("int", reader.trailer["/Size"])) for name in _names(reader, number)}
    assert "/StructElem" in said
    acting = {"/URI", "/JS", "/JavaScript", "/Launch", "/OpenAction", "/AA", "/EmbeddedFile", "/Filespec", "/RichMedia"}
    assert not said & acting


def _names(reader: PdfReader, number: int) -> Iterator[str]:
    """The names in one object of a PDF: its keys, and what it calls itself."""
    found = reader.get_object(number)
    for key, value in found.items() if isinstance(found, DictionaryObject) else ():
        yield str(key)
        yield str(value) if isinstance(value, NameObject) else ""


def test_the_letter_shows_what_somebody_wrote_and_fills_in_nothing(letter: bytes) -> None:
    words = _words(letter)
    assert "{{ reading }}" in words
    assert "{% debug %}" in words
    assert "<script>alert(1)</script>" in words


def test_an_erasure_letter_tells_ground_and_date(erasure: Opened) -> None:
    words = _words(report.render(erasure.report_html))
    assert "Paid orders are kept for tax law." in words
    assert "30 November 2028" in words
    assert "read back" in words


def test_the_child_fetches_nothing_and_opens_no_file(canary: tuple[str, list[str]], tmp_path: Path) -> None:
    address, hits = canary
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="20">canary-in-a-file</text></svg>')
    sources = (f"{address}/x.png", secret.as_uri(), "file:///etc/passwd", str(secret), f"ftp{address[4:]}/x")
    pictures = "".join(f'<img src="{source}" alt="a"><object data="{source}"></object>' for source in sources)
    links = "".join(
        f'<link rel="stylesheet" href="{source}"><link rel="attachment" href="{source}">' for source in sources
    )
    font = f"@font-face{{font-family:x;src:url({address}/f.ttf)}}p{{font:1em x}}"
    style = f'<style>@import "{address}/y.css";{font}</style>'
    pdf = report.render(
        f'<!doctype html><html lang="en"><title>t</title>{style}{links}<p>before</p>{pictures}<p>after</p>'
    )
    assert hits == []
    assert _words(pdf).startswith("before")
    assert "canary-in-a-file" not in _words(pdf)
    assert b"/EmbeddedFile" not in pdf


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "open('/etc/passwd')",
        "open('left-behind', 'w')",
        "import os; os.system('true')",
        "import subprocess; subprocess.run(['true'])",
    ],
)
def test_code_in_the_child_that_asks_nobody_is_stopped_too(act: str, tmp_path: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(Path(pdf_child.__file__).parent)!r}); import pdf_child as c; "
    done = subprocess.run(
        [sys.executable, "-c", f"{program}sys.addaudithook(c._guard); {act}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "PermissionError" in done.stderr


def test_whatever_draws_in_the_child_is_under_its_hook(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary", "utf-8")
    program = f"import sys; sys.path.insert(0, {str(Path(pdf_child.__file__).parent)!r}); import pdf_child as c; "
    act = "c.weasyprint.HTML = lambda **_: open('secret'); c.main()"
    done = subprocess.run(
        [sys.executable, "-c", program + act], cwd=tmp_path, input="", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, "PermissionError")


def test_the_child_reads_its_library_where_the_environment_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "venv").symlink_to(sys.prefix)
    program = f"import sys; sys.path.insert(0, {str(Path(pdf_child.__file__).parent)!r}); import pdf_child as c; "
    act = "import weasyprint; open(weasyprint.__file__).close()"
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "python", "-c", f"{program}sys.addaudithook(c._guard); {act}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_that_fails_tells_nothing_of_the_letter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text(Path(pdf_child.__file__).read_text().replace("MEMORY = 3 << 30", "MEMORY = 1"))
    monkeypatch.setattr(report, "_CHILD", child)
    with pytest.raises(report.ReportFailed) as failed:
        report.render("<p>sam@example.org</p>" * 10_000)
    assert "sam@example.org" not in str(failed.value)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("7", "ltr"),
        ("Sam", "ltr"),
        ("", "ltr"),
        ("«مرحبا» Sam", "rtl"),
        ("שלום", "rtl"),
        ("Ä مرحبا", "ltr"),
        ("🎨 12", "ltr"),
    ],
)
def test_on_paper_a_text_runs_as_its_first_letter_does(text: str, direction: str) -> None:
    assert f'dir="{direction}"' in markup.narrow_rows([[Shown(text)]])


def test_the_letter_says_which_language_it_is_in(access: Opened) -> None:
    assert '<html lang="en"' in access.report_html
    assert '"Page " counter(page) " of " counter(pages) ""' in access.report_html
    with translation.override("zh-hans"):
        letter = opened(replace(answers.access(), language="zh-hans"))
    assert '<html lang="zh-Hans"' in letter.report_html
    assert 'content:"第 " counter(page) " 页，共 " counter(pages) " 页"' in letter.report_html
