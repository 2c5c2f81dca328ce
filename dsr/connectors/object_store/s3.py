"""A bucket of S3 as a place of objects: with older versions, marks of deletion, unfinished uploads and locks."""

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from itertools import islice

from dsr.connectors.contract import Rejected
from dsr.connectors.object_store.config import Bucket
from dsr.connectors.object_store.s3_connection import AT_ONCE, Connection
from dsr.connectors.object_store.s3_erasure import erase
from dsr.connectors.object_store.s3_errors import Missing
from dsr.connectors.object_store.s3_listing import Listing, Trace, versioning_of
from dsr.connectors.object_store.store import Erased, Stored

_BLOCK = 4 * 1024 * 1024  # bytes asked for at a time: a slow reader holds no connection open
_MORE_AT_ONCE = 8 * AT_ONCE
_SAMPLE = 1_000


class S3Store:
    """All access to the bucket; keys are relative to the root that the address names."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @cached_property
    def _connection(self) -> Connection:
        return Connection(self._bucket)

    @cached_property
    def _listing(self) -> Listing:
        """Only where map and bucket agree: else a search overlooks what is hidden, and a deletion only hides."""
        if wrong := self._disagreement(versioning_of(self._connection)[0]):
            raise Rejected(wrong)
        return Listing(self._connection)

    def listed(
        self, prefix: str, depth: int | None, below: Callable[[str], bool], *, details: bool
    ) -> Iterator[Stored]:
        """List what begins so; the pattern looks at the number of parts."""
        found = self._listing.below(self._bucket.root + prefix)
        return self._told(map(self._stored, found), details=details)

    def named(self, keys: Sequence[str], *, details: bool) -> Iterator[Stored]:
        """Look for each key, many at a time."""
        found = self._listing.of(self._full(keys))
        return self._told(map(self._stored, found), details=details)

    def content(self, stored: Stored) -> Iterator[bytes]:
        """Read the version that was listed, block by block."""
        key = self._bucket.root + stored.key
        for first in range(0, stored.size, _BLOCK):
            last = min(first + _BLOCK, stored.size) - 1
            yield self._connection.read(key, stored.version, stored.etag, (first, last))

    def erase(self, keys: Sequence[str], fixed: str) -> Erased:
        """Erase every version of the keys, and abort unfinished uploads."""
        erased = erase(self._connection, self._listing, self._full(keys))
        return replace(erased, kept={self._relative(key): lock for key, lock in erased.kept.items()})

    def left(self, keys: Sequence[str]) -> set[str]:
        """List again, over a new connection."""
        with closing(Connection(self._bucket)) as connection:
            return {self._relative(trace.key) for trace in Listing(connection).of(self._full(keys))}

    def first_parts(self) -> list[str]:
        """Name the first parts of a thousand keys and folders."""
        root = self._bucket.root
        page = self._connection.ask("list_objects_v2", Prefix=root, Delimiter="/", MaxKeys=_SAMPLE)
        folders = [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        names = [one["Key"] for one in page.get("Contents", ())]
        return [self._relative(name).rstrip("/") for name in (*folders, *names) if name != root]

    def sample(self, prefix: str) -> list[Stored]:
        """Name a thousand keys."""
        page = self._connection.ask("list_objects_v2", Prefix=self._bucket.root + prefix, MaxKeys=_SAMPLE)
        return [Stored(self._relative(one["Key"])) for one in page.get("Contents", ())]

    def differences(self, fixed: Sequence[str]) -> list[str]:
        """Ask everything that an erasure needs, on a key that nobody has."""
        try:
            self._connection.ask("head_bucket")
            status, second_factor = versioning_of(self._connection)
            if second_factor:
                return ["versions of the bucket are deleted with a second factor only (MFA delete)"]
            if wrong := self._disagreement(status):
                return [wrong]
            for prefix in fixed:
                nobody = f"{self._bucket.root}{prefix}rightful-check-{uuid.uuid4()}"
                list(self._listing.of([nobody]))
                self._try_deletion(nobody)
        except Missing as problem:
            return ["the bucket is not there" if problem.code in ("404", "NoSuchBucket") else str(problem)]
        except Rejected as problem:
            return [str(problem)]
        return []

    def close(self) -> None:
        """Give back connections, if there are any."""
        if "_connection" in self.__dict__:
            self._connection.close()

    def _disagreement(self, status: str) -> str:
        if bool(status) == self._bucket.versioned:
            return ""
        said = "on" if self._bucket.versioned else "off"
        return f"the map says versioning '{said}', the bucket says '{status or 'never enabled'}'"

    def _try_deletion(self, key: str) -> None:
        one = {"Key": key, "VersionId": "null"} if self._bucket.versioned else {"Key": key}
        answer = self._connection.ask("delete_objects", Delete={"Objects": [one]})
        if any(error.get("Code") == "AccessDenied" for error in answer.get("Errors", ())):
            raise Rejected("the credentials may not delete here")

    def _stored(self, trace: Trace) -> Stored:
        contents = [version for version in trace.versions if not version.is_mark]
        newest = Stored(self._relative(trace.key), versions=len(contents), uploads=len(trace.uploads))
        if not contents:
            return newest
        first = contents[0]
        return replace(newest, size=first.size, modified=first.modified, etag=first.etag, version=first.id)

    def _told(self, found: Iterator[Stored], *, details: bool) -> Iterator[Stored]:
        if not details:
            return found
        some_of = iter(lambda: list(islice(found, _MORE_AT_ONCE)), [])
        together = (self._connection.together(self._with_details, some) for some in some_of)
        return (one for some in together for one in some)

    def _with_details(self, stored: Stored) -> Stored:
        if not stored.has_content:
            return stored
        version = {"VersionId": stored.version} if stored.version else {}
        head = self._connection.ask("head_object", Key=self._bucket.root + stored.key, **version)
        metadata = {re.sub("[^a-z0-9]", "_", name.lower()): text for name, text in head.get("Metadata", {}).items()}
        return replace(stored, content_type=head.get("ContentType", ""), metadata=metadata)

    def _full(self, keys: Sequence[str]) -> list[str]:
        return [self._bucket.root + key for key in keys]

    def _relative(self, key: str) -> str:
        return key.removeprefix(self._bucket.root)
