"""Sealed files in a bucket of S3: written in parts, and there only when all parts are (multipart upload)."""

import hashlib
import io
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, cast

from typing_extensions import Buffer

from dsr.connectors.contract import Rejected, Unreachable
from dsr.connectors.object_store.config import Bucket, is_below, is_origin
from dsr.connectors.object_store.s3_connection import Answer, Connection
from dsr.connectors.object_store.s3_errors import Missing
from dsr.sealing.shelf import ShelfFailed

PART = 16 << 20  # bytes held in memory at a time; S3 takes 10,000 of them: 160 GB
BLOCK = 4 << 20  # bytes asked for at a time: a slow reader holds no connection open
TIMEOUT = 60.0  # seconds for one question
_NO_FILE = frozenset({"NoSuchKey", "NoSuchUpload", "404"})


@contextmanager
def _meant() -> Iterator[None]:
    """What the store says, as a disk would say it."""
    try:
        yield
    except Missing as error:
        if error.code in _NO_FILE:
            raise FileNotFoundError from None
        raise ShelfFailed(f"the bucket of sealed files: {error}") from None
    except (Unreachable, Rejected) as error:
        raise ShelfFailed(f"the bucket of sealed files: {error}") from None


class _Upload(io.RawIOBase):
    """Takes bytes, and sends a part whenever there are enough; what is short goes as one piece."""

    def __init__(self, connection: Connection, key: str) -> None:
        self.connection, self.key = connection, key
        self.waiting = bytearray()
        self.upload = ""
        self.parts: list[dict[str, Any]] = []

    def writable(self) -> bool:
        return True

    def write(self, chunk: Buffer) -> int:
        piece = memoryview(chunk)
        self.waiting += piece
        while len(self.waiting) > PART:
            self._send(PART)
        return piece.nbytes

    def finish(self) -> None:
        """Now it is there."""
        if not self.upload:
            self._ask("put_object", **_body(bytes(self.waiting)))
            return
        self._send(len(self.waiting))
        listed = {"Parts": self.parts}
        self._ask("complete_multipart_upload", UploadId=self.upload, MultipartUpload=listed)

    def abort(self) -> None:
        """Leave nothing; where the store does not hear of it, the sweep does it later."""
        if self.upload:
            with suppress(OSError):
                _abort(self.connection, self.key, self.upload)

    def _send(self, size: int) -> None:
        if not self.upload:
            self.upload = str(self._ask("create_multipart_upload")["UploadId"])
        number = len(self.parts) + 1
        body = _body(bytes(self.waiting[:size]))
        del self.waiting[:size]
        answer = self._ask("upload_part", UploadId=self.upload, PartNumber=number, **body)
        self.parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def _ask(self, operation: str, **params: object) -> Answer:
        with _meant():
            return self.connection.ask(operation, Key=self.key, **params)


def _body(content: bytes) -> dict[str, object]:
    """A piece, with the sum by which the store sees that it came whole (RFC 1864)."""
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return {"Body": content, "ContentMD5": b64encode(digest).decode()}


class _Blocks(io.RawIOBase):
    """Reads an object from its beginning, block by block, all of one content."""

    def __init__(self, connection: Connection, key: str) -> None:
        self.connection, self.key = connection, key
        with _meant():
            first, self.tag, self.size = connection.begin(key, BLOCK)
        self.block, self.at, self.brought = memoryview(first), 0, len(first)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        if self.at == len(self.block) and self.brought < self.size:
            span = (self.brought, min(self.brought + BLOCK, self.size) - 1)
            with _meant():
                self.block, self.at = memoryview(self.connection.read(self.key, "", self.tag, span)), 0
            self.brought += len(self.block)
        into = memoryview(buffer).cast("B")
        piece = self.block[self.at : self.at + len(into)]
        into[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)


