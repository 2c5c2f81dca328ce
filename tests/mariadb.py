"""A MariaDB server of a test run's own, on a socket in a temporary folder; nothing of the machine's is touched."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

SERVER = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
SCRIPTS = Path("/usr/share/mysql")
_SETTINGS = (
    "--no-defaults",
    "--skip-networking",
    "--skip-log-bin",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--innodb-flush-log-at-trx-commit=0",
    # As unlike ours as a server may be: blind to case, and not in UTC.
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
    "--default-time-zone=+05:30",
)


@contextmanager
def server() -> Iterator[str]:
    """Start it, and give its address. The system's own tables are made first, so that accounts have rights."""
    with tempfile.TemporaryDirectory(prefix="rightful-mariadb-") as name:
        folder = Path(name)
        (folder / "data" / "mysql").mkdir(parents=True)
        told = [SERVER, *_SETTINGS, f"--datadir={folder / 'data'}", *_account()]
        script = "USE mysql;\nSET @auth_root_socket=NULL, @skip_auth_anonymous=1;\n" + "".join(
            (SCRIPTS / f"mysql_{one}.sql").read_text() for one in ("system_tables", "system_tables_data")
        )
        with (folder / "log").open("wb") as log:
            subprocess.run([*told, "--bootstrap"], input=script.encode(), stdout=log, stderr=log, check=True)
            running = subprocess.Popen([*told, f"--socket={folder / 's'}"], stdout=log, stderr=log)
            try:
                _ready(folder / "log", running)
                yield f"mysql://root@localhost/?unix_socket={folder / 's'}"
            finally:
                running.terminate()
                running.wait(120)


def _account() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _ready(log: Path, running: subprocess.Popen[bytes]) -> None:
    for _ in range(1_800):
        if "ready for connections" in log.read_text(errors="replace"):
            return
        if running.poll() is not None:
            break
        Event().wait(0.1)
    raise AssertionError(f"MariaDB does not answer: {log.read_text(errors='replace')[-2_000:]}")
