"""manage.py reseal: after a change of keys, seal everything by the newest one."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from dsr.sealing.keyring import KeysMissing, Role
from dsr.steps import resealing


class Command(BaseCommand):
    """Safe at any time, under load, and again after a break; no file is opened or written anew."""

    help = "Seal every column, and wrap the key of every file, by the newest key; say which older keys can go."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Of which keys: of all that seal, unless some are named."""
        parser.add_argument("roles", nargs="*", choices=[[], *resealing.ROLES], help="fields, files, packages")

    def handle(self, *, roles: list[str], **_: object) -> None:
        """Print what was done. Ends with an error when something does not open."""
        failed: list[str] = []
        for role in map(Role, roles or resealing.ROLES):
            try:
                told = resealing.reseal(role)
            except KeysMissing as error:
                raise CommandError(str(error)) from None
            self.stdout.write(f"{role}: {told.done:,} resealed; {told.already:,} were already by the newest key.")
            for kid in told.removable:
                self.stdout.write(f"{role}: nothing needs key {kid} any more: remove it once sessions have ended.")
            failed += told.failed
        if failed:
            raise CommandError(f"What these hold does not open: {', '.join(failed)}")
