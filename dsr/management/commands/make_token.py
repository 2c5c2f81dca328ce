"""manage.py make_token: a token with which a controller's own system uses the API."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dsr.law.work import Scope
from dsr.steps.asking import tokens


class Command(BaseCommand):
    """The token alone goes to the standard output, so that scripts can keep it."""

    help = "Make an API token for one controller. It is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, and what it is called."""
        parser.add_argument("--controller", required=True, help="such as joypix")
        parser.add_argument("--name", required=True, help="what uses it, such as 'app server'")
        parser.add_argument(
            "--scope",
            dest="scopes",
            action="append",
            type=Scope,
            choices=list(Scope),
            help="what it may do; may be given several times. Without any: all of it",
        )

    def handle(self, *, controller: str, name: str, scopes: list[Scope] | None, **_: object) -> None:
        """Make it, or say why not."""
        try:
            text = tokens.issue(controller, name, at=timezone.now(), scopes=scopes or tuple(Scope))
        except tokens.NotIssued as why:
            raise CommandError(str(why)) from None
        self.stderr.write(f"A token of {controller}, named '{name}'. Keep it now; it is shown once:")
        self.stdout.write(text)
