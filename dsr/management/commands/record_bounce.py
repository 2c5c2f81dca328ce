"""Letters that come back: a mail server hands each delivery status notification to this command."""

import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from dsr.steps.post import bounces


class Command(BaseCommand):
    """Record a bounce."""

    help = "Read a delivery status notification (RFC 3464) from standard input; mark the letter as come back."

    def handle(self, **_: object) -> None:
        """Ends well whatever it read: an error would make the mail server answer a bounce with a bounce."""
        taken = bounces.take(sys.stdin.buffer.read(bounces.MOST), at=timezone.now())
        said = "The letter is marked as come back." if taken else "Nothing here says that a letter of ours came back."
        self.stdout.write(said)
