"""Whether somebody is known shows in no time: what is typed at three doors, known and unknown in turn.

Called as `python -m benchmarks.alike FOLDER`: the folder holds keys; DSR_DATABASE_URL names the database. Of filing the
portal's own part is measured, from the call of the step to its return, for no system is asked before the proof; of
finding one's request and of signing in the whole answer to what was typed, from the middleware to the page.
Turns alternate, so that what else the machine does falls on both.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

EACH = 1_000  # of the known, and of the unknown
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
FORWARDED = 302
Typed = tuple[str, str]  # a reference, and an address


def main(folder: Path) -> None:
    """Print the figures as JSON."""
    (folder / "keys" / "django.txt").write_text("benchmark", "ascii")
    os.environ.update(DSR_VAR=str(folder), DJANGO_SETTINGS_MODULE="dsr.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(_measured()) + "\n")


def _measured() -> dict[str, dict[str, float]]:
    """Of each door medians in milliseconds, and the median of the differences."""
    from controllers.sample_people import population
    from dsr.law.references import new_reference

    known = [person.email for person in population(7, "jp", EACH)]
    unknown = [f"n{mailbox[1:]}" if mailbox.startswith("p") else f"x{mailbox[1:]}" for mailbox in known]
    filed = [_filed(mailbox, NOW - timedelta(days=2)) for mailbox in known]  # known to the portal: they asked before
    fits = list(zip(filed, known, strict=True))
    # What does not fit is, in turn, a request that another address asked for, and a reference that nobody has.
    others = [(one if turn % 2 else new_reference(), unknown[turn]) for turn, one in enumerate(filed)]
    return {
        "filing": _apart([("", one) for one in known], [("", one) for one in unknown], _file),
        "finding": _apart(fits, others, _find),
        "signing in": _apart(fits, others, _sign_in),
    }


def _apart(known: Sequence[Typed], unknown: Sequence[Typed], act: Callable[[Typed, int], float]) -> dict[str, float]:
    taken: dict[bool, list[float]] = {True: [], False: []}
    for warm in range(2):
        act(("", f"nobody{warm}@example.org"), warm)  # imports and statements are ready
    for turn, pair in enumerate(zip(known, unknown, strict=True)):
        for typed in pair if turn % 2 else reversed(pair):
            taken[typed is pair[0]].append(act(typed, turn))
    medians = {which: median(seconds) * 1000 for which, seconds in taken.items()}
    # Of each pair, which stand beside each other: what else the machine does drifts slower than that.
    apart = median(one - other for one, other in zip(taken[True], taken[False], strict=True)) * 1000
    return {"known": medians[True], "unknown": medians[False], "apart": abs(apart)}


def _file(typed: Typed, turn: int) -> float:
    """Seconds that a request takes which is filed for this address."""
    began = perf_counter()
    _filed(typed[1], NOW + timedelta(minutes=turn))
    return perf_counter() - began


def _filed(mailbox: str, at: datetime) -> str:
    from dsr.datamap.schema import IdentityKind
    from dsr.law.actors import SUBJECT
    from dsr.law.rights import Right
    from dsr.steps.asking import intake, verification

    asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, mailbox),))
    own = intake.receive(asked, by=SUBJECT, at=at)
    verification.ask_sign_in("joypix", own.reference, mailbox, at=at)
    return own.reference


def _find(typed: Typed, turn: int) -> float:
    return _posted("/joypix/find/", {"reference": typed[0] or "ZZZ-ZZZ-ZZZ", "email": typed[1]}, turn)


def _sign_in(typed: Typed, turn: int) -> float:
    return _posted("/joypix/sign-in/", {"email": typed[1]}, turn)


def _posted(page: str, typed: dict[str, str], turn: int) -> float:
    """Seconds until a browser that was never here has its answer. Each pair comes from a connection of its own."""
    from django.test import Client

    browser = Client(REMOTE_ADDR=f"198.51.{turn // 250}.{turn % 250}")
    began = perf_counter()
    answer = browser.post(page, typed, secure=True, HTTP_HOST="127.0.0.1")
    taken = perf_counter() - began
    if answer.status_code != FORWARDED:
        message = f"{page} answered {answer.status_code}"
        raise AssertionError(message)
    return taken


if __name__ == "__main__":
    main(Path(sys.argv[1]))
