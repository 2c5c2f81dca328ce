"""Whether somebody is known shows in no time: requests filed for known and unknown addresses, in turn.

Called as `python -m benchmarks.alike FOLDER`: the folder holds keys. The portal's own part is measured, from the call
of the step to its return, for no system is asked before the proof. Turns alternate, so that what else the machine does
falls on both.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

EACH = 1_000  # of the known, and of the unknown
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


def main(folder: Path) -> None:
    """Print the figures as JSON."""
    (folder / "keys" / "django.txt").write_text("benchmark", "ascii")
    os.environ.update(DSR_VAR=str(folder), DJANGO_SETTINGS_MODULE="dsr.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(_measured()) + "\n")


def _measured() -> dict[str, float]:
    """Medians in milliseconds, and the median of the differences."""
    from controllers.sample_people import population
    from dsr.datamap.schema import IdentityKind
    from dsr.law.actors import SUBJECT
    from dsr.law.rights import Right
    from dsr.steps.asking import intake, verification

    known = [person.email for person in population(7, "jp", EACH)]
    unknown = [f"n{mailbox[1:]}" if mailbox.startswith("p") else f"x{mailbox[1:]}" for mailbox in known]
    for mailbox in known:  # known to the portal as well: it has asked before
        earlier = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, mailbox),))
        intake.receive(earlier, by=SUBJECT, at=NOW - timedelta(days=2))
    taken: dict[bool, list[float]] = {True: [], False: []}
    for turn, pair in enumerate(zip(known, unknown, strict=True)):
        at = NOW + timedelta(minutes=turn)
        for mailbox in pair if turn % 2 else reversed(pair):
            asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, mailbox),))
            began = perf_counter()
            own = intake.receive(asked, by=SUBJECT, at=at)
            verification.ask_sign_in("joypix", own.reference, mailbox, at=at)
            taken[mailbox in pair[:1]].append(perf_counter() - began)
    medians = {which: median(seconds) * 1000 for which, seconds in taken.items()}
    # Of each pair, which stand beside each other: what else the machine does drifts slower than that.
    apart = median(one - other for one, other in zip(taken[True], taken[False], strict=True)) * 1000
    return {"known": medians[True], "unknown": medians[False], "apart": abs(apart)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
