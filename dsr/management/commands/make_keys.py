"""manage.py make_keys: the first keys of an installation."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dsr.management import keys
from dsr.sealing import keyring
from dsr.sealing.keyring import Role

NEXT = {
    True: "Processes of this machine use it now. Sealed by older keys: run reseal.",
    False: "It opens only. When every machine has it, run make_keys --another.",
}


class Command(BaseCommand):
    """Run once, before the first start; afterwards the folder is backed up apart from the database."""

    help = "Make the keys in DSR_KEYS. Refuses when the folder holds something already."
    requires_system_checks: list[str] = []  # there is nothing to check before there are keys

    def add_arguments(self, parser: ArgumentParser) -> None:
        """For an installation that is older than some of its keys, and for a change of keys."""
        parser.add_argument(
            "--missing", action="store_true", help="add the keys that sign, where nothing was signed yet"
        )
        names = [*Role, keys.SIGNS_SESSIONS]
        parser.add_argument("--another", choices=names, help="another key seals or signs from now on; see reseal")
        parser.add_argument("--waits", choices=names, help="a key that only opens, until --another lets it seal")

    def handle(self, *, missing: bool, another: str | None, waits: str | None, **_: object) -> None:
        """Make them, or say why not."""
        try:
            if name := another or waits:
                another_one = keys.another(settings.DSR_KEYS, name, waits=not another)
                self.stdout.write(
                    f"Made {another_one}. {NEXT[bool(another)]}"
                    if name != keys.SIGNS_SESSIONS
                    else f"Made another {another_one}."
                )
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
