"""What a portable copy holds, by GDPR Art. 20(1)."""

from dsr.datamap.schema import Basis, CollectionMap, Controller, ControllerMap, FieldMap, Source

_FROM_THE_PERSON = frozenset({Source.PROVIDED, Source.OBSERVED})  # derived and received values do not count (WP242)
_BASES = frozenset({Basis.CONSENT, Basis.CONTRACT})


def portable_fields(controller_map: ControllerMap, system: str, collection: str) -> tuple[str, ...]:
    """The fields of a collection that a portable copy holds; none: the collection stays out. KeyError: no such one."""
    described = controller_map.systems[system].collections[collection]
    return tuple(
        name
        for name, field in described.fields.items()
        if _goes_along(described, field) and _by_consent_or_contract(controller_map.controller, described, field)
    )


def _goes_along(collection: CollectionMap, field: FieldMap) -> bool:
    portable = collection.portable if field.portable is None else field.portable
    return portable and not field.never_export and (field.source or collection.source) in _FROM_THE_PERSON


def _by_consent_or_contract(controller: Controller, collection: CollectionMap, field: FieldMap) -> bool:
    purposes = collection.purposes if field.purposes is None else field.purposes
    return any(controller.purposes[slug].basis in _BASES for slug in purposes)
