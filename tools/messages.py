"""Translations: read every text that people read, update the catalogs, compile them, say what is missing.

Usage: tools/messages.py update | compile
"""

import importlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"zh_Hans": "zh-hans"}  # the folder in locale/, and the file in a controller's texts/
KEYWORDS = ("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "say", "said", "Mistake")
TEMPLATES = ("portal", "notices", "package")
# Staff's own pages and letters are in English, and so is what only programs read.
PYTHON = ("dsr/portal", "dsr/steps", "dsr/package", "dsr/datamap", "dsr/law")
# Words of the pure rooms, which know no translation, and tables of them: translated where a page or letter says them.
TABLES = (
    ("dsr.law.grounds", "GROUNDS"),
    ("dsr.datamap.categories", "CATEGORIES"),
    ("dsr.datamap.facts", "STATES_NONE"),
    ("dsr.datamap.facts", "BASES"),
    ("dsr.datamap.facts", "SOURCES"),
    ("dsr.datamap.facts", "RIGHTS"),
    ("dsr.datamap.facts", "_GRANTED"),
    ("dsr.datamap.outline", "_HOW"),
)
Message = tuple[str | tuple[str, ...], str]  # a text, or one and its plural; and where it stands


def messages() -> list[Message]:
    """Everything there is to translate, in the order of the files."""
    return [*_templates(), *_python(), *_tables()]


def _templates() -> Iterator[Message]:
    from django.utils.translation.template import templatize

    own = sorted(path for room in TEMPLATES for path in (ROOT / "templates" / room).rglob("*.*"))
    for path in [*own, *sorted((ROOT / "templates").glob("[45]*.html"))]:
        text = path.read_text("utf-8")
        if "notices/desk." in text or path.stem.startswith("demo_"):
            continue  # to staff
        code = "\n".join(line.strip() for line in templatize(text).splitlines())
        yield from _found(code, path)


def _python() -> Iterator[Message]:
    for room in PYTHON:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield from _found(path.read_text("utf-8"), path)


def _found(code: str, path: Path) -> Iterator[Message]:
    place = path.relative_to(ROOT).as_posix()
    keywords = dict.fromkeys(KEYWORDS)
    found = extract_python(io.BytesIO(code.encode()), keywords, [], {"encoding": "utf-8"})
    for _, function, said, _ in cast("Iterator[tuple[int, str, str | tuple[str, ...], list[str]]]", found):
        texts = said if isinstance(said, tuple) else (said,)
        kept = tuple(str(text) for text in texts[: 2 if function.startswith("ngettext") else 1] if text)
        if kept:
            yield (kept if len(kept) > 1 else kept[0]), place


def _tables() -> Iterator[Message]:
    for name, table in TABLES:
        place = f"{name.replace('.', '/')}.py"
        held = getattr(importlib.import_module(name), table)
        for value in (held,) if isinstance(held, str) else held.values():
            yield (value if isinstance(value, str) else value.plain), place


def path_of(language: str) -> Path:
    """The catalog of a language."""
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The catalog as it stands."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def update() -> int:
    """Bring the catalogs up to date; how many texts are missing, those of the controllers with them."""
    missing = 0
    for language, slug in LANGUAGES.items():
        fresh = Catalog(locale=language, project="Rightful", fuzzy=False)
        for message, place in messages():
            fresh.add(message, locations=[(place, 0)])
        known = read(language) if path_of(language).exists() else Catalog(locale=language)
        known.update(fresh, no_fuzzy_matching=True)
        known.obsolete.clear()
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        with path_of(language).open("wb") as file:
            write_po(file, known, width=120, sort_by_file=True, include_lineno=False, omit_header=False)
        lacking = [message for message in known if message.id and not all(_strings(message.string))]
        print(f"{language}: {len(known)} texts, {len(lacking)} missing")
        missing += len(lacking) + _controllers(slug)
    return missing


def _strings(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string or ""] if isinstance(string, str | None) else list(string)


def _controllers(language: str) -> int:
    """How many texts of the controllers' own files have no translation; each is named."""
    from dsr.datamap.load import load_all
    from dsr.datamap.translate import texts

    missing = 0
    for slug, controller_map in load_all(ROOT / "controllers").items():
        if language in controller_map.controller.languages:
            lacking = [text for text in texts(controller_map) if text not in controller_map.texts.get(language, {})]
            print(f"controllers/{slug}/texts/{language}.yaml: {len(lacking)} missing")
            missing += len(lacking)
    return missing


def compile_all() -> None:
    """Write a .mo beside each catalog that is newer than its own; whole or not at all."""
    for language in LANGUAGES:
        source = path_of(language)
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        with partial.open("wb") as file:
            write_mo(file, read(language))
        partial.replace(target)


def main() -> None:
    """Do what was asked."""
    if sys.argv[1:] == ["update"]:
        sys.path.insert(0, str(ROOT))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
        os.environ.setdefault("DSR_SECRET_KEY", "nothing is signed here")
        missing = update()
        print(f"{missing} missing in all")
    elif sys.argv[1:] == ["compile"]:
        compile_all()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
