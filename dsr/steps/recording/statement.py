"""What a certificate states of a request: what was asked, found, erased, kept and why, per system. No personal data."""

from collections import Counter
from collections.abc import Iterator
from copy import copy
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from dsr.datamap.schema import ControllerMap
from dsr.law.clocks import Duty
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.regimes import HOUSE, regimes
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind, Outcome
from dsr.models import Correction, Deadline, Event, Extension, Link, Manifest, PlanItem, SubjectRequest
from dsr.package.contents import CollectionOutcome, SystemOutcome
from dsr.steps import maps
from dsr.steps.answering import packaging
from dsr.steps.counting import reckoning
from dsr.steps.post import grounds
from dsr.steps.recipients import telling


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
        "scope": _scope(subject_request, about),
        **_dates(subject_request),
        "missed": _missed(subject_request),
        "extension": _extension(subject_request, zone),
        "answered_on": (subject_request.answered_at or closing.at).astimezone(zone).date().isoformat(),
        "state": closing.moved_to,
        "answered_with": _answered_with(subject_request, closing),
        "refused": _refused(subject_request),
        "refused_parts": list(_refused_parts(subject_request, about)),
        "systems": list(_systems(subject_request, about, at)),
        "rectification": _rectification(subject_request),
        "purposes": list(_purposes(subject_request, about)),
        "recipients": list(_recipients(subject_request, about, zone)),
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
        {
            "regime": row.regime,
            "title": _law(row.regime),
            "due_on": row.due_on.isoformat(),
            "without_pauses": row.unpaused_on.isoformat(),
        }
        for row in answers
        if row.regime != HOUSE
    ]
    return {"promised_by": promised[0] if promised else subject_request.due_on.isoformat(), "statutory": statutory}


def _missed(subject_request: SubjectRequest) -> list[dict[str, str]]:
    """Each date that was missed, also where it moved on afterwards: our promise, or a law's, and what was due then."""
    rows = subject_request.deadlines.exclude(missed_on=None).order_by("missed_on", "pk")
    return [
        {"regime": row.regime, "title": _law(row.regime), "duty": row.duty, "missed_on": row.missed_on.isoformat()}
        for row in rows
        if row.missed_on is not None
    ]


def _answered_with(subject_request: SubjectRequest, closing: Event) -> str | None:
    """The reference of the request that this one was merged into, and closed with."""
    if closing.tag != "request:closed-with-original":
        return None
    link = subject_request.links.filter(kind=Link.DUPLICATE).order_by("-at").select_related("to").first()
    return link.to.reference if link else None


def _law(regime: str) -> str:
    known = regimes().get(regime)
    return known.title if known else regime


def _scope(subject_request: SubjectRequest, about: ControllerMap | None) -> dict[str, str] | None:
    """How much of an erasure was asked for, where there was a choice."""
    if not subject_request.scope:
        return None
    known = about.controller.scopes.get(subject_request.scope) if about else None
    return {"scope": subject_request.scope, "title": known.title if known else subject_request.scope}


def _extension(subject_request: SubjectRequest, zone: ZoneInfo) -> dict[str, object] | None:
    """That more time was taken: when, for which reason of the law, and each date before and after."""
    taken = Extension.objects.filter(subject_request=subject_request).first()
    if taken is None:
        return None
    dates = [
        {"regime": row.regime, "title": _law(row.regime), "first": _first(row, taken), "new": row.due_on.isoformat()}
        for row in subject_request.deadlines.filter(duty=Duty.ANSWER, extended=True).order_by("due_on")
    ]
    return {"reason": taken.reason, "on": taken.at.astimezone(zone).date().isoformat(), "dates": dates}


def _first(deadline: Deadline, taken: Extension) -> str:
    """When this date would have been without the extension."""
    before = copy(deadline)
    before.extended = False
    reckoning.reckon(before, at=taken.at)
    return before.due_on.isoformat()


def _rectification(subject_request: SubjectRequest) -> dict[str, object] | None:
    """How many fields were proposed and what became of them, and whether the person made a statement (GDPR Art. 16)."""
    if subject_request.right != Right.RECTIFICATION:
        return None
    rows = subject_request.corrections.values_list("decision", "outcome")
    counted = Counter(
        outcome or (decision if decision == Correction.DECLINED else "open") for decision, outcome in rows
    )
    return {"fields": dict(counted), "statement": bool(subject_request.statement_sealed)}


def _purposes(subject_request: SubjectRequest, about: ControllerMap | None) -> Iterator[dict[str, object]]:
    """Each purpose whose consent was to be withdrawn, and whether anything was stopped here."""
    known = about.controller.purposes if about else {}
    for row in subject_request.withdrawals.order_by("purpose"):
        title = known[row.purpose].title if row.purpose in known else row.purpose
        yield {"purpose": row.purpose, "title": title, "stopped": row.stopped_at is not None}


