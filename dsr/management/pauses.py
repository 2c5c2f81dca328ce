"""Which systems the commands that look into them leave alone."""

from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from dsr.models import Gate
from dsr.steps import gates


def left(controller: str, *, but: str = "") -> set[str]:
    """The systems of this controller that staff have paused, except the one that somebody insists on.

    None where the portal was never set up: maps are checked against live systems in a CI that has no portal.
    """
    return gates.left(controller, but=but) if _set_up() else set()


def _set_up() -> bool:
    real = connections[DEFAULT_DB_ALIAS]
    file = real.settings_dict["NAME"] if isinstance(real, DatabaseWrapper) and not real.is_in_memory_db() else ""
    if file and not Path(file).exists():  # asking would make it
        return False
    return Gate._meta.db_table in real.introspection.table_names()
