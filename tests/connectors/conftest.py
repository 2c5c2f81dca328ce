"""Connectors of the tests give their connections back, as every user of one does; buckets have a gate."""

from collections.abc import Iterator, Mapping

import pytest

from dsr.connectors.sql import SqlDatabase
from dsr.datamap.schema import SystemMap
from tests.buckets import Gate, gate


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


@pytest.fixture
def before(s3: str) -> Iterator[Gate]:
    """A gate before the buckets, which can do to an answer what a network does."""
    with gate(s3) as server:
        yield server
