"""The published shapes of what machines read in a package: JSON Schemas, which lie beside this module and in docs/."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

MANIFEST = "manifest.json"
# Each file that describes a package, and the schema it keeps to; a package has one of them.
DESCRIPTORS = {"portability.json": "portability.schema.json", MANIFEST: "manifest.schema.json"}


def pages() -> Iterator[tuple[str, str]]:
    """Each schema below docs/, and what stands in it."""
    for schema in DESCRIPTORS.values():
        yield f"schema/{schema}", _text(schema)


def complaint(name: str, described: object) -> str:
    """What is not as the schema of this file wants it, and where; empty when all is."""
    error = next(_validator(DESCRIPTORS[name]).iter_errors(described), None)
    return f"{error.json_path} is not as {DESCRIPTORS[name]} wants it" if error else ""


@cache
def _validator(schema: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 — it takes long to load, and few processes need it

    return Draft202012Validator(json.loads(_text(schema)))


def _text(schema: str) -> str:
    return Path(__file__).with_name(schema).read_text("utf-8")
