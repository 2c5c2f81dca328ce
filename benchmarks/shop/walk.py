"""Requests about people of the shop, from accepted to the end, in a process of its own.

Called as `python -m benchmarks.shop.walk CONTROLLER RIGHT EMAIL…` or `… worker`: the environment names keys, the
portal's database, the controller's, and with WORKERS how many processes work. One works in this process; several beside
it, and this one only waits.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsr.law.actors import Actor
    from dsr.law.rights import Right
    from dsr.models import PlanItem, SubjectRequest

WORKERS = int(os.environ.get("WORKERS", "1"))
WARM = tuple(f"user{60_023 + 13 * number:06}@example.com" for number in range(10))  # whom nobody measures
PAUSE = 0.005  # seconds between looks
WATCH = 0.05  # the same of who only waits for others: looking takes a core from them


def main(controller: str, right: str, emails: list[str]) -> None:
    """Print the figures as JSON."""
    import django

    django.setup()
    _without_pdf()
    if controller == "worker":
        _work()
    else:
        sys.stdout.write(json.dumps(_walked(controller, right, emails)) + "\n")


def _without_pdf() -> None:
    """Drawing the PDF is measured apart: it would hide everything else."""
    from dsr.package import report

    def render(html: str) -> bytes:
        return f"%PDF- of {len(html)} characters".encode()

    report.render = render


def _walked(controller: str, right: str, emails: list[str]) -> dict[str, float]:
    from dsr.law.rights import Right
    from dsr.law.work import Kind

    dana, eli = _staff(controller)
    # A worker that has just started reads maps, templates and schemas first, and every statement for the first time.
    warm = [_asked(controller, Right(right), email) for email in WARM]
    asked = [_asked(controller, Right(right), email) for email in emails]
    with _workers(WORKERS if WORKERS > 1 else 0):
        _seconds(warm, dana, eli)
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with _timed(Kind.ERASE) as erasing:
            seconds = _seconds(asked, dana, eli)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    own = {"erasing": sum(erasing)} if erasing else {}
    return {"seconds": seconds, "memory": (most - idle) / 1024, **own, **_counted(asked)}


@contextmanager
def _timed(kind: str) -> Iterator[list[float]]:
    """How long each item of this kind takes this process meanwhile, from claimed to what it did written down."""
    from dsr.steps import work

    act, taken = work.ACTS[kind], list[float]()

    def timed(item: "PlanItem", *, at: datetime) -> None:
        start = perf_counter()
        act(item, at=at)
        taken.append(perf_counter() - start)

    work.ACTS[kind] = timed
    yield taken
    work.ACTS[kind] = act


def _seconds(asked: list["SubjectRequest"], dana: "Actor", eli: "Actor") -> float:
    """How long they take, all accepted at once."""
    from dsr.steps.deciding import review

    start = perf_counter()
    for subject_request in asked:
        review.accept(subject_request, by=dana, at=datetime.now(UTC))
    return _until_done(asked, eli, working=WORKERS == 1) - start


def _staff(controller: str) -> list["Actor"]:
    from accounts import staff
    from accounts.models import Role, Staff
    from dsr.law.actors import Actor, ActorKind

    staff.add("dana", "Dana", [(controller, Role.AGENT)])
    staff.add("eli", "Eli", [(controller, Role.APPROVER)])
    return [Actor(ActorKind.STAFF, str(member.pk)) for member in Staff.objects.order_by("username")]


def _asked(controller: str, right: "Right", email: str) -> "SubjectRequest":
    from dsr.datamap.schema import IdentityKind
    from dsr.law.actors import SUBJECT
    from dsr.management import demo
    from dsr.steps.asking import intake, verification

    asked = intake.Intake(controller, right, ((IdentityKind.EMAIL, email),))
    subject_request = intake.receive(asked, by=SUBJECT, at=datetime.now(UTC))
    verification.confirm(subject_request, demo.code_of(subject_request), at=datetime.now(UTC))
    return subject_request


def _until_done(asked: list["SubjectRequest"], approver: "Actor", *, working: bool) -> float:
    """Until the last package is stored, and when that was; a manifest is approved as soon as it is closed.

    Where one worker is measured, what it takes us to see that a manifest waits is not counted: an approver sees it.
    """
    from dsr.law.states import State
    from dsr.models import Manifest, SubjectRequest
    from dsr.steps import work
    from dsr.steps.deciding import approval

    mine = SubjectRequest.objects.filter(pk__in=[one.pk for one in asked])
    stored, looking = perf_counter(), 0.0
    while True:
        if working and work.do_next(at=datetime.now(UTC)):
            stored = perf_counter()
            continue
        closed = Manifest.objects.filter(subject_request__in=mine, subject_request__state=State.SEARCHED)
        waiting = list(closed.select_related("subject_request"))
        if waiting and working:
            looking += perf_counter() - stored
        for manifest in waiting:
            found = manifest.subject_request
            approval.approve(found, digest=manifest.digest, by=approver, at=datetime.now(UTC))
        if waiting:
            continue
        if not mine.exclude(state__in=[State.PACKAGED, State.DELIVERED]).exists():
            return stored - looking if working else perf_counter()
        _no_failure(asked)
        time.sleep(PAUSE if working else WATCH)


def _no_failure(asked: list["SubjectRequest"]) -> None:
    from dsr.law.work import ItemState
    from dsr.models import PlanItem

    mine = PlanItem.objects.filter(subject_request__in=[one.pk for one in asked])
    if stopped := mine.exclude(tries=0, state__in=[ItemState.READY, ItemState.RUNNING, ItemState.DONE]).first():
        message = f"{stopped} is {stopped.state}: {stopped.note}"
        raise RuntimeError(message)


@contextmanager
def _workers(number: int) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.shop.walk", "worker", "", ""]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(number)]
    for process in started:
        process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe: the line says that it is ready
    yield
    for process in started:
        process.kill()
        process.wait()


def _work() -> None:
    from dsr.steps import maps, work

    maps.controllers()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        if not work.do_next(at=datetime.now(UTC)):
            time.sleep(PAUSE)


def _counted(asked: list["SubjectRequest"]) -> dict[str, float]:
    from dsr.law.work import Kind
    from dsr.models import Package, PlanItem

    items = PlanItem.objects.filter(subject_request__in=[one.pk for one in asked])
    rows = sum(sum(item.counts["rows"].values()) for item in items.filter(kind=Kind.FIND))
    size = sum(Package.objects.filter(subject_request__in=[one.pk for one in asked]).values_list("size", flat=True))
    return {"rows": rows, "items": items.count(), "package": size / 1e6}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
