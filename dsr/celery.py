"""Celery: the doorbell between web and workers. See docs/decisions/0002."""

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsr.settings")

# Letters have a queue of their own, so that a worker of their own sends them (see management/processes.py).
WORK, LETTERS = "dsr", "dsr.post"
# What takes longer is killed and rung for again. A sweep ends before: 60 seconds, and the longest item of 1,500.
# And a broker gives a message to somebody else later only: RabbitMQ after 1,800 seconds, Redis after 3,600.
LONGEST = 1700.0

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
    worker_enable_remote_control=False,  # who reaches the broker shall ring, and not command workers
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2.0,  # a page does not wait for a broker that is gone
    task_default_queue=WORK,
    # On RabbitMQ a queue on several nodes, each message written to disk; other brokers do not look at it.
    task_queues=[Queue(name, queue_arguments={"x-queue-type": "quorum"}) for name in (WORK, LETTERS)],
    broker_native_delayed_delivery_queue_type="classic",  # Celery lays 28 of them; nothing of ours is delayed
    task_routes={"dsr.post": {"queue": LETTERS}},
    task_time_limit=LONGEST,
)


app.steps["worker"].add("dsr.ringing:Bell")
