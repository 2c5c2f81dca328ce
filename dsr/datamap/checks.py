"""What no single value shows: references between files, links, keys, colours, dates."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from zoneinfo import available_timezones

from dsr.datamap import checks_changes, checks_erasure, checks_offers, checks_sharing, circles, money, secrets
from dsr.datamap.categories import CATEGORIES
from dsr.datamap.circles import target
from dsr.datamap.flaw import Flaw, Where, meant, unknown
from dsr.datamap.schema import CollectionMap, Controller, IdentityKind, Link, Retention, SystemMap, Way
from dsr.datamap.taxonomy import VERSION

_CONTRAST = 4.5  # WCAG 1.4.3, text of normal size
_LINEAR_BELOW = 0.03928
_UNNAMED = re.compile(r"\$\{(?!(?:[A-Z][A-Z0-9_]*|file:/[^}]+)\})[^}]*\}?")  # neither ${NAME} nor ${file:/path}
_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


def flaws(controller: Controller, systems: Mapping[str, SystemMap], broken: Collection[str] = ()) -> Iterator[Flaw]:
    """Every mistake. Links into a `broken` system (one that could not be read) are not judged."""
    yield from _of_controller(controller)
    yield from checks_offers.flaws(controller, systems, broken)
    for slug, system in systems.items():
        yield from _of_settings(slug, system)
        if system.zone and system.zone not in available_timezones():
            message = f"found '{system.zone}'; allowed are IANA time zones such as Europe/Helsinki"
            yield Flaw(slug, ("zone",), message)
        yield from checks_changes.flaws(controller, slug, system)
        yield from checks_erasure.flaws(slug, system)
        yield from checks_sharing.flaws(slug, system, systems)
        if system.processor is not None:
            yield from unknown(slug, ("processor",), (system.processor,), controller.recipients, "recipient")
        for name, collection in system.collections.items():
            yield from _of_collection(controller, slug, name, collection)
            for place, link in enumerate(collection.links):
                where = ("collections", name, "links", place)
                yield from _of_link(slug, where, link, collection)
                if target(slug, link)[0] not in broken:
                    yield from _of_target(systems, slug, where, link)
    yield from circles.flaws(systems)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two '#rrggbb' colours (WCAG)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _of_controller(controller: Controller) -> Iterator[Flaw]:
    brand = controller.brand
    ratio = contrast(brand.colour, brand.text_on_colour)
    if ratio < _CONTRAST:
        found = f"found a contrast of {ratio:.1f}:1 between {brand.colour} and {brand.text_on_colour}"
        yield Flaw(None, ("brand", "colour"), f"{found}; allowed is {_CONTRAST}:1 and more")
    by_post = controller.grace_days_by_post
    if by_post is not None and by_post < controller.grace_days:
        message = f"found {by_post}; allowed are {controller.grace_days} (grace_days) and more: the post takes longer"
        yield Flaw(None, ("grace_days_by_post",), message)
    for name, rule in controller.retention.items():
        if rule.period is not None and not any(rule.period.model_dump().values()):
            message = "found no length; allowed are hours, days, months and years, one of them above 0"
            yield Flaw(None, ("retention", name, "period"), message)
    yield from _of_dates(controller)


def _of_dates(controller: Controller) -> Iterator[Flaw]:
    if controller.calendar.zone not in available_timezones():
        message = f"found '{controller.calendar.zone}'; allowed are IANA time zones such as Europe/Helsinki"
        yield Flaw(None, ("calendar", "zone"), message)
    for place, day in enumerate(controller.calendar.closed_on):
        if not _is_date(day):
            where: Where = ("calendar", "closed_on", place)
            yield Flaw(None, where, f"found '{day}'; allowed are dates, YYYY-MM-DD")
    for place, version in enumerate(controller.policy_versions):
        if not (_is_date(version.effective_on) or _MONTH.match(version.effective_on)):
            where = ("policy_versions", place, "effective_on")
            yield Flaw(None, where, f"found '{version.effective_on}'; allowed are YYYY-MM-DD and YYYY-MM")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _of_settings(slug: str, system: SystemMap) -> Iterator[Flaw]:
    places: list[tuple[Where, dict[str, str]]] = [(("connector", "settings"), system.connector.settings)]
    places += [(("collections", name, "settings"), one.settings) for name, one in system.collections.items()]
    for where, settings in places:
        for key, value in settings.items():
            if match := _UNNAMED.search(value):  # the rest of the value may be a secret
                yield Flaw(slug, (*where, key), f"found '{match[0]}'; allowed is ${{NAME}} in capitals")


def _of_collection(controller: Controller, slug: str, name: str, collection: CollectionMap) -> Iterator[Flaw]:
    at: Where = ("collections", name)
    fields = collection.fields
    yield from unknown(slug, (*at, "purposes"), collection.purposes, controller.purposes, "purpose")
    yield from unknown(slug, (*at, "recipients"), collection.recipients, controller.recipients, "recipient")
    rules = controller.retention
    yield from unknown(slug, (*at, "retention"), (collection.retention,), rules, "retention rule")
    yield from unknown(slug, (*at, "key"), collection.key, fields, "field")
    if not collection.key:
        yield Flaw(slug, (*at, "key"), "found no field; allowed is one or more")
    if collection.files:
        yield from unknown(slug, (*at, "files"), (collection.files,), fields, "field")
    if not collection.found_by and not any(link.owns is not False and link.to != name for link in collection.links):
        yield Flaw(slug, at, "nobody's rows can be found here: 'found_by' or 'links' is needed")
    for kind, own in collection.found_by.items():
        where = (*at, "found_by", kind.value)
        yield from unknown(slug, where, own, fields, "field")
        needed = 2 if kind is IdentityKind.SOCIAL else 1
        if len(own) != needed:
            yield Flaw(slug, where, f"found {len(own)} fields; {kind.value} has {needed}")
    for field, described in fields.items():
        where = (*at, "fields", field)
        if described.category not in CATEGORIES:
            allowed = f"allowed are the data categories of Fideslang {VERSION}, listed in docs/categories.md"
            near = meant(described.category, CATEGORIES)
            yield Flaw(slug, where, f"found category '{described.category}'; {allowed}{near}")
        own_purposes = described.purposes or ()
        yield from unknown(slug, (*where, "purposes"), own_purposes, controller.purposes, "purpose")
    yield from secrets.flaws(slug, at, fields)
    yield from money.flaws(slug, at, fields)
    yield from _of_erasure(rules, slug, at, collection)


def _of_erasure(rules: Mapping[str, Retention], slug: str, at: Where, collection: CollectionMap) -> Iterator[Flaw]:
    erase, keep = collection.erase, collection.keep
    yield from unknown(slug, (*at, "erase", "set"), erase.set, collection.fields, "field")
    if erase.way in {Way.REDACT, Way.AGGREGATE} and not erase.set:
        yield Flaw(slug, (*at, "erase"), f"'{erase.way}' needs 'set': the fields and their new values")
    for field in sorted(set(erase.set) & set(collection.key)):
        yield Flaw(slug, (*at, "erase", "set", field), "is part of the key, which stays")
    ruled = [((*at, "keep", "rule"), keep.rule)] if keep else []
    if erase.way is Way.KEEP:
        ruled.append(((*at, "retention"), collection.retention))
    for where, rule in ruled:
        yield from unknown(slug, where, (rule,), rules, "retention rule")
        if rule in rules and not (rules[rule].period and rules[rule].ground):
            message = f"found '{rule}', which states no period or no ground; a rule that keeps has both"
            yield Flaw(slug, where, message)


def _of_link(slug: str, where: Where, link: Link, own: CollectionMap) -> Iterator[Flaw]:
    yield from unknown(slug, (*where, "on"), link.on, own.fields, "field")
    if not link.on:
        yield Flaw(slug, (*where, "on"), "found no field; allowed is one or more")


def _of_target(systems: Mapping[str, SystemMap], slug: str, where: Where, link: Link) -> Iterator[Flaw]:
    system, name = target(slug, link)
    collections = systems[system].collections if system in systems else {}
    if name not in collections:
        known = [f"{one}.{below}" for one, each in systems.items() for below in each.collections]
        near = meant(f"{system}.{name}", known)
        yield Flaw(slug, (*where, "to"), f"found '{link.to}'; allowed are {', '.join(known)}{near}")
        return
    there = collections[name].fields
    yield from unknown(slug, (*where, "on"), tuple(link.on.values()), there, f"field of {system}.{name}")
