"""manage.py recount_deadlines: count open dates again, which the workers do by themselves each day."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from dsr.steps.counting import recounting


class Command(BaseCommand):
    """Safe at any time: what is settled never moves, and what stands is written again as it is."""

    help = "Count the dates that can move again: open pauses, and years whose holidays were not published."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which of them."""
        parser.add_argument("--every", action="store_true", help="every open date, such as after a restored backup")

    def handle(self, **options: object) -> None:
        """Print how many dates moved."""
        moved = recounting.count(at=timezone.now(), every=bool(options["every"]))
        self.stdout.write(f"{moved:,} dates moved")
