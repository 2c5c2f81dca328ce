"""A claim costs the same beside a hundred thousand finished items as beside none."""

from datetime import UTC, datetime

import pytest

from tests.postgresql import plans
from tests.postgresql.conftest import Portal

FINISHED = 100_000


@pytest.mark.processes
def test_postgresql_finds_the_next_item_by_the_index_of_open_ones(portal: Portal) -> None:
    plans = portal.act("claim_plan", str(FINISHED))
    for plan in (plans["plan"], plans["kept"]):
        assert "Index Scan using dsr_item_open" in plan
        assert "Seq Scan on dsr_planitem" not in plan
        assert "Sort" not in plan
    assert "$1" in plans["kept"]


def test_sqlite_finds_the_next_item_by_the_index_of_open_ones(db: None) -> None:
    plan = plans.of_claim(FINISHED, datetime.now(UTC))["plan"]
    assert "SEARCH dsr_planitem USING INDEX dsr_item_open" in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
