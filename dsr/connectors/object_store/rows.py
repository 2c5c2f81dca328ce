"""An object as a row: what its key and the store tell of it."""

from collections.abc import Mapping

from dsr.connectors.contract import Cell
from dsr.connectors.object_store.config import METADATA
from dsr.connectors.object_store.store import Stored

Object = tuple[Stored, Mapping[str, str]]  # with the fields of its key


def cell(one: Object, field: str) -> Cell:
    """One field of the row."""
    stored, fields = one
    if field in fields:
        return fields[field]
    if field.startswith(METADATA):
        return stored.metadata.get(field.removeprefix(METADATA))
    cells: dict[str, Cell] = {
        "path": stored.key,
        "size": stored.size,
        "modified_at": stored.modified,
        "etag": stored.etag or None,
        "version_id": stored.version or None,
        "versions": stored.versions,
        "uploads": stored.uploads,
        "content_type": stored.content_type or None,
    }
    return cells[field]
