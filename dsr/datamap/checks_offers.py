"""Mistakes in what a controller offers and promises: regions, scopes, consents, recipients."""

from collections.abc import Collection, Iterator, Mapping

from dsr.datamap import checks_unseen, ladder
from dsr.datamap.flaw import Flaw, Where, unknown
from dsr.datamap.schema import ACCOUNT, Basis, CollectionMap, Controller, Recipient, Scope, SystemMap, Way
from dsr.datamap.sharing import through_of
from dsr.law.identifiers import clean
from dsr.law.regimes import regimes
from dsr.law.rights import Right

COPIED = {Right.ACCESS, Right.PORTABILITY}


def flaws(controller: Controller, systems: Mapping[str, SystemMap], broken: Collection[str]) -> Iterator[Flaw]:
    """Every mistake; what would need a `broken` system is not judged."""
    if not controller.languages:
        yield Flaw(None, ("languages",), "found none; allowed is one or more")
    yield from _of_regions(controller)
    yield from ladder.flaws(controller)
    yield from checks_unseen.flaws(controller, systems, broken)
    for right in sorted(set(controller.release) - COPIED):
        yield Flaw(None, ("release", right.value), "is no copy of data; people look at access and portability only")
    yield from _of_purposes(controller, systems, broken)
    for slug, recipient in controller.recipients.items():
        yield from _of_recipient(slug, recipient, systems, broken)
    for slug, scope in controller.scopes.items():
        yield from _of_scope(("scopes", slug), scope, systems, broken)


def _of_regions(controller: Controller) -> Iterator[Flaw]:
    if not controller.regions:
        yield Flaw(None, ("regions",), "found none; people live somewhere: one or more is needed")
    for slug, region in controller.regions.items():
        where: Where = ("regions", slug)
        yield from unknown(None, (*where, "regimes"), region.regimes, regimes(), "regime")
        if region.regimes and not region.authority.strip():
            yield Flaw(None, (*where, "authority"), "found none; where a law counts, its authority is named")


def _of_purposes(controller: Controller, systems: Mapping[str, SystemMap], broken: Collection[str]) -> Iterator[Flaw]:
    stopped = {slug for system in systems.values() for slug in system.stops}
    for slug, purpose in controller.purposes.items():
        where: Where = ("purposes", slug)
        yield from unknown(None, (*where, "told"), purpose.told, controller.recipients, "recipient")
        if purpose.basis is Basis.CONSENT and not purpose.withdrawable:
            message = "found false; a purpose resting on consent is withdrawable (GDPR Art. 7(3))"
            yield Flaw(None, (*where, "withdrawable"), message)
        if purpose.basis is Basis.CONSENT and not purpose.given_in:
            message = "found 0; a consent is given on one screen or more, and withdrawn on no more than these"
            yield Flaw(None, (*where, "given_in"), message)
        if purpose.stopped_at != "here" and not purpose.how.strip():
            yield Flaw(None, (*where, "how"), f"is missing: the steps that a person takes in the {purpose.stopped_at}")
        if not purpose.withdrawable:
            continue
        if slug == ACCOUNT:
            yield Flaw(None, where, f"'{ACCOUNT}' is the stop of whole accounts; call this purpose otherwise")
        if purpose.stopped_at == "here" and slug not in stopped and not purpose.told and not broken:
            message = "nothing stops when it is withdrawn: a system's 'stops' or 'told' is needed"
            yield Flaw(None, (*where, "withdrawable"), message)


def _of_recipient(
    slug: str, recipient: Recipient, systems: Mapping[str, SystemMap], broken: Collection[str]
) -> Iterator[Flaw]:
    where: Where = ("recipients", slug)
    if recipient.told_by == "email" and not recipient.email:
        yield Flaw(None, (*where, "email"), "is missing, though this recipient is told by e-mail")
    if recipient.told_by == "none" and not recipient.why_not.strip():
        yield Flaw(None, (*where, "why_not"), "is missing: why this recipient is told nothing (GDPR Art. 19)")
    if recipient.told_by == "connector" and recipient.system is None:
        yield Flaw(None, (*where, "system"), "is missing, though this recipient is told by connector")
    if recipient.email:
        try:
            clean("email", recipient.email)
        except ValueError as error:
            yield Flaw(None, (*where, "email"), str(error))
    if recipient.system is not None and recipient.system not in broken:
        yield from unknown(None, (*where, "system"), (recipient.system,), systems, "system")
        if recipient.system in systems and systems[recipient.system].processor != slug:
            message = f"found '{recipient.system}', whose 'processor' is not '{slug}'"
            yield Flaw(None, (*where, "system"), message)


def _of_scope(where: Where, scope: Scope, systems: Mapping[str, SystemMap], broken: Collection[str]) -> Iterator[Flaw]:
    if scope.everything == bool(scope.collections):
        yield Flaw(None, where, "either 'everything: true' or 'collections' is needed")
    known = [f"{slug}.{name}" for slug, system in systems.items() for name in system.collections]
    judged = [one for one in scope.collections if one.partition(".")[0] not in broken]
    yield from unknown(None, (*where, "collections"), judged, known, "collection")
    for slug, system in systems.items():
        for name, collection in system.collections.items():
            parents = {
                f"{slug}.{link.to}" for link in collection.links if "." not in link.to and link.owns is not False
            }
            gone = {
                one
                for one in parents & set(scope.collections)
                if one in known and system.collections[one.partition(".")[2]].erase.way is Way.DELETE
            }
            if gone and f"{slug}.{name}" not in scope.collections:
                message = f"rows of '{slug}.{name}' point to '{min(gone)}' and would be left behind; name both"
                yield Flaw(None, (*where, "collections"), message)
            left = {f"{slug}.{to}" for to in _counted_by(name, collection)} - set(scope.collections)
            if left and f"{slug}.{name}" in scope.collections:
                message = f"rows of '{slug}.{name}' are somebody's while one of '{min(left)}' leads there; name both"
                yield Flaw(None, (*where, "collections"), message)


def _counted_by(name: str, collection: CollectionMap) -> set[str]:
    """Collections whose rows tell that somebody is left in a row."""
    parties = collection.shared.parties.values() if collection.shared else ()
    return {one.collection for party in parties if party.several for one in through_of(name, collection, party)}
