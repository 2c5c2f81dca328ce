"""Writes the draft of a map as YAML: what is certain stands plain, what is not is marked with '# finish:'."""

import json
import re
from collections.abc import Iterator, Sequence

from dsr.datamap.draft import Drafted, drafted, key_of, pointing
from dsr.datamap.guesses import guess, words
from dsr.datamap.sketch import Table

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*")
_REFERENCE = re.compile(r"\$\{[^\s{}'\"]+\}")
_MEANT = frozenset(("true", "false", "null"))  # what YAML would read as something else
_OBSERVED = re.compile(r"(.*_)?(at|on|date|time|timestamp|count|status|state)|created|updated|(first|last)_.*")
_NO_NAME = "no name tells"
_HEAD = """\
# yaml-language-server: $schema=../../../docs/schema/system.schema.json
# A draft, from the live schema. Every line with 'finish:' is for you to judge; it loads when purposes and retention
# are said. Then: manage.py check, manage.py check_systems, manage.py preview. docs/datamap.md explains the keys.
"""


def written(slug: str, tables: Sequence[Table], url: str = "") -> str:
    """The draft of a system's file; `url` as it was given, written only where it is nothing but a reference."""
    collections, others = drafted(tables)
    slugs = _slugs([one.table.name for one in collections])
    lines = [
        f"slug: {slug}",
        f"title: {_title(slug)} # finish: as people read it",
        "connector:",
        "  kind: sql",
        "  settings:",
        f"    url: {_reference(slug, url)}",
    ]
    if others:
        told = ", ".join(_full(table) for table in tables if table.name in others)
        lines.append(f"    without_people: {_scalar(told)} # finish: is there truly nothing about people in these?")
    lines += ["", "collections:"]
    for one in collections:
        lines += [*_collection(one, slugs), ""]
    return _HEAD + "\n".join(lines[:-1]) + "\n"


def _reference(slug: str, url: str) -> str:
    name = f"${{{words(slug).upper()}_URL}} # finish: the environment variable that holds the address"
    return url if _REFERENCE.fullmatch(url) else name


def _slugs(names: Sequence[str]) -> dict[str, str]:
    """A name for each table that a collection may bear."""
    slugs: dict[str, str] = {}
    for name in names:
        plain = name if re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) else words(name)[:60] or "table"
        plain = plain if plain[0].isascii() and plain[0].isalpha() and plain not in _MEANT else f"t_{plain}"
        plain = re.sub(r"[^a-z0-9_]", "_", plain)
        slugs[name] = plain if plain not in slugs.values() else f"{plain}_{len(slugs)}"
    return slugs


def _collection(one: Drafted, slugs: dict[str, str]) -> Iterator[str]:
    table, slug = one.table, slugs[one.table.name]
    yield f"  {slug}:"
    yield f"    title: {_title(table.name)}"
    yield f"    key: {_list(key_of(table))}{_mark(one, 'key')}"
    if one.found_by or (not one.links and "found_by" in one.marks):
        yield f"    found_by:{_mark(one, 'found_by')}"
        yield from (f"      {kind}: {_list(columns)}" for kind, columns in one.found_by.items())
    if one.links or one.points:
        yield f"    links:{_mark(one, 'links')}"
        yield from (f"      - {{to: {slugs[to]}, on: {_pairs(on)}}}" for to, on in one.links)
        yield from (f"      - {{to: {slugs[to]}, on: {_pairs(on)}, owns: false}}" for to, on in one.points)
    yield "    purposes: [finish] # finish: which purposes of the controller?"
    yield "    source: provided # finish: provided, observed, derived or received?"
    yield "    retention: finish # finish: which rule of the controller?"
    settings = {"table": table.name} if slug != table.name else {}
    settings |= {"schema": table.schema} if table.schema else {}
    if settings:
        yield f"    settings: {_pairs(settings)}"
    yield "    fields:"
    yield from (f"      {_scalar(name)}: {_field(table, name)}" for name in table.columns)


def _field(table: Table, name: str) -> str:
    """One field: its category, its label, and what is not certain of it."""
    found = guess(name)
    category, mark = found.category, "" if found.sure else "guessed by its name"
    if name in pointing(table) or (name in key_of(table) and not found.sure):
        category, mark = "user.unique_id", ""
    elif category == "user":
        mark = _NO_NAME
    parts = [f"category: {category}", f"label: {_title(name)}"]
    if category == "user.unique_id":
        parts.append("source: derived")
    elif _OBSERVED.fullmatch(words(name)):
        parts.append("source: observed")
    if found.secret:
        parts += ["never_export: true", "portable: false"]
    return f"{{{', '.join(parts)}}}" + (f" # finish: {mark}" if mark else "")


def _mark(one: Drafted, key: str) -> str:
    return f" # finish: {one.marks[key]}" if key in one.marks else ""


def _full(table: Table) -> str:
    return f"{table.schema}.{table.name}" if table.schema else table.name


def _title(name: str) -> str:
    said = words(name).replace("_", " ") or name
    return _scalar(said[:1].upper() + said[1:])


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, names))}]"


def _pairs(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"{_scalar(key)}: {_scalar(value)}" for key, value in pairs.items()) + "}"


def _scalar(text: str) -> str:
    """A text as YAML, in quotes where it could be read as something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _MEANT
    return text if plain else json.dumps(text, ensure_ascii=False)
