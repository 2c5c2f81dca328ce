"""manage.py code: a one-time code in the demo, where nobody has an authenticator app for made-up staff."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import staff


class Command(BaseCommand):
    """Outside the demo it refuses: a factor that the server tells is none."""

    help = "Print a staff member's one-time code. Demo mode only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose code."""
        parser.add_argument("username")

    def handle(self, *, username: str, **_: object) -> None:
        """Print it alone, so that scripts can use it."""
        if not settings.DSR_DEMO:
            raise CommandError("codes are printed in demo mode only (DSR_DEMO=1); use your authenticator app")
        try:
            self.stdout.write(staff.demo_code(username))
        except staff.NoSecondFactor as why:
            raise CommandError(str(why)) from None
