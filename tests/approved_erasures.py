"""Makes a portal per controller, beside its tables: Sam's erasure is approved, its grace over, and no worker runs yet.

Run as a process of its own: `python -m tests.approved_erasures FOLDER`.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from controllers import sample_services
from dsr.sealing import keyring

SAM = "sam@example.com"


def make(folder: Path, controller: str, walk: Callable[[str], None]) -> None:
    """One portal, whose tables stand there, with the sample systems it searches.

    `walk` leads its one request to where the test begins.
    """
    import django

    keyring.make(folder / "keys")
    (folder / "keys" / "django.txt").write_text("a key for tests only, of no use elsewhere", encoding="ascii")
    sample_services.seed(folder / "systems", seed=7, anchor=date.today(), people=20, heavy=50)  # noqa: DTZ011 — a day
    services = sample_services.server(folder / "systems", 0, "token")
    threading.Thread(target=services.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    os.environ.update(sample_services.environment(folder / "systems", services.base_url, "token"))
    os.environ.update(DSR_VAR=str(folder), DJANGO_SETTINGS_MODULE="dsr.settings")
    django.setup()
    walk(controller)
    services.shutdown()


def _walk(controller: str) -> None:
    from accounts import staff
    from accounts.models import Role, Staff
    from dsr.datamap.schema import IdentityKind
    from dsr.law.actors import SUBJECT, Actor, ActorKind
    from dsr.law.rights import Right
    from dsr.law.states import State
    from dsr.management import demo
    from dsr.models import Notice
    from dsr.steps import work
    from dsr.steps.asking import intake, verification
    from dsr.steps.deciding import approval, review

    at = datetime.now(UTC) - timedelta(days=9)
    staff.add("dana", "Dana", [(controller, Role.AGENT)])
    staff.add("eli", "Eli", [(controller, Role.APPROVER)])
    dana, eli = (Actor(ActorKind.STAFF, str(member.pk)) for member in Staff.objects.order_by("username"))
    asked = intake.Intake(controller, Right.ERASURE, ((IdentityKind.EMAIL, SAM),))
    subject_request = intake.receive(asked, by=SUBJECT, at=at)
    verification.confirm(subject_request, demo.code_of(subject_request), at=at)
    review.accept(subject_request, by=dana, at=at)
    pause = threading.Event()
    while subject_request.state != State.SEARCHED:
        while work.do_next(at=at):
            pass
        subject_request.refresh_from_db()
        at += timedelta(seconds=5)  # what is stopped at a service before the search is asked for again later
        pause.wait(0.05)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=at)
    Notice.objects.all().delete()  # letters are another test's matter; no mail server listens here


def main(folder: Path) -> None:
    """Both controllers, each in a process of its own: Django is set up once per process."""
    for controller in ("joypix", "pixplus"):
        subprocess.run([sys.executable, "-m", "tests.approved_erasures", str(folder), controller], check=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        make(Path(sys.argv[1]) / sys.argv[2], sys.argv[2], _walk)
    else:
        main(Path(sys.argv[1]))
