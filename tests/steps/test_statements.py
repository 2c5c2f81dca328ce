"""What one item costs the portal's own database: a bound, so that nobody raises it unseen."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.steps import work
from tests.conftest import World
from tests.steps import scenes


def statements(world: World) -> list[str]:
    """Those of one turn of a worker, without the marks of transactions."""
    with CaptureQueriesContext(connection) as asked:
        assert work.do_next(at=world.at)
    return [row["sql"] for row in asked if not row["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


def test_a_light_search_costs_few_statements(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    found = statements(world)
    assert subject_request.items.get(kind=Kind.FIND, system="app-database").state == "done"
    assert len(found) <= 13, "\n".join(found)


def test_a_whole_package_costs_few_statements_beyond_its_searches(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    found = statements(world)
    subject_request.refresh_from_db()
    assert subject_request.state == State.PACKAGED
    assert len(found) <= 34, "\n".join(found)  # eleven of them for its seal, with the first checkpoint of all
