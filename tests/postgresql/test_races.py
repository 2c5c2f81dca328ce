"""Fifty clicks at the same moment are one decision, and nothing is erased for a request that is ended by then.

Who acts on one request in the same moment waits for the other, and never in a circle.
"""

import pytest

from dsr.steps.answering.grants import OPENINGS
from tests.postgresql.conftest import Portal

pytestmark = pytest.mark.processes
MANY = 50


@pytest.mark.parametrize("act", ["accept", "approve", "cancel", "part"])
def test_fifty_clicks_at_once_have_one_effect(portal: Portal, act: str) -> None:
    done = portal.act("at_once", act, str(MANY), **portal.patient)
    assert done["outcomes"] == {"conflict": MANY - 1, "done": 1}
    assert (done["events"], done["letters"]) == (1, 1)
    assert done["plans"] == (0 if act == "cancel" else 1)


def test_twenty_looks_at_once_by_five_people_are_one_first_and_one_second_of_two(portal: Portal) -> None:
    done = portal.act("look_at_once", "20", **portal.patient)
    assert done["outcomes"] == {"conflict": 18, "done": 2}
    assert (done["looks"], done["people"], done["events"], done["item"]) == ([1, 2], 2, 2, "done")


def test_fifty_uses_of_one_grant_count_once_and_twelve_grants_no_more_often_than_allowed(portal: Portal) -> None:
    done = portal.act("take_at_once", str(MANY), **portal.patient)
    assert done["one code"] == {"confirmed": 1, "refused": MANY - 1, "spent": 1}
    assert done["one grant"] == {"outcomes": {"whole": OPENINGS, "over": MANY - OPENINGS}, "downloads": 1, "taken": 1}
    allowed = {"taken": 8, "whole": 4}
    assert done["one each"] == {"outcomes": allowed, "downloads": 5, "taken": 5}
    assert done["one program"] == {"outcomes": {"used": 11, "whole": 1}, "downloads": 6, "taken": 1}


def test_a_code_of_a_lent_task_that_is_typed_fifty_times_at_once_opens_it_in_one_browser(portal: Portal) -> None:
    done = portal.act("open_a_task_at_once", str(MANY), **portal.patient)
    assert done == {"empty": MANY - 1, "open": 1, "events": 1}


def test_of_eight_workers_at_once_each_mailbox_hears_once_a_day_of_what_nobody_proved(portal: Portal) -> None:
    done = portal.act("remind_at_once", "12", "8", **portal.patient)
    assert done == {"said": ["nothing left"], "letters": {"sam@example.com": 1, "nobody@example.com": 1}, "left": 0}


def test_who_looks_for_a_request_is_sent_one_code_by_eight_workers_at_once(portal: Portal) -> None:
    assert portal.act("seek_at_once", "8", **portal.patient) == {"said": ["done"], "codes": 1, "left": 0}


def test_a_request_that_is_ended_while_its_effect_changes_hands_has_no_effect_or_is_not_ended(portal: Portal) -> None:
    ended = portal.act("end_in_a_moment", **portal.patient)
    too_late = {"outcome": "conflict", "state": "approved", "item": "running"}
    assert ended == {
        "cancel, put back": {"outcome": "done", "state": "cancelled", "item": "done"},
        "cancel, claimed": too_late,
        "refuse, put back": {"outcome": "done", "state": "refused", "item": "done"},
        "refuse, claimed": too_late,
        "cancel, posted": {"outcome": "done", "state": "cancelled", "item": "done", "letter": "sent"},
    }


def test_a_release_or_a_reduction_waits_for_who_has_the_request_and_acts_on_what_it_then_is(portal: Portal) -> None:
    assert portal.act("release_in_a_moment", **portal.patient) == {
        "reduction": {"outcome": "done", "reduced": True},
        "cancellation": {"outcomes": ["done", "done"], "state": "cancelled", "told": 0},
        "search": {"outcome": "done", "asked": 1},
    }
