"""Sealed files in a bucket: there whole or not at all, and never of a size that fills the memory."""

import os
import secrets
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import pytest

from dsr.connectors.object_store import shelf as shelves
from dsr.connectors.object_store.shelf import BucketShelf
from dsr.sealing import files
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import Ring
from dsr.sealing.shelf import ShelfFailed, try_out
from tests.buckets import KEY_ID, REGION, SECRET, Bucket, Fault, Gate, Passing

RING = Ring("k1", {"k1": secrets.token_bytes(32)})
PLACE, NAME = "file/1", "one.age"
LATER = datetime.now(UTC) + timedelta(hours=1)
PIECE = os.urandom(1 << 20)
LENGTHS = (0, 1, files.SHORT, files.SHORT + 1, 7 << 20, (11 << 20) + 1)  # in one piece, and in one to three parts
Raised = type[BaseException]


@pytest.fixture
def bucket(s3: str) -> Iterator[Bucket]:
    with closing(Bucket(s3, versioned=False)) as bucket:
        yield bucket


def shelf_of(bucket: Bucket, endpoint: str) -> BucketShelf:
    url = f"s3://{bucket.name}/sealed"
    return shelves.at(url, endpoint=endpoint, region=REGION, key_id=KEY_ID, secret=SECRET, addressing="path")


@pytest.fixture
def shelf(bucket: Bucket, before: Gate, monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketShelf]:
    monkeypatch.setattr(shelves, "PART", 5 << 20)  # the least that S3 takes
    monkeypatch.setattr(shelves, "BLOCK", 1 << 20)
    with closing(shelf_of(bucket, before.url)) as shelf:
        yield shelf


def filling(size: int) -> Callable[[BinaryIO], None]:
    def fill(out: BinaryIO) -> None:
        out.writelines(PIECE[: size - first] for first in range(0, size, len(PIECE)))

    return fill


def sealed(shelf: BucketShelf, size: int) -> files.Sealed:
    return files.write(shelf.spot(NAME), PLACE, RING, filling(size))


def opened(shelf: BucketShelf, done: files.Sealed) -> bytes:
    with files.reading(shelf.spot(NAME), PLACE, RING, done.wrapped_key) as stream:
        return stream.read()


@pytest.mark.parametrize("size", LENGTHS)
def test_what_went_in_comes_out_of_the_bucket(shelf: BucketShelf, size: int) -> None:
    done = sealed(shelf, size)
    told = (PIECE * 12)[:size]
    assert opened(shelf, done) == told
    assert done.size == size


def test_the_bucket_holds_one_sealed_object_and_nothing_beside(shelf: BucketShelf, bucket: Bucket) -> None:
    sealed(shelf, 7 << 20)
    assert list(bucket.everything()) == [f"sealed/{NAME}"]
    content = bucket.s3.get_object(Bucket=bucket.name, Key=f"sealed/{NAME}")["Body"].read()
    assert content.startswith(b"age-encryption.org/v1")
    assert PIECE[:64] not in content


def test_a_long_file_is_never_held_in_memory(shelf: BucketShelf) -> None:
    tracemalloc.start()
    sealed(shelf, 40 << 20)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30 << 20


@pytest.mark.parametrize("size", [1_000, 7 << 20])
def test_a_writer_that_fails_leaves_no_object_and_no_upload(shelf: BucketShelf, bucket: Bucket, size: int) -> None:
    def fill(out: BinaryIO) -> None:
        filling(size)(out)
        raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        files.write(shelf.spot(NAME), PLACE, RING, fill)
    assert bucket.everything() == {}


def on(command: str, sign: str, act: Callable[[Passing], bool]) -> Fault:
    return lambda passing: passing.command == command and sign in passing.path and act(passing)


