"""What a package brings, held to the contract: whatever else goes wrong in it is a refusal of that system alone."""

import re
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import TypeVar, cast

from dsr.connectors.contract import (
    Ability,
    Ages,
    Batch,
    Connector,
    File,
    Finding,
    Found,
    Receipt,
    Rejected,
    Schema,
    Unreachable,
    Waiting,
)
from dsr.connectors.settings import resolve
from dsr.datamap.schema import SystemMap

_Step = TypeVar("_Step")
_REFERENCE = re.compile(r"\$\{[^}]*\}")
_LEAST_HIDDEN = 4  # characters of a value that is looked for in a message
_BEGINNING = 8  # characters that tell a value
# What each call gives back; of what is not named here nothing is taken.
_GIVES: Mapping[str, type] = {
    "describe": Schema,
    "count": int,
    "erase": Receipt,
    "erase_together": tuple,
    "read_back": tuple,
    "correct": Receipt,
    "read_values": tuple,
    "stop": Receipt,
    "resume": Receipt,
    "still_running": int,
    "poll": Receipt,
    "total": int,
    "ages": Ages,
    "rehearse": object,
    "call_back_at": object,
    "close": object,
}


class Turning:
    """Turns an error of theirs into one of ours; None lets it through. Its text is not told: it may hold anything."""

    def __init__(self, turned: Callable[[BaseException], Exception | None]) -> None:
        """`turned` says what it becomes."""
        self._turned = turned

    def __enter__(self) -> None:
        """Nothing comes before."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise ours in its place, and do not show theirs."""
        if isinstance(error, Exception | SystemExit | CancelledError) and (ours := self._turned(error)):
            raise ours from None


def built(theirs: type[Connector], what: str, system: SystemMap, environ: Mapping[str, str]) -> Connector:
    """Their connector. ValueError: what it says of a setting, without the values of references; or that it failed."""

    def turned(error: BaseException) -> Exception:
        if not isinstance(error, ValueError):
            return ValueError(f"{what} failed ({type(error).__name__})")
        return ValueError(_without_values(str(error), system, environ))

    with Turning(turned):
        return cast("Connector", _Kept(theirs.from_map(system, environ), what))


def _without_values(message: str, system: SystemMap, environ: Mapping[str, str]) -> str:
    for text in system.connector.settings.values():
        for reference in _REFERENCE.findall(text):
            try:
                value = resolve(reference, environ)
            except ValueError:
                continue
            message = message.replace(value, "…") if len(value) >= _LEAST_HIDDEN else message
            if len(value) > _BEGINNING and value[:_BEGINNING] in message:  # cut in the middle, or spelled otherwise
                return "it says why with a part of a value that is not told"
    return message


class _Kept:
    """A connector of theirs, or its survey: each call and each step of a stream is looked at."""

    def __init__(self, theirs: object, what: str) -> None:
        self._theirs = theirs
        self._what = what

    @property
    def abilities(self) -> frozenset[Ability]:
        """Theirs."""
        with self._turning():
            return frozenset(Ability(one) for one in cast("Connector", self._theirs).abilities)

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name not in _GIVES:
            raise AttributeError(name)

        def call(*given: object, **named: object) -> object:
            return self._called(name, _GIVES[name], *given, **named)

        return call

    def check(self) -> list[Finding]:
        """Theirs."""
        found = cast("list[object]", self._called("check", list))
        if strange := [one for one in found if not isinstance(one, Finding)]:
            raise self._astray("check", strange[0])
        return cast("list[Finding]", found)

    def find(self, *given: object, **named: object) -> Iterator[Found]:
        """Theirs, with the content of files."""
        for found in self._stream("find", *given, **named):
            if isinstance(found, File):
                yield replace(found, chunks=self._each(found.chunks))
            elif isinstance(found, Batch):
                yield found
            else:
                raise self._astray("find", found)

    def rows(self, *given: object, **named: object) -> Iterator[object]:
        """Those of a survey."""
        return self._stream("rows", *given, **named)

    def survey(self) -> "_Kept":
        """Theirs."""
        return _Kept(self._called("survey", object), self._what)

    def _called(self, name: str, gives: type, *given: object, **named: object) -> object:
        with self._turning():
            found: object = getattr(self._theirs, name)(*given, **named)
        if not isinstance(found, gives):
            raise self._astray(name, found)
        return found

    def _stream(self, name: str, *given: object, **named: object) -> Iterator[object]:
        found = self._called(name, Iterable, *given, **named)
        return self._each(cast("Iterable[object]", found))

    def _each(self, found: Iterable[_Step]) -> Iterator[_Step]:
        with self._turning():
            steps = iter(found)
        ended = object()
        try:
            while True:
                with self._turning():
                    step = next(steps, ended)
                if step is ended:
                    return
                yield cast("_Step", step)
        finally:
            with suppress(Exception):
                getattr(steps, "close", bool)()

    def _astray(self, name: str, found: object) -> Rejected:
        return Rejected(f"{self._what} gives back {type(found).__name__} where '{name}' promises something else")

    def _turning(self) -> Turning:
        return Turning(self._turned)

    def _turned(self, error: BaseException) -> Exception | None:
        name = type(error).__name__
        if isinstance(error, Unreachable | Rejected | Waiting):
            return None
        if isinstance(error, ConnectionError | TimeoutError):
            return Unreachable(f"{self._what} does not reach its system ({name})")
        return Rejected(f"{self._what} failed ({name})")
