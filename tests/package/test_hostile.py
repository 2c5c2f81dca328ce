"""A hundred thousand cells and fifty thousand names that Mallory wrote: none of them acts, and JSON has them exact."""

import csv
import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from html.parser import HTMLParser
from typing import BinaryIO, cast

import pytest

from dsr.connectors.contract import Batch, Cell, File, Found
from dsr.package import archive, markup, portability
from dsr.package.cells import exact, shown
from dsr.package.part import Tally, pack, unpack
from tests.package import answers
from tests.package.conftest import Json, Opened, Pipe, opened
from tests.package.test_pictures import png

ROWS = 25_000  # of four cells
NAMES = 50_000
FIELDS = ("id", "page", "device", "note", "score")
SEED = 20_260_312
AWAY = timezone(timedelta(hours=9))

PIECES = (
    *("=", "+", "-", "@", "=1+1", "-2+3+cmd|' /C calc'!A0", '=HYPERLINK("http://127.0.0.1:9/x";"y")', "＝1", "﹢1"),
    *("\r\n", '""', *";\t\r\n,\"' \0\x0b\x85\u2028\ufeff\u200b\xa0"),
    *("{{ reading }}", "{% debug %}", "{% include '/etc/passwd' %}", "{#", "${7*7}", "<%= 7*7 %>", "%0d%0a", "\\u003c"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "]]>", "--></style>"),
    *("</td></tr></table>", '" autofocus onfocus="alert(1)', "javascript:alert(1)", "<a href=http://127.0.0.1:9/>"),
    *("&lt;", "&#x3c;", "&", "<", ">", "<!--", "<base href=//127.0.0.1:9/>", "<meta http-equiv=refresh content=0>"),
    *("\x1b[31m", *"\u202e\u2066\ud83d\udc00\ufffe\x7f猫🦊\u0301ｱaZ07"),
)
NUMBERS: tuple[Cell, ...] = (
    -5,
    2**70,
    -0.5,
    float("nan"),
    Decimal("-12.50"),
    Decimal("-Infinity"),
    True,
    None,
    b"\xfb\xef",
)
MOMENTS: tuple[Cell, ...] = (datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=AWAY))
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
UNSEEN = "".join(sign for sign in map(chr, range(0x3100)) if not sign.isprintable() or sign.isspace()) + "\ufeff"


def written() -> list[tuple[Cell, ...]]:
    """The same at every run."""
    chance = random.Random(SEED)

    def text() -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(0, 5)))

    return [(at, text(), text(), text(), chance.choice((text(), *NUMBERS, *MOMENTS))) for at in range(ROWS)]


@pytest.fixture(scope="module")
def rows() -> list[tuple[Cell, ...]]:
    return written()


@pytest.fixture(scope="module")
def part(rows: list[tuple[Cell, ...]]) -> bytes:
    """As it lies sealed between the search and the package."""
    batches = (Batch("events", FIELDS, tuple(rows[at : at + 1000])) for at in range(0, len(rows), 1000))
    return b"".join(pack(batches, Tally()))


@pytest.fixture(scope="module")
def package(part: bytes) -> Opened:
    return opened(answers.access(parts={"app": lambda: unpack(io.BytesIO(part), exact=True)}))


def whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def live(table: str, sign: str) -> list[str]:
    """Cells that a spreadsheet would run, if it took `sign` for what stands between them."""
    cells = (cell for row in csv.reader(io.StringIO(table, newline=""), delimiter=sign) for cell in row)
    begun = (cell for cell in cells if cell.lstrip(UNSEEN)[:1] in tuple(SIGNS))
    return [cell for cell in begun if not re.fullmatch(r"-\d+(\.\d+)?", cell)]


