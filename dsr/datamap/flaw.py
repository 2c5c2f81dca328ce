"""A mistake that no single value shows, and where it stands."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

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
            yield Flaw(system, where, f"found {kind} '{one}'; allowed are {known}{meant(one, allowed)}")


def meant(found: str, allowed: Collection[str]) -> str:
    """What somebody who wrote this may have meant, as the end of a sentence; empty: nothing is near.

    Of names with dots the last part is looked at too: 'user.mail' is near 'user.contact.email'.
    """
    if any("." in one for one in allowed):
        tails: dict[str, list[str]] = {}
        for one in allowed:
            tails.setdefault(one.rpartition(".")[2], []).append(one)
        close = get_close_matches(found, allowed, 1, 0.85)
        ends = () if close else get_close_matches(found.rpartition(".")[2], tails, 2, 0.75)
        near = [*close, *(one for end in ends for one in tails[end])][:3]
    else:
        near = get_close_matches(found, allowed, 1)
    return f". Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""
