"""Celery's way in. A message only rings; the ledger says what is to be done."""

from django.core.management import call_command
from django.utils import timezone

from dsr.celery import app
from dsr.steps import work
from dsr.steps.answering import keeping
from dsr.steps.fulfilling import parts
from dsr.steps.recording import record, sequencer, staffing


@app.task(name="dsr.sweep", ignore_result=True)
def sweep() -> None:
    """Do everything that is due."""
    work.sweep(timezone.now)


@app.task(name="dsr.post", ignore_result=True)
def post() -> None:
    """Send every letter that is due."""
    work.post(timezone.now)


@app.task(name="dsr.tidy", ignore_result=True)
def tidy() -> None:
    """Destroy what nobody needs any more."""
    at = timezone.now()
    while keeping.reduce_next(at=at):
        pass
    keeping.forget_done_manifests()
    record.forget_old(at=at)
    sequencer.sequence_late(at=at, within=None)
    work.certify(at=at, since=0)
    parts.tidy(at=at)
    call_command("clearsessions")


def listen() -> None:
    """Record what happens to staff accounts, by this machine's clock."""
    staffing.connect(timezone.now)


def ring() -> None:
    """Wake a worker. A lost ring costs seconds: every worker sweeps by itself as well."""
    sweep.apply_async(expires=60, retry=False)
    post.apply_async(expires=60, retry=False)
