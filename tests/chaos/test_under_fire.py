"""A small run under fire, as `make chaos` does it large: nothing is lost, doubled or told wrongly."""

from collections.abc import Callable

import pytest

from tests.chaos.hazards import Hazards
from tests.chaos.scene import Scene, crew, desk

pytestmark = pytest.mark.processes
PEOPLE = 12
SEED = "7"
PATIENCE = 240.0  # seconds; what never happens is told then, also beside other work
DONE = "SELECT count(*) FROM dsr_planitem WHERE state = 'done'"


def test_a_dozen_requests_come_to_their_answers_through_six_kills(scene: Callable[[float], Scene]) -> None:
    place = scene(1)
    with place.targets(SEED, 0.05), desk(place), crew(place) as hired:
        hazards = Hazards(place, hired, SEED, lease=1)
        hazards.deal({"kills": 6}, PEOPLE * 4, lambda: place.asked(DONE))
        assert hired.at_rest(PATIENCE)
    assert hazards.dealt["kills"] >= 6  # and those that fell at a named point in their own time
    assert place.judged().violations == []
