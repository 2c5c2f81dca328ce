"""What Article 15 wants told about the processing, read from the map and never invented."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from dsr.datamap.categories import CATEGORIES
from dsr.datamap.outline import Goes, OutlineRow, Say, erasure_outline
from dsr.datamap.schema import (
    Basis,
    CollectionMap,
    Controller,
    ControllerMap,
    Recipient,
    Retention,
    Source,
)
from dsr.law.rights import Right

__all__ = [
    "CollectionFacts",
    "Fact",
    "Facts",
    "Goes",
    "OutlineRow",
    "category_title",
    "collection_facts",
    "erasure_outline",
    "facts",
    "recipients_of",
]

STATES_NONE = "the policy states none"

BASES: dict[Basis, str] = {
    Basis.CONSENT: "your consent",
    Basis.CONTRACT: "the contract with you",
    Basis.LEGAL_DUTY: "a legal duty",
    Basis.LEGITIMATE_INTERESTS: "our legitimate interests",
}
SOURCES: dict[Source, str] = {
    Source.PROVIDED: "you gave it to us",
    Source.OBSERVED: "recorded while you used the service",
    Source.DERIVED: "worked out by us from other data",
    Source.RECEIVED: "received from somebody else",
}
RIGHTS: dict[Right, str] = {
    Right.ACCESS: "Get a copy of your data",
    Right.RECTIFICATION: "Have your data corrected",
    Right.ERASURE: "Have your data erased",
    Right.PORTABILITY: "Take your data elsewhere",
    Right.CONSENT_WITHDRAWAL: "Withdraw a consent",
    Right.PROCESSING_INFORMATION: "Know how your data is processed",
    Right.COMPLAINT: "Complain to us, or ask a question",
    Right.COMPROMISED_ACCOUNT: "Report a compromised account",
    Right.CHILD: "Report that a child uses the service",
}
_GRANTED = {"policy": "the privacy policy", "law": "the law", "house": "our own promise"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of a fact: whom or what, and what is said of it."""

    title: str
    text: str
    code: str = ""
    more: Mapping[str, object] = field(default_factory=dict)  # only in the machine-readable form

    @property
    def none(self) -> bool:
        """Whether this entry stands for 'there is none'; `text` is then the reason."""
        return self.title == "none"


def _none(reason: str) -> tuple[Fact, ...]:
    return (Fact("none", reason),)


