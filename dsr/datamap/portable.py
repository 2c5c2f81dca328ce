"""What a portable copy holds, by GDPR Art. 20(1)."""

from collections.abc import Collection
from enum import StrEnum

from dsr.datamap.schema import Basis, CollectionMap, Controller, ControllerMap, FieldMap, Source
from dsr.datamap.secrets import forbidden_by, secret

_BASES = frozenset({Basis.CONSENT, Basis.CONTRACT})


class Barrier(StrEnum):
    """Why a field does not pass."""

    SECRET = "secret"
    FORBIDDEN = "forbidden"  # by a law under which the person asks
    DERIVED = "derived"
    RECEIVED = "received"
    MARKED = "marked"
    BASIS = "basis"


_OF_OTHERS = {Source.DERIVED: Barrier.DERIVED, Source.RECEIVED: Barrier.RECEIVED}  # not the person's own (WP242)


def portable_fields(
    controller_map: ControllerMap, system: str, collection: str, laws: Collection[str] = ()
) -> tuple[str, ...]:
    """The fields of a collection that a portable copy holds; none: the collection stays out. KeyError: no such one.

    `laws` are those under which the person asks: some forbid to show what is theirs (see secrets).
    """
    described = controller_map.systems[system].collections[collection]
    return tuple(
        name
        for name, field in described.fields.items()
        if barrier(controller_map.controller, described, field, laws) is None
    )


def barrier(
    controller: Controller, collection: CollectionMap, field: FieldMap, laws: Collection[str] = ()
) -> Barrier | None:
    """What keeps a field out of a portable copy; None: it passes."""
    if secret(field):
        return Barrier.SECRET
    if forbidden_by(field, laws):
        return Barrier.FORBIDDEN
    source = field.source or collection.source
    if source in _OF_OTHERS:
        return _OF_OTHERS[source]
    if not (collection.portable if field.portable is None else field.portable):
        return Barrier.MARKED
    return None if _by_consent_or_contract(controller, collection, field) else Barrier.BASIS


def _by_consent_or_contract(controller: Controller, collection: CollectionMap, field: FieldMap) -> bool:
    purposes = collection.purposes if field.purposes is None else field.purposes
    return any(controller.purposes[slug].basis in _BASES for slug in purposes)
