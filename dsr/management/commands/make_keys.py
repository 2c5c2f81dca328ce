"""manage.py make_keys: the first keys of an installation."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dsr.management import keys
from dsr.sealing import keyring
from dsr.sealing.keyring import Role


class Command(BaseCommand):
    """Run once, before the first start; afterwards the folder is backed up apart from the database."""

    help = "Make the keys in DSR_KEYS. Refuses when the folder holds something already."
    requires_system_checks: list[str] = []  # there is nothing to check before there are keys

    def add_arguments(self, parser: ArgumentParser) -> None:
        """For an installation that is older than some of its keys, and for a change of keys."""
        parser.add_argument(
            "--missing", action="store_true", help="add the keys that sign, where nothing was signed yet"
        )
        parser.add_argument(
            "--another", choices=[Role.PACKAGES], help="add a key that seals from now on; see rewrap_packages"
        )

    def handle(self, *, missing: bool, another: str | None, **_: object) -> None:
        """Make them, or say why not."""
        try:
            if another:
                kid = keyring.add(settings.DSR_KEYS, Role(another))
                self.stdout.write(f"Made key {kid} of {another}. Restart every process, then run rewrap_packages.")
                return
            if missing:
                made = keys.make_missing(settings.DSR_KEYS)
                self.stdout.write(f"Made {', '.join(made)} in {settings.DSR_KEYS}." if made else "No key is missing.")
                return
            keys.make(settings.DSR_KEYS)
        except (keys.KeysThere, keys.KeysLost, keyring.KeysMissing) as why:
            raise CommandError(str(why)) from None
        self.stdout.write(
            f"Made {len(list(settings.DSR_KEYS.iterdir()))} keys in {settings.DSR_KEYS}. Keep a copy apart from the "
            "database: without these keys, nothing that is sealed can be read again."
        )
