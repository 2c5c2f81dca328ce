"""The page that Sam opens off-line."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from dsr.law.rights import Right
from dsr.package import manifest, reading
from dsr.package.contents import Answer, CollectionOutcome, KeptRows, SystemOutcome
from dsr.package.copying import CollectionCopy, CopiedFile
from dsr.package.words import OUTCOMES
from tests.package import answers
from tests.package.conftest import Opened
from tests.package.maps import JOYPIX


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", ["access", "erasure"])
def test_the_page_points_only_into_its_own_package(name: str, request: pytest.FixtureRequest) -> None:
    package: Opened = request.getfixturevalue(name)
    elements = Elements(package.text("index.html")).found
    anchors = {f"#{attributes['id']}" for _, attributes in elements if "id" in attributes}
    targets = {attributes[key] for _, attributes in elements for key in ("href", "src") if key in attributes}
    assert targets <= anchors | package.files.keys()
    assert "url(" not in package.text("index.html")


def test_the_page_has_no_element_of_mallorys(access: Opened) -> None:
    elements = Elements(access.text("index.html")).found
    assert not {"svg", "iframe", "object"} & {tag for tag, _ in elements}
    assert [attributes for tag, attributes in elements if tag == "script"] == [{}]  # our own, which searches the page
    assert not [name for _, attributes in elements for name in attributes if name.startswith(("on", "style"))]
    assert [tag for tag, _ in elements].count("h1") == 1
    assert "Sam &lt;b&gt;Ä.&lt;/b&gt;" in access.text("index.html")
    assert "{{ reading.controller }}{% debug %}" in access.text("index.html")


def test_the_policy_allows_the_one_style_sheet_and_the_one_script(access: Opened) -> None:
    page = access.text("index.html")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styled, searched = (base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in (style, script))
    (policy,) = [
        attributes["content"]
        for tag, attributes in Elements(page).found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{styled}'; script-src 'sha256-{searched}'; " in policy
    assert "unsafe" not in policy


def test_the_script_fetches_nothing_and_writes_text_alone(access: Opened) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", access.text("index.html"), re.DOTALL)
    acts = (
        r"fetch|XMLHttp|import|eval|Function|innerHTML|outerHTML|insertAdjacent|document\.write|src|href|location|open"
    )
    assert re.findall(acts, script) == []


def test_a_page_without_data_has_no_script_and_allows_none(erasure: Opened) -> None:
    assert "<script" not in erasure.text("index.html")
    assert "script-src" not in erasure.text("index.html")


@pytest.mark.parametrize(
    "words",
    [
        "Example Compute Inc.",
        "30 days after you cancel",
        "recorded while you used the service",
        "paid yearly",
        "These are the first 25 of 56 records.",
        "We also searched Support desk, and found nothing about you there.",
        "Payment institution: did not answer. We will send this part later.",
        "Data Protection Authority, 1 Example Street, 1000 Capital",
        "data/app/prompts.csv",
        'lang="en"',
    ],
)
def test_the_page_tells(access: Opened, words: str) -> None:
    assert words in access.text("index.html")


WHY = "None of your proven identifiers leads to this system."


def test_a_system_that_was_not_searched_is_named_so_with_the_reason(open_package: Callable[[Answer], Opened]) -> None:
    systems = (SystemOutcome("support", "nothing"), SystemOutcome("media", "not-reached", WHY))
    package = open_package(answers.access(systems=systems, parts={}))
    page = package.text("index.html")
    assert f"<td>Not searched<small>{WHY}</small></td>" in page
    assert f"<td>Not searched<small>{WHY}</small></td>" in package.report_html
    assert "<b>1</b> system searched" in page
    assert "not complete" not in page
    assert package.json("manifest.json")["systems"][1]["outcome"] == "not-reached"


def test_every_outcome_that_the_manifest_may_name_has_words_for_people() -> None:
    schema = json.loads(manifest.SCHEMA.read_text(encoding="utf-8"))
    assert set(schema["properties"]["systems"]["items"]["properties"]["outcome"]["enum"]) == set(OUTCOMES)


@pytest.mark.parametrize(
    "words",
    [
        "What we erased at JoyPix",
        "we read back",
        "Paid orders are kept for tax law.",
        "section 5; tax code",
        "30 November 2028",
        "481",
    ],
)
def test_an_erasure_says_what_is_gone_and_what_stays_until_when(erasure: Opened, words: str) -> None:
    assert words in erasure.text("index.html")
    assert words.removeprefix("we ") in erasure.report_html


def test_nothing_is_called_erased_where_everything_was_kept(open_package: Callable[[Answer], Opened]) -> None:
    kept = KeptRows(3, "A dispute is open.", "section 5", None)
    outcome = SystemOutcome("payments", "kept", "", (CollectionOutcome("orders", 3, 0, (kept,)),))
    package = open_package(answers.access(right=Right.ERASURE, systems=(outcome,), parts={}))
    assert "Nothing was erased." in package.text("index.html")
    assert "Erased, except" not in package.text("index.html")
    assert "A dispute is open." in package.text("index.html")
    assert "no date is fixed" in package.report_html


def test_of_many_files_the_first_are_read_and_all_are_counted(open_package: Callable[[Answer], Opened]) -> None:
    page = open_package(answers.access(parts={"media": answers.pictures_part(1_000)})).text("index.html")
    assert page.count('<a href="data/files/') == reading.FIRST_FILES
    assert "All 1,000 files lie in the folder data/files." in page
    saved = JOYPIX.systems["media"].collections["saved"]
    path = "data/files/media/saved/0001.png"
    picture = CopiedFile(path, "0" * 64, 3, "png", picture=True, original_name="猫.png", row=("猫.png",))
    copies = [CollectionCopy("media", "saved", saved, files=[picture] * 1_000)]
    (system,) = reading.of(answers.access(), copies).shown
    (collection,) = system.collections
    assert (len(collection.files), collection.file_count) == (reading.FIRST_FILES, 1_000)
