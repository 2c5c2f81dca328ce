"""What a certificate states of a request: what was asked, found, erased, kept and why, per system. No personal data."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from dsr.datamap.schema import ControllerMap
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Event, Manifest, PlanItem, SubjectRequest
from dsr.package.contents import CollectionOutcome, SystemOutcome
from dsr.steps import maps, packaging

HOUSE = "house"  # the regime of the promise; all others are law


def of(subject_request: SubjectRequest, closing: Event, *, at: datetime) -> dict[str, object]:
    """The statement; a fact that there is none of is left out."""
    about = maps.controllers().get(subject_request.controller)
    zone = ZoneInfo(about.controller.calendar.zone if about else "UTC")
    stated = {
        "issuer": settings.DSR_BASE_URL,
        "issued_at": at.isoformat(timespec="seconds"),
        "controller": _controller(subject_request.controller, about),
        "reference": subject_request.reference,
        "right": subject_request.right,
        "channel": subject_request.channel,
        "received_on": subject_request.received_at.astimezone(zone).date().isoformat(),
        **_dates(subject_request),
        "answered_on": (subject_request.answered_at or closing.at).astimezone(zone).date().isoformat(),
        "state": closing.moved_to,
        "refused": _refused(subject_request),
        "refused_parts": list(_refused_parts(subject_request)),
        "systems": list(_systems(subject_request, about, at)),
        "purposes_stopped": list(
            subject_request.withdrawals.exclude(stopped_at=None).order_by("purpose").values_list("purpose", flat=True)
        ),
        "recipients": list(_recipients(subject_request)),
        "packages": list(subject_request.packages.order_by("version").values("version", "sha256", "size")),
        "manifest": Manifest.objects.filter(subject_request=subject_request).values_list("digest", flat=True).first(),
    }
    return {name: fact for name, fact in stated.items() if fact not in (None, [], {})}


def _controller(slug: str, about: ControllerMap | None) -> dict[str, str]:
    if about is None:
        return {"slug": slug, "name": slug}
    return {"slug": slug, "name": about.controller.name, "operator": about.controller.operator}


def _dates(subject_request: SubjectRequest) -> dict[str, object]:
    """The promise, and each date that the law sets; without deadlines of their own, the one date there is."""
    answers = [row for row in subject_request.deadlines.order_by("due_on") if row.duty == "answer"]
    promised = [row.due_on.isoformat() for row in answers if row.regime == HOUSE]
    statutory = [
        {"regime": row.regime, "due_on": row.due_on.isoformat(), "without_pauses": row.unpaused_on.isoformat()}
        for row in answers
        if row.regime != HOUSE
    ]
    return {"promised_by": promised[0] if promised else subject_request.due_on.isoformat(), "statutory": statutory}


def _refused(subject_request: SubjectRequest) -> dict[str, str] | None:
    if subject_request.state != State.REFUSED or not subject_request.ground:
        return None
    return _ground(subject_request.ground)


def _ground(name: str) -> dict[str, str]:
    facts = GROUNDS[Ground(name)]
    return {"ground": name, "says": facts.plain, "citation": facts.citation}


def _refused_parts(subject_request: SubjectRequest) -> Iterator[dict[str, str]]:
    for row in subject_request.part_refusals.order_by("system", "collection"):
        yield {"system": row.system, "collection": row.collection, **_ground(row.ground)}


def _recipients(subject_request: SubjectRequest) -> Iterator[dict[str, str]]:
    """Who was told (GDPR Art. 19), and what they answered."""
    for row in subject_request.tellings.order_by("recipient"):
        told = {"recipient": row.recipient, "told_by": row.told_by, "answer": row.answer}
        if row.expires_on:
            told["expires_on"] = row.expires_on.isoformat()
        yield {name: text for name, text in told.items() if text}


def _systems(subject_request: SubjectRequest, about: ControllerMap | None, at: datetime) -> Iterator[dict[str, object]]:
    """One entry per system of the plan. What a request never came to is not listed."""
    done = {row.system: row for row in _outcomes(subject_request, about, at)}
    corrected = _corrected(subject_request)
    stopped = Counter(
        subject_request.items.filter(kind=Kind.STOP, outcome=Outcome.STOPPED).values_list("system", flat=True)
    )
    for slug in sorted({*done, *(system for system, _ in corrected), *stopped}):
        known = about.systems.get(slug) if about else None
        row = done.get(slug) or SystemOutcome(slug, "")
        entry: dict[str, object] = {
            "system": slug,
            "title": known.title if known else slug,
            "outcome": row.outcome,
            "collections": [_collection(one) for one in row.collections],
            "corrected": {name: count for (system, name), count in corrected.items() if system == slug},
            "stopped": stopped[slug],
        }
        yield {name: fact for name, fact in entry.items() if fact}


def _outcomes(subject_request: SubjectRequest, about: ControllerMap | None, at: datetime) -> tuple[SystemOutcome, ...]:
    """As the answer says it; of a request that ended before its answer, what was found and nothing more."""
    finds = subject_request.items.filter(kind=Kind.FIND, state=ItemState.DONE).order_by("system")
    if not finds.exists():
        return ()
    answered = subject_request.state == State.DELIVERED and about is not None
    if answered and subject_request.right in {Right.ACCESS, Right.PORTABILITY, Right.ERASURE}:
        return packaging.answer_to(subject_request, at=at).systems
    return tuple(SystemOutcome(item.system, item.outcome, "", _found(item)) for item in finds)


def _found(item: PlanItem) -> tuple[CollectionOutcome, ...]:
    rows: dict[str, int] = item.counts.get("rows", {})
    return tuple(CollectionOutcome(name, count) for name, count in rows.items())


def _collection(row: CollectionOutcome) -> dict[str, object]:
    """The note of a system stays out: staff write it, and it may name somebody."""
    entry: dict[str, object] = {"collection": row.collection, "found": row.found, "erased": row.erased}
    if row.kept:
        entry["kept"] = [
            {
                "count": kept.count,
                "ground": kept.ground,
                "citation": kept.citation,
                "until": kept.until.isoformat() if kept.until else "",
            }
            for kept in row.kept
        ]
    return entry


def _corrected(subject_request: SubjectRequest) -> Counter[tuple[str, str]]:
    done = subject_request.corrections.filter(outcome=Outcome.CORRECTED)
    return Counter(done.values_list("system", "collection"))
