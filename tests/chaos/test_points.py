"""Where blows can be laid out, somebody comes by: a point at which nobody does would only look like a blow."""

from collections.abc import Callable, Iterator

import pytest

from tests.chaos import hazards
from tests.chaos.scene import POINTS, POST_POINTS, Scene, crew, desk

pytestmark = pytest.mark.processes
PEOPLE = 5  # one of them has more rows than go in one transaction
PATIENCE = 240.0  # seconds; what never happens is told then, also beside other work


def test_every_named_point_is_passed_while_requests_are_answered(scene: Callable[[float], Scene]) -> None:
    place = scene(3)
    for point in (*POINTS, *POST_POINTS):
        place.arm(point, "pass")
    with place.targets("7", 0), desk(place), crew(place) as hired:
        assert hired.at_rest(PATIENCE)
    assert [point for point in (*POINTS, *POST_POINTS) if len(place.taken(point)) != 1] == []
    assert place.judged().violations == []


@pytest.fixture
def blows(scene: Callable[[float], Scene], monkeypatch: pytest.MonkeyPatch) -> Iterator[hazards.Hazards]:
    """Where nobody works; it is not waited for long."""
    monkeypatch.setattr(hazards, "LATEST", 0.1)
    place = scene(3)
    with crew(place, workers=0, pool=0) as nobody:
        yield hazards.Hazards(place, nobody, "7", lease=3)


def test_a_point_to_which_nobody_comes_is_told_and_counts_as_no_blow(blows: hazards.Hazards) -> None:
    fell = blows.lay_out("kill")
    blows.take_back()
    (point,) = blows.dead
    assert (fell, blows.told()) == (False, {f"  in vain at {point}": 1})
    assert not blows.scene.lies(point)


def test_a_blow_that_lay_at_a_point_counts_once_somebody_has_come(blows: hazards.Hazards) -> None:
    blows.lay_out("kill")
    ((point, _),) = blows.lying.items()
    armed = blows.scene.folder / "armed"
    (armed / point).rename(armed / "taken" / f"{point}.1")
    blows.take_back()
    assert blows.told() == {"kills": 1, "kills at a named point": 1, f"  at {point}": 1}
    assert (blows.dead, blows.in_vain) == ([], {})
