"""The controllers this installation serves, read once per process."""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from dsr.connectors import registry
from dsr.datamap.facts import Facts
from dsr.datamap.facts import facts as facts_of
from dsr.datamap.load import load_all
from dsr.datamap.plan import compile_plan
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


def facts(slug: str, language: str) -> Facts:
    """The nine facts of one controller, in this language. KeyError when there is none of this name."""
    return _facts(str(settings.DSR_CONTROLLERS), slug, language)


def unreached(slug: str, kinds: frozenset[str]) -> frozenset[str]:
    """The collections of one controller, each 'system.collection', that identities of these kinds do not lead to."""
    return _unreached(str(settings.DSR_CONTROLLERS), slug, kinds)


def languages(slug: str) -> tuple[str, ...]:
    """What the portal speaks for this controller, the first unless asked; such as 'zh-hans'."""
    known = {code for code, _ in settings.LANGUAGES}
    asked = (code.lower() for code in controller(slug).controller.languages)
    return tuple(code for code in asked if code in known) or ("en",)


def calendar(slug: str) -> Calendar:
    """Whose working days count for a controller."""
    facts = controller(slug).controller.calendar
    return _calendar(facts.country, facts.zone, facts.subdivision, tuple(facts.closed_on))


@lru_cache(maxsize=64)
def _calendar(country: str, zone: str, subdivision: str | None, closed_on: tuple[str, ...]) -> Calendar:
    return Calendar(country, zone, subdivision, frozenset(map(date.fromisoformat, closed_on)))


@cache
def _loaded(root: str) -> Mapping[str, ControllerMap]:
    return load_all(Path(root), registry.flaws)


@cache
def _localised(root: str, slug: str, language: str) -> ControllerMap:
    return localise(_loaded(root)[slug], language)


@lru_cache(maxsize=256)
def _unreached(root: str, slug: str, kinds: frozenset[str]) -> frozenset[str]:
    return frozenset(compile_plan(_loaded(root)[slug], kinds).unreachable)


@cache
def _facts(root: str, slug: str, language: str) -> Facts:
    with translation.override(language):
        return facts_of(_localised(root, slug, language), gettext)
