"""What is left out of a copy, by one rule for every format: the copy is made of what passes here."""

from dataclasses import dataclass

from dsr.datamap.schema import CollectionMap, FieldMap
from dsr.package.words import counted

SECRET = "We hold this, and never show it: whoever reads it could harm you. Nobody needs it to check our answer."
OF_OTHERS = "somebody else's, left out"  # in the place of a value
UNDESCRIBED = "The data map does not describe this field, so nobody has said yet that it is safe to show."


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that is held and not copied; the person is told that, and why."""

    field: str
    label: str
    category: str
    why: str


def label(name: str, field: FieldMap | None) -> str:
    """What a field is called for people."""
    if field and field.label:
        return field.label
    return name.replace("_", " ").strip().capitalize() or name


def withheld(collection: CollectionMap, present: tuple[str, ...]) -> tuple[Withheld, ...]:
    """The fields of a collection that stay out, whether the connector brought them or not."""
    names = dict.fromkeys((*collection.fields, *present))
    found = ((name, collection.fields.get(name)) for name in names)
    return tuple(
        Withheld(name, label(name, field), field.category if field else "", why)
        for name, field in found
        if (why := _reason(field))
    )


def of_others(collection: CollectionMap, name: str, rows: int) -> Withheld:
    """A field that was left out of some rows, because it is somebody else's there (GDPR Art. 15(4))."""
    field = collection.fields.get(name)
    parties = collection.shared.parties.values() if collection.shared else ()
    titles = [party.title for party in parties if name in (*party.known_by, *party.fields)]
    why = (
        f"Left empty in {counted(rows, 'record')}, where it belongs to somebody else ({', '.join(titles)}): "
        "a copy must not affect the rights of others (GDPR Art. 15(4), 20(4))."
    )
    return Withheld(name, label(name, field), field.category if field else "", why)


def _reason(field: FieldMap | None) -> str:
    if field is None:
        return UNDESCRIBED
    return SECRET if field.never_export else ""
