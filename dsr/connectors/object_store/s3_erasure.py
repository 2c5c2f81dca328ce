"""Erasing from a bucket: unfinished uploads, every version, then the marks of deletion; what a lock keeps is named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from dsr.connectors.contract import Rejected, Unreachable
from dsr.connectors.object_store.s3_connection import Connection
from dsr.connectors.object_store.s3_errors import BUSY, RETRY_IN, Denied, Missing, code_of
from dsr.connectors.object_store.s3_listing import Listing, Trace, Version
from dsr.connectors.object_store.store import Erased, Lock

_MOST = 1_000  # objects in one call, S3's limit
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404"})
_FARTHEST_AHEAD = timedelta(hours=14)  # the zone where a day ends last ends it so much before the same day of UTC

Doomed = tuple[str, Version]


@dataclass(slots=True)
class _Outcome:
    """What the store said, version by version; what it did not mention is in doubt."""

    denied: list[Doomed] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)


def erase(connection: Connection, listing: Listing, keys: Sequence[str]) -> Erased:
    """Erase all that stands under the keys. Raises Unreachable, Rejected: some may be gone then, none is resurrected.

    Older versions go first and marks of deletion last, so that no older version comes to light meanwhile.
    """
    traces = list(listing.of(keys))
    for _ in connection.together(lambda one: _abort(connection, *one), _uploads(traces)):
        pass
    outcome = _Outcome()
    contents = [(t.key, v) for t in traces for v in reversed(t.versions) if not v.is_mark]
    _delete(connection, sorted(contents, key=lambda one: one[1].is_latest), outcome)
    kept = _locks(connection, outcome.denied)
    for trace in traces:
        if trace.key in kept:
            _hide(connection, trace, outcome)
    settled = {trace.key for trace in traces} - set(kept) - outcome.doubtful
    marks = [(t.key, v) for t in traces if t.key in settled for v in t.versions if v.is_mark]
    outcome.denied.clear()
    _delete(connection, marks, outcome)
    if outcome.denied:
        raise Denied("the credentials may not remove marks of deletion")
    return Erased(len(settled - outcome.doubtful), kept, len(outcome.doubtful))


def _uploads(traces: Sequence[Trace]) -> Iterator[tuple[str, str]]:
    return ((trace.key, upload) for trace in traces for upload in trace.uploads)


def _abort(connection: Connection, key: str, upload: str) -> None:
    try:
        connection.ask("abort_multipart_upload", Key=key, UploadId=upload)
    except Missing as problem:
        if problem.code not in _GONE:
            raise


def _delete(connection: Connection, doomed: Sequence[Doomed], outcome: _Outcome) -> None:
    for start in range(0, len(doomed), _MOST):
        some = doomed[start : start + _MOST]
        named = [{"Key": key, "VersionId": version.id} if version.id else {"Key": key} for key, version in some]
        answer = connection.ask("delete_objects", Delete={"Objects": named, "Quiet": False})
        told = {_name(one): "" for one in answer.get("Deleted", ())}
        told |= {_name(one): code_of(one.get("Code", "unknown")) for one in answer.get("Errors", ())}
        for key, version in some:
            # Some stores name the version that failed, some the key alone.
            _judge((key, version), told.get((key, version.id), told.get((key, ""))), outcome)


def _name(told: dict[str, str]) -> tuple[str, str]:
    return told.get("Key", ""), told.get("VersionId") or ""


def _judge(one: Doomed, code: str | None, outcome: _Outcome) -> None:
    """Take an answer about one version: '' is success, None silence."""
    if code is None:
        outcome.doubtful.add(one[0])
    elif code in BUSY:
        raise Unreachable(f"the store did not erase everything ({code})", retry_in=RETRY_IN)
    elif code in ("AccessDenied", "ObjectLocked", "InvalidRequest"):
        outcome.denied.append(one)
    elif code and code not in _GONE:
        raise Rejected(f"the store did not erase everything ({code})")


def _locks(connection: Connection, denied: Sequence[Doomed]) -> dict[str, Lock]:
    """Why what was denied is kept. Raises Denied when no lock is the reason."""
    found: dict[str, Lock] = {}
    for key, lock in connection.together(lambda one: (one[0], _lock(connection, *one)), denied):
        if lock is None:
            raise Denied("the credentials may not delete versions, and no lock is the reason")
        before = found.get(key, lock)
        until = None if None in (before.until, lock.until) else max(before.until or date.min, lock.until or date.min)
        found[key] = Lock(until, lock.reason if lock.until is None else before.reason)
    return found


def _lock(connection: Connection, key: str, version: Version) -> Lock | None:
    named = {"VersionId": version.id} if version.id else {}
    head = connection.ask("head_object", Key=key, **named)
    if head.get("ObjectLockLegalHoldStatus") == "ON":
        return Lock(None, "a legal hold of the object store")
    until: datetime | None = head.get("ObjectLockRetainUntilDate")
    if until is None:
        return None
    # A later run on the day after must find the lock open, whatever the controller's zone.
    last = (until.astimezone(UTC) + _FARTHEST_AHEAD).date()
    return Lock(last, f"object lock of the object store ({str(head.get('ObjectLockMode', '')).lower()})")


def _hide(connection: Connection, trace: Trace, outcome: _Outcome) -> None:
    """Keep a locked older version from coming to light again, where a newer one that covered it was erased."""
    newest = trace.versions[0]
    locked = any(key == trace.key and version.id == newest.id for key, version in outcome.denied)
    if newest.id and not newest.is_mark and not locked:
        connection.ask("delete_object", Key=trace.key)  # without a version: a mark of deletion