def _titles(about: ControllerMap | None, system: str, collection: str = "") -> tuple[str, str]:
    """As the data map calls them; a slug does where it does not know them any more."""
    known = about.systems.get(system) if about else None
    if known is None:
        return system, collection
    place = known.collections.get(collection)
    return known.title, place.title if place else collection


def _refused(subject_request: SubjectRequest) -> dict[str, str] | None:
    if subject_request.state != State.REFUSED or not subject_request.ground:
        return None
    return _ground(subject_request, subject_request.ground)


def _ground(subject_request: SubjectRequest, name: str) -> dict[str, str]:
    facts = GROUNDS[Ground(name)]
    return {"ground": name, "says": facts.plain, "citation": grounds.cited(subject_request, name)}


def _refused_parts(subject_request: SubjectRequest, about: ControllerMap | None) -> Iterator[dict[str, str]]:
    for row in subject_request.part_refusals.order_by("system", "collection"):
        system, collection = _titles(about, row.system, row.collection)
        titles = {"system_title": system, "collection_title": collection}
        yield {"system": row.system, "collection": row.collection, **titles, **_ground(subject_request, row.ground)}


def _recipients(
    subject_request: SubjectRequest, about: ControllerMap | None, zone: ZoneInfo
) -> Iterator[dict[str, str]]:
    """Who was told (GDPR Art. 19) and what they answered; and who was not, with the reason that the data map gives."""
    known = about.controller.recipients if about else {}
    for row in subject_request.tellings.order_by("recipient"):
        facts = known.get(row.recipient)
        told = {
            "recipient": row.recipient,
            "title": facts.title if facts else row.recipient,
            "told_by": row.told_by,
            "told_on": row.told_at.astimezone(zone).date().isoformat() if row.told_at else "",
            "why_not": facts.why_not if facts and row.told_by == telling.NONE else "",
            "answer": row.answer,
            "expires_on": row.expires_on.isoformat() if row.expires_on else "",
        }
        yield {name: text for name, text in told.items() if text}


def _systems(subject_request: SubjectRequest, about: ControllerMap | None, at: datetime) -> Iterator[dict[str, object]]:
    """One entry per system of the plan. What a request never came to is not listed."""
    done = {row.system: row for row in _outcomes(subject_request, about, at)}
    corrected = _corrected(subject_request)
    stopped = Counter(
        subject_request.items.filter(kind=Kind.STOP, outcome=Outcome.STOPPED).values_list("system", flat=True)
    )
    for slug in sorted({*done, *(system for system, _ in corrected), *stopped}):
        row = done.get(slug) or SystemOutcome(slug, "")
        entry: dict[str, object] = {
            "system": slug,
            "title": _titles(about, slug)[0],
            "outcome": row.outcome,
            "collections": [_collection(one, _titles(about, slug, one.collection)[1]) for one in row.collections],
            "corrected": [
                {"collection": name, "title": _titles(about, slug, name)[1], "count": count}
                for (system, name), count in sorted(corrected.items())
                if system == slug
            ],
            "stopped": stopped[slug],
        }
        yield {name: fact for name, fact in entry.items() if fact}


def _outcomes(subject_request: SubjectRequest, about: ControllerMap | None, at: datetime) -> tuple[SystemOutcome, ...]:
    """As the answer says it; of a request that ended before its answer, what was found and nothing more."""
    finds = packaging.searched(subject_request)
    if not finds:
        return ()
    answered = subject_request.state == State.DELIVERED and about is not None
    if answered and subject_request.right in {Right.ACCESS, Right.PORTABILITY, Right.ERASURE}:
        return packaging.answer_to(subject_request, at=at, language="en", finds=finds).systems
    return tuple(SystemOutcome(item.system, item.outcome, "", _found(item)) for item in finds)


def _found(item: PlanItem) -> tuple[CollectionOutcome, ...]:
    rows: dict[str, int] = item.counts.get("rows", {})
    return tuple(CollectionOutcome(name, count) for name, count in rows.items())


def _collection(row: CollectionOutcome, title: str) -> dict[str, object]:
    """Own words of staff or of a recipient stay out, and so does the note of a system: they may name somebody."""
    entry: dict[str, object] = {"collection": row.collection, "title": title}
    entry |= {"found": row.found, "erased": row.erased}
    if row.kept:
        entry["kept"] = [
            {
                "count": kept.count,
                "ground": kept.ground or kept.citation,
                "citation": kept.citation if kept.ground else "",
                "until": kept.until.isoformat() if kept.until else "",
            }
            for kept in row.kept
        ]
    return entry


def _corrected(subject_request: SubjectRequest) -> Counter[tuple[str, str]]:
    done = subject_request.corrections.filter(outcome=Outcome.CORRECTED)
    return Counter(done.values_list("system", "collection"))
