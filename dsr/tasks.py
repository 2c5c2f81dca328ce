"""Celery's way in. A message only rings; the ledger says what is to be done."""

from django.core.management import call_command
from django.utils import timezone

from dsr.celery import app
from dsr.steps import parts, work


@app.task(name="dsr.sweep", ignore_result=True)
def sweep() -> None:
    """Do everything that is due."""
    work.sweep(timezone.now)


@app.task(name="dsr.tidy", ignore_result=True)
def tidy() -> None:
    """Destroy what nobody needs any more."""
    parts.tidy(at=timezone.now())
    call_command("clearsessions")


def ring() -> None:
    """Wake a worker. A lost ring costs seconds: every worker sweeps by itself as well."""
    sweep.apply_async(expires=60, retry=False)
