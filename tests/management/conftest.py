"""A record with two checkpoints, and the clock where it was written."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.rights import Right
from dsr.models import Event, SubjectRequest
from dsr.steps.recording import record, sequencer
from tests.conftest import NOW
from tests.management.forging import SECOND, said


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The command reads the clock; here it stands where the record was written."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def written(db: None) -> list[Event]:
    """A record of two checkpoints: four Events of a request under the first, three of nobody's under the second."""
    subject_request = SubjectRequest.objects.create(
        reference="R3K-2WN-P5M", controller="joypix", right=Right.ACCESS, received_at=NOW, due_on=NOW.date()
    )
    for tag in ("request:received", "identity:asked", "identity:wrong-code", "identity:confirmed"):
        record.write(subject_request, tag, by=SUBJECT, at=NOW, tries=1)
    sequencer.sequence(at=NOW)
    for number in range(3):
        record.write_for("pixplus", "test:why", by=PORTAL, at=NOW, secret={"reason": f"because of {number}"})
    sequencer.sequence(at=NOW + 10 * SECOND)
    return list(Event.objects.order_by("id"))


@pytest.fixture
def kept(written: list[Event], tmp_path: Path) -> Path:
    """The newest checkpoint, as it was kept elsewhere."""
    file = tmp_path / "checkpoint.txt"
    file.write_text(said("export_audit", "--checkpoint"), encoding="utf-8")
    return file
