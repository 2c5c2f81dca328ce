"""The controllers this installation serves, read once per process."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings

from dsr.connectors import registry
from dsr.datamap.load import load_all
from dsr.datamap.schema import ControllerMap
from dsr.datamap.translate import localised as localise
from dsr.law.calendars import Calendar


def controllers() -> Mapping[str, ControllerMap]:
    """All controllers by slug. Raises MapError when a file is wrong."""
    return _loaded(str(settings.DSR_CONTROLLERS))


def controller(slug: str) -> ControllerMap:
    """One controller. KeyError when there is none of this name."""
    return controllers()[slug]


def localised(slug: str, language: str) -> ControllerMap:
    """One controller, its own texts in this language where it has them. KeyError when there is none of this name."""
    return _localised(str(settings.DSR_CONTROLLERS), slug, language)


def languages(slug: str) -> tuple[str, ...]:
    """What the portal speaks for this controller, the first unless asked; such as 'zh-hans'."""
    known = {code for code, _ in settings.LANGUAGES}
    asked = (code.lower() for code in controller(slug).controller.languages)
    return tuple(code for code in asked if code in known) or ("en",)


def calendar(slug: str) -> Calendar:
    """Whose working days count for a controller."""
    facts = controller(slug).controller.calendar
    closed = frozenset(date.fromisoformat(day) for day in facts.closed_on)
    return Calendar(facts.country, facts.zone, facts.subdivision, closed)


@cache
def _loaded(root: str) -> Mapping[str, ControllerMap]:
    return load_all(Path(root), registry.flaws)


@cache
def _localised(root: str, slug: str, language: str) -> ControllerMap:
    return localise(_loaded(root)[slug], language)
