"""What is left out of a copy, by one rule for every format: the copy is made of what passes here."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation.trans_null import gettext_noop

from dsr.datamap.facts import category_title
from dsr.datamap.schema import CollectionMap, FieldMap
from dsr.datamap.secrets import forbidden_by, secret

SECRET = gettext_noop(
    "We hold this, and never show it: whoever reads it could harm you. Nobody needs it to check our answer."
)
OF_OTHERS = gettext_noop("somebody else's, left out")  # in the place of a value
FORBIDDEN = {  # by law: that it is held is said with enough detail, and no more
    "ccpa": gettext_noop(
        "We hold this type of information about you: {type}. We may not show it in an answer, so that nobody gets it "
        "by asking in your name (11 CCR § 7024(d))."
    ),
}
BY_STAFF = gettext_noop("left out")  # in the place of a value that staff left out before the answer was released
UNDESCRIBED = gettext_noop("The data map does not describe this field, so nobody has said yet that it is safe to show.")


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


def withheld(collection: CollectionMap, present: tuple[str, ...], laws: Collection[str] = ()) -> tuple[Withheld, ...]:
    """The fields of a collection that stay out, whether the connector brought them or not.

    `laws` are those under which the person asks: some forbid to show what another would have us show.
    """
    names = dict.fromkeys((*collection.fields, *present))
    found = ((name, collection.fields.get(name)) for name in names)
    return tuple(
        Withheld(name, label(name, field), field.category if field else "", why)
        for name, field in found
        if (why := _reason(field, laws))
    )


def of_others(collection: CollectionMap, name: str, rows: int) -> Withheld:
    """A field that was left out of some rows, because it is somebody else's there (GDPR Art. 15(4))."""
    field = collection.fields.get(name)
    parties = collection.shared.parties.values() if collection.shared else ()
    titles = [party.title for party in parties if name in (*party.known_by, *party.fields)]
    why = ngettext(
        "Left empty in %(count)s record, where it belongs to somebody else (%(who)s): "
        "a copy must not affect the rights of others (GDPR Art. 15(4), 20(4)).",
        "Left empty in %(count)s records, where it belongs to somebody else (%(who)s): "
        "a copy must not affect the rights of others (GDPR Art. 15(4), 20(4)).",
        rows,
    ) % {"count": f"{rows:,}", "who": _(", ").join(titles)}
    return Withheld(name, label(name, field), field.category if field else "", why)


def forbidden(field: FieldMap, laws: Collection[str]) -> str:
    """Why a law forbids to show it; empty: none does."""
    law = forbidden_by(field, laws)
    return _(FORBIDDEN[law]).format(type=_(category_title(field.category))) if law else ""


def _reason(field: FieldMap | None, laws: Collection[str]) -> str:
    if field is None:
        return _(UNDESCRIBED)
    return _(SECRET) if secret(field) else forbidden(field, laws)
