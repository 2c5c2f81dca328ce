"""S3 for tests: moto's server as a process of its own, and a gate before it that fails as told."""

import http.client
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

REGION = "eu-central-1"
KEY_ID, SECRET = "only-for-tests", "opens-nothing"
LOCKED_UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
_HOP = {"connection", "transfer-encoding", "server", "date", "content-length"}


@contextmanager
def serving() -> Iterator[str]:
    """Moto's address, until the block ends."""
    code = "import sys; from moto.server import main; sys.exit(main(['-p', '0']))"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as server:
        try:
            lines = server.stderr or ()
            address = next(line.split("Running on ")[1].strip() for line in lines if "Running on" in line)
            drain = threading.Thread(target=lambda: [None for _ in lines], daemon=True)
            drain.start()
            yield address
        finally:
            server.terminate()
            server.wait()
            drain.join()


class Bucket:
    """One bucket as its owner sees it, without the connector."""

    def __init__(self, address: str, *, versioned: bool = True, locks: bool = False) -> None:
        self.name = f"media-{uuid.uuid4()}"
        self.address = address
        self.versioned = versioned or locks
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        self.s3: Any = boto3.client("s3", endpoint_url=address, region_name=REGION, config=config, **keys)
        where = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=locks)
        if versioned and not locks:
            self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, content: bytes = b"content", **more: object) -> str:
        """Store a version; its id."""
        return str(self.s3.put_object(Bucket=self.name, Key=key, Body=content, **more).get("VersionId", ""))

    def begin(self, key: str) -> None:
        """Begin an upload, and never finish it."""
        begun = self.s3.create_multipart_upload(Bucket=self.name, Key=key)
        self.s3.upload_part(Bucket=self.name, Key=key, UploadId=begun["UploadId"], PartNumber=1, Body=b"part")

    def hide(self, key: str) -> None:
        """Delete as people do: in a bucket with versions a mark is put on top."""
        self.s3.delete_object(Bucket=self.name, Key=key)

    def lock(self, key: str, *, hold: bool = False, version: str = "") -> None:
        """Forbid the deletion of a version."""
        named = {"Bucket": self.name, "Key": key} | ({"VersionId": version} if version else {})
        if hold:
            self.s3.put_object_legal_hold(**named, LegalHold={"Status": "ON"})
        else:
            retention = {"Mode": "COMPLIANCE", "RetainUntilDate": LOCKED_UNTIL}
            self.s3.put_object_retention(**named, Retention=retention)

    def unlock(self, key: str) -> None:
        """Let go, as its owner may, what was locked until a day."""
        past = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC)}
        self.s3.put_object_retention(Bucket=self.name, Key=key, Retention=past, BypassGovernanceRetention=True)

    def everything(self) -> dict[str, list[tuple[str, str]]]:
        """Key -> what stands under it: contents, marks and uploads with their ids."""
        found: dict[str, list[tuple[str, str]]] = {}
        page = self.s3.list_object_versions(Bucket=self.name, MaxKeys=10_000)
        for kind in ("Versions", "DeleteMarkers"):
            for one in page.get(kind, ()):
                found.setdefault(one["Key"], []).append((kind, one["VersionId"]))
        for one in self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", ()):
            found.setdefault(one["Key"], []).append(("Uploads", one["UploadId"]))
        return found

    def settings(self, **more: str) -> dict[str, str]:
        """What a map says of it."""
        return {
            "url": f"s3://{self.name}",
            "endpoint": self.address,
            "private": "127.0.0.0/8",
            "region": REGION,
            "key_id": "${S3_KEY_ID}",
            "secret": "${S3_SECRET}",
            "versioning": "on" if self.versioned else "off",
            **more,
        }

    def close(self) -> None:
        """Give back connections."""
        self.s3.close()


ENVIRON: Mapping[str, str] = {"S3_KEY_ID": KEY_ID, "S3_SECRET": SECRET}

Fault = Callable[["Passing"], bool]  # True: it has answered, nothing is passed on


class Gate(ThreadingHTTPServer):
    """Passes everything on to S3, but for what a fault answers."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.behind = urlsplit(behind).netloc
        self.fault: Fault = lambda _: False
        self.asked: list[str] = []
        self.closing = threading.Event()  # faults that wait end with it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep silent: it was told to break off, or its client went away."""


@contextmanager
def gate(behind: str) -> Iterator[Gate]:
    """A gate, until the block ends."""
    server = Gate(behind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Passing(BaseHTTPRequestHandler):
    """One exchange on its way to S3 and back."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gate
    body: bytes

    @property
    def asks(self) -> str:
        """What it wants: list, uploads, delete, abort, read, look or other."""
        query = {part.partition("=")[0] for part in urlsplit(self.path).query.split("&")}
        for sign, name in (("versions", "list"), ("list-type", "list"), ("uploads", "uploads"), ("delete", "delete")):
            if sign in query:
                return name
        if self.command == "DELETE":
            return "abort" if "uploadId" in query else "hide"
        return {"HEAD": "look"}.get(self.command, "read" if "Range" in self.headers else "other")

    def _pass(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(self.asks)
        if not self.server.fault(self):
            status, headers, content = self.behind()
            self.send(status, content, headers)

    def do_GET(self) -> None:
        self._pass()

    def do_HEAD(self) -> None:
        self._pass()

    def do_PUT(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def do_DELETE(self) -> None:
        self._pass()

    def behind(self) -> tuple[int, dict[str, str], bytes]:
        """What S3 answers."""
        connection = http.client.HTTPConnection(self.server.behind)
        try:
            connection.request(self.command, self.path, self.body or None, dict(self.headers))
            answer = connection.getresponse()
            headers = {name: text for name, text in answer.getheaders() if name.lower() not in _HOP}
            if self.command == "HEAD":
                headers["Content-Length"] = answer.getheader("Content-Length") or "0"
            return answer.status, headers, answer.read()
        finally:
            connection.close()

    def send(self, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None) -> bool:
        """Answer; True, as a fault says that has."""
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        return True

    def refuse(self, status: int, code: str, **headers: str) -> bool:
        """Answer as S3 does when it will not."""
        content = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>/secret/name</Message></Error>".encode()
        return self.send(status, content, {"Content-Type": "application/xml", **headers})

    def log_message(self, *_: object) -> None:
        """Keep silent."""
