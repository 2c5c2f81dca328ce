"""What bounds a request, as its person reads it: its scope, what holds it, what was made public, what is stopped."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from dsr.datamap.schema import ControllerMap, Scope
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind, Outcome
from dsr.models import LegalHold, SubjectRequest
from dsr.portal.draft import Answers
from dsr.portal.journey import ENDED
from dsr.steps.asking import cancellation
from dsr.steps.deciding import blocking
from dsr.steps.fulfilling import sources, stopping, withdrawal

AFTER = frozenset({State.CARRIED_OUT, State.DELIVERED})


@dataclass(frozen=True, slots=True)
class Public:
    """One collection of what the person made public: how many are erased or kept, and what was agreed about it."""

    title: str
    says: str
    citation: str
    erased: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Everything of it for one request."""

    scope: Scope | None
    held: bool
    frozen: bool
    review_on: date | None
    disabled: bool
    resumed: bool
    public: list[Public]
    stopped: list[withdrawal.Stopped]
    elsewhere: list[tuple[str, str]]


def of(own: SubjectRequest, about: ControllerMap) -> Bounds:
    """For the status page."""
    standing = blocking.standing(own)
    frozen = any(hold.kind == LegalHold.FREEZE for hold in standing)
    told = frozen or (bool(standing) and own.right == Right.ERASURE)
    withdrawing = own.right == Right.CONSENT_WITHDRAWAL and own.state in AFTER
    elsewhere = withdrawal.elsewhere(about.controller).values() if withdrawing else []
    return Bounds(
        scope=about.controller.scopes.get(own.scope) if own.state not in ENDED else None,
        held=told and not frozen,
        frozen=frozen,
        review_on=min((hold.review_on for hold in standing), default=None) if told else None,
        disabled=stopping.disables(own) and cancellation.possible(own),
        resumed=own.items.filter(kind=Kind.RESUME).exists(),
        public=list(_public(own, about)) if own.state not in ENDED else [],
        stopped=withdrawal.stopped(own) if withdrawing else [],
        elsewhere=[(purpose.title, purpose.how) for purpose in elsewhere],
    )


def only(about: ControllerMap, answers: Answers) -> tuple[str, ...]:
    """The collections of the scope that was chosen on the form; empty: all."""
    scope = about.controller.scopes.get(answers.get("scope", {}).get("scope", ""))
    return scope.collections if scope else ()


def public_rows(about: ControllerMap, within: Collection[str] = ()) -> list[Public]:
    """What the person may have made public, before anything is searched (J8)."""
    return [
        _row(about, system.slug, name, 0, 0)
        for system in about.systems.values()
        for name, collection in system.collections.items()
        if collection.public and (not within or f"{system.slug}.{name}" in within)
    ]


def _public(own: SubjectRequest, about: ControllerMap) -> Iterator[Public]:
    """What was found of it, and what becomes of it; nothing of a system that was left out, which the answer names."""
    counted: dict[tuple[str, str], list[int]] = {}
    items = {item.system: item for item in own.items.filter(kind=Kind.ERASE, until=None)}
    left = {slug for slug, item in items.items() if item.outcome == Outcome.FAILED}
    for row in (each for each in sources.summary(own) if each["system"] not in left):
        system = about.systems.get(row["system"])
        if system and row["collection"] in system.collections and system.collections[row["collection"]].public:
            counts = counted.setdefault((row["system"], row["collection"]), [0, 0])
            counts[bool(row["until"])] += row["count"]
    for (slug, name), (erased, kept) in counted.items():
        since = items[slug].counts.get(name, {}).get("kept", ()) if slug in items else ()  # listed to go, and stays
        late = sum(each["count"] for each in since)
        yield _row(about, slug, name, erased - late, kept + late)


def _row(about: ControllerMap, system: str, name: str, erased: int, kept: int) -> Public:
    collection = about.systems[system].collections[name]
    rule = about.controller.retention[collection.retention]
    return Public(collection.title, rule.says, rule.citation, erased, kept)
