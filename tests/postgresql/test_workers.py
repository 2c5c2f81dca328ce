"""Several workers on one ledger: nothing is done twice, nobody waits for another, and one of them may die."""

import email
import signal
from collections import Counter

import pytest

from tests.postgresql.conftest import Portal

pytestmark = pytest.mark.processes
REQUESTS = 40
FENCES = "SELECT fence, count(*) FROM dsr_planitem GROUP BY fence"
DONE = "SELECT subject_request_id, details->>'item' FROM dsr_event WHERE tag = 'item:found'"
ONCE_PER_REQUEST = ("request:searched", "plan:approved", "request:carried-out", "package:released", "package:offered")
LETTERS = "SELECT state, count(*) FROM dsr_notice GROUP BY state"


def packaged(portal: Portal) -> int:
    """How many requests have come to their answer."""
    return int(portal.rows("SELECT count(*) FROM dsr_subjectrequest WHERE state = 'packaged'")[0][0])


def test_four_workers_share_forty_requests_and_one_of_them_dies(portal: Portal) -> None:
    filed = portal.act("file", str(REQUESTS), "5")
    dying = portal.worker(DIES_AT="5")  # so few come its way also where it is the last to begin
    for _ in range(3):
        portal.worker(DSR_LEASE_SECONDS="300")  # a worker that only waits for a core keeps its item
    portal.await_(lambda: packaged(portal) == REQUESTS, "the fortieth package")
    portal.await_(lambda: not portal.rows("SELECT id FROM dsr_notice WHERE state IN ('queued', 'sending')"), "the post")

    assert filed["requests"] == REQUESTS
    assert dying.wait() == -signal.SIGKILL
    # Every item was claimed once, but for the one that the dead worker had in hand.
    assert dict(portal.rows(FENCES)) == {1: filed["items"] - 1, 2: 1}
    assert set(Counter(portal.rows(DONE)).values()) == {1}
    assert len(portal.rows(DONE)) == filed["items"]
    tags = Counter(tag for (tag,) in portal.rows("SELECT tag FROM dsr_event"))
    assert {tag: tags[tag] for tag in ONCE_PER_REQUEST} == dict.fromkeys(ONCE_PER_REQUEST, REQUESTS)
    assert portal.rows("SELECT count(*) FROM dsr_package") == [(REQUESTS,)]
    # Nobody's letter came twice.
    names = [email.message_from_bytes(path.read_bytes())["Message-ID"] for path in portal.letters()]
    assert portal.rows(LETTERS) == [("sent", len(names))]
    assert len(set(names)) == len(names)


def test_a_claim_never_waits_for_another_one(portal: Portal) -> None:
    found = portal.act("claim_beside_a_lock")
    assert found["first"].startswith("find ")
    assert found["second"].startswith("find ")
    assert found["first_id"] != found["second_id"]
    assert found["seconds"] < 5  # lock_timeout
