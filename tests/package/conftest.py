"""Sam's packages, written to a stream that cannot seek, and read back."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from zipfile import ZipFile

import pytest

from dsr.package import archive
from dsr.package.bag import Sealing
from dsr.package.contents import Answer
from tests.package import answers

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

Json = Any  # what a JSON file holds; the tests say what they expect of it


class Pipe(io.RawIOBase):
    """Takes bytes and never gives a position, as a pipe into encryption does."""

    def __init__(self) -> None:
        self.taken = io.BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, content: "Buffer") -> int:
        return self.taken.write(content)


@dataclass
class Opened:
    """A package as its reader has it."""

    files: dict[str, bytes]
    zip_bytes: bytes
    written: archive.Written
    report_html: str

    def json(self, path: str) -> Json:
        parsed: Json = json.loads(self.files[path])
        return parsed

    def text(self, path: str) -> str:
        return self.files[path].decode()


def opened(answer: Answer, sealing: Sealing | None = None) -> Opened:
    """Write an answer's package and open it; the PDF is only marked, see test_report for a real one."""
    pipe, pages = Pipe(), []

    def report(html: str) -> bytes:
        pages.append(html)
        return b"%PDF-marked"

    written = archive.write(answer, cast("BinaryIO", pipe), report=report, sealing=sealing)
    content = pipe.taken.getvalue()
    with ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert len(names) == len(set(names))
        members = [name for name in names if not name.endswith("/")]
        files = {name.removeprefix(f"{answer.reference}/"): package.read(name) for name in members}
        assert not any(name in files for name in names)  # all lie in the one folder
    return Opened(files, content, written, pages[0])


@pytest.fixture(name="open_package")
def _open_package() -> Callable[[Answer], Opened]:
    return opened


@pytest.fixture(scope="session")
def access() -> Opened:
    return opened(answers.access())


@pytest.fixture(scope="session")
def erasure() -> Opened:
    return opened(answers.erasure())


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what was asked of it."""
    hits: list[str] = []

    class Bird(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Bird)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", hits
    server.shutdown()
    thread.join()
    server.server_close()
