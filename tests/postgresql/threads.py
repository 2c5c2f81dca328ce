"""Acts in the same moment, each in a thread with a connection of its own, and what came of them."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from django.db import connection

from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden

T = TypeVar("T")


def begun(act: Callable[[], T]) -> "Future[T]":
    """An act in a thread of its own, which goes on while others do something."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(_alone, act)
    finally:
        pool.shutdown(wait=False)


def at_once(acts: Sequence[Callable[[], T]]) -> "list[Future[T]]":
    """All of them together; they are over when this returns."""
    together = threading.Barrier(len(acts))
    with ThreadPoolExecutor(len(acts)) as pool:
        return [pool.submit(_alone, partial(_met, act, together)) for act in acts]


def outcome_of(ended: "Future[T]") -> str:
    """'done', 'conflict', or the class of what stopped it."""
    error = ended.exception()
    if error is None:
        return "done"
    return "conflict" if isinstance(error, Conflict | Forbidden) else type(error).__name__


def counted(ended: "Sequence[Future[T]]") -> dict[str, int]:
    """How often each outcome came."""
    outcomes = sorted(map(outcome_of, ended))
    return {each: outcomes.count(each) for each in outcomes}


def _met(act: Callable[[], T], together: threading.Barrier) -> T:
    connection.ensure_connection()
    together.wait()
    return act()


def _alone(act: Callable[[], T]) -> T:
    try:
        return act()
    finally:
        connection.close()
