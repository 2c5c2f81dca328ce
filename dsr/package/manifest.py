"""manifest.json: what a machine reads first. Its shape is manifest.schema.json."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from dsr.package import deeds, leaving_out
from dsr.package.bag import Listed
from dsr.package.contents import Answer, CollectionOutcome, SystemOutcome
from dsr.package.copying import CollectionCopy
from dsr.package.reading import spoken
from dsr.package.redaction import of_others

SCHEMA_VERSION = "1.0"
SCHEMA = Path(__file__).with_name("manifest.schema.json")

Json = dict[str, Any]


def build(answer: Answer, copies: Iterable[CollectionCopy], payload: Mapping[str, Listed]) -> Json:
    """The manifest, but for its `files`. Identities are named by kind; their values stand in no list of the others."""
    return {
        "schema_version": SCHEMA_VERSION,
        "reference": answer.reference,
        "right": str(answer.right),
        "version": answer.version,
        "controller": {
            "slug": answer.controller.controller.slug,
            "name": answer.controller.controller.name,
            "operator": answer.controller.controller.operator,
            "data_map_version": answer.controller.version,
        },
        "policy_version": answer.policy_version,
        "received_at": answer.received_at.isoformat(),
        "due_on": answer.due_on.isoformat(),
        "generated_at": answer.answered_at.isoformat(),
        "language": spoken(),
        "identities": list(dict.fromkeys(kind for kind, _ in answer.identities)),
        "facts": answer.facts.as_json(),
        "systems": [_system(answer, outcome) for outcome in answer.systems],
        "collections": [_collection(copy, payload) for copy in copies],
        "left_out": leaving_out.listed(answer),
        **deeds.entries(answer),
    }


def files(copies: Iterable[CollectionCopy]) -> Iterator[Json]:
    """Each file that is no table, for `files`."""
    for copy in copies:
        for file in copy.files:
            yield {
                "path": file.path,
                "sha256": file.sha256,
                "size": file.size,
                "extension": file.extension,
                "original_name": file.original_name,
                "row": file.row,
                "system": copy.system,
                "collection": copy.collection,
            }


def streamed(listed: Json, entries: Iterable[Json]) -> Iterator[bytes]:
    """JSON with `files` as its last key, which may be many: one a line, and never all of them at once."""
    yield msgspec.json.format(msgspec.json.encode(listed), indent=1)[:-2] + b',\n "files": ['
    comma = b"\n  "
    for entry in entries:
        yield comma + msgspec.json.encode(entry)
        comma = b",\n  "
    yield b"\n ]\n}\n"


def _system(answer: Answer, outcome: SystemOutcome) -> Json:
    described = answer.controller.systems.get(outcome.system)
    return {
        "system": outcome.system,
        "title": described.title if described else outcome.system,
        "outcome": outcome.outcome,
        "note": outcome.note,
        "collections": [_outcome(collection) for collection in outcome.collections],
    }


def _outcome(outcome: CollectionOutcome) -> Json:
    return {
        "collection": outcome.collection,
        "found": outcome.found,
        "erased": outcome.erased,
        "kept": [
            {
                "count": kept.count,
                "ground": kept.why,
                "citation": kept.citation,
                "until": kept.until.isoformat() if kept.until else None,
            }
            for kept in outcome.kept
        ],
        "refused": asdict(outcome.refused) if outcome.refused else None,
    }


def _collection(copy: CollectionCopy, payload: Mapping[str, Listed]) -> Json:
    return {
        "system": copy.system,
        "collection": copy.collection,
        "title": copy.described.title,
        "rows": copy.rows,
        "fields": {
            name: {
                "category": copy.described.fields[name].category,
                "label": copy.described.fields[name].label,
                "codes": copy.described.fields[name].codes,
                "currency": copy.described.fields[name].currency or None,
                "decimals": copy.described.fields[name].decimals,
            }
            for name in copy.fields
        },
        "withheld": [asdict(entry) for entry in copy.withheld.values()],
        "of_others": [
            {"rows": rows, **asdict(of_others(copy.described, name, rows))} for name, rows in copy.of_others.items()
        ],
        "json": _file(copy.json_path, payload),
        "csv": _file(copy.csv_path, payload),
        "neutralised_csv_cells": copy.noticed.neutralised,
        "repaired_cells": copy.noticed.repaired,
    }


def _file(path: str, payload: Mapping[str, Listed]) -> Json | None:
    if path not in payload:
        return None
    return {"path": path, "sha256": payload[path].sha256, "size": payload[path].size}
