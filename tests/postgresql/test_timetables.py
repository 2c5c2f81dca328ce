"""Two timetables in two processes, on either database: everything is said and counted once."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql.conftest import Portal

pytestmark = pytest.mark.processes
REQUESTS = 25


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, portal: Portal, tables: Path) -> dict[str, str]:
    """What the portal's processes are told of their database."""
    if request.param == "postgresql":
        return {}
    return {"DSR_DATABASE_URL": f"sqlite:///{shutil.copy(tables, portal.folder)}"}


def at_once(portal: Portal, *act: str, **database: str) -> list[dict[str, Any]]:
    """The same act in two processes at the same time."""
    with ThreadPoolExecutor(2) as pool:
        return [done.result() for done in [pool.submit(portal.act, *act, **database) for _ in range(2)]]


def test_two_timetables_send_nothing_twice(portal: Portal, database: dict[str, str]) -> None:
    filed = portal.act("file_late", str(REQUESTS), **database)
    assert filed["deadlines"] == 2 * REQUESTS
    both = at_once(portal, "tell", **database)
    told = portal.act("told", **database)
    assert told == {"letters": 2 * REQUESTS, "to_persons": 2 * REQUESTS, "missed": 2 * REQUESTS, "times": [1]}
    assert sum(one["turns"] for one in both) >= 2 * REQUESTS


def test_of_two_timetables_one_has_the_days_recount(portal: Portal, database: dict[str, str]) -> None:
    today = datetime.now(UTC).isoformat()  # the same for both, also at midnight
    assert sorted(one["did"] for one in at_once(portal, "count_daily", today, **database)) == [False, True]


def test_a_recount_gives_what_counting_one_by_one_gives(portal: Portal, database: dict[str, str]) -> None:
    assert portal.act("recount", "700", **database) == {"moved": 700, "wrong": 0}
