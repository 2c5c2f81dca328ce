"""A real worker that is killed, or stopped, at a named point once. Run by test_kills as a process of its own.

FIRE_AT names the point, FIRE_KIND and FIRE_SYSTEM the item it hits, FIRE_MARK the file that says it happened. Its
reports are no PDFs, which other tests typeset.
"""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
django.setup()

from django.db import connection

from dsr.celery import app
from dsr.connectors.contract import Change, Chunk, Receipt
from dsr.connectors.http import HttpService
from dsr.connectors.sql import SqlDatabase
from dsr.law.work import Kind
from dsr.models import PlanItem
from dsr.package import report
from dsr.steps import ledger, turns

POINT = os.environ.get("FIRE_AT", "")
KIND = os.environ.get("FIRE_KIND", Kind.ERASE)
SYSTEM = os.environ.get("FIRE_SYSTEM", "")
MARK = Path(os.environ["FIRE_MARK"])
BEATING = threading.Lock()


def fire(point: str) -> None:
    """At the named point, once: kill the whole worker, or stop this process until somebody lets it go on.

    Only this process is stopped, and between two heartbeats: who stands still in the middle of a write keeps
    everybody else from writing, with SQLite.
    """
    if point != POINT.removeprefix("stop_"):
        return
    try:
        MARK.touch(exist_ok=False)
    except FileExistsError:
        return
    if POINT.startswith("stop_"):
        with BEATING:
            os.kill(os.getpid(), signal.SIGSTOP)
    else:
        os.killpg(0, signal.SIGKILL)


def hit(item: PlanItem | None) -> bool:
    """Whether this is the item that the test aims at."""
    return item is not None and item.kind == KIND and item.system == SYSTEM and not item.deferred


def hit_claim(item: PlanItem | None, *_: object) -> bool:
    """The claim has just been made."""
    return hit(item)


def hit_finish(_: object, item: PlanItem, *rest: object) -> bool:
    """The item is written as done, and not committed."""
    return hit(item)


def after(original: Callable[..., object], point: str, aimed: Callable[..., bool]) -> Callable[..., object]:
    """The original, and fire once it is through."""

    def wrapped(*args: object, **kwargs: object) -> object:
        result = original(*args, **kwargs)
        if aimed(result, *args):
            fire(point)
        return result

    return wrapped


def erase_under_fire(self: HttpService, chunk: Chunk, key: str) -> Receipt:
    """The effect has happened; the worker has not written it down."""
    receipt = original_erase(self, chunk, key)
    fire("after_effect")
    return receipt


def correct_under_fire(self: SqlDatabase, changes: tuple[Change, ...], key: str) -> Receipt:
    """The same of a correction."""
    receipt = original_correct(self, changes, key)
    fire("after_effect")
    return receipt


def beat(item: PlanItem) -> None:
    """A heartbeat, from its first statement until its connection is closed."""
    with BEATING:
        original_beat(item)
        connection.close()


def untypeset(html: str) -> bytes:
    """The letter as it is."""
    return html.encode()


ledger.claim = after(ledger.claim, "after_claim", hit_claim)  # type: ignore[assignment]  # a kill in it
ledger.finish = after(ledger.finish, "before_commit", hit_finish)  # type: ignore[assignment]  # as above
original_erase = HttpService.erase
HttpService.erase = erase_under_fire  # type: ignore[method-assign]  # as above
original_correct = SqlDatabase.correct
SqlDatabase.correct = correct_under_fire  # type: ignore[method-assign]  # as above
original_beat = turns._beat  # noqa: SLF001 — what is done between its beats is what a test is about
turns._beat = beat  # noqa: SLF001 — as above
report.render = untypeset

if __name__ == "__main__":
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR"]
    app.worker_main(["--quiet", "worker", "--pool", "prefork", "--concurrency", "2", *quiet])
