"""The sample systems of both reference controllers: `seed` makes them, `serve` runs the two on HTTP."""

import argparse
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from controllers import sample_app, sample_joypix, sample_pixplus, sample_postgresql
from controllers.sample_http import Services
from controllers.sample_people import Clock, population
from controllers.sample_state import State

PEOPLE = 2000
TOKEN = "SAMPLE_SERVICES_TOKEN"  # the name of the environment variable
_MARK = "seed.json"


def seed(
    folder: Path,
    *,
    seed: int,
    anchor: date,
    people: int = PEOPLE,
    heavy: int = sample_joypix.HEAVY_EVENTS,
    joypix_url: str = "",
) -> bool:
    """Make every sample system in `folder`, all or nothing. False: they are there already, and stay.

    `people` are per controller; `heavy` is the number of usage events of heavy@example.com. JoyPix' database is
    a file, or an empty one on PostgreSQL: `joypix_url`, which JOYPIX_DATABASE_URL then has to say, too.
    """
    if (folder / _MARK).is_file():
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = folder.with_name(f".{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    try:
        clock = Clock(anchor)
        joypix = sample_joypix.JoyPix(seed, clock, population(seed, "jp", people), [], heavy)
        pixplus = sample_pixplus.PixPlus(seed, clock, population(seed, "pp", people), [])
        _seed_joypix(half / "joypix", joypix, joypix_url)
        _seed_pixplus(half / "pixplus", pixplus)
        _state(half).create(anchor, joypix.payments, pixplus.tasks)
        told = {"seed": seed, "anchor": anchor.isoformat(), "people": people}
        (half / _MARK).write_text(json.dumps(told), encoding="utf-8")
        half.replace(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return True


def environment(folder: Path, base_url: str, token: str | None = None) -> dict[str, str]:
    """The variables that the data maps name; the token is SAMPLE_SERVICES_TOKEN's unless given."""
    folder = folder.resolve()
    secret = os.environ.get(TOKEN, "") if token is None else token
    return {
        "JOYPIX_DATABASE_URL": f"sqlite:///{folder / 'joypix' / 'database.sqlite3'}",
        "JOYPIX_MEDIA_URL": (folder / "joypix" / "media").as_uri(),
        "JOYPIX_PAYMENT_URL": f"{base_url}/payment",
        "JOYPIX_PAYMENT_TOKEN": secret,
        "PIXPLUS_DATABASE_URL": f"sqlite:///{folder / 'pixplus' / 'database.sqlite3'}",
        "PIXPLUS_EVENTS_URL": f"sqlite:///{folder / 'pixplus' / 'events.sqlite3'}",
        "PIXPLUS_MEDIA_URL": (folder / "pixplus" / "media").as_uri(),
        "PIXPLUS_RUNNINGHUB_URL": f"{base_url}/runninghub",
        "PIXPLUS_RUNNINGHUB_TOKEN": secret,
        **sample_app.environment(folder),
    }


def server(folder: Path, port: int = 0, token: str | None = None) -> Services:
    """The HTTP services, listening and ready for serve_forever(). ValueError: no token."""
    secret = os.environ.get(TOKEN, "") if token is None else token
    return Services(_state(folder), secret, port)


def serve(folder: Path, port: int = 0, ready: Callable[[str], object] = print) -> None:
    """Serve until the process is told to end; `ready` is called with the base address once it listens."""
    with server(folder, port) as services:
        ready(services.base_url)
        services.serve_forever(poll_interval=0.1)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m controllers.sample_services", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("seed", help="make the sample systems")
    one.add_argument("--var", type=Path, required=True, help="folder to make")
    one.add_argument("--seed", type=int, default=7)
    one.add_argument("--anchor", type=date.fromisoformat, required=True, help="the sample systems' today")
    one.add_argument("--people", type=int, default=PEOPLE, help="per controller")
    one.add_argument("--joypix-url", default="", help="of an empty PostgreSQL database for JoyPix, instead of a file")
    two = commands.add_parser("serve", help=f"run payment institution and RunningHub; needs {TOKEN}")
    two.add_argument("--var", type=Path, required=True, help="folder that seed made")
    two.add_argument("--port", type=int, default=0, help="0: any free port; the address is printed")
    given = parser.parse_args(arguments)
    if given.command == "seed":
        made = seed(given.var, seed=given.seed, anchor=given.anchor, people=given.people, joypix_url=given.joypix_url)
        sys.stdout.write(f"{'made' if made else 'found'} {given.var}\n")
        return 0
    return _serve(given.var, given.port)


def _serve(folder: Path, port: int) -> int:
    if not (folder / _MARK).is_file() or not os.environ.get(TOKEN):
        sys.stderr.write(f"{folder} must be seeded first, and {TOKEN} must be set\n")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C
    try:
        serve(folder, port, lambda address: print(address, flush=True))  # noqa: T201  whoever starts us reads it
    except KeyboardInterrupt:
        pass
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {port}: {error.strerror}\n")
        return 1
    return 0


def _state(folder: Path) -> State:
    return State(folder / "services.sqlite3")


def _seed_joypix(folder: Path, joypix: sample_joypix.JoyPix, url: str) -> None:
    folder.mkdir()
    joypix.store(folder / "media")
    if url:
        sample_postgresql.fill(url, joypix.tables())
        return
    with _fresh(folder / "database.sqlite3", sample_joypix.SCHEMA) as database:
        joypix.fill(database)


def _seed_pixplus(folder: Path, pixplus: sample_pixplus.PixPlus) -> None:
    folder.mkdir()
    schema, events_schema = sample_pixplus.SCHEMA, sample_pixplus.EVENTS_SCHEMA
    with (
        _fresh(folder / "database.sqlite3", schema) as database,
        _fresh(folder / "events.sqlite3", events_schema) as events,
    ):
        pixplus.fill(database, events)
    pixplus.store(folder / "media")


@contextmanager
def _fresh(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A new database, filled fast: nobody reads it before it is whole."""
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA journal_mode=MEMORY")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA foreign_keys=ON")
        database.executescript(schema)
        with database:
            yield database
        database.execute("PRAGMA journal_mode=WAL")
    finally:
        database.close()


if __name__ == "__main__":
    sys.exit(main())