def test_json_has_a_hundred_thousand_hostile_cells_exactly(rows: list[tuple[Cell, ...]], package: Opened) -> None:
    expected = [dict(zip(FIELDS, map(exact, row), strict=True)) for row in rows]
    assert package.json("data/app/events.json") == expected
    assert sum(len(row) - 1 for row in rows) == 100_000
    (told,) = package.json("manifest.json")["collections"]
    assert told["repaired_cells"] == sum(isinstance(cell, str) and not whole(cell) for row in rows for cell in row) > 0


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_no_cell_is_live_whatever_stands_between_them(package: Opened, sign: str) -> None:
    assert live(package.files["data/app/events.csv"].decode("utf-8-sig"), sign) == []


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_line_that_begins_with_a_minus_holds_no_text_outside_of_quotes(sign: str) -> None:
    texts = ("5+cmd|' /C calc'!A0", '"+cmd|calc!A0&"', "a,b", f'"{sign}5+cmd|calc!A0', '""')
    rows = tuple((number, text, -3) for number in (-2, Decimal("-2.5")) for text in texts)
    batch = Batch("events", ("id", "page", "score"), rows)
    table = opened(answers.access(parts={"app": lambda: iter([batch])})).files["data/app/events.csv"]
    lines = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), delimiter=sign))[1:]
    cells = [cell for line in lines for cell in line if cell.startswith("-")]
    assert len(cells) == len(rows)
    assert not re.search("[A-Za-z!+]", "".join(re.sub(r'"([^"]|"")*("|$)', "", cell) for cell in cells))


def test_but_for_apostrophes_the_table_says_what_the_json_says(rows: list[tuple[Cell, ...]], package: Opened) -> None:
    table = csv.reader(io.StringIO(package.files["data/app/events.csv"].decode("utf-8-sig"), newline=""))
    texts = [[cell.replace("'", "") for cell in row[1:4]] for row in table]
    assert texts[1:] == [[str(exact(cell)).replace("'", "") for cell in row[1:4]] for row in rows]
    (told,) = package.json("manifest.json")["collections"]
    assert told["neutralised_csv_cells"] > 20_000


def test_a_portable_copy_has_the_same(part: bytes, package: Opened) -> None:
    pipe = Pipe()
    answer = answers.access(parts={"app": lambda: unpack(io.BytesIO(part), exact=True)})
    portability.write(answer, cast("BinaryIO", pipe))
    with zipfile.ZipFile(pipe.taken) as copy:
        for path in ("data/app/events.json", "data/app/events.csv"):
            assert copy.read(f"{answer.reference}/{path}") == package.files[path]
        assert not Elements.of(copy.read(f"{answer.reference}/index.html").decode()).hostile


class Elements(HTMLParser):
    """What a browser would make of a page."""

    OURS = re.compile(
        "html|head|meta|title|style|body|header|main|footer|section|div|p|h[123]|[uo]l|li|[bai]|span|small|img|bdi|d[ltd]"
        "|table|thead|tbody|t[rhd]|br|label|input|script"
    )
    ATTRIBUTES = re.compile(
        "lang|charset|http-equiv|content|name|class|id|href|scope|tabindex|role|aria-labelledby|dir|src|alt|loading"
        "|aria-label|colspan|hidden|for|type|autocomplete|spellcheck|aria-(describedby|controls|live)|data-(found|none)"
    )

    def __init__(self) -> None:
        super().__init__()
        self.hostile: list[str] = []
        self.cells: list[str] = []
        self._open = False
        self._searches = False

    @classmethod
    def of(cls, page: str) -> "Elements":
        parsed = cls()
        parsed.feed(page)
        parsed.close()
        return parsed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hostile += [] if self.OURS.fullmatch(tag) and not (tag == "script" and self._searches) else [tag]
        self._searches = self._searches or tag == "script"  # one, and that is ours
        self.hostile += [name for name, _ in attrs if not self.ATTRIBUTES.fullmatch(name)]
        self.hostile += [value for name, value in attrs if name in {"href", "src"} and value and ":" in value]
        self._open = tag in {"td", "span"}
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[-1] += data

    def handle_comment(self, data: str) -> None:
        self.hostile.append(data)

    def handle_pi(self, data: str) -> None:
        self.hostile.append(data)


def test_the_page_shows_them_and_is_made_of_nothing_of_theirs(package: Opened) -> None:
    page = package.text("index.html")
    assert not Elements.of(page).hostile
    assert "{{ reading }}" in page
    assert "{% debug %}" in page


def test_every_cell_is_text_where_it_is_shown(rows: list[tuple[Cell, ...]]) -> None:
    texts = [[shown(cell, {}) for cell in row[1:4]] for row in rows]
    parsed = Elements.of(markup.table_rows(texts))
    assert not parsed.hostile
    assert parsed.cells == [cell.text for row in texts for cell in row]


