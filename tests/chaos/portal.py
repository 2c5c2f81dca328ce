"""What people do in a portal under fire, each in a process of its own: `python -m tests.chaos.portal ACT …`.

`make` lays out the tables and brings accepted requests, `staff` approves what was found and sends back what
failed, until it is killed, and `judge` says as JSON what was lost, done twice or told wrongly.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
django.setup()

from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from accounts import staff
from accounts.models import Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState
from dsr.management import demo
from dsr.models import Manifest, PlanItem
from dsr.steps import bell, ledger
from dsr.steps.asking import intake, verification
from dsr.steps.deciding import approval, review
from dsr.steps.move import Conflict
from tests.chaos import verdict
from tests.chaos.people import email, right_of

# Every change of an item, so that a fence that goes back, or an item that ends twice, is seen.
WATCH = {
    "sqlite": (
        "CREATE TABLE chaos_change (item TEXT, was INTEGER, became INTEGER, old TEXT, new TEXT)",
        """CREATE TRIGGER chaos_change AFTER UPDATE ON dsr_planitem BEGIN
        INSERT INTO chaos_change VALUES (OLD.id, OLD.fence, NEW.fence, OLD.state, NEW.state); END""",
    ),
    "postgresql": (
        "CREATE TABLE chaos_change (item TEXT, was INTEGER, became INTEGER, old TEXT, new TEXT)",
        """CREATE FUNCTION chaos_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO chaos_change VALUES (OLD.id, OLD.fence, NEW.fence, OLD.state, NEW.state); RETURN NULL; END $$""",
        "CREATE TRIGGER chaos_change AFTER UPDATE ON dsr_planitem FOR EACH ROW EXECUTE FUNCTION chaos_change()",
    ),
}


def make(many: str) -> None:
    """Tables, staff, a watch on the ledger, and so many requests."""
    call_command("migrate", verbosity=0)
    for name, role in (("dana", Role.AGENT), ("eli", Role.APPROVER)):
        staff.add(name, name.title(), [("reef", role)])
    with connection.cursor() as cursor:
        for statement in WATCH[connection.vendor]:
            cursor.execute(statement)
    file(int(many))


def member(name: str) -> Actor:
    """Dana reviews and operates, Eli approves."""
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=name).pk))


def file(many: int) -> None:
    """So many requests, each of another person, proven and accepted."""
    dana = member("dana")
    for number in range(many):
        asked = intake.Intake("reef", right_of(number), ((IdentityKind.EMAIL, email(number)),))
        subject_request = intake.receive(asked, by=SUBJECT, at=timezone.now())
        verification.confirm(subject_request, demo.code_of(subject_request), at=timezone.now())
        review.accept(subject_request, by=dana, at=timezone.now())


def serve_desk(journal: str) -> None:
    """Approve every manifest, and send every failed item back to work; put down why it had failed."""
    dana, eli, pause = member("dana"), member("eli"), threading.Event()
    while not pause.wait(0.2):
        try:
            approve(eli)
            send_back(dana, Path(journal))
            ring_again()
        except (OperationalError, InterfaceError):
            connection.close()  # the database is down: staff try again


def approve(eli: Actor) -> None:
    """A second person says yes to what was found."""
    waiting = Manifest.objects.filter(subject_request__state=State.SEARCHED, subject_request__right=Right.ERASURE)
    for manifest in waiting.select_related("subject_request"):
        try:
            approval.approve(manifest.subject_request, digest=manifest.digest, by=eli, at=timezone.now())
        except Conflict:
            continue  # nothing to erase: it approved itself


def send_back(dana: Actor, journal: Path) -> None:
    """Somebody has looked, and lets it be tried again."""
    for item in PlanItem.objects.filter(state=ItemState.QUARANTINED):
        note = item.note
        try:
            ledger.retry(item, by=dana, at=timezone.now())
        except Conflict:
            continue
        with journal.open("a") as lines:
            lines.write(json.dumps(f"{item}: {note}") + "\n")


def ring_again() -> None:
    """Where a test has laid out a file 'ring', three rings more than the steps rang."""
    try:
        (Path(os.environ["CHAOS_ARMED"]) / "ring").unlink()
    except FileNotFoundError:
        return
    for _ in range(3):
        with suppress(BrokerDown):
            bell.ring()


def judge(folder: str, many: str) -> None:
    """Print what is wrong, and figures beside it."""
    found = verdict.violations(Path(folder), int(many))
    print(json.dumps({"violations": found, "figures": verdict.figures(Path(folder))}))  # noqa: T201 — for who asked


ACTS: dict[str, Callable[..., None]] = {"make": make, "staff": serve_desk, "judge": judge}

if __name__ == "__main__":
    ACTS[sys.argv[1]](*sys.argv[2:])
