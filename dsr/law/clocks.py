"""The clocks of a request: the promise and the statutory ones, each with what its own law allows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from dsr.law.calendars import Book
from dsr.law.regimes import HOUSE, IdentityRule, Key, Regime, regimes
from dsr.law.rights import Right
from dsr.law.terms import Span, Term, Unit, ends_on


class Duty(StrEnum):
    """What must be done in time."""

    ANSWER = "answer"
    CONFIRM = "confirm"  # the receipt


class Pause(StrEnum):
    """Why the person is asked."""

    IDENTITY_REQUIRED = "identity_required"
    INFORMATION_REQUIRED = "information_required"


class ExtensionReason(StrEnum):
    """Why an answer takes longer (GDPR Art. 12(3))."""

    COMPLEXITY = "complexity"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Clock:
    """One date by one regime: what it is counted from, and what may move it."""

    regime: str
    duty: Duty
    term: Term
    extended_term: Term | None  # the whole term after an extension; None where there is none
    starts_on: date
    starts_with_proof: bool  # a proof of identity that was asked for starts it
    pausable: frozenset[Pause]

    def proven(self, proven_on: date) -> "Clock":
        """The clock after a proof that was asked for: where the law says so, it starts on that day."""
        if not self.starts_with_proof:
            return self
        return replace(self, starts_on=max(self.starts_on, proven_on))


def clocks(right: Right, of: Sequence[str], received_on: date, promise_days: int) -> tuple[Clock, ...]:
    """The promise first, then those of the regimes given, as far as they are active and know the right."""
    laws = _active(of)
    statutory = tuple(clock for law in laws for clock in _statutory(law, right, received_on))
    answers = [clock for clock in statutory if clock.duty is Duty.ANSWER]
    return (_promise(answers, received_on, promise_days), *statutory)


def due(clock: Clock, edition: Book, *, extended: bool, paused: Iterable[Span]) -> date:
    """The last day. `paused` are the days of those pauses for which this clock may stop."""
    term = clock.extended_term if extended and clock.extended_term else clock.term
    return ends_on(clock.starts_on, term, edition, paused)


def _active(of: Sequence[str]) -> list[Regime]:
    return [regimes()[slug] for slug in of if regimes()[slug].active]


def _statutory(law: Regime, right: Right, received_on: date) -> Iterable[Clock]:
    confirm, answer = law.confirm(right), law.answer(right)
    if confirm:
        # A receipt can be confirmed whoever asks, and whatever is meant.
        yield Clock(law.slug, Duty.CONFIRM, confirm, None, received_on, starts_with_proof=False, pausable=frozenset())
    if answer:
        yield Clock(
            law.slug,
            Duty.ANSWER,
            answer,
            law.extension(right),
            received_on,
            starts_with_proof=law.identity is IdentityRule.STARTS,
            pausable=_pausable(law, right),
        )


def _pausable(law: Regime, right: Right) -> frozenset[Pause]:
    allowed = {
        Pause.IDENTITY_REQUIRED: law.identity is IdentityRule.PAUSES,
        Pause.INFORMATION_REQUIRED: law.clarification(right),
    }
    return frozenset(pause for pause, stands in allowed.items() if stands)


def _promise(answers: Sequence[Clock], received_on: date, promise_days: int) -> Clock:
    """Stops and lengthens only where every law beside it lets its own clock do so (house.toml)."""
    house = regimes()[HOUSE]
    unit, follows = Unit(house.value(Key.UNIT)), house.items(Key.FOLLOWS)
    pausable = frozenset(Pause) if "pauses" in follows else frozenset[Pause]()
    for clock in answers:
        pausable &= clock.pausable | ({Pause.IDENTITY_REQUIRED} if clock.starts_with_proof else set())
    lengthens = "extension" in follows and all(clock.extended_term for clock in answers)
    longer = promise_days * int(house.value(Key.TIMES))
    return Clock(
        HOUSE,
        Duty.ANSWER,
        Term(promise_days, unit),
        Term(longer, unit) if lengthens else None,
        received_on,
        starts_with_proof=False,
        pausable=pausable,
    )
