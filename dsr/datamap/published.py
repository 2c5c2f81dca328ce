"""What is published of a map's grammar: JSON Schema, by which editors complete and underline, and the categories."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from dsr.datamap.categories import CATEGORIES
from dsr.datamap.schema import Controller, SystemMap
from dsr.datamap.taxonomy import VERSION

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CATEGORIES = f"""\
# Data categories

The `category` of a field is one of these keys of [Fideslang](https://ethyca.github.io/fideslang) {VERSION} (Ethyca, CC BY 4.0); people read the words beside it. `tools/schemas.py` writes this page.

| category | in words |
|---|---|
"""  # noqa: E501 — a paragraph of a page is one line


def pages() -> Iterator[tuple[str, str]]:
    """Each file below docs/, and what stands in it."""
    yield "schema/controller.schema.json", schema(Controller)
    yield "schema/system.schema.json", schema(SystemMap)
    yield "categories.md", _CATEGORIES + "".join(f"| `{key}` | {words} |\n" for key, words in CATEGORIES.items())


def schema(shape: type[BaseModel]) -> str:
    """The JSON Schema (2020-12) of a shape."""
    written = {"$schema": _DIALECT, **shape.model_json_schema()}
    field = written["$defs"].get("FieldMap")
    if field:
        words = list(CATEGORIES.values())
        field["properties"]["category"] |= {"enum": list(CATEGORIES), "markdownEnumDescriptions": words}
    return json.dumps(_bare(written), indent=2, ensure_ascii=False) + "\n"


def _bare(part: Any, *, named: bool = False) -> Any:  # noqa: ANN401 — whatever JSON is made of
    """Without the titles that only repeat a key; below `properties` and `$defs` every key is a name."""
    if isinstance(part, dict):
        return {
            key: _bare(below, named=not named and key in {"properties", "$defs"})
            for key, below in part.items()
            if named or key != "title"
        }
    return [_bare(below) for below in part] if isinstance(part, list) else part
