"""Prove that the record is whole: every Event still has its leaf hash."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from dsr.models import Event, installer
from dsr.record.leaf import leaf_hash
from dsr.record.tree import root


class Command(BaseCommand):
    """Verify the record."""

    help = "Recompute the leaf of every Event and the root over all; fails naming the first that differs."

    def handle(self, **_: object) -> None:
        """Print size and root. Raises CommandError."""
        if missing := installer.missing(connection):
            message = f"The record is not guarded: missing {', '.join(missing)}"
            raise CommandError(message)
        leaves = []
        for event in Event.objects.order_by("id").iterator():
            if leaf_hash(event.content()) != event.leaf:
                message = f"Event {event.pk} ({event.tag}) is not what was written."
                raise CommandError(message)
            leaves.append(event.leaf)
        self.stdout.write(f"{len(leaves)} events, all as written. Root: {root(leaves)}")
