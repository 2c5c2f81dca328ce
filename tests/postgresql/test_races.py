"""Fifty clicks at the same moment are one decision."""

import pytest

from tests.postgresql.conftest import Portal

pytestmark = pytest.mark.processes
MANY = 50


@pytest.mark.parametrize("act", ["accept", "approve", "cancel"])
def test_fifty_clicks_at_once_have_one_effect(portal: Portal, act: str) -> None:
    done = portal.act("at_once", act, str(MANY))
    assert done["outcomes"] == {"conflict": MANY - 1, "done": 1}
    assert (done["events"], done["letters"]) == (1, 1)
    assert done["plans"] == (0 if act == "cancel" else 1)
