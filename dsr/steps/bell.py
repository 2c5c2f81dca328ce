"""The doorbell: tells workers that there is work. Steps ring it without knowing who listens.

A lost ring costs seconds, for every worker sweeps the ledger as well.
"""

from collections.abc import Callable

from django.db import transaction


def silence() -> None:
    """Nobody listens: the embedded worker finds the work by its own sweep."""


ring: Callable[[], None] = silence  # filled at start by apps.ready()


def ring_after_commit() -> None:
    """Ring once the present transaction is committed."""
    transaction.on_commit(_ring_now, robust=True)


def _ring_now() -> None:
    """Whoever listens by then hears it."""
    ring()
