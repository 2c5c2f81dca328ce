"""A large run: `python -m tests.chaos --requests 1000 --kills 200 --database postgresql --bell embedded`.

Prints the seed, what was dealt, figures, and the verdict; exits with 1 when something was lost, doubled or told
wrongly, or when nobody ever came to a named point at which blows were laid out.
"""

import argparse
import os
import platform
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.chaos import servers
from tests.chaos.hazards import Hazards
from tests.chaos.scene import Scene, crew, desk

DONE = "SELECT count(*) FROM dsr_planitem WHERE state = 'done'"
ITEMS = 4  # of a request, about
BLOWS = ("kills", "stops", "crashes", "broker_kills", "flushes", "doubles")


def main(told: argparse.Namespace) -> int:
    """Run, and say what was found."""
    seed = told.seed or str(random.randrange(10**6))
    say(f"SEED={seed}: {told.requests} requests on {told.database}, bell {told.bell}; {conditions()}")
    began = time.monotonic()
    with ExitStack() as stack:
        folder = told.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rightful-chaos-")))
        server = stack.enter_context(servers.postgresql()) if told.database == "postgresql" else None
        broker = stack.enter_context(servers.broker(told.bell)) if told.bell != "embedded" else None
        scene = Scene(
            Scene.laid_out(folder, told.requests),
            database=server.database("portal") if server else "",
            broker=broker.address if broker else "",
            lease=told.lease,
        )
        scene.filed()
        say(f"{time.monotonic() - began:.0f} s: filed")
        began = time.monotonic()
        stack.enter_context(scene.targets(seed, told.faults))
        stack.enter_context(desk(scene))
        hired = stack.enter_context(crew(scene, workers=told.workers, pool=told.pool, sabotage=told.sabotage))
        hazards = Hazards(scene, hired, seed, told.lease, server, broker)
        hazards.deal({kind: getattr(told, kind) for kind in BLOWS}, told.requests * ITEMS, lambda: scene.asked(DONE))
        say(f"{time.monotonic() - began:.0f} s: all blows are dealt; {scene.left()} things are left to do")
        quiet = hired.at_rest(told.patience)
        seconds = time.monotonic() - began
        hired.close()  # what is judged stands still
        judged = scene.judged()
    for name, times in {**hazards.told(), **judged.figures}.items():
        say(f"{name:<40}{times:>8,}")
    say(f"{'seconds under fire':<40}{seconds:>8,.0f}")
    wrong = [*judged.violations, *(f"nobody came to {point}" for point in hazards.dead)]
    for violation in wrong:
        say(f"VIOLATION {violation}")
    say("all is whole" if quiet and not wrong else "NOT WHOLE")
    return 0 if quiet and not wrong else 1


def conditions() -> str:
    """What the figures depend on."""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"


def say(line: str) -> None:
    """To whoever started the run, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    for blow in BLOWS:
        parser.add_argument(f"--{blow.replace('_', '-')}", type=int, default=200 if blow == "kills" else 0)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--bell", choices=("embedded", *servers.BROKERS), default="embedded")
    parser.add_argument("--faults", type=float, default=0.03, help="share of the courier's calls that fail")
    parser.add_argument("--lease", type=float, default=3.0, help="seconds")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pool", type=int, default=2, help="processes of each worker")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds after the last blow")
    parser.add_argument("--sabotage", choices=("", "fence", "key", "sweep"), default="")
    parser.add_argument("--keep", type=Path, help="an empty folder in which everything stays, logs included")
    parser.add_argument("--seed", default=os.environ.get("SEED", ""))
    return parser.parse_args()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends us ends what we have started
    sys.exit(main(arguments()))
