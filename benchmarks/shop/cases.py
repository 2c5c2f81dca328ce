"""The cases: what is asked of the shop, and the floor beside it. Each case has a portal database of its own."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.shop import floor
from benchmarks.shop.server import Server
from dsr.sealing import keyring

HERE = Path(__file__).parent
HEAVY = "heavy@example.com"
TIMES = 5  # the median of so many
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Figure:
    """One case: seconds, and the floor's of the same run; the rest is told beside it."""

    seconds: float
    floor: float
    told: dict[str, float]


class Bench:
    """A folder with keys, a server with the shop, and light people that nobody has asked about yet."""

    def __init__(self, folder: Path, server: Server) -> None:
        """Make keys, and a portal database to copy."""
        self.folder, self.server = folder, server
        keyring.make(folder / "keys")
        (folder / "keys" / "django.txt").write_text("benchmark", "ascii")
        self._light = (f"user{number:06}@example.com" for number in range(60_022, 100_000) if number % 13 == 1)
        server.make("portal")
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, env=self._environment("portal"))

    def light(self, number: int) -> list[str]:
        """People with twenty rows each."""
        return [next(self._light) for _ in range(number)]

    def walked(
        self, right: str, emails: list[str], *, shop: str = "shop", workers: int = 1, controller: str = "shop"
    ) -> dict[str, float]:
        """What `benchmarks.shop.walk` measured, on a portal that has seen no request before."""
        portal = f"portal_{next(_numbers)}"
        self.server.make(portal, like="portal")
        address = self.server.address(shop)
        told = {"SHOP_DATABASE_URL": address, "MILLION_DATABASE_URL": address, "WORKERS": str(workers)}
        command = [sys.executable, "-m", "benchmarks.shop.walk", controller, right, *emails]
        environment = self._environment(portal) | told
        done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
        self.server.drop(portal)
        found: dict[str, float] = json.loads(done)
        return found

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A shop of one's own, with indexes, in which rows can be erased."""
        name = f"shop_{next(_numbers)}"
        self.server.make(name, like="shop")
        yield name
        self.server.drop(name)

    def floor(self, emails: list[str], shop: str = "shop") -> float:
        """The eight SELECTs by hand, for one person after the other."""
        address = self.server.address(shop)
        return statistics.median(sum(floor.seconds(address, email) for email in emails) for _ in range(TIMES))

    def _environment(self, portal: str) -> dict[str, str]:
        own = ("DSR_", "DJANGO_", "SHOP_", "MILLION_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return clean | {
            "DSR_VAR": str(self.folder),
            "DSR_DATABASE_URL": self.server.address(portal),
            "DSR_CONTROLLERS": str(HERE / "controllers"),
            "DJANGO_SETTINGS_MODULE": "dsr.settings",
        }


def _access(bench: Bench, emails: list[str], shop: str = "shop") -> Figure:
    runs = [bench.walked("access", [email], shop=shop) for email in emails]
    return Figure(_median(runs), bench.floor(emails[:1], shop), runs[-1])


def access_light(bench: Bench) -> Figure:
    """A person with 20 rows in 8 tables, indexed: from accepted to package stored."""
    return _access(bench, bench.light(TIMES))


def access_light_pk(bench: Bench) -> Figure:
    """The same where only primary keys are indexed."""
    return _access(bench, bench.light(TIMES), "shop_pk")


def access_heavy(bench: Bench) -> Figure:
    """A person with 100,000 rows, indexed."""
    return _access(bench, [HEAVY] * TIMES)


def erase_light(bench: Bench) -> Figure:
    """20 rows found, listed, approved at once, erased, read back, answered; `erasing`: erased and read back alone."""
    with bench.copy() as shop:
        runs = [bench.walked("erasure", [email], shop=shop) for email in bench.light(TIMES)]
        by_hand = [floor.erased(bench.server.address(shop), email) for email in bench.light(TIMES)]
    return Figure(_median(runs), statistics.median(by_hand), runs[-1] | {"erasing": _median(runs, "erasing")})


def erase_heavy(bench: Bench) -> Figure:
    """The same of 100,000 rows."""
    with bench.copy() as shop:
        run = bench.walked("erasure", [HEAVY], shop=shop)
    with bench.copy() as shop:
        by_hand = floor.erased(bench.server.address(shop), HEAVY)
    return Figure(run["seconds"], by_hand, run)


def access_50(bench: Bench) -> Figure:
    """50 light accesses accepted together, two workers."""
    asked = [bench.light(50) for _ in range(TIMES)]
    runs = [bench.walked("access", emails, workers=2) for emails in asked]
    return Figure(_median(runs), bench.floor(asked[0]), runs[-1])


def rows_million(bench: Bench) -> Figure:
    """A million rows of eight columns into a sealed package; beside it COPY in CSV through gzip -1."""
    bench.server.make("million")
    bench.server.run("million", "million.sql")
    run = bench.walked("access", ["million@example.com"], shop="million", controller="million")
    copied = floor.copied(bench.server.address("million"), "SELECT * FROM reading")
    bench.server.drop("million")
    return Figure(run["seconds"], copied, run)


def _items(workers: int) -> Callable[[Bench], Figure]:
    def items(bench: Bench) -> Figure:
        emails = bench.light(100)
        run = bench.walked("access", emails, workers=workers)
        return Figure(run["seconds"], bench.floor(emails), run | {"items a second": run["items"] / run["seconds"]})

    return items


def _median(runs: list[dict[str, float]], of: str = "seconds") -> float:
    return statistics.median(run[of] for run in runs)


CASES: dict[str, Callable[[Bench], Figure]] = {
    "access_light": access_light,
    "access_light_pk": access_light_pk,
    "access_heavy": access_heavy,
    "erase_light": erase_light,
    "erase_heavy": erase_heavy,
    "access_50": access_50,
    "rows_million": rows_million,
    "items_1_workers": _items(1),
    "items_2_workers": _items(2),
    "items_4_workers": _items(4),
}
