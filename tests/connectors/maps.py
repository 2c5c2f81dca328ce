"""Small maps for connectors, built by hand."""

from collections.abc import Mapping
from typing import Any

from dsr.connectors.contract import Batch, Connector, File
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import CollectionMap, Stop, SystemMap


def collection(
    fields: str,
    *,
    key: str,
    secret: str = "",
    rectifiable: str = "",
    settings: Mapping[str, str] | None = None,
    **more: Any,
) -> CollectionMap:
    """A collection from the names of its fields, separated by commas."""
    described = {
        name: {
            "category": "user.account",
            "never_export": name in secret.split(","),
            "rectifiable": name in rectifiable.split(","),
        }
        for name in fields.split(",")
    }
    return CollectionMap.model_validate(
        {
            "title": "Rows",
            "key": tuple(key.split(",")),
            "purposes": ("account",),
            "source": "provided",
            "retention": "account",
            "fields": described,
            "settings": settings or {},
            **more,
        }
    )


def system(
    kind: str,
    settings: Mapping[str, str],
    stops: Mapping[str, Stop] | None = None,
    **collections: CollectionMap,
) -> SystemMap:
    """A system of one kind with its settings."""
    return SystemMap.model_validate(
        {
            "slug": "shop",
            "title": "Shop",
            "connector": {"kind": kind, "settings": settings},
            "collections": collections,
            "stops": stops or {},
        }
    )


def rows(connector: Connector, route: Route, identities: Identities) -> list[dict[str, object]]:
    """Every row that find brings, as field -> value."""
    return [
        dict(zip(found.fields, row, strict=True))
        for found in connector.find(route, identities)
        if isinstance(found, Batch)
        for row in found.rows
    ]


def contents(connector: Connector, route: Route, identities: Identities) -> dict[Key, bytes]:
    """Every file that find brings, read when it comes."""
    return {found.key: b"".join(found.chunks) for found in connector.find(route, identities) if isinstance(found, File)}
