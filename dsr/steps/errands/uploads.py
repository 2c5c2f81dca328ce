"""What a person found, as they hand it in: rows as JSON or CSV, and documents. Checked against the map, held in memory.

Nothing of it is written before it is sealed. Messages name places, never values.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from dsr.connectors.contract import Batch, Cell, File, Found, fields_brought
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import CollectionMap
from dsr.steps.asking import evidence

MOST_ROWS = 10_000
MOST_TEXT = 100_000  # characters of one value
AT_ONCE = 1_000  # rows of a batch
Row = dict[str, Cell]


class NotTaken(ValueError):
    """Why it is not taken; the message is for the person at the desk."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One form: a file of rows, the collection of a CSV, and documents by their names."""

    rows: bytes = b""
    collection: str = ""
    documents: tuple[tuple[str, bytes], ...] = ()


def read(upload: Upload, routes: Sequence[Route], identities: Identities) -> list[Found]:
    """Rows in batches, children before parents as the plan has them, each document after its row. Raises NotTaken."""
    known = {route.name: route for route in routes}
    rows = _rows(upload, known)
    documents = dict(_document(name, content) for name, content in upload.documents)
    if len(documents) != len(upload.documents):
        message = "Two documents have the same name."
        raise NotTaken(message)
    _lone(upload.collection, rows, documents, known)
    found: list[Found] = []
    for route in routes:
        found += _found(route, rows.get(route.name, []), identities, documents)
    if documents:
        message = f"{len(documents)} of the documents are named by no row. Their names have to stand in the rows."
        raise NotTaken(message)
    if not found:
        message = "There is no row in it. Is nothing there? Then choose 'Nothing found'."
        raise NotTaken(message)
    return found


def _rows(upload: Upload, known: Mapping[str, Route]) -> dict[str, list[Row]]:
    if not upload.rows:
        return {}
    try:
        text = upload.rows.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = "The file of rows is not in UTF-8."
        raise NotTaken(message) from None
    rows = _json(text, upload.collection) if text.lstrip()[:1] in {"{", "["} else _csv(text, upload.collection)
    unknown = [name for name in rows if name not in known]
    if unknown:
        message = f"The rows name a collection that this task does not ask for. It asks for: {', '.join(known)}"
        raise NotTaken(message)
    if sum(len(each) for each in rows.values()) > MOST_ROWS:
        message = f"These are more than {MOST_ROWS:,} rows."
        raise NotTaken(message)
    return rows


def _json(text: str, collection: str) -> dict[str, list[Row]]:
    try:
        content = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        message = "The file of rows is no JSON that can be read."
        raise NotTaken(message) from None
    if isinstance(content, list):
        content = {_named(collection): content}
    for rows in content.values():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            message = 'The JSON is to look like {"collection": [{"field": "value"}]}.'
            raise NotTaken(message)
    found: dict[str, list[Row]] = content
    return found


def _refused(constant: str) -> Cell:
    raise ValueError(constant)


def _csv(text: str, collection: str) -> dict[str, list[Row]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header, *lines = [line for line in reader if line]
    except (csv.Error, ValueError):
        message = "The file of rows is no CSV with a line of field names."
        raise NotTaken(message) from None
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if len(line) != len(header) or len(set(header)) != len(header):
            message = f"Row {number} of the CSV has {len(line)} values, and there are {len(set(header))} field names."
            raise NotTaken(message)
        rows.append({name.strip(): value or None for name, value in zip(header, line, strict=True)})
    return {_named(collection): rows}


def _named(collection: str) -> str:
    if not collection:
        message = "Choose the collection to which these rows belong."
        raise NotTaken(message)
    return collection


def _document(name: str, content: bytes) -> tuple[str, bytes]:
    try:
        evidence.content_type_of(content)
    except evidence.NotTaken as why:
        raise NotTaken(str(why)) from None
    return PurePath(name).name[:200], content


def _lone(
    collection: str, rows: dict[str, list[Row]], documents: Mapping[str, bytes], known: Mapping[str, Route]
) -> None:
    """A document is a row by itself where its name is all that a row of its collection is known by."""
    if not collection or rows or collection not in known:
        return
    described = known[collection].collection
    if described.files and described.key == (described.files,):
        rows[collection] = [{described.files: name} for name in documents]


def _found(route: Route, rows: Sequence[Row], identities: Identities, documents: dict[str, bytes]) -> Iterator[Found]:
    fields = fields_brought(route.collection)
    seen: set[Key] = set()
    lines: list[tuple[Cell, ...]] = []
    files: list[File] = []
    for number, row in enumerate(rows, 1):
        where = f"{route.collection.title}, row {number}"
        key = _key(route.collection, row, where)
        if key in seen:
            message = f"{where} has the same key as an earlier one."
            raise NotTaken(message)
        seen.add(key)
        _theirs(route, row, identities, where)
        lines.append(tuple(_cells(route.collection, row, fields, where)))
        name = row.get(route.collection.files) if route.collection.files else None
        if isinstance(name, str) and name in documents:
            files.append(File(route.name, key, name, iter((documents.pop(name),))))
    for start in range(0, len(lines), AT_ONCE):
        yield Batch(route.name, fields, tuple(lines[start : start + AT_ONCE]))
    yield from files


def _key(collection: CollectionMap, row: Row, where: str) -> Key:
    key = [part for name in collection.key if isinstance(part := row.get(name), str | int) and part != ""]
    if len(key) != len(collection.key):
        message = f"{where} has no value for its key: {', '.join(collection.key)}."
        raise NotTaken(message)
    return tuple(key)


def _cells(collection: CollectionMap, row: Row, fields: Sequence[str], where: str) -> Iterator[Cell]:
    for name in row:
        if name not in collection.fields:
            message = f"{where} has a field that the map does not describe. It describes: {', '.join(fields)}."
            raise NotTaken(message)
        if name not in fields:
            message = f"{where} has '{name}', which never leaves its system. Take it out."
            raise NotTaken(message)
    for name in fields:
        value = row.get(name)
        if not isinstance(value, str | int | float | bool | None) or len(str(value)) > MOST_TEXT:
            message = f"{where}: '{name}' is no plain value of at most {MOST_TEXT:,} characters."
            raise NotTaken(message)
        yield value


def _theirs(route: Route, row: Row, identities: Identities, where: str) -> None:
    """A row that says whose it is, and names somebody else, is a mistake; what belongs to other rows cannot tell."""
    if route.hops:
        return
    said = False
    for seed in route.seeds:
        values = tuple(_folded(row.get(name)) for name in seed.fields)
        if all(values):
            said = True
            if values in {tuple(map(_folded, key)) for key in identities.get(seed.kind, ())}:
                return
    if said:
        message = f"{where} is somebody else's, by the identifiers that are asked for. Take it out."
        raise NotTaken(message)


def _folded(value: Cell) -> str:
    return "" if value is None else str(value).strip().casefold()
