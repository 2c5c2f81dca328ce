"""manage.py revoke_token: a token that got lost, or is needed no more."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dsr.steps.asking import tokens


class Command(BaseCommand):
    """Takes effect with the next call."""

    help = "Revoke an API token of a controller by its name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, and what it is called."""
        parser.add_argument("--controller", required=True, help="such as joypix")
        parser.add_argument("--name", required=True, help="as it was made")

    def handle(self, *, controller: str, name: str, **_: object) -> None:
        """Revoke it, or say that there is none."""
        try:
            tokens.revoke(controller, name, at=timezone.now())
        except tokens.NotIssued as why:
            raise CommandError(str(why)) from None
        self.stdout.write(f"The token of {controller} named '{name}' opens nothing any more.")
