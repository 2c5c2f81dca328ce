"""Sam reads Chinese: every page of a package is in that language, and every name of a file and key as ever."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

import pytest
from django.utils import translation
from django.utils.translation import gettext

from dsr.connectors.contract import Batch, Found
from dsr.datamap.facts import facts
from dsr.datamap.translate import localised
from dsr.law.rights import Right
from dsr.package.contents import Answer, CollectionOutcome, KeptRows, LeftOut, RefusedPart, SystemOutcome
from tests.controllers.reference import MAPS
from tests.package import answers
from tests.package.conftest import Opened, opened
from tests.package.test_portability import taken
from tools import messages

ENGLISH = MAPS["joypix"]
LANGUAGE = "zh-hans"
ORDER = ("id", "user_id", "product", "amount_cents", "currency", "status", "invoice_name", "created_at", "completed_at")
NAMES = re.compile(r"https?://[!-~]+|JoyPix LLC, Privacy, 100 Example Street, Exampletown|[（(][A-Z][A-Za-z, ’']+[)）]")
SENTENCE = re.compile(r"[A-Za-z']{2,}( [A-Za-z']{2,}){2,}")  # three words in a row


class Texts(HTMLParser):
    """What a page says: its texts, and the labels that a screen reader speaks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag in {"style", "script"}
        spoken = ("aria-label", "title", "data-found", "data-none")
        self.said += [text for name, text in attrs if text and name in spoken]

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._silent:
            self.said.append(data.strip())


def sam() -> Iterator[Found]:
    """An account and two orders of a person who writes Latin letters, and whom the map does not know in English."""
    fields = ("id", "email", "nickname", "password_hash", "plan", "created_at", "cancelled_at")
    yield Batch(
        "users", fields, (("jp000001", "sam@example.org", None, "canary", "pro", "2026-03-01T10:00:00Z", None),)
    )
    rows = ((7, "jp000001", "Pro 1", 1250, "EUR", "paid", "Sam Smith", "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"),)
    yield Batch("orders", ORDER, rows)


def answer(language: str, right: Right = Right.ACCESS, **more: object) -> Answer:
    """The same answer in either language."""
    about = localised(ENGLISH, language)
    with translation.override(language):
        told = facts(about, gettext)
    systems = (
        SystemOutcome(
            "app-database", "found", "", (CollectionOutcome("gifts", 0, refused=RefusedPart("是", "是", "是")),)
        ),
        SystemOutcome("media-store", "nothing"),
        SystemOutcome("payment-institution", "failed"),
    )
    parts = {} if right is Right.ERASURE else {"app-database": sam}
    given = {"systems": systems, "parts": parts, "identities": (("email", "sam@example.org"),), "version": 2, **more}
    return answers.access(right=right, controller=about, facts=told, language=language, **given)


def erased(language: str) -> Answer:
    """An erasure that kept an order."""
    kept = (KeptRows(1, "是", "是", None), KeptRows(1, "是", "是", answers.AT.date()))
    outcome = CollectionOutcome("orders", 3, 1, kept)
    systems = (SystemOutcome("app-database", "kept", "", (outcome,)), SystemOutcome("media-store", "not-reached"))
    return answer(language, Right.ERASURE, systems=systems)


def english(page: str) -> list[str]:
    """The texts of a page that are one of ours in English, or have three words in a row in Latin letters."""
    ours = {text if isinstance(text, str) else text[0] for text, _ in messages.messages()}
    known = {text for text in ours if gettext_of(text) != text}
    return [text for text in Texts(page).said if text in known or SENTENCE.search(NAMES.sub(" ", text))]


def gettext_of(text: str) -> str:
    """A text of ours in Chinese."""
    with translation.override(LANGUAGE):
        return gettext(text)


@pytest.fixture(scope="module")
def chinese() -> Opened:
    left = LeftOut("app-database", "orders", "product", "产品", 0, "", "", "")
    return opened(replace(answer(LANGUAGE), left_out=(left,)))


@pytest.mark.parametrize("page", ["index.html", "report.html"])
def test_a_reader_of_chinese_meets_no_english_sentence(chinese: Opened, page: str) -> None:
    assert english(chinese.report_html if page == "report.html" else chinese.text(page)) == []


@pytest.mark.parametrize("page", ["index.html", "report.html"])
def test_what_was_erased_is_told_in_chinese(page: str, open_package: Callable[[Answer], Opened]) -> None:
    package = open_package(erased(LANGUAGE))
    assert english(package.report_html if page == "report.html" else package.text(page)) == []


def test_a_portable_copy_is_introduced_in_chinese() -> None:
    package = taken(answer(LANGUAGE, Right.PORTABILITY))
    assert english(package.files["index.html"].decode()) == []
    assert package.about["language"] == "zh-Hans"


@pytest.mark.parametrize(
    "words",
    [
        '<html lang="zh-Hans" dir="ltr">',
        "2026年3月12日",
        "JoyPix：您的数据",
        "12.50 EUR",
        "2029年3月2日",
        "。",
        '<span class="soft">空</span>',
    ],
)
def test_the_page_is_as_chinese_writes_it(chinese: Opened, words: str) -> None:
    assert words in chinese.text("index.html")


def test_a_cell_that_was_left_out_has_its_line_in_every_language() -> None:
    row = Batch(
        "orders", ORDER, ((7, "jp000001", None, 1250, "EUR", "paid", "", "", ""),), left_out=frozenset({"product"})
    )
    for language, words in (("en", "left out"), (LANGUAGE, "已略去")):
        letter = opened(answer(language, parts={"app-database": lambda: iter([row])})).report_html
        assert f'<span class="soft">{words}</span>' in letter


def test_names_of_files_and_keys_are_never_translated(chinese: Opened) -> None:
    package = opened(answer("en", left_out=(LeftOut("app-database", "orders", "product", "Product", 0, "", "", ""),)))
    assert chinese.files.keys() == package.files.keys()
    for path in package.files:
        if path.startswith("data/"):
            assert chinese.files[path] == package.files[path]
    assert keys(chinese.json("manifest.json")) == keys(package.json("manifest.json"))
    assert (package.json("manifest.json")["language"], chinese.json("manifest.json")["language"]) == ("en", "zh-Hans")


def keys(found: object) -> object:
    """The shape of what was read: keys, and how deep they lie."""
    if isinstance(found, dict):
        return {key: keys(value) for key, value in found.items()}
    return [keys(each) for each in found] if isinstance(found, list) else type(found)


def test_the_language_of_a_package_ends_with_it() -> None:
    with translation.override("en"):
        opened(answer(LANGUAGE))
        assert translation.get_language() == "en"
    assert opened(answer("en")).text("index.html").startswith('<!doctype html>\n<html lang="en" dir="ltr">')


def test_a_moment_of_a_system_is_answered_in_utc() -> None:
    assert datetime.fromisoformat(opened(answer(LANGUAGE)).json("manifest.json")["generated_at"]) == answers.AT
