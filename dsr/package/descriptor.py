"""datapackage.json: the CSV files as a Frictionless Data Package (v1), which many programs read by themselves."""

from collections.abc import Iterable
from typing import Any

import msgspec

from dsr.package.bag import Bag, Listed
from dsr.package.cells import tabular
from dsr.package.contents import Answer
from dsr.package.copying import CollectionCopy
from dsr.package.kinds import together
from dsr.package.redaction import label

NAME = "datapackage.json"

Json = dict[str, Any]


def put(bag: Bag, answer: Answer, copies: Iterable[CollectionCopy]) -> None:
    """Write it beside the tables; where there is none, it would describe nothing and be none itself."""
    tables = [_table(copy, bag.payload[copy.csv_path]) for copy in copies if copy.csv_path]
    if not tables:
        return
    described = {
        "profile": "tabular-data-package",
        "name": answer.reference.lower(),
        "title": f"{answer.controller.controller.name}: {answer.reference}",
        "version": str(answer.version),
        "created": answer.answered_at.isoformat(),
        "resources": tables,
    }
    bag.put(NAME, msgspec.json.format(msgspec.json.encode(described), indent=1))


def _table(copy: CollectionCopy, listed: Listed) -> Json:
    return {
        "profile": "tabular-data-resource",
        "name": f"{copy.system}.{copy.collection}",
        "title": copy.described.title,
        "description": copy.described.describes,
        "path": copy.csv_path,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": listed.size,
        "hash": f"sha256:{listed.sha256}",
        "schema": {
            "fields": [
                {
                    "name": tabular(name)[0],  # as it stands in the first line
                    "type": together(copy.noticed.types.get(name, ())),
                    "title": label(name, copy.described.fields[name]),
                }
                for name in copy.fields
            ],
            "missingValues": [""],
        },
    }