FAULTS: dict[str, tuple[int, Fault]] = {
    "wrong credentials": (1_000, lambda passing: passing.refuse(403, "InvalidAccessKeyId")),
    "no such bucket": (1_000, lambda passing: passing.refuse(404, "NoSuchBucket")),
    "a busy store": (1_000, lambda passing: passing.refuse(503, "SlowDown")),
    "nowhere to begin": (7 << 20, on("POST", "uploads", lambda passing: passing.refuse(403, "AccessDenied"))),
    "a part that is refused": (11 << 20, on("PUT", "partNumber=2", lambda passing: passing.refuse(507, "NoSpace"))),
    "no end": (7 << 20, on("POST", "uploadId", lambda passing: passing.refuse(500, "InternalError"))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_fails_is_an_error_of_the_system_and_leaves_nothing(
    shelf: BucketShelf, bucket: Bucket, before: Gate, fault: str
) -> None:
    size, before.fault = FAULTS[fault]
    with pytest.raises(ShelfFailed, match="the bucket of sealed files: ") as failed:
        sealed(shelf, size)
    assert NAME not in str(failed.value)
    assert bucket.everything() == {}


def test_what_a_dead_writer_left_is_found_and_taken_away(shelf: BucketShelf, bucket: Bucket) -> None:
    sealed(shelf, 1_000)
    bucket.begin("sealed/two.age")
    bucket.begin("of-somebody-else/three.age")
    assert list(shelf.stale(datetime(2000, 1, 1, tzinfo=UTC))) == []
    stale = dict(shelf.stale(LATER))
    assert set(stale) == {NAME, "two.age"}
    for remove in stale.values():
        remove()
    assert list(bucket.everything()) == ["of-somebody-else/three.age"]


def test_every_page_of_a_long_list_is_read(
    shelf: BucketShelf, bucket: Bucket, before: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        bucket.put(f"sealed/{number}.age")
        bucket.begin(f"sealed/half-{number}.age")
    connection = shelf._connection  # noqa: SLF001  shorter pages, of the same store
    ask = connection.ask
    most = {"list_objects_v2": "MaxKeys", "list_multipart_uploads": "MaxUploads"}
    monkeypatch.setattr(connection, "ask", lambda what, **more: ask(what, **more, **{most[what]: 2}))
    assert len(list(shelf.stale(LATER))) == 10


def test_a_removed_file_is_gone_and_its_key_opens_nothing(shelf: BucketShelf, bucket: Bucket) -> None:
    done = sealed(shelf, 1_000)
    shelf.spot(NAME).remove()
    shelf.spot(NAME).remove()
    assert bucket.everything() == {}
    with pytest.raises(Unsealable):
        opened(shelf, done)


BROKEN: dict[str, tuple[Fault, Raised]] = {
    "no longer there": (lambda passing: passing.refuse(404, "NoSuchKey"), Unsealable),
    "not to be reached": (lambda passing: passing.refuse(503, "SlowDown"), ShelfFailed),
    "broken off": (
        lambda passing: "bytes=0-" not in passing.headers.get("Range", "") and passing.refuse(503, "SlowDown"),
        ShelfFailed,
    ),
    "another content": (
        lambda passing: (
            "bytes=0-" not in passing.headers.get("Range", "") and passing.refuse(412, "PreconditionFailed")
        ),
        ShelfFailed,
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_store_that_breaks_off_is_not_taken_for_a_file_that_was_changed(
    shelf: BucketShelf, before: Gate, how: str
) -> None:
    done = sealed(shelf, 3 << 20)
    before.fault, raised = BROKEN[how]
    with pytest.raises(raised):
        opened(shelf, done)


def test_an_object_that_was_changed_opens_no_more(shelf: BucketShelf, bucket: Bucket) -> None:
    done = sealed(shelf, 3 << 20)
    whole = bytearray(bucket.s3.get_object(Bucket=bucket.name, Key=f"sealed/{NAME}")["Body"].read())
    whole[2 << 20] ^= 1
    bucket.put(f"sealed/{NAME}", bytes(whole))
    with pytest.raises(Unsealable):
        opened(shelf, done)


def test_a_shelf_that_takes_nothing_says_so_before_it_is_needed(
    shelf: BucketShelf, bucket: Bucket, before: Gate
) -> None:
    try_out(shelf, 100)
    assert bucket.everything() == {}
    before.fault = lambda passing: passing.refuse(403, "AccessDenied")
    with pytest.raises(ShelfFailed):
        try_out(shelf, 100)


WRONG = {
    "DSR_FILES_URL": {"url": "https://example.com/bucket"},
    "DSR_FILES_URL must": {"url": "s3://bucket/a/../b"},
    "DSR_FILES_ENDPOINT": {"endpoint": "https://name:secret@example.com"},
    "DSR_FILES_REGION": {"region": ""},
    "DSR_FILES_KEY_ID": {"key_id": ""},
    "DSR_FILES_SECRET": {"secret": ""},
    "DSR_FILES_ADDRESSING": {"addressing": "sideways"},
}


@pytest.mark.parametrize("setting", WRONG)
def test_a_setting_that_leads_nowhere_is_named(setting: str) -> None:
    right = {"url": "s3://b", "endpoint": "", "region": REGION, "key_id": "a", "secret": "b", "addressing": "path"}
    with pytest.raises(ValueError, match=setting):
        shelves.at(**{**right, **WRONG[setting]})
