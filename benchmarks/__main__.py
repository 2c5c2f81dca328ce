"""Run the measures and print a table: all of them, or those whose name begins as given."""

import os
import platform
import resource
import sqlite3
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import shop
from benchmarks.measures import MEASURES
from benchmarks.shop.cases import CASES, Figure


def main(wanted: str) -> int:
    """Print name, figure and unit; at the end the most memory that was held."""
    chosen = {name: measure for name, measure in MEASURES.items() if name.startswith(wanted)}
    cases = [name for name in CASES if name.startswith(wanted)]
    if not chosen and not cases:
        sys.stderr.write(f"No measure begins with '{wanted}'. There are: {', '.join([*MEASURES, *CASES])}\n")
        return 2
    sys.stdout.write(f"{conditions()}\n")
    for name, measure in chosen.items():
        with TemporaryDirectory() as folder:
            figure, unit = measure(Path(folder))
        sys.stdout.write(f"{name:<28}{figure:>12,.1f}  {unit}\n")
        sys.stdout.flush()
    if cases:
        for name, found in shop.measured(wanted, conditions()):
            sys.stdout.write(f"{name:<28}{found.seconds:>12,.3f}  {_told(found)}\n")
            sys.stdout.flush()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{'memory':<28}{most:>12,.1f}  MB at most, of this process\n")
    return 0


def _told(found: Figure) -> str:
    floor = f"the floor {found.floor:.3f} s, ratio {found.seconds / found.floor:.1f}"
    of_it = f"; {found.told['erasing']:.3f} s of it erased and read back" if "erasing" in found.told else ""
    return f"s; {floor}{of_it}; {found.told['rows']:,} rows, {found.told['memory']:.0f} MB above the idle worker"


def conditions() -> str:
    """What the figures depend on, besides what else the machine does."""
    machine = f"{os.cpu_count()} cores of {platform.machine()}, {platform.system()} {platform.release()}"
    load = f"load {os.getloadavg()[0]:.1f} before"
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {machine}, {load}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
