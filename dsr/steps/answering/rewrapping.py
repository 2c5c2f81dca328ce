"""Rewrapping: the key of each package is wrapped by the newest key of the ring, so that an older one can go.

The packages themselves are not touched. What is done stays done: who breaks off begins again, and loses nothing.
"""

import logging
from dataclasses import dataclass, field

from dsr.models import Package, sealed
from dsr.sealing import fields
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import KeysMissing, Role
from dsr.steps.frames import tell

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Rewrapped:
    """What a turn did: packages by what became of them, and the keys that no package needs any more."""

    done: int = 0
    already: int = 0
    failed: list[str] = field(default_factory=list)  # versions and references of what does not open
    removable: list[str] = field(default_factory=list)


def rewrap() -> Rewrapped:
    """Wrap the key of every package that is held by the newest one. Raises KeysMissing."""
    ring, told = sealed.ring(Role.PACKAGES), Rewrapped()
    held = Package.objects.exclude(wrapped_key="").select_related("subject_request").order_by("pk")
    for package in held.iterator(chunk_size=500):
        try:
            _one(package, told)
        except (Unsealable, KeysMissing) as error:
            tell(log, "not rewrapped", package.pk, error)
            told.failed.append(f"{package.subject_request.reference} {package}")
    told.removable = [kid for kid in ring.keys if kid != ring.current and not _needed(kid)]
    return told


def _one(package: Package, told: Rewrapped) -> None:
    ring, place = sealed.ring(Role.PACKAGES), sealed.file_place(package.pk)
    if package.key_role == Role.PACKAGES and fields.key_id(package.wrapped_key) == ring.current:
        told.already += 1
        return
    new = fields.seal(ring, fields.unseal(package.ring(), package.wrapped_key, place), place)
    # Only where nobody destroyed it meanwhile: a key that was forgotten does not come back.
    same = Package.objects.filter(pk=package.pk, wrapped_key=package.wrapped_key)
    told.done += same.update(wrapped_key=new, key_role=Role.PACKAGES)


def _needed(kid: str) -> bool:
    return Package.objects.filter(key_role=Role.PACKAGES, wrapped_key__startswith=f"v1.{kid}.").exists()
