"""Resealing: what an older key sealed or wrapped is sealed by the newest one, so that the older one can go.

Of files only the wrapped key is written anew, never the file. What is done stays done: who breaks off begins again,
and loses nothing.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

from dsr.models import Evidence, Package, Part, sealed
from dsr.sealing import fields
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import KeysMissing, Ring, Role
from dsr.steps.frames import tell

log = logging.getLogger(__name__)

SEALED = "_sealed"  # how every sealed column's name ends
ROLES = (Role.FIELDS, Role.FILES, Role.PACKAGES)  # what the others made is hashed, signed, or over within minutes


@dataclass(slots=True)
class Resealed:
    """What a turn did for one role: texts by what became of them, and the keys that no text needs any more."""

    done: int = 0
    already: int = 0
    failed: list[str] = field(default_factory=list)  # rows whose text opens by no key
    removable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of sealed texts, and the place that each of them is bound to."""

    model: type[Model]
    name: str
    place: Callable[[Any], str]
    ring: Callable[[Any], Ring]
    more: dict[str, str] = field(default_factory=dict)  # what is written with it

    def rows(self) -> QuerySet[Model]:
        """Those that hold a text."""
        return self.model._default_manager.exclude(**{self.name: ""}).order_by("pk")


def columns(role: Role) -> Iterator[Column]:
    """Where this role's keys seal."""
    if role is Role.PACKAGES:
        yield Column(Package, "wrapped_key", _of_file, Package.ring, {"key_role": role})
    elif role is Role.FILES:
        yield from (Column(model, "wrapped_key", _of_file, lambda _: sealed.ring(role)) for model in (Part, Evidence))
    else:
        for model in apps.get_models():
            for name in (one.name for one in model._meta.concrete_fields if one.name.endswith(SEALED)):
                yield Column(model, name, _place(model, name), lambda _: sealed.ring(role))


def _of_file(row: Model) -> str:
    return sealed.file_place(row.pk)


def _place(model: type[Model], name: str) -> Callable[[Any], str]:
    """Table, primary key and column; what belongs to a staff member is bound to them."""
    column = name.removesuffix(SEALED)
    if model._meta.app_label == "accounts":
        return lambda row: f"staff/{row.user_id}/{column}"
    table = re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()
    return lambda row: f"{table}/{row.pk}/{column}"


def reseal(role: Role) -> Resealed:
    """Seal every text of one role by its newest key. Raises KeysMissing."""
    ring, told = sealed.ring(role), Resealed()
    for column in columns(role):
        for row in column.rows().iterator(chunk_size=500):
            try:
                _one(column, row, ring, told)
            except (Unsealable, KeysMissing) as error:
                tell(log, "not resealed", row.pk, error)
                told.failed.append(f"{row._meta.model_name} {row.pk} ({row})")
    told.removable = [kid for kid in ring.keys if kid != ring.current and not _needed(role, kid)]
    return told


def _one(column: Column, row: Model, ring: Ring, told: Resealed) -> None:
    text: str = getattr(row, column.name)
    if fields.key_id(text) == ring.current and all(getattr(row, name) == value for name, value in column.more.items()):
        told.already += 1
        return
    place = column.place(row)
    new = fields.seal(ring, fields.unseal(column.ring(row), text, place), place)
    # Only where nobody destroyed or changed it meanwhile: a text that was forgotten does not come back.
    same = column.model._default_manager.filter(pk=row.pk, **{column.name: text})
    told.done += same.update(**{column.name: new, **column.more})


def _needed(role: Role, kid: str) -> bool:
    return any(
        column.rows().filter(**{f"{column.name}__startswith": f"v1.{kid}."}, **column.more).exists()
        for column in columns(role)
    )
