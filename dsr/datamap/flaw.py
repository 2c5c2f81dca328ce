"""A mistake that no single value shows, and where it stands."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mistake in controller.yaml (`system` is None) or in the file of a system."""

    system: str | None
    where: Where
    message: str


def unknown(
    system: str | None, where: Where, found: Collection[str], allowed: Collection[str], kind: str
) -> Iterator[Flaw]:
    """One flaw for each name that is not allowed."""
    for one in found:
        if one not in allowed:
            known = ", ".join(allowed) or "none, for none is described"
            yield Flaw(system, where, f"found {kind} '{one}'; allowed are {known}")