@dataclass(frozen=True, slots=True)
class Facts:
    """The nine facts of Article 15(1)(a) to (h) and (2); none is ever empty, see Fact.none."""

    purposes: tuple[Fact, ...]
    categories: tuple[Fact, ...]
    recipients: tuple[Fact, ...]
    retention: tuple[Fact, ...]
    rights: tuple[Fact, ...]
    complaint: tuple[Fact, ...]
    source: tuple[Fact, ...]
    automated_decisions: tuple[Fact, ...]
    transfer_safeguards: tuple[Fact, ...]

    def as_json(self) -> dict[str, object]:
        """Nine keys, each a list of entries, or 'none: ' and the reason."""
        return {one.name: _told(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """The facts of one collection, in plain words."""

    title: str
    describes: str
    purposes: tuple[str, ...]
    basis: tuple[str, ...]
    source: str
    recipients: tuple[str, ...]
    retention: str
    categories: tuple[str, ...]


def facts(controller_map: ControllerMap, say: Say = str) -> Facts:
    """The nine facts of a controller as a whole; `say` turns our own English texts into the reader's."""
    controller = controller_map.controller
    return Facts(
        purposes=_purposes(controller_map, say),
        categories=_categories(controller_map, say),
        recipients=tuple(_recipient(slug, one, say) for slug, one in controller.recipients.items())
        or _none(say("your data is given to nobody else")),
        retention=_retention(controller_map, say),
        rights=_rights(controller, say),
        complaint=complaint(controller_map, say),
        source=_source(controller_map, say),
        automated_decisions=_automated(controller_map, say),
        transfer_safeguards=tuple(
            Fact(one.title, one.safeguard, slug, {"country": one.country})
            for slug, one in controller.recipients.items()
            if one.safeguard
        )
        or _none(say(STATES_NONE)),
    )


def complaint(controller_map: ControllerMap, say: Say = str) -> tuple[Fact, ...]:
    """To whom one can complain: where the person lives it may be somebody else."""
    return (Fact(say("Complain to a supervisory authority"), controller_map.controller.authority),)


def collection_facts(controller_map: ControllerMap, system: str, collection: str, say: Say = str) -> CollectionFacts:
    """The facts of one collection. KeyError: there is none of that name."""
    controller, described = controller_map.controller, controller_map.systems[system].collections[collection]
    purposes = [controller.purposes[slug] for slug in _purpose_slugs(described)]
    return CollectionFacts(
        title=described.title,
        describes=described.describes,
        purposes=tuple(purpose.title for purpose in purposes),
        basis=tuple(dict.fromkeys(say(BASES[purpose.basis]) for purpose in purposes)),
        source=say(SOURCES[described.source]),
        recipients=tuple(
            controller.recipients[slug].title for slug in recipients_of(controller_map, system, collection)
        ),
        retention=_kept(controller, described, say),
        categories=tuple(dict.fromkeys(say(category_title(one.category)) for one in described.fields.values())),
    )


def _kept(controller: Controller, described: CollectionMap, say: Say) -> str:
    own, *more = (controller.retention[slug].says for slug in _rules(described))
    return " ".join(
        (own, *(say("Records may be kept by another rule, too: {rule}").format(rule=says) for says in more))
    )


def _rules(described: CollectionMap) -> tuple[str, ...]:
    """The retention rule of a collection, and the one that keeps rows of it beyond that."""
    keep = described.keep
    return tuple(dict.fromkeys((described.retention, *((keep.rule,) if keep else ()))))


def recipients_of(controller_map: ControllerMap, system: str, collection: str) -> tuple[str, ...]:
    """Slugs of those told about a collection: the ones it names, and whoever runs its system."""
    place = controller_map.systems[system]
    own = place.collections[collection].recipients
    return tuple(dict.fromkeys((*own, *((place.processor,) if place.processor else ()))))


def category_title(key: str) -> str:
    """Plain words for a category."""
    return CATEGORIES.get(key, key)


def _told(entries: tuple[Fact, ...]) -> object:
    if entries[0].none:
        return f"none: {entries[0].text}"
    return [
        {"title": one.title, "text": one.text, **({"code": one.code} if one.code else {}), **one.more}
        for one in entries
    ]


def _collections(controller_map: ControllerMap) -> Iterator[CollectionMap]:
    for system in controller_map.systems.values():
        yield from system.collections.values()


def _purpose_slugs(described: CollectionMap) -> tuple[str, ...]:
    own = [one.purposes or () for one in described.fields.values()]
    return tuple(dict.fromkeys((*described.purposes, *(slug for slugs in own for slug in slugs))))


def _by_category(controller_map: ControllerMap) -> dict[str, list[tuple[CollectionMap, str]]]:
    """Category -> the collections and fields that hold it."""
    found: dict[str, list[tuple[CollectionMap, str]]] = {}
    for collection in _collections(controller_map):
        for name, one in collection.fields.items():
            found.setdefault(one.category, []).append((collection, name))
    return dict(sorted(found.items()))


def _listed(texts: Iterable[str], say: Say) -> str:
    return say("; ").join(dict.fromkeys(texts))


def _purposes(controller_map: ControllerMap, say: Say) -> tuple[Fact, ...]:
    """Purposes per category, as the guidance wants them, not one list for all."""
    register, entries = controller_map.controller.purposes, []
    based = say("{purpose} (based on {basis})")
    for category, places in _by_category(controller_map).items():
        named = [(collection.fields[name].purposes, collection.purposes) for collection, name in places]
        slugs = dict.fromkeys(slug for own, shared in named for slug in (shared if own is None else own))
        named_so = ((register[slug].title, say(BASES[register[slug].basis])) for slug in slugs)
        text = _listed((based.format(purpose=title, basis=basis) for title, basis in named_so), say)
        title = say(category_title(category))
        entries.append(Fact(title, text or say(STATES_NONE), category, {"purposes": list(slugs)}))
    return tuple(entries) or _none(say("no system holds personal data"))


def _categories(controller_map: ControllerMap, say: Say) -> tuple[Fact, ...]:
    return tuple(
        Fact(say(category_title(category)), _listed((collection.title for collection, _ in places), say), category)
        for category, places in _by_category(controller_map).items()
    ) or _none(say("no system holds personal data"))


def _recipient(slug: str, one: Recipient, say: Say) -> Fact:
    country = one.country or say(STATES_NONE)
    more = {"role": one.role, "country": country, "safeguard": one.safeguard or say(STATES_NONE)}
    return Fact(one.title, say("{role}. Country: {country}.").format(role=one.role, country=country), slug, more)


def _retention(controller_map: ControllerMap, say: Say) -> tuple[Fact, ...]:
    entries = []
    for slug, rule in controller_map.controller.retention.items():
        titles = _listed((one.title for one in _collections(controller_map) if slug in _rules(one)), say)
        if titles:
            entries.append(Fact(titles, rule.says, slug, _rule(rule)))
    return tuple(entries) or _none(say(STATES_NONE))


def _rule(rule: Retention) -> dict[str, object]:
    period = rule.period.model_dump(exclude_defaults=True) if rule.period else None
    return {"kind": rule.kind, "period": period, "citation": rule.citation}


def _rights(controller: Controller, say: Say) -> tuple[Fact, ...]:
    granted = say("Granted by {source}: {citation}.")
    offered = [
        Fact(
            say(RIGHTS[right]),
            granted.format(source=say(_GRANTED[offer.granted_by]), citation=offer.citation),
            right.value,
            {"granted_by": offer.granted_by, "citation": offer.citation},
        )
        for right, offer in controller.rights.items()
    ]
    # Article 15(1)(e) wants these two named as well; they have no form of their own.
    write = say("Write to {email}.").format(email=controller.email)
    law: dict[str, object] = {"granted_by": "law"}
    offered.append(Fact(say("Have processing restricted"), f"{write} GDPR Art. 18.", "restriction", law))
    offered.append(Fact(say("Object to processing"), f"{write} GDPR Art. 21.", "objection", law))
    return tuple(offered)


def _source(controller_map: ControllerMap, say: Say) -> tuple[Fact, ...]:
    found: dict[Source, list[str]] = {}
    for collection in _collections(controller_map):
        for one in collection.fields.values():
            found.setdefault(one.source or collection.source, []).append(say(category_title(one.category)))
    said = {source: say(words) for source, words in SOURCES.items()}
    return tuple(
        Fact(said[source][:1].upper() + said[source][1:], _listed(sorted(found[source]), say), source.value)
        for source in Source
        if source in found
    ) or _none(say("no system holds personal data"))


def _automated(controller_map: ControllerMap, say: Say) -> tuple[Fact, ...]:
    """The controller's own words first, then each collection that records automated processing."""
    text = controller_map.controller.automated_decisions.strip()
    recorded = tuple(Fact(one.title, one.automated) for one in _collections(controller_map) if one.automated)
    head, colon, reason = text.partition(":")
    if head.lower() == "none" and colon:
        return recorded or _none(reason.strip() or say(STATES_NONE))
    return (Fact(say("Automated processing"), text), *recorded) if text else recorded or _none(say(STATES_NONE))
