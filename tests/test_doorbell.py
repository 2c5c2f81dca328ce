"""Celery only rings: what its settings must be for a ring to be cheap to lose and dear to forge (decision 2)."""

import logging
import os
import sys

import pytest
from celery.signals import worker_process_init
from kombu.exceptions import OperationalError as BrokerSilent

from dsr import tasks
from dsr.celery import LETTERS, LONGEST, WORK, app
from dsr.datamap.schema import Pace
from dsr.management import processes
from dsr.steps import frames, turns

RABBITMQ_TAKES_BACK, REDIS_TAKES_BACK = 1800.0, 3600.0  # seconds, by their defaults
SWEEP = 60.0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("task_acks_late", True),
        ("task_reject_on_worker_lost", True),
        ("worker_prefetch_multiplier", 1),
        ("task_ignore_result", True),
        ("result_backend", None),
        ("accept_content", ["json"]),
        ("task_serializer", "json"),
        ("task_soft_time_limit", None),  # it would raise in the middle of an effect
        ("worker_enable_remote_control", False),
        ("worker_send_task_events", False),
        ("task_send_sent_event", False),
        ("worker_deduplicate_successful_tasks", False),
    ],
)
def test_celery_is_set_as_a_doorbell(setting: str, value: object) -> None:
    assert app.conf[setting] == value


def test_an_item_is_over_before_its_task_is_killed_and_before_a_broker_gives_it_to_another() -> None:
    longest = Pace.model_fields["seconds"].metadata
    assert [bound.le for bound in longest if hasattr(bound, "le")] == [turns.LONGEST]
    assert SWEEP + turns.LONGEST < LONGEST == app.conf.task_time_limit < RABBITMQ_TAKES_BACK < REDIS_TAKES_BACK


def test_queues_outlive_a_node_of_rabbitmq_and_nobody_waits_for_confirms() -> None:
    assert [queue.queue_arguments for queue in app.conf.task_queues] == [{"x-queue-type": "quorum"}] * 2
    assert "confirm_publish" not in app.conf.broker_transport_options


def test_while_the_broker_is_silent_pages_ring_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []

    def silent(**_: object) -> None:
        rung.append("rung")
        raise BrokerSilent

    monkeypatch.setattr(tasks, "_silence", [0.0])
    monkeypatch.setattr(tasks.sweep, "apply_async", silent)
    with pytest.raises(BrokerSilent):
        tasks.ring()
    tasks.ring()
    assert rung == ["rung"]


def test_letters_have_a_queue_and_a_process_of_their_own() -> None:
    route = app.amqp.router.route({}, "dsr.post")
    assert route["queue"].name == LETTERS
    assert app.amqp.router.route({}, "dsr.sweep")["queue"].name == WORK
    taken = {tuple(command[command.index("--queues") + 1].split(",")) for command in _workers()}
    assert taken == {(WORK,), (LETTERS,)}


def test_more_work_runs_at_once_than_one_slow_system_may_hold() -> None:
    worker = processes.worker()
    assert int(worker[worker.index("--concurrency") + 1]) > Pace().at_once


def test_a_process_of_the_pool_ends_itself_when_its_item_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(turns, "overrun", turns.nothing)  # put back afterwards
    monkeypatch.setattr(os, "_exit", ended.append)
    worker_process_init.send(sender=None)
    turns.overrun()
    assert ended == [1]


def test_whatever_is_logged_of_an_error_names_places_and_no_values() -> None:
    try:
        int("canary@example.com")
    except ValueError:
        caught = sys.exc_info()
    record = logging.LogRecord("dsr", logging.ERROR, __file__, 1, "stopped", (), caught)
    record.exc_text = "canary@example.com, as another handler wrote it"
    text = frames.Formatter("%(message)s").format(record)
    assert "canary" not in text
    assert text.startswith("stopped; ValueError at tests.test_doorbell:")


@pytest.mark.parametrize(
    "sign", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\u202e"]
)
def test_whatever_is_logged_is_one_line(sign: str) -> None:
    logged = ("dsr", logging.WARNING, __file__, 1, "Not Found: %s", (f"/a{sign}2026-11-03 ERROR dsr made up",), None)
    text = frames.Formatter("%(message)s").format(logging.LogRecord(*logged))
    assert text.isprintable()
    assert text.splitlines() == [text]


def _workers() -> list[list[str]]:
    return [processes.worker(), processes.poster()]