@dataclass(frozen=True, slots=True)
class InBucket:
    """One object."""

    connection: Connection
    key: str

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """Write it. Raises OSError."""
        upload = _Upload(self.connection, self.key)
        with ExitStack() as unfinished:
            unfinished.callback(upload.abort)  # whatever happens: half of it stays nowhere
            yield cast("BinaryIO", upload)
            upload.finish()
            unfinished.pop_all()

    @contextmanager
    def reading(self) -> Iterator[tuple[BinaryIO, int]]:
        """Its bytes, and how many. Raises FileNotFoundError, OSError."""
        blocks = _Blocks(self.connection, self.key)
        yield io.BufferedReader(blocks, 1 << 16), blocks.size

    def remove(self) -> None:
        """Take it away. Raises OSError."""
        with suppress(FileNotFoundError), _meant():
            self.connection.ask("delete_object", Key=self.key)


def _abort(connection: Connection, key: str, upload: str) -> None:
    """Take away an upload that nobody finished: bytes that no list of objects shows, and that are paid for."""
    with suppress(FileNotFoundError), _meant():
        connection.ask("abort_multipart_upload", Key=key, UploadId=upload)


class BucketShelf:
    """All sealed files of an installation, in one bucket, or in one folder of it."""

    def __init__(self, bucket: Bucket) -> None:
        self._connection, self._root = Connection(bucket), bucket.root

    def spot(self, name: str) -> InBucket:
        """The place of the file with this name."""
        return InBucket(self._connection, self._root + name)

    def stale(self, before: datetime) -> Iterator[tuple[str, Callable[[], None]]]:
        """What was written last before then, and uploads that nobody finished since."""
        for one in self._listed("list_objects_v2", "Contents", {"ContinuationToken": "NextContinuationToken"}):
            if one["LastModified"] < before:
                yield self._name(one), InBucket(self._connection, one["Key"]).remove
        marks = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        for one in self._listed("list_multipart_uploads", "Uploads", marks):
            if one["Initiated"] < before:
                yield self._name(one), partial(_abort, self._connection, one["Key"], one["UploadId"])

    def close(self) -> None:
        """Give back connections."""
        self._connection.close()

    def _name(self, one: Mapping[str, Any]) -> str:
        return str(one["Key"]).removeprefix(self._root)

    def _listed(self, operation: str, kind: str, marks: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Every page of a list; `marks` say from where the next one goes on."""
        after: dict[str, object] = {}
        while True:
            with _meant():
                page = self._connection.ask(operation, Prefix=self._root, **after)
            yield from page.get(kind, ())
            after = {mark: page[told] for mark, told in marks.items() if page.get(told)}
            if not page.get("IsTruncated") or not after:
                return


def at(url: str, *, endpoint: str, region: str, key_id: str, secret: str, addressing: str) -> BucketShelf:
    """The shelf that the settings name. ValueError says which of them is wrong."""
    scheme, _, rest = url.partition("://")
    name, _, root = rest.partition("/")
    if scheme != "s3" or not name or not is_below(root):
        raise ValueError("DSR_FILES_URL must be such as s3://bucket/folder")
    if endpoint and not is_origin(endpoint):
        raise ValueError("DSR_FILES_ENDPOINT must be such as https://s3.example.com")
    needed = {"REGION": region, "KEY_ID": key_id, "SECRET": secret}
    if lacking := [each for each, text in needed.items() if not text]:
        raise ValueError(f"DSR_FILES_{lacking[0]} is missing; a bucket needs it")
    if addressing not in ("path", "virtual"):
        raise ValueError("DSR_FILES_ADDRESSING must be path or virtual")
    return BucketShelf(
        Bucket(
            name=name,
            root=f"{root.rstrip('/')}/" if root else "",
            endpoint=endpoint,
            region=region,
            key_id=key_id,
            secret=secret,
            path_style=addressing == "path",
            versioned=False,
            timeout=TIMEOUT,
            private=None,  # the installation's own settings say where, as they do of its database
        )
    )
