"""System checks: the portal does not start on a wrong map, without its keys, or with its record unguarded."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import connections

from dsr.datamap.load import MapError
from dsr.models import Event, installer, sealed
from dsr.sealing import keyring
from dsr.sealing.keyring import KeysMissing
from dsr.steps import limiting, maps
from dsr.steps.post import remedies


@register()
def maps_are_right(**_: Any) -> list[CheckMessage]:
    """Every controller's files load."""
    try:
        maps.controllers()
    except MapError as error:
        return [Error(str(error), id="dsr.E001")]
    return []


@register()
def refusals_name_what_the_law_demands(**_: Any) -> list[CheckMessage]:
    """No active law of a region wants a refusal to name what our letter does not (dsr/law, key 'refusal')."""
    try:
        unsaid = list(remedies.unsaid())
    except MapError:
        return []  # said above
    return [
        Error(f"{slug}: a law of region '{region}' wants a refusal to name '{block}'; no letter does.", id="dsr.E004")
        for slug, region, block in unsaid
    ]


@register()
def limits_can_be_read(**_: Any) -> list[CheckMessage]:
    """Every limit that was set is one of ours, and says how often."""
    return [Error(problem, id="dsr.E006") for problem in limiting.problems()]


@register(deploy=True)
def somebody_counts_the_proxies(**_: Any) -> list[CheckMessage]:
    """Behind the proxy that ends TLS, connections are told apart: else one stranger's tries keep everybody out."""
    if not settings.DSR_BASE_URL.startswith("https://") or settings.DSR_TRUSTED_HOPS > 0:
        return []
    message = "DSR_TRUSTED_HOPS is 0, and a proxy ends TLS: everybody would be counted as one connection."
    return [Caution(f"{message} Say how many proxies add to X-Forwarded-For.", id="dsr.W004")]


@register()
def files_have_a_place(**_: Any) -> list[CheckMessage]:
    """Sealed files have somewhere to lie; whether a bucket answers is asked when something is written."""
    try:
        sealed.shelf()
    except ValueError as error:
        return [Error(f"{error}. See docs/settings.md.", id="dsr.E005")]
    return []


@register(deploy=True)
def keys_are_there(**_: Any) -> list[CheckMessage]:
    """The keyring can be read."""
    try:
        keyring.load(settings.DSR_KEYS)
    except KeysMissing as error:
        return [Error(f"{error}. {_remedy()}", id="dsr.E002")]
    return []


def _remedy() -> str:
    if keyring.lacking(settings.DSR_KEYS) <= keyring.LATER:
        return (
            "If the record was never signed, run manage.py make_keys --missing; else restore the keys that signed it."
        )
    return f"Keys are never made by themselves: restore {settings.DSR_KEYS}."


@register(Tags.database)
def record_is_guarded(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The triggers of append-only tables stand."""
    return [
        # A warning, for migrate itself has to pass to set it; `serve` refuses to start without it.
        Caution(f"The append-only trigger {name} is missing on '{alias}'. Run migrate.", id="dsr.W003")
        for alias in databases or []
        if Event._meta.db_table in connections[alias].introspection.table_names()
        for name in installer.missing(connections[alias])
    ]
