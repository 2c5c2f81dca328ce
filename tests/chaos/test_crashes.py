"""PostgreSQL is killed with everything it holds in memory, and recovers."""

from pathlib import Path

import pytest

from tests.chaos import servers
from tests.chaos.scene import Scene, awaited, crew, desk

pytestmark = pytest.mark.processes
PEOPLE = 5
PATIENCE = 240.0  # seconds; what never happens is told then, also beside other work
DONE = "SELECT count(*) FROM dsr_planitem WHERE state = 'done'"


def test_a_database_that_crashes_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    with servers.postgresql() as server:
        place = Scene(Scene.laid_out(tmp_path, PEOPLE), database=server.database("portal"), lease=1)
        place.filed()
        with place.targets("7", 0), desk(place), crew(place) as hired:
            assert awaited(lambda: place.asked(DONE) >= PEOPLE, PATIENCE)
            server.crash()
            assert hired.at_rest(PATIENCE)
        assert place.judged().violations == []
