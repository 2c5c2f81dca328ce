"""manage.py rewrap_packages: after a change of keys, wrap every package's key by the newest one."""

from django.core.management.base import BaseCommand, CommandError

from dsr.sealing.keyring import KeysMissing
from dsr.steps.answering import rewrapping


class Command(BaseCommand):
    """Safe at any time, and again after a break; no package is opened or written anew."""

    help = "Wrap the key of every package by the newest key of packages, and say which older keys can go."

    def handle(self, **_: object) -> None:
        """Print what was done. Ends with an error when a package's key does not open."""
        try:
            told = rewrapping.rewrap()
        except KeysMissing as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{told.done:,} packages rewrapped; {told.already:,} were already by the newest key.")
        for kid in told.removable:
            self.stdout.write(f"No package needs key {kid} any more: remove it, once every worker has the newest one.")
        if told.failed:
            raise CommandError(f"The keys of these packages do not open: {', '.join(told.failed)}")
