"""The access packages of all 4,000 sample people, each in its language: the nine facts of Article 15(1) and (2)."""

import io
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext

from controllers import sample_services
from controllers.sample_people import population
from dsr.connectors.contract import Batch, Cell, Found
from dsr.datamap.facts import Fact, Facts, facts
from dsr.datamap.schema import ControllerMap, SystemMap
from dsr.datamap.translate import localised
from dsr.law.rights import Right
from dsr.package import index, manifest, reading
from dsr.package.bag import Bag
from dsr.package.contents import Answer, SystemOutcome
from dsr.package.copying import copy_part
from tests.controllers.conftest import ANCHOR
from tests.controllers.reference import MAPS
from tests.package.answers import access

PREFIXES = {"joypix": "jp", "pixplus": "pp"}
FILES = {
    "joypix": {"app-database": "joypix/database.sqlite3", "payment-institution": "services.sqlite3"},
    "pixplus": {
        "app-database": "pixplus/database.sqlite3",
        "event-store": "pixplus/events.sqlite3",
        "runninghub": "services.sqlite3",
    },
}
PEOPLE = 2_000  # of each controller
NINE = (
    *("purposes", "categories", "recipients", "transfers", "retention", "source", "automated", "rights", "complaint"),
)
ROW = r'<th scope="row">[^<]+</th><td>[^<]+'
NONE = r"<p>(?:None: |无：)[^<\s][^<]+</p>"  # with the reason
SAID = re.compile(ROW + "|" + NONE + r"|<p><b>[^<]+</b><br>[^<]{5}")
ADDRESSES = 2  # of the authority, and of the controller
FACTS = [one.name for one in fields(Facts)]
Rows = dict[str, dict[str, list[tuple[Cell, ...]]]]  # collection -> person -> rows


