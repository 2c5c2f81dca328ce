"""What stands in a bucket: versions, marks of deletion and unfinished uploads, key by key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_plus

from dsr.connectors.contract import Rejected
from dsr.connectors.object_store.pattern import keeps_inside
from dsr.connectors.object_store.s3_connection import Answer, Connection
from dsr.connectors.object_store.s3_errors import Missing

NO_VERSION = ""  # where the map says that there are none


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a mark that it was deleted."""

    id: str
    is_latest: bool
    is_mark: bool
    size: int = 0
    modified: datetime | None = None
    etag: str = ""


@dataclass(slots=True)
class Trace:
    """Everything under one key; versions from the newest to the oldest."""

    key: str
    versions: list[Version] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)


class Listing:
    """Asks a bucket what it holds. An answer that cannot be true is an error, never 'nothing there'."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versioned = connection.bucket.versioned

    def below(self, prefix: str) -> Iterator[Trace]:
        """Everything whose key begins with the prefix, each key once; what only was begun comes last."""
        begun = self._uploads(prefix)
        for trace in self._versions(prefix):
            trace.uploads = begun.pop(trace.key, [])
            yield trace
        for key, uploads in begun.items():
            yield Trace(key, uploads=uploads)

    def of(self, keys: Sequence[str]) -> Iterator[Trace]:
        """Those of these keys under which anything stands."""
        for trace in self._connection.together(self._one, keys):
            if trace.versions or trace.uploads:
                yield trace

    def _one(self, key: str) -> Trace:
        versions = next(self._versions(key, only=True), Trace(key)).versions
        return Trace(key, versions, self._uploads(key, only=True).get(key, []))

    def _versions(self, prefix: str, *, only: bool = False) -> Iterator[Trace]:
        """Group a list, which is in order of keys, by key; the last key of a page may go on in the next."""
        going_on: dict[str, Trace] = {}
        for page in self._pages(prefix):
            for key, version in self._read(page):
                _belongs(key, prefix)
                if not only or key == prefix:
                    going_on.setdefault(key, Trace(key)).versions.append(version)
            last = page.get("NextKeyMarker", "") if page["IsTruncated"] else ""
            yield from (going_on.pop(key) for key in sorted(going_on) if key != last)
            if only and last != prefix:  # a key comes before all that it begins
                break
        yield from going_on.values()

    def _pages(self, prefix: str) -> Iterator[Answer]:
        if self._versioned:
            marks = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
            return self._turned("list_object_versions", "Name", prefix, marks)
        return self._turned("list_objects_v2", "Name", prefix, {"ContinuationToken": "NextContinuationToken"})

    def _read(self, page: Answer) -> Iterator[tuple[str, Version]]:
        for one in page.get("Contents", ()):
            told_of = {"size": one["Size"], "modified": one["LastModified"], "etag": one["ETag"]}
            yield one["Key"], Version(NO_VERSION, is_latest=True, is_mark=False, **told_of)
        told = [(one, False) for one in page.get("Versions", ())]
        told += [(one, True) for one in page.get("DeleteMarkers", ())]
        for one, is_mark in sorted(told, key=_age, reverse=True):
            size, etag = one.get("Size", 0), one.get("ETag", "")
            yield one["Key"], Version(one["VersionId"], one["IsLatest"], is_mark, size, one["LastModified"], etag)

    def _uploads(self, prefix: str, *, only: bool = False) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        marks = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        for page in self._turned("list_multipart_uploads", "Bucket", prefix, marks, EncodingType="url"):
            for one in page.get("Uploads", ()):
                _belongs(one["Key"], prefix)
                if not only or one["Key"] == prefix:
                    found.setdefault(one["Key"], []).append(one["UploadId"])
        return found

    def _turned(self, operation: str, name: str, prefix: str, marks: dict[str, str], **more: str) -> Iterator[Answer]:
        """Turn the pages of a list. Raises Rejected when one says nothing, or would go on for ever."""
        where: dict[str, str] = {}
        while True:
            page = _decoded(self._connection.ask(operation, Prefix=prefix, **where, **more), more)
            if not page.get(name) or "IsTruncated" not in page:
                raise Rejected("the store's list does not say whose it is, or whether it is whole")
            yield page
            if not page["IsTruncated"]:
                return
            turned = {mark: page[told] for mark, told in marks.items() if page.get(told)}
            if not turned or turned == where:
                raise Rejected("the store's list does not come to an end")
            where = turned


def _decoded(page: Answer, asked: Mapping[str, str]) -> Answer:
    """Read keys that were written for an address, which the client does by itself where we did not ask for it."""
    if "EncodingType" not in asked or page.get("EncodingType") != "url":
        return page
    uploads = [{**one, "Key": unquote_plus(one["Key"])} for one in page.get("Uploads", ())]
    return {**page, "Uploads": uploads, "NextKeyMarker": unquote_plus(page.get("NextKeyMarker", ""))}


def _age(pair: tuple[Answer, bool]) -> tuple[bool, datetime]:
    return pair[0]["IsLatest"], pair[0]["LastModified"]


def versioning_of(connection: Connection) -> tuple[str, bool]:
    """Whether the bucket keeps versions ('', Enabled or Suspended), and whether it deletes them by a second factor."""
    try:
        answer = connection.ask("get_bucket_versioning")
    except Missing as problem:
        if problem.code != "NotImplemented":
            raise
        return "", False  # some stores know no versions
    return answer.get("Status", ""), answer.get("MFADelete") == "Enabled"


def _belongs(key: str, prefix: str) -> None:
    if not key.startswith(prefix):
        raise Rejected("the store lists objects that were not asked for")
    if not keeps_inside(key):
        raise Rejected("an object's name has a part '.' or '..'; it must be erased by hand")
