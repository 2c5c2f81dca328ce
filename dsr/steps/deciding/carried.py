"""What found rows carry: a hold on a person holds every request that found the person's rows, by whatever name.

Who names another identifier of the same account must not walk around a legal hold or a freeze. What rows carried is
kept as keyed hashes: a hold that is set when the Parts are forgotten still finds the package and the deferred rows.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from dsr.connectors.blocks import column
from dsr.connectors.contract import Batch, Cell, Found
from dsr.datamap.schema import CollectionMap, IdentityKind, SystemMap
from dsr.datamap.sharing import address_fields, own_fields
from dsr.law.actors import PORTAL
from dsr.law.rights import Right
from dsr.law.states import OPEN
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import CarriedName, Identity, LegalHold, Package, PlanItem, SubjectRequest, sealed
from dsr.steps import maps
from dsr.steps.deciding import blocking
from dsr.steps.fulfilling import parts
from dsr.steps.post import notices
from dsr.steps.recording import record

SPELLINGS = 4_096  # values whose keyed hashes are remembered, for rows of one account name it again and again
AT_ONCE = 500  # rows of one statement
_OWN_HOUSE = "portal"  # the kind of connector


class Watch:
    """Looks at rows on their way for identifiers, and whether a standing hold of the controller names them."""

    def __init__(self, subject_request: SubjectRequest) -> None:
        """Who is held now."""
        self._subject_request = subject_request
        on_people = LegalHold.objects.filter(controller=subject_request.controller, released_at=None)
        self._held = frozenset(on_people.exclude(lookup="").values_list("lookup", flat=True))
        self._hashes = lru_cache(SPELLINGS)(sealed.held_by)
        self._carried: set[str] = set()

    def __bool__(self) -> bool:
        """Whether anybody is held at all."""
        return bool(self._held)

    def over(self, system: SystemMap, found: Iterator[Found]) -> Iterator[Found]:
        """The same rows; what identifiers they carry is noted."""
        for one in found:
            if isinstance(one, Batch):
                self._look(system, one)
            yield one

    def _look(self, system: SystemMap, batch: Batch) -> None:
        if system.connector.kind == _OWN_HOUSE and "identifiers" in batch.fields:
            self._carried.update(_proven_in(batch))
            return  # that cell tells all of them in one text
        for kind, fields in _names(system.collections[batch.collection], batch):
            places = [batch.fields.index(name) for name in fields]
            for cells in set(zip(*(column(batch.rows, place) for place in places), strict=True)):
                value = _value(cells)
                self._carried.update(self._hashes(kind, value) if value else ())

    def look(self, system: SystemMap, found: Iterable[Found]) -> None:
        """The same of rows that were brought already."""
        for _ in self.over(system, iter(found)):
            pass

    def keep(self) -> None:
        """Keep what was met, for the holds to come; once, however often it is found."""
        rows = [CarriedName(subject_request=self._subject_request, lookup=each) for each in sorted(self._carried)]
        CarriedName.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)

    def hold(self, *, at: datetime) -> None:
        """Hold the request with whatever was met of the held."""
        if met := self._held & self._carried:
            _spread(self._subject_request, met, at=at)


def _names(collection: CollectionMap, batch: Batch) -> Iterator[tuple[IdentityKind, tuple[str, ...]]]:
    """By which fields these rows name the person, and by none that is somebody else's; a field may never be let out."""
    own = own_fields(collection, batch.share)
    theirs = frozenset(batch.fields) if own is None else own & frozenset(batch.fields)
    addresses = ((IdentityKind.EMAIL, (name,)) for name in address_fields(collection, batch.share))
    known = ((kind, tuple(fields)) for kind, fields in collection.found_by.items())
    yield from (each for each in dict.fromkeys((*known, *addresses)) if theirs.issuperset(each[1]))


def _proven_in(batch: Batch) -> Iterator[str]:
    """By what a hold may name the person of requests that were found in the portal itself."""
    place = batch.fields.index("reference")
    found = Identity.objects.filter(subject_request__reference__in=[row[place] for row in batch.rows])
    for identity in found.filter(of_representative=False).exclude(proven_at=None):
        yield from identity.held_by()


def _value(cells: tuple[Cell, ...]) -> str:
    """As a request names it: a social sign-in is 'provider:id'."""
    return "" if None in cells else ":".join(map(str, cells))


def look_again(item: PlanItem, *, at: datetime) -> None:
    """Before what was found is listed, erased, corrected or handed over: a hold may have been set since."""
    if item.kind == Kind.FIND:  # which looks at what it brings
        return
    watch = Watch(item.subject_request)
    if not watch:
        return
    systems = maps.controller(item.subject_request.controller).systems
    finds = item.subject_request.items.filter(kind=Kind.FIND).exclude(part=None).exclude(part__wrapped_key="")
    for find in finds.select_related("part"):
        if find.part is not None and find.system in systems:
            watch.look(systems[find.system], parts.found_in(find.part))
    watch.hold(at=at)


def reach(controller: str, lookups: Collection[str], *, at: datetime) -> None:
    """A hold was set on a person: it holds at once whatever found the person's rows by another name before."""
    by_name = CarriedName.objects.filter(lookup__in=lookups).values("subject_request")
    found = SubjectRequest.objects.filter(_at_stake(), controller=controller, pk__in=by_name)
    for subject_request in found:
        _spread(subject_request, lookups, at=at)


def _at_stake() -> Q:
    """Of SubjectRequest: it is open, its package can be taken still, or rows of it wait for their date."""
    offers = Package.objects.filter(subject_request=OuterRef("pk")).exclude(offered_at=None).exclude(wrapped_key="")
    deferred = PlanItem.objects.filter(subject_request=OuterRef("pk")).exclude(until=None)
    waits = Exists(deferred.exclude(state=ItemState.DONE))
    return Q(state__in=OPEN) | Q(Exists(offers)) | Q(waits)


def _spread(subject_request: SubjectRequest, lookups: Collection[str], *, at: datetime) -> None:
    """Set on this request what holds the person; once for each hold.

    It carries the moment at which its source was set, and is released together with that, or alone.
    """
    here = {(hold.kind, hold.set_at) for hold in blocking.standing(subject_request)}
    for source in LegalHold.objects.filter(
        controller=subject_request.controller, lookup__in=lookups, released_at=None
    ).exclude(lookup=""):
        before = Q(released_at=None) | Q(set_at=source.set_at)  # stands already, or staff released it here alone
        known = LegalHold.objects.filter(before, subject_request=subject_request, kind=source.kind, lookup="")
        if (source.kind, source.set_at) not in here and not known.exists():
            _set(subject_request, source, at)


def _set(subject_request: SubjectRequest, source: LegalHold, at: datetime) -> None:
    hold = LegalHold(controller=source.controller, kind=source.kind, subject_request=subject_request)
    hold.owner_id, hold.set_at, hold.review_on = source.owner_id, source.set_at, source.review_on
    hold.reminded_at = at  # its source reminds of it
    hold.seal_reason(source.reason())
    why, told = {"reason": source.reason()}, {"place": "request", "review_on": source.review_on.isoformat()}
    frozen = source.kind == LegalHold.FREEZE
    try:
        with transaction.atomic():
            hold.save(force_insert=True)
            record.write(subject_request, "hold:set", by=PORTAL, at=at, secret=why, kind=hold.kind, **told)
            if subject_request.right == Right.ERASURE or (frozen and not subject_request.closed):
                notices.queue(subject_request, Letter.HELD, at=at, frozen=frozen, review_on=hold.review_on)
    except IntegrityError:
        return  # one of its kind was set here just now, and holds as well