class Shelf:
    """One system's tables, each row by the person whose it is, along the links of the map."""

    def __init__(self, system: SystemMap, file: Path, known: dict[str, dict[Cell, str]]) -> None:
        """`known`: 'system.collection' -> key of a row -> whose it is."""
        self.fields: dict[str, tuple[str, ...]] = {}
        self.rows: Rows = {}
        with closing(sqlite3.connect(file)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for name in system.collections:
                if name in tables:
                    self._read(system, name, database, known)

    def _read(
        self, system: SystemMap, name: str, database: sqlite3.Connection, known: dict[str, dict[Cell, str]]
    ) -> None:
        collection = system.collections[name]
        asked = database.execute(f"SELECT * FROM {name}")
        self.fields[name] = tuple(column for column, *_ in asked.description if column in collection.fields)
        places = [place for place, (column, *_) in enumerate(asked.description) if column in collection.fields]
        rows = [tuple(row[place] for place in places) for row in asked]
        link = next((link for link in collection.links if link.owns is not False), None)
        field = next(iter(link.on)) if link else collection.key[0]
        there = known[link.to if "." in link.to else f"{system.slug}.{link.to}"] if link else None
        at, key = self.fields[name].index(field), self.fields[name].index(collection.key[0])
        self.rows[name], mine = defaultdict(list), known.setdefault(f"{system.slug}.{name}", {})
        for row in rows:
            owner = str(row[at]) if there is None else there.get(row[at], "")
            mine[row[key]] = owner
            self.rows[name][owner].append(row)

    def of(self, person: str) -> list[Found]:
        """What a search for this person finds here."""
        found = ((name, rows[person]) for name, rows in self.rows.items() if person in rows)
        return [Batch(name, self.fields[name], tuple(rows)) for name, rows in found]


@pytest.fixture(scope="module")
def seeded_whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("all") / "systems"
    sample_services.seed(folder, seed=7, anchor=ANCHOR, people=PEOPLE, heavy=100)
    return folder


def answers(folder: Path, slug: str) -> Iterator[Answer]:
    """One for everybody: what stands under their number in each system, in the language that they read."""
    known: dict[str, dict[Cell, str]] = {}
    shelves = {name: Shelf(MAPS[slug].systems[name], folder / file, known) for name, file in FILES[slug].items()}
    said = {language: spoken(MAPS[slug], language) for language in ("en", "zh-hans")}
    for person in population(7, PREFIXES[slug], PEOPLE):
        language = "zh-hans" if person.language == "zh-CN" else "en"
        found = {name: shelf.of(person.id) for name, shelf in shelves.items()}
        outcomes = ((name, "found" if found.get(name) else "nothing") for name in MAPS[slug].systems)
        yield access(
            right=Right.ACCESS,
            controller=said[language][0],
            facts=said[language][1],
            language=language,
            identities=(("email", person.email),),
            systems=tuple(SystemOutcome(name, outcome) for name, outcome in outcomes),
            parts={name: partial(iter, batches) for name, batches in found.items() if batches},
        )


def spoken(about: ControllerMap, language: str) -> tuple[ControllerMap, Facts]:
    """A map and its facts in a language."""
    with translation.override(language):
        return localised(about, language), facts(localised(about, language), gettext)


def lacking(answer: Answer) -> list[str]:
    """Facts that the page or the manifest of an answer's package leaves out."""
    bag = Bag(io.BytesIO(), answer.reference, answer.answered_at)
    with translation.override(answer.language):
        parts = ((answer.controller.systems[slug], part) for slug, part in answer.parts.items())
        copies = [copy for system, part in parts for copy in copy_part(bag, system, part)]
        page = index.page(reading.of(answer, copies))
        told = manifest.build(answer, copies, bag.payload)["facts"]
    after = {name: page.partition(f' id="fact-{name}"')[2].partition("<h")[0] for name in NINE}
    without = [name for name in NINE[:-1] if not SAID.search(after[name])]
    without += ["complaint"] if len(re.findall(r"<dd>[^<]{5}", after["complaint"])) < ADDRESSES else []
    without += [f"manifest: {name}" for name, fact in told.items() if not all_said(fact)]
    beside = re.findall(r'<dl class="facts">(.*?)</dl>', page, re.DOTALL)
    short = [facts for facts in beside if facts.count("<dt>") < 6 or "<dd></dd>" in facts]
    return [*without, *short, *([] if len(beside) == len(copies) else ["a collection"])]


def all_said(fact: str | list[dict[str, str]]) -> bool:
    """Entries with a text each, or 'none' and why."""
    if isinstance(fact, str):
        return bool(re.match(r"none: \S", fact))
    return bool(fact) and all(entry["title"].strip() and entry["text"].strip() for entry in fact)


@pytest.mark.long
@pytest.mark.parametrize("slug", sorted(MAPS))
def test_every_access_package_has_the_nine_facts_or_none_with_a_reason(seeded_whole: Path, slug: str) -> None:
    without = [(answer.identities, lack) for answer in answers(seeded_whole, slug) if (lack := lacking(answer))]
    assert without == []


@pytest.mark.long
@pytest.mark.parametrize("slug", sorted(MAPS))
def test_the_4000_are_everybody_and_hold_what_the_systems_hold(seeded_whole: Path, slug: str) -> None:
    everybody = list(answers(seeded_whole, slug))
    assert len(everybody) == PEOPLE
    assert all(answer.parts for answer in everybody)
    assert {answer.language for answer in everybody} == {"en", "zh-hans"}


@pytest.mark.parametrize("slug", sorted(MAPS))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_who_is_unknown_here_gets_the_nine_facts_as_well(slug: str, language: str) -> None:
    about, told = spoken(MAPS[slug], language)
    systems = tuple(SystemOutcome(name, "nothing") for name in about.systems)
    assert lacking(access(controller=about, facts=told, language=language, systems=systems, parts={})) == []


@pytest.mark.parametrize("fact", [(Fact("none", ""),), (Fact(" ", " "),)], ids=["no reason", "no words"])
def test_a_fact_that_says_nothing_is_missed_on_the_page_or_in_the_manifest(fact: tuple[Fact, ...]) -> None:
    about, told = spoken(MAPS["joypix"], "en")
    missed = {}
    for name in FACTS:
        emptied = replace(told, **{name: fact})
        missed[name] = lacking(access(controller=about, facts=emptied, language="en", systems=(), parts={}))
    assert [name for name, lack in missed.items() if not lack] == []
