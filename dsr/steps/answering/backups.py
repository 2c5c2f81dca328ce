"""Backups: until which day a copy of what was erased may last in them, by the data map (GDPR Art. 17(1)).

When one is restored before, the suppression ledger has the same erased again (see fulfilling.replay).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dsr.datamap.schema import ControllerMap
from dsr.package.contents import Backup, SystemOutcome


def lasting(about: ControllerMap, systems: Iterable[SystemOutcome], *, at: datetime) -> tuple[Backup, ...]:
    """Per system in which something was erased; none for what is never backed up."""
    today = at.astimezone(ZoneInfo(about.controller.calendar.zone)).date()
    found = []
    for each in systems:
        known = about.systems.get(each.system)
        if known is None or known.backups_days == 0 or not any(one.erased for one in each.collections):
            continue
        until = None if known.backups_days is None else today + timedelta(days=known.backups_days)
        found.append(Backup(each.system, known.title, until))
    return tuple(found)
