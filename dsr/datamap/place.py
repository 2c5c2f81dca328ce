"""Where the keys of a collection count: the same number in another table, or in another column, is another row."""

import hashlib
import json

from dsr.datamap.schema import SystemMap


def place_of(system: SystemMap, collection: str) -> str:
    """Twelve hex digits over what the map says of kind, table or path, and key. KeyError: no such collection."""
    described = system.collections[collection]
    told = [system.connector.kind, collection, sorted(described.settings.items()), described.key]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
