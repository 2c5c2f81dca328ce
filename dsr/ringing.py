"""Celery's worker rings for its own queues; only a worker loads this, for what Celery's worker brings is much."""

import logging
import os
from time import monotonic
from typing import Any

from celery import bootsteps
from celery.worker import WorkController, state

from dsr.celery import LETTERS, WORK, app

log = logging.getLogger(__name__)

HOUR = 3600.0  # seconds
LOOK, DEAF = 5.0, 20.0  # seconds: how often it is asked whether rings are taken, and how long one may lie


class Bell(bootsteps.StartStopStep):
    """Every worker rings for its own queues: twice a second when embedded, every 15 s when a broker rings as well."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: WorkController, **options: object) -> None:
        """Nothing rings before start."""
        super().__init__(worker, **options)
        self.timers: list[Any] = []
        self.lying: dict[str, float] = {}  # rings that nobody has taken, and since when
        self.processes = int(getattr(worker, "concurrency", 1))  # Celery sets it from its options

    def start(self, worker: WorkController) -> None:
        """Ring from the worker's main process, whose memory transport its pool can hear; first for what lies there."""
        timer: Any = worker.timer  # the step named in `requires` has made it
        taken = app.amqp.queues.consume_from
        embedded = str(app.conf.broker_url).startswith("memory:")
        seconds = 0.5 if embedded else 15.0
        self.timers = []
        if WORK in taken:
            most = self.processes - 1 if LETTERS in taken else self.processes
            self.timers += [
                timer.call_after(0.5, self.ring_for_work, (seconds, max(1, most)), priority=10),
                timer.call_repeatedly(seconds, self.ring_for_work, (seconds, max(1, most)), priority=10),
                timer.call_repeatedly(LOOK, self.end_when_deaf, priority=10),
                timer.call_repeatedly(HOUR, app.send_task, ("dsr.tidy",), {"expires": HOUR}, priority=10),
            ]
        if LETTERS in taken:
            self.timers += [
                timer.call_after(0.5, self.ring_for_letters, (seconds,), priority=10),
                timer.call_repeatedly(seconds, self.ring_for_letters, (seconds,), priority=10),
            ]

    def ring_for_work(self, seconds: float, most: int) -> None:
        """One sweep; a ring that nobody takes at once is dropped, for the next one follows.

        Where one worker does everything, one process of its pool stays free of sweeps for the letters.
        """
        sweeps = sum(request.name == "dsr.sweep" for request in state.reserved_requests)
        if sweeps < most:
            app.send_task("dsr.sweep", expires=seconds * 2, retry=False)

    def ring_for_letters(self, seconds: float) -> None:
        """One post, unless one is at it."""
        if not any(request.name == "dsr.post" for request in state.reserved_requests):
            app.send_task("dsr.post", expires=seconds * 2, retry=False)

    def end_when_deaf(self) -> None:
        """End this worker when a ring lies although a process is free; whoever started it starts it again.

        The embedded pool shares one lock, and a process that is killed while it waits for a task takes it along.
        """
        now, taken = monotonic(), state.active_requests
        waiting = [str(request.id) for request in state.reserved_requests if request not in taken]
        self.lying = {ring: self.lying.get(ring, now) for ring in waiting}
        if len(taken) < self.processes and any(now - since > DEAF for since in self.lying.values()):
            log.error("nobody in the pool takes a ring any more: this worker ends")
            os._exit(1)  # to stop in order it would wait for the pool

    def stop(self, _: WorkController) -> None:
        """Stop ringing."""
        for timer in self.timers:
            timer.cancel()
