"""What the bodies of such a service mean. Anything unexpected is Rejected: success stands in the body."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from dsr.connectors.contract import Cell, Effect, KeptKey, Receipt, Rejected
from dsr.datamap.route import Key
from dsr.egress.client import Answer, json_of

OK = 200
ACCEPTED = 202
_JOB = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}")
_LONGEST_POLL = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """An erasure that goes on; its outcome is polled."""

    name: str
    poll_in: float


def body_of(place: str, answer: Answer, *, expected: tuple[int, ...]) -> Mapping[str, object]:
    """Take the JSON object of an answer. Raises Rejected; the text holds nothing of the body."""
    if answer.status not in expected:
        raise Rejected(f"{place}: the service answered {answer.status}")
    try:
        body = json_of(answer)
    except ValueError as error:
        raise Rejected(f"{place}: {error}, though its status is {answer.status}") from None
    if not isinstance(body, dict):
        raise Rejected(f"{place}: the answer is no JSON object")
    if body.get("error") or body.get("errors"):
        raise Rejected(f"{place}: the answer reports an error, though its status is {answer.status}")
    return body


def receipt_of(place: str, body: Mapping[str, object], key_of: Callable[[object], Key]) -> Receipt:
    """Read the outcome of an erasure that is done. Raises Rejected."""
    if body.get("status") != "done":
        raise Rejected(f"{place}: the status is none that we know")
    erased, absent = _count(place, body, "erased"), _count(place, body, "absent")
    kept = tuple(_kept(place, _object(place, one), key_of) for one in _list(place, body, "kept"))
    if kept:
        days = [one.until for one in kept if one.until is not None]
        return Receipt(Effect.KEPT, count=erased, until=max(days, default=None), kept=kept)
    if erased:
        return Receipt(Effect.DONE, count=erased)
    return Receipt(Effect.ABSENT, note="" if absent else "the service names no row")


def asked_of(receipt: Receipt, body: Mapping[str, object]) -> int:
    """Count the keys that an outcome speaks of."""
    absent = body.get("absent")
    return receipt.count + len(receipt.kept) + (absent if isinstance(absent, int) else 0)


def job_of(place: str, body: Mapping[str, object]) -> Job:
    """Read the name of an erasure that was started. Raises Rejected."""
    name = body.get("job")
    if body.get("status") != "started" or not isinstance(name, str):
        raise Rejected(f"{place}: the service accepts, but names no job")
    return Job(checked_job(place, name), poll_in(place, body))


def checked_job(place: str, name: str) -> str:
    """Let through only names that stay one part of a path. Raises Rejected."""
    if not _JOB.fullmatch(name):
        raise Rejected(f"{place}: the name of the job cannot be used")
    return name


def poll_in(place: str, body: Mapping[str, object]) -> float:
    """Read after how many seconds to ask again. Raises Rejected."""
    seconds = body.get("retry_after")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise Rejected(f"{place}: 'retry_after' must be seconds")
    return min(float(seconds), _LONGEST_POLL)


def cell(value: object) -> Cell:
    """Keep what a Batch may hold; lists and objects become JSON text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False)


def _kept(place: str, one: Mapping[str, object], key_of: Callable[[object], Key]) -> KeptKey:
    reason, until = one.get("reason"), one.get("until")
    if not isinstance(reason, str) or not reason:
        raise Rejected(f"{place}: a kept row has no reason")
    if until is None:
        return KeptKey(key_of(one.get("id")), None, reason)
    try:
        return KeptKey(key_of(one.get("id")), date.fromisoformat(str(until)), reason)
    except ValueError:
        raise Rejected(f"{place}: the day until which a row is kept is no date") from None


def _count(place: str, body: Mapping[str, object], name: str) -> int:
    count = body.get(name)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise Rejected(f"{place}: '{name}' must be a count")
    return count


def _list(place: str, body: Mapping[str, object], name: str) -> list[object]:
    found = body.get(name)
    if not isinstance(found, list):
        raise Rejected(f"{place}: '{name}' must be a list")
    return found


def _object(place: str, found: object) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise Rejected(f"{place}: a row is no JSON object")
    return found
