"""A worker on PostgreSQL: sweeps as the Celery task does, until it is killed. Run as a process of its own.

With DIES_AT=n it kills itself with its nth item in hand. Its reports are no PDFs: typesetting takes a second
and more each, and is other tests' matter.
"""

import os
import signal
import threading
from datetime import datetime
from itertools import count

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")
django.setup()

from django.utils import timezone

from dsr.models import PlanItem
from dsr.package import report
from dsr.steps import ledger, sweeping

DIES_AT = int(os.environ.get("DIES_AT", "0"))
PAUSE = threading.Event()
original = ledger.claim
claims = count(1)


def claim(*, at: datetime) -> PlanItem | None:
    """Claim, and die when told to."""
    item = original(at=at)
    if item is not None and next(claims) == DIES_AT:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def untypeset(html: str) -> bytes:
    """The letter as it is."""
    return html.encode()


if __name__ == "__main__":
    report.render = untypeset
    ledger.claim = claim
    while True:
        sweeping.sweep(timezone.now)
        sweeping.post(timezone.now)
        PAUSE.wait(0.1)
