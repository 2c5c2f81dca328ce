"""What is told to be held and never shown, by its category: to nobody, or to nobody who asks under one law.

Whoever gets hold of a mailbox gets the answer. What opens an account, pays, or proves who somebody is stays out of it.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from dsr.datamap.flaw import Flaw, Where
from dsr.datamap.schema import FieldMap

# Whatever the map says of no other way: passwords, keys and tokens; numbers of payment cards.
NEVER = ("user.authorization", "user.financial.credit_card")
# Regime -> what it forbids to disclose in an answer, though that it is held is told.
LISTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ccpa": (  # 11 CCR § 7024(d)
            *NEVER,
            "user.biometric",
            "user.financial.bank_account",
            "user.government_id",
            "user.health_and_medical.insurance_beneficiary_id",
            "user.health_and_medical.record_id",
        )
    }
)
_ALL = tuple(dict.fromkeys((*NEVER, *(key for keys in LISTED.values() for key in keys))))


def secret(field: FieldMap) -> bool:
    """Whether it is never read for an answer, and never shown: the map says so, or its category does."""
    return _among(field.category, NEVER) if field.never_export is None else field.never_export


def forbidden_by(field: FieldMap, laws: Collection[str]) -> str:
    """The one of these laws that forbids to show it; empty: none. A field that the map opens is none of its kind."""
    if field.never_export is not None or not laws:
        return ""
    return next((law for law in laws if _among(field.category, LISTED.get(law, ()))), "")


def flaws(slug: str, at: Where, fields: Mapping[str, FieldMap]) -> Iterator[Flaw]:
    """Fields that the map opens, though their category keeps them in, and says no reason; or a reason for nothing."""
    for name, field in fields.items():
        where: Where = (*at, "fields", name)
        if field.never_export is False and _among(field.category, _ALL) and not field.why_shown.strip():
            message = f"found false; '{field.category}' stays in, unless 'why_shown' says why this field may be shown"
            yield Flaw(slug, (*where, "never_export"), message)
        if field.why_shown and field.never_export is not False:
            message = "is a reason for 'never_export: false', which is not said"
            yield Flaw(slug, (*where, "why_shown"), message)


@cache
def _among(category: str, keys: tuple[str, ...]) -> bool:
    """Whether it is one of these categories, or stands under one."""
    return any(category == key or category.startswith(f"{key}.") for key in keys)
