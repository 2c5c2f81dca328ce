"""What stands beside the data of a collection: what Article 15 wants told of it, and until when it is kept."""

from collections.abc import Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation.trans_null import gettext_noop

from dsr.datamap.facts import collection_facts
from dsr.datamap.schema import CollectionMap, Controller
from dsr.law.retention import kept_until
from dsr.package.cells import day
from dsr.package.contents import Answer
from dsr.package.copying import CollectionCopy
from dsr.package.sentences import joined
from dsr.package.since import Since, anchored
from dsr.package.words import listed, said

Copies = Mapping[tuple[str, str], CollectionCopy]  # by system and collection


def facts(answer: Answer, copy: CollectionCopy, copies: Copies) -> tuple[tuple[str, str], ...]:
    """Each fact of a collection with its name; none is empty."""
    told = collection_facts(answer.controller, copy.system, copy.collection, said)
    until = _until(answer, copy, copies)
    named = (
        (said(gettext_noop("Kind of data")), listed(told.categories)),
        (said(gettext_noop("Why we have it")), listed(told.purposes)),
        (said(gettext_noop("Legal basis")), listed(told.basis)),
        (said(gettext_noop("Where it comes from")), told.source),
        (said(gettext_noop("Who receives it")), listed(told.recipients) or said(gettext_noop("nobody outside"))),
        (said(gettext_noop("How long we keep it")), joined(told.retention, until)),
        (said(gettext_noop("Decided by machines")), copy.described.automated),
    )
    return tuple((name, text) for name, text in named if text)


def _until(answer: Answer, copy: CollectionCopy, copies: Copies) -> str:
    """The days that the rule gives for these records; empty where it gives none, or the date is not among the data."""
    controller = answer.controller.controller
    rule, anchor = controller.retention[copy.described.retention], anchored(copy.described)
    if rule.period is None or not anchor:
        return ""
    name, field = anchor.split(".") if "." in anchor else (copy.collection, anchor)
    beginning = copies.get((copy.system, name))
    since = beginning.since.get(field) if beginning else None
    if beginning is None or since is None or since.unclear or since.unseen:
        return ""
    if name == copy.collection:
        return _days(since, controller, copy.described, _moment(beginning.described, field))
    if any((each.system, each.collection) == (copy.system, name) for each in answer.left_out):
        return ""  # the date of these records may be one that was left out
    return _days_there(since, controller, copy.described, _moment(beginning.described, field))


def _moment(described: CollectionMap, field: str) -> str:
    return described.fields[field].label or field


def _days(since: Since, controller: Controller, described: CollectionMap, moment: str) -> str:
    if since.earliest is None:
        return _none_yet(moment)
    try:
        first, last = (_end(each, controller, described) for each in (since.earliest, since.latest))
    except ValueError:  # no date that can be read in one way
        return ""
    texts = [
        _until_day(first)
        if first == last
        else _("By this rule until %(first)s for the oldest record, and until %(last)s for the newest.")
        % {"first": day(first), "last": day(last)}
    ]
    if since.blank:
        more = ngettext(
            "For %(count)s record no day is fixed yet: the time counts from “%(moment)s”.",
            "For %(count)s records no day is fixed yet: the time counts from “%(moment)s”.",
            since.blank,
        )
        texts.append(more % {"count": f"{since.blank:,}", "moment": moment})
    return joined(*texts)


def _days_there(since: Since, controller: Controller, described: CollectionMap, moment: str) -> str:
    """The same by dates of another collection, of which nobody has counted here how many records belong to which."""
    if since.earliest is None:
        return _none_yet(moment)
    try:
        first, last = (_end(each, controller, described) for each in (since.earliest, since.latest))
    except ValueError:
        return ""
    if since.blank:
        return ""
    return _until_day(last) if first == last else _("By this rule until %(day)s at the latest.") % {"day": day(last)}


def _none_yet(moment: str) -> str:
    return _("No day is fixed yet: the time counts from “%(moment)s”, and that is empty.") % {"moment": moment}


def _until_day(last: date) -> str:
    return _("By this rule until %(day)s.") % {"day": day(last)}


def _end(since: object, controller: Controller, described: CollectionMap) -> date:
    period = controller.retention[described.retention].period
    lengths = period.model_dump() if period else {}
    return kept_until(since, zone=ZoneInfo(controller.calendar.zone), **lengths)


def empty(answer: Answer, system: str, copied: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The titles of a searched system's collections in which nothing was found, and of those that nothing leads to."""
    held = {
        each.collection
        for outcome in answer.systems
        if outcome.system == system
        for each in outcome.collections
        if each.found or each.refused  # found, and then left out of the copy: that is said elsewhere, with its reason
    }
    held |= {each.collection for each in answer.left_out if each.system == system}
    collections = answer.controller.systems[system].collections
    told = {*copied, *held}
    left = [name for name in collections if name not in told]
    unled = [name for name in left if f"{system}.{name}" in answer.unreached]
    return (
        tuple(collections[name].title for name in left if name not in unled),
        tuple(collections[name].title for name in unled),
    )
