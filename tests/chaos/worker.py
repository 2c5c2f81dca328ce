"""A worker of the house, and what tests do to it: `python -m tests.chaos.worker work|post PROCESSES`.

At each named point it looks into the folder CHAOS_ARMED. Where a file is called like the point, the first process to
take it does what it says: 'kill' itself, 'group' (the whole worker), 'stop' itself until somebody lets it go on,
'hang' for ever, or 'pass': nothing but to have been there. CHAOS_SABOTAGE takes a guard out, to show that the verdict
would notice: 'fence', 'key' or 'sweep'. Every write under a fence that another worker has passed is put down in
CHAOS_STALE.
"""

import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
django.setup()

from django.conf import settings
from django.db.models import QuerySet

from dsr import ringing, tasks
from dsr.celery import app
from dsr.connectors.http import HttpService
from dsr.connectors.sql import SqlDatabase
from dsr.management import processes
from dsr.models import PlanItem
from dsr.package import report
from dsr.ringing import Bell
from dsr.sealing import files
from dsr.steps import gates, ledger, walks
from dsr.steps.fulfilling import execution
from dsr.steps.post import notices
from dsr.steps.recording import record, sequencer

ARMED = Path(os.environ["CHAOS_ARMED"])
STALE = Path(os.environ["CHAOS_STALE"])
SABOTAGE = os.environ.get("CHAOS_SABOTAGE", "")
EVERY = 25  # one report in so many is typeset as in life: that takes a second of a core

typeset = report.render


def fire(point: str) -> None:
    """Do what the test has laid out for this point, if nobody else has taken it."""
    taken = ARMED / "taken" / f"{point}.{os.getpid()}"
    try:
        (ARMED / point).rename(taken)
    except FileNotFoundError:
        return
    match taken.read_text("ascii").strip():
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "group":
            os.killpg(0, signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "hang":
            threading.Event().wait()


def around(owner: Any, name: str, before: str = "", after: str = "") -> None:  # noqa: ANN401 — a module or a class
    """Make a function pass the named points."""
    original = getattr(owner, name)

    def wrapped(*args: object, **kwargs: object) -> object:
        fire(before) if before else None
        result = original(*args, **kwargs)
        fire(after) if after else None
        return result

    setattr(owner, name, wrapped)


def watched(name: str) -> None:
    """Put down a write of the ledger that went through although another worker has claimed the item since."""
    original = getattr(ledger, name)

    def wrapped(item: PlanItem, **columns: object) -> None:
        original(item, **columns)
        if PlanItem.objects.values_list("fence", flat=True).get(pk=item.pk) != item.fence:
            with STALE.open("a") as journal:
                journal.write(f"{item.pk} {item.fence} {name}\n")

    setattr(ledger, name, wrapped)


def begun(**_: object) -> None:
    """A process of the pool is ready for whatever it is told, a signal too."""
    (ARMED / "taken" / f"begun.{os.getpid()}").touch()


def sometimes_typeset(html: str) -> bytes:
    """The PDF, or a few bytes in its place."""
    return typeset(html) if len(html) % EVERY == 0 else b"%PDF-1.7 not typeset: a test under fire\n%%EOF\n"


def whoever(item: PlanItem) -> "QuerySet[PlanItem]":
    """No fence: whoever comes back writes."""
    return PlanItem.objects.filter(pk=item.pk)


def rung_once() -> Callable[[Bell, float, int], None]:
    """No sweep: a worker rings when it starts, so that it is heard at any time, and never again; nor does a broker."""
    rung: list[bool] = []
    tasks.sweep.reject_on_worker_lost = False

    def ring(bell: Bell, seconds: float, most: int) -> None:
        if not rung:
            rung.append(True)
            app.send_task("dsr.sweep")

    return ring


POINTS: tuple[tuple[Any, str, str, str], ...] = (
    (ledger, "claim", "", "claimed"),
    (gates, "admit", "", "claiming"),
    (SqlDatabase, "erase_together", "effect-sql-due", "effect-sql-done"),  # what fits into one transaction
    (SqlDatabase, "rehearse", "rehearsing", "rehearsed"),  # what does not
    (SqlDatabase, "erase", "part-sql-due", "part-sql-done"),
    (HttpService, "erase", "effect-http-due", "effect-http-done"),
    (HttpService, "poll", "", "polled"),
    (files, "write", "sealing", "sealed"),
    (ledger, "finish", "", "finishing"),
    (ledger, "wait", "", "waiting"),
    (ledger, "release", "", "releasing"),
    (record, "write", "", "recording"),
    (walks, "walk_on", "finished", "advanced"),
    (walks, "move", "", "moving"),
    (sequencer, "_sign", "", "signing"),
    (notices, "_sent", "mailed", ""),
)

if __name__ == "__main__":
    worker_process_init.connect(begun)  # after the house's own
    settings.EMAIL_TIMEOUT = 10
    app.conf.worker_lost_wait = 1.0
    ringing.LOOK, ringing.DEAF = 0.5, float(os.environ.get("CHAOS_DEAF", "10"))
    report.render = sometimes_typeset
    if SABOTAGE == "fence":
        ledger.mine = whoever
    if SABOTAGE == "key":
        execution.effect_key = lambda item, name: secrets.token_hex(16)  # noqa: ARG005 — another key in each attempt
    if SABOTAGE == "sweep":
        Bell.ring_for_work = rung_once()  # type: ignore[method-assign, assignment]  # a deaf bell
    watched("_close")
    watched("remember")
    for place in POINTS:
        around(*place)
    command = processes.poster() if sys.argv[1] == "post" else processes.worker(int(sys.argv[2]))
    app.worker_main(["--quiet", *command[command.index("worker") :]])
