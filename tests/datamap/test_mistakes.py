"""Whatever somebody gets wrong in a map: the answer names file, line, what was found and what is allowed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dsr.datamap.categories import CATEGORIES
from dsr.datamap.flaw import meant
from dsr.datamap.load import MapError, load
from dsr.datamap.marked import Marked
from dsr.datamap.taxonomy import KEYS
from tests.datamap.scene import SOUND_CONTROLLER, SOUND_SYSTEM, acme, line_of, refused

Path_ = tuple[str | int, ...]
LINE = re.compile(r"^acme/(controller|systems/shop)\.yaml:(\d+): (\S+: )?.")
TOLD = re.compile(
    r": (\S+: )?(found .+; |found no|is missing|unknown key; allowed are |'\S+' stands here again|either |is part of"
    r"|nobody's rows|'\w+' needs |rows (kept|of) |the links go|is what rows|names other|nothing stops|'\S+' is the stop"
    r"|Enter an e-mail)"
)
WRONG: tuple[object, ...] = ({"a": {"b": 1}}, [["x"]], -1, None, "no such thing", True, "", "ä" * 80)


def paths(value: object, above: Path_ = ()) -> list[Path_]:
    """Every place in a file."""
    below: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        below = list(value.items())
    if isinstance(value, list):
        below = list(enumerate(value))
    return [place for step, one in below for place in ((*above, step), *paths(one, (*above, step)))]


def at(value: Any, place: Path_) -> Any:  # noqa: ANN401 — any part of a file
    """What stands there."""
    for step in place:
        value = value[step]
    return value


def read(text: str, folder: Path) -> Any:  # noqa: ANN401 — a whole file
    """A file's value as the loader reads it."""
    path = folder / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return Marked.read(path, "one").value


def written(value: object) -> str:
    """The same value as a file of many lines."""
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_every_mistake_is_named_with_file_line_what_was_found_and_what_is_allowed(
    folder: Path, data: st.DataObject
) -> None:
    files = {"controller": read(SOUND_CONTROLLER, folder), "shop": read(SOUND_SYSTEM, folder)}
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.sampled_from(paths(files[name])))
    inside, last = at(files[name], place[:-1]), place[-1]
    way = data.draw(st.sampled_from(["value", "key", "more", "less"]))
    if way == "value":
        inside[last] = data.draw(st.sampled_from(WRONG))
    elif way == "key" and isinstance(inside, dict):
        inside[f"{last}x"] = inside.pop(last)
    elif way == "more" and isinstance(inside, dict):
        inside["surprise"] = "x"
    else:
        inside.pop(last)
    texts = {one: written(value) for one, value in files.items()}
    try:
        load(acme(folder, controller=texts["controller"], shop=texts["shop"]))
    except MapError as error:
        for problem in str(error).splitlines():
            found = LINE.match(problem)
            assert found, problem
            text = texts["controller" if found[1] == "controller" else "shop"]
            assert 1 <= int(found[2]) <= len(text.splitlines()), problem
            assert TOLD.search(problem), problem
            assert "nput should" not in problem  # pydantic's words, not ours


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("key: [id]", "key: id", "collections.users.key: found 'id'; allowed is a list"),
        ("title: Users", "title: [Users]", "collections.users.title: found ['Users']; allowed is text"),
        ("tombstone: true", "tombstone: perhaps", "erase.tombstone: found 'perhaps'; allowed is true or false"),
        ("{status: stopped}", "{status: [1]}", "stops.post.set.status: found [1]; allowed is text"),
        ("type: email", "type: emial", "allowed are 'text', 'email'"),
        ("type: email", "type: emial", "Did you mean 'email'?"),
        ("rectifiable: true", "rectifyable: true", "Did you mean 'rectifiable'?"),
        ("source: provided", "source: provded", "Did you mean 'provided'?"),
        ("purposes: [shop]", "purposes: [shops]", "Did you mean 'shop'?"),
        ("to: users", "to: user", "Did you mean 'shop.users'?"),
        ("user.contact.email", "user.contact.emial", "Did you mean 'user.contact.email'?"),
        ("user.contact.email", "user.mail", "Did you mean 'user.contact.email'?"),
        ("category: user.contact.email", "category: email", "allowed are the data categories of Fideslang"),
    ],
)
def test_who_nearly_got_it_right_is_told_what_they_may_have_meant(
    tmp_path: Path, good: str, bad: str, says: str
) -> None:
    text = SOUND_SYSTEM.replace(good, bad, 1)
    problems = refused(acme(tmp_path, controller=SOUND_CONTROLLER, shop=text))
    assert any(f"shop.yaml:{line_of(text, bad)}: " in one and says in one for one in problems)


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    assert meant("xyzzy", list(CATEGORIES)) == ""


def test_every_category_of_fideslang_has_plain_words_and_no_other_has_any() -> None:
    assert set(CATEGORIES) == set(KEYS)
    assert all(CATEGORIES.values())
