"""The measures: each is given an empty folder and answers a figure with its unit."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

from benchmarks.access import TOKEN
from controllers import sample_services
from dsr.connectors.contract import Batch
from dsr.law.calendars import Calendar
from dsr.law.deadlines import due_on
from dsr.package import part
from dsr.sealing import fields, files, keyring

Figure = tuple[float, str]
ROWS = 100_000
MEGABYTES = 200
FILMS, FILM = 50, 100_000_000  # how many, and bytes of each
HEAVY = "jp000005"  # the account of who has 100,000 usage events


def deadlines(_folder: Path) -> Figure:
    """Due dates, 15 business days in the United States."""
    calendar = Calendar("US", "America/New_York")
    receipts = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(10_000)]
    due_on(receipts[0], 15, calendar)
    start = perf_counter()
    for received_at in receipts:
        due_on(received_at, 15, calendar)
    return len(receipts) / (perf_counter() - start), "due dates a second"


def sealed_fields(folder: Path) -> Figure:
    """A short text sealed and opened again."""
    ring = _ring(folder, keyring.Role.FIELDS)
    start = perf_counter()
    for n in range(20_000):
        fields.unseal(ring, fields.seal(ring, b"sam@example.com", f"identity/{n}"), f"identity/{n}")
    return 20_000 / (perf_counter() - start), "fields sealed and opened a second"


def sealed_files(folder: Path) -> Figure:
    """A file sealed, in chunks of one megabyte."""
    ring = _ring(folder, keyring.Role.FILES)
    chunk = bytes(1 << 20)

    def fill(out: BinaryIO) -> None:
        out.writelines(chunk for _ in range(MEGABYTES))

    start = perf_counter()
    files.write(folder / "sealed", "benchmark", ring, fill)
    return MEGABYTES / (perf_counter() - start), "MB a second into a sealed file"


def sealed_part(folder: Path) -> Figure:
    """Records of eight fields, packed into a sealed Part and read back."""
    ring = _ring(folder, keyring.Role.FILES)

    def fill(out: BinaryIO) -> None:
        out.writelines(part.pack(_records(), part.Tally()))

    start = perf_counter()
    sealed = files.write(folder / "part", "benchmark", ring, fill)
    with files.reading(folder / "part", "benchmark", ring, sealed.wrapped_key) as stream:
        rows = sum(len(found.rows) for found in part.unpack(stream) if isinstance(found, Batch))
    return rows / (perf_counter() - start), "records a second into a sealed Part and out"


def start_up(_folder: Path) -> Figure:
    """A fresh process until Django stands."""
    script = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'dsr.settings'; django.setup()"
    start = perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True, env={"DSR_SECRET_KEY": "benchmark"})
    return (perf_counter() - start) * 1000, "ms until Django stands"


def access(folder: Path) -> Figure:
    """An access to everything about the person with 100,000 usage events, by one worker on SQLite."""
    return _access(folder, 0)


def films(folder: Path) -> Figure:
    """The same with fifty films in the media store, 5 GB together: the package is a ZIP64."""
    return _access(folder, FILMS)


def _access(folder: Path, films: int) -> Figure:
    keyring.make(folder / "keys")
    systems = folder / "systems"
    anchor = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    seed = ["controllers.sample_services", "seed", "--var", str(systems), "--anchor", anchor, "--people", "20"]
    subprocess.run([sys.executable, "-m", *seed], check=True, stdout=subprocess.DEVNULL)
    for number in range(films):
        _film(systems / "joypix" / "media" / "uploads" / HEAVY / f"{number:08}.mp4")
    with sample_services.server(systems, 0, TOKEN) as services:
        threading.Thread(target=services.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DSR_")}
        walk = [sys.executable, "-m", "benchmarks.access", str(folder), services.base_url]
        told = subprocess.run(walk, check=True, env=environ, stdout=subprocess.PIPE, text=True).stdout
        services.shutdown()
    found = json.loads(told)
    unit = "s from accepted to package: {rows:,} records, {package:.1f} MB"
    unit += "; memory {memory:.0f} MB above the idle worker"
    unit += ", of the PDF's process {memory of the PDF's process:.0f} MB"
    unit += "; the PDF {PDF pages:.0f} pages in {PDF seconds:.1f} s"
    return found["seconds"], unit.format_map(found)


def _film(path: Path) -> None:
    """Begins as a film does; the rest takes no place here, and all of it in a package, which packs no film twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as film:
        film.write(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
        film.truncate(FILM)


def recount(folder: Path) -> Figure:
    """A million open deadlines counted again at the beginning of a day, in the embedded portal's database."""
    return _recount(folder, f"sqlite:///{folder / 'portal.sqlite3'}")


def recount_at_scale(folder: Path) -> Figure:
    """The same on PostgreSQL, with the guards that the portal sets on every connection."""
    with _postgresql() as database:
        return _recount(folder, database)


def queue(folder: Path) -> Figure:
    """A turn of the queue beside a million finished items, in the embedded portal's database."""
    return _queue(folder, f"sqlite:///{folder / 'portal.sqlite3'}")


def queue_at_scale(folder: Path) -> Figure:
    """The same on PostgreSQL."""
    with _postgresql() as database:
        return _queue(folder, database)


def alike(folder: Path) -> Figure:
    """What is typed at each door by who is known here, and by who is not: the largest of the median differences."""
    return _alike(folder, f"sqlite:///{folder / 'portal.sqlite3'}")


def alike_at_scale(folder: Path) -> Figure:
    """The same on PostgreSQL."""
    with _postgresql() as database:
        return _alike(folder, database)


def _alike(folder: Path, database: str) -> Figure:
    doors = _told("alike", folder, database)
    each = "{door} {apart:.2f} (medians {known:.1f} and {unknown:.1f})"
    told = "; ".join(each.format(door=door, **found) for door, found in doors.items())
    unit = f"ms, largest median difference of 1,000 known and 1,000 unknown at each door: {told}; the aim: < 5"
    return max(found["apart"] for found in doors.values()), unit


@contextmanager
def _postgresql() -> Iterator[str]:
    pgserver = importlib.import_module("pgserver")
    # Not in the measure's folder: the account that the server runs as must be able to enter.
    with tempfile.TemporaryDirectory(prefix="rightful-postgresql-") as place:
        running = pgserver.get_server(place)
        try:
            yield running.get_uri()
        finally:
            running.cleanup()


def _queue(folder: Path, database: str) -> Figure:
    found = _told("queue", folder, database)
    beside = ", ".join(f"{milliseconds:.2f} beside {int(size):,}" for size, milliseconds in found.items())
    return max(found.values()) / min(found.values()), f"times between the dearest and the cheapest turn; ms: {beside}"


def _told(measure: str, folder: Path, database: str) -> dict[str, Any]:
    """What a process of its own measured in this database."""
    keyring.make(folder / "keys")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DSR_")}
    environ["DSR_DATABASE_URL"] = database
    run = [sys.executable, "-m", f"benchmarks.{measure}", str(folder)]
    found: dict[str, Any] = json.loads(subprocess.run(run, check=True, env=environ, stdout=subprocess.PIPE).stdout)
    return found


def _recount(folder: Path, database: str) -> Figure:
    found = _told("deadlines", folder, database)
    unit = "s for {rows:,} open deadlines, {moved:,} of which move, by {statements} statements; again: {again:.1f} s"
    return found["seconds"], unit.format_map(found)


def _ring(folder: Path, role: keyring.Role) -> keyring.Ring:
    keyring.make(folder / "keys")
    return keyring.load(folder / "keys")[role]


def _records() -> Iterator[Batch]:
    names = ("id", "user_id", "kind", "page", "seconds", "device", "network", "at")
    for first in range(0, ROWS, 1000):
        yield Batch(
            "usage_events",
            names,
            tuple(
                (n, 7, "page_view", f"/create/{n % 50}", n % 90, "Pixel 9", "wifi", "2026-03-17T08:00:00Z")
                for n in range(first, first + 1000)
            ),
        )


MEASURES: dict[str, Callable[[Path], Figure]] = {
    "deadlines": deadlines,
    "sealed fields": sealed_fields,
    "sealed files": sealed_files,
    "sealed Part": sealed_part,
    "start": start_up,
    "access": access,
    "films": films,
    "recount": recount,
    "recount at scale": recount_at_scale,
    "alike": alike,
    "alike at scale": alike_at_scale,
    "queue": queue,
    "queue at scale": queue_at_scale,
}
