"""Connectors of the tests give their connections back, as every user of one does."""

from collections.abc import Iterator, Mapping

import pytest

from dsr.connectors.sql import SqlDatabase
from dsr.datamap.schema import SystemMap


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[SqlDatabase] = []
    make = SqlDatabase.from_map

    def from_map(system: SystemMap, environ: Mapping[str, str]) -> SqlDatabase:
        made.append(make(system, environ))
        return made[-1]

    monkeypatch.setattr(SqlDatabase, "from_map", from_map)
    yield
    for connector in made:
        connector.close()
