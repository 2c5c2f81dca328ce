"""What editors complete by is what the loader accepts."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dsr.datamap.marked import Marked
from dsr.datamap.published import pages, schema
from dsr.datamap.schema import Controller, SystemMap
from tests.datamap.scene import CONTROLLER, SYSTEM

ROOT = Path(__file__).parents[2]
MAPS = sorted((ROOT / "controllers").glob("*/controller.yaml")) + sorted(
    (ROOT / "controllers").glob("*/systems/*.yaml")
)


def complaints(file: Marked, published: str) -> list[str]:
    """What an editor would underline."""
    found = Draft202012Validator(json.loads(published)).iter_errors(file.value)
    return [error.json_path for error in found]


def underlined(folder: Path, text: str, published: str) -> list[str]:
    """What an editor would underline in this text."""
    path = folder / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return complaints(Marked.read(path, path.name), published)


@pytest.mark.parametrize("name", dict(pages()))
def test_what_is_published_is_what_the_code_says(name: str) -> None:
    """`make schemas` writes it anew."""
    assert (ROOT / "docs" / name).read_text("utf-8") == dict(pages())[name]


@pytest.mark.parametrize("name", [name for name, _ in pages() if name.endswith(".json")])
def test_each_schema_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(dict(pages())[name]))


@pytest.mark.parametrize("path", MAPS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_first_line_of_a_map_leads_an_editor_to_its_schema_which_it_obeys(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named
    assert complaints(Marked.read(path, path.name), (path.parent / named[1]).read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("good", "bad", "where"),
    [
        ("    title: Users\n", "    titel: Users\n", "$.collections.users"),
        ("key: [id]", "key: id", "$.collections.users.key"),
        ("user.contact.email", "user.mail", "$.collections.users.fields.email.category"),
        ("source: provided", "source: stolen", "$.collections.users.source"),
        ("found_by: {email:", "found_by: {mail:", "$.collections.users.found_by"),
    ],
)
def test_an_editor_underlines_what_the_loader_would_refuse(tmp_path: Path, good: str, bad: str, where: str) -> None:
    assert where in underlined(tmp_path, SYSTEM.replace(good, bad, 1), schema(SystemMap))


def test_an_editor_underlines_nothing_in_a_sound_map(tmp_path: Path) -> None:
    assert underlined(tmp_path, SYSTEM, schema(SystemMap)) == []
    assert underlined(tmp_path, CONTROLLER, schema(Controller)) == []
