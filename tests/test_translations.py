"""Whoever reads Chinese reads all of it: no text of a page, a letter or a controller is missing, or broken."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from dsr.datamap.translate import localised, texts
from dsr.package import sentences
from tests.controllers.reference import MAPS
from tests.tree import ROOT, at
from tools import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!\{)\{\w*\}(?!\})|</?[a-z]+>")
LANGUAGES = sorted(messages.LANGUAGES)
OWN_TEXTS = [(slug, code) for slug, one in MAPS.items() for code in one.controller.languages if code != "en"]


def said(language: str) -> dict[object, str]:
    """Each text of the catalog and what it is in this language; a plural's forms in one line."""
    catalog = messages.read(language)
    strings = {message.id: message.string for message in catalog if message.id and not message.fuzzy}
    return {key: value if isinstance(value, str) else "\n".join(value or ()) for key, value in strings.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_pages_and_letters_is_translated(language: str) -> None:
    known = said(language)
    assert [text for text, _ in messages.messages() if not known.get(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_a_guess(language: str) -> None:
    assert [message.id for message in messages.read(language) if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_every_placeholder_and_tag(language: str) -> None:
    broken = [
        text
        for text, translated in said(language).items()
        if translated and set(PLACEHOLDER.findall(_plain(text))) != set(PLACEHOLDER.findall(translated))
    ]
    assert broken == []


def _plain(text: object) -> str:
    return text if isinstance(text, str) else "\n".join(text) if isinstance(text, tuple) else ""


@pytest.mark.parametrize(("slug", "language"), OWN_TEXTS)
def test_every_text_of_a_controller_is_translated(slug: str, language: str) -> None:
    known = MAPS[slug].texts.get(language, {})
    assert [text for text in texts(MAPS[slug]) if not known.get(text)] == []


@pytest.mark.parametrize(("slug", "language"), OWN_TEXTS)
def test_a_controller_translates_nothing_it_does_not_say(slug: str, language: str) -> None:
    spoken = set(texts(MAPS[slug]))
    assert [text for text in MAPS[slug].texts.get(language, {}) if text not in spoken] == []


def test_a_translated_map_differs_in_its_words_alone() -> None:
    english, chinese = MAPS["pixplus"], localised(MAPS["pixplus"], "zh-hans")
    assert chinese.controller.describes == "一款用人工智能制作照片和视频的手机应用。"
    assert chinese.controller.automated_decisions != english.controller.automated_decisions
    assert chinese.systems.keys() == english.systems.keys()
    assert chinese.systems["runninghub"].connector == english.systems["runninghub"].connector
    assert chinese.controller.retention["face-data"].period == english.controller.retention["face-data"].period


def test_what_has_no_translation_stays_in_english() -> None:
    assert localised(MAPS["joypix"], "fr") == MAPS["joypix"]


def pages() -> list[Path]:
    """Templates that the person or a recipient reads."""
    rooms = ("portal", "notices", "package")
    found = sorted(path for room in rooms for path in (ROOT / "templates" / room).rglob("*.*") if path.suffix in READ)
    staff = {_letter(path) for path in found if "notices/desk." in path.read_text("utf-8")} | {"desk"}
    return [path for path in found if _letter(path) not in staff and not path.name.startswith("demo_")]


def _letter(path: Path) -> str:
    return path.name.partition(".")[0]


UNSAID = re.compile(
    r"<code>.*?</code>|\{% blocktranslate.*?\{% endblocktranslate %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;",
    re.DOTALL,
)
NAMES = {"Rightful", "prove", "JSON", "CSV"}  # the second is a part of an address
READ = {".html", ".txt"}


@pytest.mark.parametrize("path", pages(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_page_or_letter_says_a_word_that_cannot_be_translated(path: Path) -> None:
    bare = UNSAID.sub(" ", path.read_text("utf-8"))
    assert [word for word in re.findall(r"[A-Za-z]{2,}", bare) if word not in NAMES] == []


@pytest.mark.parametrize("path", pages(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_date_on_a_page_is_written_as_its_language_writes_dates(path: Path) -> None:
    assert re.findall(r'\|date:"[^"]*"', path.read_text("utf-8")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_last_day_counts_in_chinese_as_well(language: str) -> None:
    """What is promised by a date includes that date; 之前 behind it would leave it out."""
    assert [text for text in said(language).values() if re.search(r"%\(\w+\)s(</strong>)? ?(之前|以前)", text)] == []


def test_a_sentence_of_a_letter_or_page_ends_inside_its_translation() -> None:
    """A full stop or a colon behind the translated part would stay the English one in every language."""
    tail = re.compile(r'\{% (?:translate "[^"]*"|endblocktranslate) %\}(?::| (?:<[^>]*>)?\{\{[^}]*\}\}(?:</\w+>)?\.)')
    pages = [page for room in ("notices", "portal", "package") for page in (ROOT / "templates" / room).rglob("*.*")]
    found = [(page.name, cut.group()) for page in sorted(pages) for cut in tail.finditer(page.read_text())]
    assert found == []


SENTENCE = (
    r"""(?:\{% translate "[^"]*[.!?:]" %\}|[.!?][^%{}]*\{% endblocktranslate %\})(?:\{% (?:endif|else|elif)[^%]*%\})*"""
)
NEXT = r"(?:\{% if [^%]*%\})*\{% (?:translate|blocktranslate)"


def test_between_two_sentences_no_template_has_a_space_that_chinese_does_not() -> None:
    """There the full stop brings its own: `{% gap %}` stands between them."""
    spaced = re.compile(rf"{SENTENCE} +{NEXT}")
    ours = [path for folder in ("portal", "notices", "package") for path in (ROOT / "templates" / folder).rglob("*.*")]
    found = [f"{at(path)}: {hit[0]}" for path in ours for hit in spaced.finditer(path.read_text("utf-8"))]
    assert "\n".join(found) == ""
    assert len(ours) > 90
    assert spaced.search('{% translate "One." %} {% if two %}{% translate "Two." %}{% endif %}')


@pytest.mark.parametrize(("language", "between"), [("en", " "), ("de", " "), ("zh-hans", ""), ("zh", ""), ("ja", "")])
def test_a_gap_is_what_the_language_of_the_page_puts_between_sentences(language: str, between: str) -> None:
    with translation.override(language):
        assert sentences.gap() == between


def test_texts_from_elsewhere_are_joined_by_what_the_end_of_each_asks_for() -> None:
    assert sentences.joined("One.", "", "Two.") == "One. Two."
    assert sentences.joined("第一句。", "第二句。") == "第一句。第二句。"
    assert sentences.joined("第一句。", "", "Art. 17") == "第一句。Art. 17"
    assert sentences.joined("", "") == ""
