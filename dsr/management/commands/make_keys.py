"""manage.py make_keys: the first keys of an installation."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dsr.management import keys


class Command(BaseCommand):
    """Run once, before the first start; afterwards the folder is backed up apart from the database."""

    help = "Make the keys in DSR_KEYS. Refuses when the folder holds something already."
    requires_system_checks: list[str] = []  # there is nothing to check before there are keys

    def handle(self, **_: object) -> None:
        """Make them, or say why not."""
        try:
            keys.make(settings.DSR_KEYS)
        except keys.KeysThere as why:
            raise CommandError(str(why)) from None
        self.stdout.write(
            f"Made {len(list(settings.DSR_KEYS.iterdir()))} keys in {settings.DSR_KEYS}. Keep a copy apart from the "
            "database: without these keys, nothing that is sealed can be read again."
        )
