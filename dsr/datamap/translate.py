"""A controller's own words in another language: its map with every text that people read replaced."""

from collections.abc import Callable
from typing import Any

from dsr.datamap.ladder import Ladder
from dsr.datamap.parties import Party
from dsr.datamap.schema import (
    CollectionMap,
    Controller,
    ControllerMap,
    FieldMap,
    Purpose,
    Recipient,
    Region,
    Retention,
    RightOffer,
    Scope,
    SystemMap,
)
from dsr.datamap.shape import Calendar, PolicyVersion, Shape

# What people read of each shape; everything else is for machines, or a name.
SPOKEN: dict[type[Shape], tuple[str, ...]] = {
    Calendar: ("assumed",),
    CollectionMap: ("title", "describes", "automated"),
    Controller: (
        *("operator", "describes", "address", "promise_source", "authority"),
        *("automated_decisions", "identities", "statements", "self_service"),
    ),
    FieldMap: ("label", "codes"),
    Ladder: ("app_page",),
    Party: ("title",),
    PolicyVersion: ("note",),
    Purpose: ("title", "describes", "when_withdrawn", "how"),
    Recipient: ("title", "role", "country", "safeguard", "why_not"),
    Region: ("title", "authority", "court"),
    Retention: ("says", "ground", "citation"),
    RightOffer: ("citation",),
    Scope: ("title", "describes"),
    SystemMap: ("title", "describes"),
}
KEYS_TOO = frozenset({"self_service"})  # both halves are read: what one can do, and where

Say = Callable[[str], str]


def localised(controller_map: ControllerMap, language: str) -> ControllerMap:
    """The map in this language; what has no translation stays in English."""
    known = controller_map.texts.get(language)
    if not known:
        return controller_map
    told = _through(controller_map, lambda text: known.get(text, text))
    return told if isinstance(told, ControllerMap) else controller_map


def texts(controller_map: ControllerMap) -> tuple[str, ...]:
    """Every text of the map that people read, once, in the order of the files."""
    found: dict[str, None] = {}

    def note(text: str) -> str:
        found[text] = None
        return text

    _through(controller_map, note)
    return tuple(found)


def _through(value: Any, say: Say) -> Any:  # noqa: ANN401 — whatever a map is made of
    """The same value with every spoken text said anew."""
    if isinstance(value, Shape):
        spoken = SPOKEN.get(type(value), ())
        parts = {name: getattr(value, name) for name in type(value).model_fields if name != "texts"}
        new = {name: _said(name, part, say) if name in spoken else _through(part, say) for name, part in parts.items()}
        return value.model_copy(update=new)
    if isinstance(value, dict):
        return {key: _through(part, say) for key, part in value.items()}
    return tuple(_through(part, say) for part in value) if isinstance(value, tuple) else value


def _said(name: str, value: str | dict[str, str], say: Say) -> str | dict[str, str]:
    if isinstance(value, str):
        return say(value) if value else value
    return {say(key) if name in KEYS_TOO else key: say(text) if text else text for key, text in value.items()}
