"""Erasures that a map declares as requests: in one phase or two, at once or by jobs, tried before or not."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime

from dsr.connectors.contract import Effect, KeptKey, Receipt, Rejected
from dsr.connectors.http.calls import Calls, bad, parsed
from dsr.connectors.http.config import HttpSettings
from dsr.connectors.http.declarations import Erasure, Job
from dsr.connectors.http.paths import ABSENT, Condition, at
from dsr.connectors.http.template import CALLBACK, Named, Request
from dsr.connectors.http.wire import checked_job
from dsr.datamap.route import Key
from dsr.egress.client import Answer

JOBS = "jobs/"
_SUCCESS = range(200, 300)
_LONGEST_REASON = 200


class Declared:
    """The erasure of one collection."""

    def __init__(
        self, calls: Calls, settings: HttpSettings, name: str, key_field: str, erasure: Erasure, callback: str = ""
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._name = name
        self._key_field = key_field
        self._erasure = erasure
        self._ours: dict[str, list[Named]] = {CALLBACK: [callback]} if callback and erasure.calls_back else {}

    def erase(self, keys: Sequence[Key], key: str) -> Receipt:
        """Erase as many rows at once as the service takes. Raises Unreachable, Rejected."""
        erased, kept, jobs = 0, list[KeptKey](), list[str]()
        for start in range(0, len(keys), self._erasure.batch):
            some = keys[start : start + self._erasure.batch]
            effect, found = self._one(some, key)
            if effect is Effect.KEPT:
                kept += [KeptKey(one, *found) for one in some]
            elif effect is Effect.STARTED:
                jobs.append(found[1])
            erased += len(some) if effect in (Effect.DONE, Effect.STARTED) else 0
        if jobs and kept:
            return Receipt(Effect.IN_DOUBT, kept=tuple(kept), note="some rows are kept, others wait for jobs")
        if jobs and self._erasure.job:
            handle = f"{JOBS}{self._name}/{erased}/{','.join(jobs)}"
            return Receipt(Effect.STARTED, handle=handle, poll_in=self._erasure.job.poll_in)
        return _summed(erased, kept)

    def rehearse(self, keys: Sequence[Key]) -> None:
        """Ask whether each row would be erased, or kept by the service's own word. Raises Unreachable, Rejected."""
        asked = self._erasure.rehearse
        if asked is None:
            raise Rejected(f"{self._name}: the service has no way to try an erasure")
        step = self._erasure.batch if asked.repeats else 1
        for start in range(0, len(keys), step):
            answer, body = self._sent(asked, self._values(keys[start : start + step]), "")
            if not self._erasure.kept.holds(answer.status, body):
                self._judged(answer, body, self._erasure.rehearse_done)

    def poll(self, handle: str, asked: int, names: str) -> Receipt:
        """Ask for each job, until one goes on. Raises Unreachable, Rejected."""
        job = self._erasure.job
        if job is None:
            raise Rejected(f"{self._name}: no job is declared")
        outcomes = []
        for name in names.split(","):
            outcomes.append(self._polled(job, checked_job(self._name, name)))
            if outcomes[-1] == "running":
                return Receipt(Effect.STARTED, handle=handle, poll_in=job.poll_in)
        if "partial" in outcomes:
            return Receipt(Effect.IN_DOUBT, note="the service did a part of it")
        return Receipt(Effect.DONE, count=asked) if "done" in outcomes else Receipt(Effect.ABSENT)

    def _one(self, keys: Sequence[Key], key: str) -> tuple[Effect, tuple[date | None, str]]:
        """One call, and its confirmation. KEPT comes with day and reason, STARTED with the job's name."""
        erasure, values = self._erasure, self._values(keys)
        answer, body = self._sent(erasure.request, values, _distinct(key, keys))
        if erasure.kept.holds(answer.status, body):
            return Effect.KEPT, (self._until(body), self._reason(body))
        if erasure.job and answer.status in _SUCCESS and not self._bad(answer, body):
            if not isinstance(found := at(erasure.job.name, body), str | int):
                raise Rejected(f"{self._name}: the service accepts, but names no job")
            return Effect.STARTED, (None, checked_job(self._name, str(found)))
        effect = self._judged(answer, body, erasure.done)
        if erasure.confirm and not erasure.job:
            told = self._sent(erasure.confirm, values, _distinct(f"{key}-confirm", keys))
            confirmed = self._judged(*told, erasure.confirm_done)
            effect = Effect.DONE if Effect.DONE in (effect, confirmed) else Effect.ABSENT
        return effect, (None, "")

    def _polled(self, job: Job, name: str) -> str:
        answer, body = self._sent(job.poll, {"job": [name]}, "")
        word = at(job.state, body)
        if answer.status not in _SUCCESS or word is ABSENT or str(word) not in job.states:
            raise Rejected(f"{self._name}: the job's state is none that the map knows, its status is {answer.status}")
        meaning = job.states[str(word)]
        if meaning == "failed":
            raise Rejected(f"{self._name}: the service says that its job has failed")
        if self._bad(answer, body):
            raise Rejected(f"{self._name}: the answer about the job reports an error, its status is {answer.status}")
        if meaning == "confirm" and self._erasure.confirm:
            told, said = self._sent(
                self._erasure.confirm, {**self._ours, "job": [name]}, _distinct("confirm", [(name,)])
            )
            if told.status not in _SUCCESS or self._bad(told, said):
                raise Rejected(f"{self._name}: the service does not let its job be confirmed")
            return "running"
        return meaning

    def _sent(self, asked: Request, values: dict[str, list[Named]], key: str) -> tuple[Answer, object]:
        address = self._calls.address(asked.path_for(values), asked.query_for(values))
        headers = {self._settings.idempotency_header: key} if key else {}
        answer = self._calls.send(asked.method, address, headers=headers, body=asked.body_for(values))
        return answer, parsed(self._name, answer, self._erasure.absent)

    def _judged(self, answer: Answer, body: object, done: Condition) -> Effect:
        """Success stands in the map's condition, and nowhere else. Raises Rejected."""
        if self._erasure.absent.holds(answer.status, body):
            return Effect.ABSENT
        if self._bad(answer, body) or not done.holds(answer.status, body):
            raise Rejected(f"{self._name}: the answer does not say that it is done, its status is {answer.status}")
        return Effect.DONE

    def _bad(self, answer: Answer, body: object) -> bool:
        return bad(answer, body, self._settings)

    def _values(self, keys: Sequence[Key]) -> dict[str, list[Named]]:
        return {**self._ours, self._key_field: [one if isinstance(one, int) else str(one) for (one,) in keys]}

    def _reason(self, body: object) -> str:
        found = at(self._erasure.kept_reason, body) if self._erasure.kept_reason else ABSENT
        return found[:_LONGEST_REASON] if isinstance(found, str) and found else "The system keeps it."

    def _until(self, body: object) -> date | None:
        found = at(self._erasure.kept_until, body) if self._erasure.kept_until else None
        if found is None:
            return None
        try:
            return datetime.fromisoformat(str(found)).date()
        except ValueError:
            raise Rejected(f"{self._name}: the day until which a row is kept is no date") from None


def _summed(erased: int, kept: list[KeptKey]) -> Receipt:
    if kept:
        days = [one.until for one in kept if one.until is not None]
        return Receipt(Effect.KEPT, count=erased, until=max(days, default=None), kept=tuple(kept))
    return Receipt(Effect.DONE, count=erased) if erased else Receipt(Effect.ABSENT)


def _distinct(key: str, keys: Sequence[Key]) -> str:
    """A key of its own for each call of an effect, equal in every attempt."""
    digest = hashlib.sha256(json.dumps([list(one) for one in keys]).encode()).hexdigest()[:16]
    return f"{key}-{digest}"
