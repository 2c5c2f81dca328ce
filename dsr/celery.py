"""Celery: the doorbell between web and workers. See docs/decisions/0002."""

import os
from typing import Any

from celery import Celery, bootsteps
from celery.worker import WorkController, state

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")

HOUR = 3600.0  # seconds

app = Celery("dsr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=3.0,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    task_default_queue="dsr",
)


class Bell(bootsteps.StartStopStep):
    """Every worker sweeps: twice a second when embedded, every 15 s when a broker rings as well."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: WorkController, **options: object) -> None:
        """Nothing rings before start."""
        super().__init__(worker, **options)
        self.timers: list[Any] = []
        self.processes = int(getattr(worker, "concurrency", 1))  # Celery sets it from its options

    def start(self, worker: WorkController) -> None:
        """Ring from the worker's main process, whose memory transport its pool can hear."""
        timer: Any = worker.timer  # the step named in `requires` has made it
        embedded = str(app.conf.broker_url).startswith("memory:")
        seconds = 0.5 if embedded else 15.0
        self.timers = [
            timer.call_repeatedly(seconds, self.ring, (seconds,), priority=10),
            timer.call_repeatedly(HOUR, app.send_task, ("dsr.tidy",), {"expires": HOUR}, priority=10),
        ]

    def ring(self, seconds: float) -> None:
        """One sweep and one post; a ring that nobody takes at once is dropped, for the next one follows.

        One process of the pool stays free of sweeps, so that slow systems never hold back the mail.
        """
        sweeps = sum(request.name == "dsr.sweep" for request in state.reserved_requests)
        if sweeps < max(1, self.processes - 1):
            app.send_task("dsr.sweep", expires=seconds * 2, retry=False)
        app.send_task("dsr.post", expires=seconds * 2, retry=False)

    def stop(self, worker: WorkController) -> None:  # noqa: ARG002 — Celery's signature
        """Stop ringing."""
        for timer in self.timers:
            timer.cancel()


app.steps["worker"].add(Bell)
