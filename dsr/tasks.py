"""Celery's way in. A message only rings; the ledger says what is to be done."""

import logging
import os
import signal
from time import monotonic

from billiard import current_process
from celery.signals import worker_process_init
from django.core.management import call_command
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerSilent

from dsr.celery import app
from dsr.steps import frames, limiting, setbacks, sweeping, turns
from dsr.steps.answering import keeping
from dsr.steps.asking import entry, sessions
from dsr.steps.fulfilling import parts
from dsr.steps.recording import record, sequencer, staffing

log = logging.getLogger(__name__)

QUIET = 15.0  # seconds: until then a sweep has found the work
_silence = [0.0]  # until when this process does not ring
LOOK = 5.0  # seconds: embedded workers ring twice a second, and the timetable asks many questions
_look = [0.0]  # when this process next looks at the timetable


@app.task(name="dsr.sweep", ignore_result=True)
def sweep() -> None:
    """Do everything that is due."""
    try:
        if sweeping.sweep(timezone.now, after=max(0.0, _look[0] - monotonic())):
            _look[0] = monotonic() + LOOK
    except (OperationalError, InterfaceError) as error:  # the portal's own database; Celery would log its words
        frames.tell(log, "a sweep ended early", "the database", error)


@worker_process_init.connect
def recycle_when_overrun(**_: object) -> None:
    """A process of the pool whose item hangs ends itself, without a word to what hangs; the pool starts another."""
    turns.overrun = lambda: os._exit(1)


@worker_process_init.connect
def leave_the_end_to_the_worker(**_: object) -> None:
    """A SIGTERM for everybody is obeyed by the worker's main process, which lets its pool finish; a second one counts.

    A process of the pool that dies of the first takes the pool's lock along, and the worker waits for it for ever.
    """
    if current_process().name != "MainProcess":  # where the worker has no pool
        signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))


@app.task(name="dsr.post", ignore_result=True)
def post() -> None:
    """Send every letter that is due."""
    sweeping.post(timezone.now)


@app.task(name="dsr.tidy", ignore_result=True)
def tidy() -> None:
    """Destroy what nobody needs any more."""
    at = timezone.now()
    while keeping.reduce_next(at=at):
        pass
    keeping.forget_done_manifests()
    record.forget_old(at=at)
    for room in (entry, sessions, limiting):
        room.forget_old(at=at)
    sequencer.sequence_late(at=at, within=None)
    sweeping.certify(at=at, since=0)
    setbacks.forget_past()
    parts.tidy(at=at)
    call_command("clearsessions")


def listen() -> None:
    """Record what happens to staff accounts, by this machine's clock."""
    staffing.connect(timezone.now)


def ring() -> None:
    """Wake a worker. A lost ring costs seconds: every worker sweeps by itself as well.

    So nobody waits for the broker's word that it has a ring, which a broker that is frozen never gives; and while it
    does not answer, pages ring once in QUIET seconds.
    """
    if monotonic() < _silence[0]:
        return
    try:
        sweep.apply_async(expires=60, retry=False)
        post.apply_async(expires=60, retry=False)
    except BrokerSilent:
        _silence[0] = monotonic() + QUIET
        raise
