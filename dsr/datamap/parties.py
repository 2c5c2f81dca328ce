"""Rows that concern several people: who they are, what is whose, and what the erasure of one of them leaves."""

from typing import Literal

from dsr.datamap.shape import Shape, Slug


class Party(Shape):
    """One of the people in a row, by the part they have in it."""

    title: str  # as both of them read it, such as 'Who sent it'
    known_by: tuple[str, ...]  # own fields by which a row is theirs: those of an identity or of a link
    fields: tuple[str, ...] = ()  # what describes them, and what they wrote
    several: bool = False  # more people than one can be it: whoever has a row that the link leads to
    erase: Literal["unlink", "replace", "delete"] = "unlink"  # what becomes of the row while others are in it
    set: dict[str, str | int | None] = {}  # field -> what stands there after: nobody's; null unless said
    why: str = ""  # for 'delete': why the row goes, though somebody else is in it


class Shared(Shape):
    """A rule for rows that are not one person's alone (GDPR Art. 15(4); Art. 17 reaches what is about the person)."""

    parties: dict[Slug, Party]
    show: dict[str, str] = {}  # a party's field -> why everybody in the row may see it
