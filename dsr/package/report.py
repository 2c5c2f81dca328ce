"""report.pdf: a letter with a summary and the first records. WeasyPrint works in a child process."""

import logging
import os
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

from django.utils.translation import gettext

from dsr.package.cells import Shown
from dsr.package.pages import FOLDER, rendered
from dsr.package.reading import CollectionReading, Reading
from dsr.package.redaction import BY_STAFF, OF_OTHERS
from dsr.package.usage import usage
from dsr.package.words import counted, said

log = logging.getLogger(__name__)

ROWS = 40  # of one collection
WIDE = 7  # collections with more fields are shown record by record
LINES = 1_700  # in the whole letter, so that it stays under 60 pages and a few seconds
BESIDE = 16  # lines that a collection takes beside its records
LINE = 100  # Latin characters that fit one line
LONGEST_LABEL = 44  # characters that fit before a bar
TEXT = 480  # characters of one row, shared by its cells
_CHILD = Path(__file__).with_name("pdf_child.py")
_KEPT_ENVIRONMENT = ("FONTCONFIG_FILE", "FONTCONFIG_PATH")  # where fonts are; nothing else of ours reaches the child
_SECONDS = 180.0  # of waiting; the child itself may work for less


class ReportFailed(Exception):
    """The child ended without a PDF; says how, and nothing of what was in it."""


def letter(reading: Reading) -> str:
    """The letter's HTML."""
    css = (FOLDER / "report.css").read_text(encoding="utf-8").replace("#123456", reading.controller.brand.colour)
    css = css.replace('"1 / 1"', _numbering())
    sheets = sum(len(system.collections) for system in reading.shown)
    lines = max(6.0, LINES / max(1, sheets) - BESIDE)
    return rendered(
        "report.html",
        usage=usage(reading),
        reading=reading,
        css=css,
        bars=bars(reading),
        sheets=[(system, [_sheet(collection, lines) for collection in system.collections]) for system in reading.shown],
    )


def _numbering() -> str:
    """'Page 3 of 7' in the language that is active, as CSS counts it."""
    # Translators: stands at the foot of each page of a PDF.
    words = gettext("Page %(page)s of %(pages)s").replace('"', "").replace("\\", "")
    return f'"{words}"' % {"page": '" counter(page) "', "pages": '" counter(pages) "'}


def render(html: str) -> bytes:
    """The PDF of a page that stands for itself. Raises ReportFailed."""
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    command = (sys.executable, "-I", str(_CHILD))
    try:
        done = subprocess.run(
            command, input=html.encode(), capture_output=True, env=environment, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"the report was not ready after {_SECONDS:.0f} s"
        raise ReportFailed(message) from None
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        message = f"the report's process ended {_how(done.returncode)}: {_last(done.stderr)}"
        raise ReportFailed(message)
    if done.stderr:
        log.warning("a report: %s; see tools/native.sh", _last(done.stderr))
    return done.stdout


def _last(said: bytes) -> str:
    """The last line of what the child said, which is of our own words."""
    return said.decode(errors="replace").strip().rpartition("\n")[2][:80]


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with {code}"


def _sheet(collection: CollectionReading, lines: float) -> dict[str, object]:
    """The first records of a collection, within `lines`: a table, or cards where one would be too wide."""
    labels = collection.labels
    wide = len(labels) > WIDE
    length = TEXT // 3 if wide else TEXT // max(3, len(labels))
    rows = [[cell.cut(length) for cell in row] for row in collection.rows[:ROWS]]
    shares = [1.0] * len(labels) if wide else _shares(labels, rows)
    heights = [[_height(cell, share) for cell, share in zip(row, shares, strict=True)] for row in rows]
    tall = accumulate((sum(each) if wide else max(each)) + 1 for each in heights if each)
    first = rows[: max(1, sum(height <= lines for height in tall))]
    cards = [[pair for pair in zip(labels, row, strict=True) if _told(pair[1])] for row in first]
    return {
        "of": collection,
        "rows": () if wide or not labels else first,
        "widths": [f"{100 * share:.1f}" for share in shares],
        "cards": cards if wide else (),
        "shown": str(len(first)),
        "more": bool(collection.json_path) and collection.count > len(first),
        "files": counted(collection.file_count, "file"),
    }


def _told(cell: Shown) -> bool:
    """An empty cell needs no line of its own; one that was left out does."""
    return not cell.quiet or cell.text in (said(OF_OTHERS), said(BY_STAFF))


def _shares(labels: tuple[str, ...], rows: list[list[Shown]]) -> list[float]:
    """Shares of the width: more for longer texts, but less than their length asks for."""
    longest = [max(len(label), *(min(48, len(row[place].text)) for row in rows)) for place, label in enumerate(labels)]
    weights = [(length + 3) ** 0.75 for length in longest]
    return [weight / sum(weights) for weight in weights]


def _height(cell: Shown, share: float) -> int:
    """How many lines a cell takes in its share of the width, about."""
    room = LINE * share
    lines = sum(1 + int(sum(1 + (sign > "\u1100") for sign in line) / room) for line in cell.text.split("\n"))
    return lines + bool(cell.meaning)


def bars(reading: Reading) -> dict[str, object]:
    """A bar per collection, the largest as long as the space allows; numbers for the SVG as text."""
    found = [
        (f"{system.title}: {collection.title}", collection.count)
        for system in reading.shown
        for collection in system.collections
    ]
    found = sorted(found, key=lambda each: -each[1])[:14]
    most = max((count for _, count in found), default=1)
    step = 22
    return {
        "height": str(len(found) * step + 4),
        "lines": [
            {
                "label": label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…",
                "count": f"{count:,}",
                "width": f"{max(1.5, 210 * count / most):.1f}",
                "top": str(place * step + 5),
                "base": str(place * step + 15),
                "after": f"{262 + max(1.5, 210 * count / most):.1f}",
            }
            for place, (label, count) in enumerate(found)
        ],
    }
