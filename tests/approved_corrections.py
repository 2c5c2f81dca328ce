"""Makes a portal on disk, beside its empty tables, in which Sam's new nickname is accepted, and no worker runs yet.

Run as a process of its own: `python -m tests.approved_corrections FOLDER`.
"""

import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.approved_erasures import SAM, make

# Every write of the value is counted where it happens.
COUNTED = """
CREATE TABLE written (nickname TEXT);
CREATE TRIGGER counted AFTER UPDATE OF nickname ON users BEGIN INSERT INTO written VALUES (NEW.nickname); END;
"""


def _walk(controller: str) -> None:
    from accounts import staff
    from accounts.models import Role, Staff
    from dsr.datamap.schema import IdentityKind
    from dsr.law.actors import SUBJECT, Actor, ActorKind
    from dsr.law.rights import Right
    from dsr.management import demo
    from dsr.models import Notice
    from dsr.steps import work
    from dsr.steps.asking import intake, verification
    from dsr.steps.deciding import review
    from dsr.steps.fulfilling import correctable, rectification

    at = datetime.now(UTC) - timedelta(days=2)
    staff.add("dana", "Dana", [(controller, Role.AGENT)])
    dana = Actor(ActorKind.STAFF, str(Staff.objects.get().pk))
    asked = intake.Intake(controller, Right.RECTIFICATION, ((IdentityKind.EMAIL, SAM),))
    subject_request = intake.receive(asked, by=SUBJECT, at=at)
    verification.confirm(subject_request, demo.code_of(subject_request), at=at)
    review.accept(subject_request, by=dana, at=at)
    while work.do_next(at=at):
        pass
    subject_request.refresh_from_db()
    place = next(row.place for row in correctable.rows(subject_request) if row.collection == "users")
    rectification.propose(subject_request, {(place, "nickname"): "Samira"}, statement="", at=at)
    rectification.decide(subject_request.corrections.get(), accepted=True, words="", by=dana, at=at)
    Notice.objects.all().delete()  # letters are another test's matter; no mail server listens here


def main(folder: Path) -> None:
    """One portal of JoyPix."""
    make(folder, "joypix", _walk)
    with closing(sqlite3.connect(folder / "systems" / "joypix" / "database.sqlite3")) as live, live:
        live.executescript(COUNTED)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
    main(Path(sys.argv[1]))