def name(chance: random.Random) -> str:
    pieces = ("../", "..\\", "/etc/", "C:\\", "CON", "aux.txt", "con.png", "\0", "\u202e", "nul", ".", " ", "a" * 300)
    return "".join(chance.choices((*pieces, *PIECES), k=chance.randint(1, 4)))


def test_fifty_thousand_names_lead_to_fifty_thousand_files_of_our_own() -> None:
    chance = random.Random(SEED)
    names = [name(chance) for _ in range(NAMES)]

    def media() -> Iterator[Found]:
        yield Batch("saved", ("path", "bytes"), tuple((each, 1) for each in names))
        for place, each in enumerate(names):
            yield File("saved", (each,), each, iter((b"%d" % place,)))

    pipe = Pipe()
    archive.write(answers.access(parts={"media": media}), cast("BinaryIO", pipe), report=lambda _: b"%PDF-marked")
    with zipfile.ZipFile(pipe.taken) as package:
        within = [each.partition("/")[2] for each in package.namelist()]
        told = json.loads(package.read("R3K-2WN-P5M/manifest.json"))["files"]
        chosen = range(0, NAMES, 500)
        contents = [package.read(f"R3K-2WN-P5M/{told[place]['path']}") for place in chosen]
    paths = [each["path"] for each in told]
    ours = re.compile(r"data/files/media/saved/[0-9]{4,5}\.txt")
    assert len(set(paths)) == NAMES
    others = [path for path in within if not ours.fullmatch(path)]
    assert len(others) == len(within) - NAMES
    assert all(re.fullmatch(r"(data/media/saved|[a-z0-9-]+)\.[a-z]+", path) for path in others)
    assert contents == [b"%d" % place for place in chosen]
    assert [each["original_name"] for each in told] == [exact(each) for each in names]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as inner:
        inner.writestr("zeros", bytes(5_000_000))
    return out.getvalue()


MEDIA = {
    "bin": bomb(),
    "gif": b"GIF89a" + b"\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;" + bomb(),
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF",
    "txt": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "png": png(60_000, 60_000),
}


def test_media_that_would_act_arrive_byte_by_byte_and_are_never_opened() -> None:
    def media() -> Iterator[Found]:
        yield Batch("saved", ("path", "bytes"), tuple((kind, 1) for kind in MEDIA))
        for kind, content in MEDIA.items():
            yield File("saved", (kind,), f"x.{kind}.html", iter((content[:3], content[3:])))

    package = opened(answers.access(parts={"media": media}))
    arrived = {path.rpartition(".")[2]: path for path in package.files if path.startswith("data/files/")}
    assert {kind: package.files[path] for kind, path in arrived.items()} == MEDIA
    assert re.findall(r'<img src="([^"]+)"', package.text("index.html")) == [arrived["gif"]]  # of one pixel
    assert f'href="{arrived["png"]}"' in package.text("index.html")


LARGE = """
import io, json, resource
import django
django.setup()
from dsr.connectors.contract import Batch
from dsr.package.copying import copy_part
from dsr.package.bag import Bag
from dsr.package.part import Tally, pack, unpack
from tests.package import answers
from tests.package.conftest import opened
opened(answers.access())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
text = "=1;\\n<b>\\t=2 " * 4_000_000
length = len(text)
part = io.BytesIO(b"".join(pack(iter([Batch("events", ("id", "page"), ((1, text),))]), Tally())))
def found():
    part.seek(0)
    return unpack(part, exact=True)
with open("/dev/null", "wb") as out:
    bag = Bag(out, "R3K-2WN-P5M", answers.AT)
    (copy,) = copy_part(bag, answers.JOYPIX.systems["app"], found)
    bag.close()
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([length, copy.noticed.neutralised, len(copy.first[0]["page"].text), (after - before) * 1024 / length]))
"""


def test_a_cell_of_fifty_megabytes_takes_a_few_times_its_size() -> None:
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    length, neutralised, cut, times = cast("Json", json.loads(done.stdout))
    assert length >= 44_000_000
    assert (neutralised, cut) == (1, 400)
    assert times < 16
