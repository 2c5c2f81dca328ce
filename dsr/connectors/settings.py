"""Settings of connectors: secrets come from the environment, and what nobody knows is refused by name."""

import re
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from dsr.datamap.flaw import meant
from dsr.datamap.schema import SystemMap

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """Put values in the place of `${NAME}`, from the environment, and `${file:/path}`.

    ValueError names a missing or empty one.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("file:"):
            return _kept_in(Path(name.removeprefix("file:")))
        if not environ.get(name):
            raise ValueError(f"the environment variable {name or '(without a name)'} is missing or empty")
        return environ[name]

    return _PLACEHOLDER.sub(value, text)


def _kept_in(file: Path) -> str:
    """The secret in a file, which only its owner and group may read."""
    try:
        if stat.S_IMODE(file.stat().st_mode) & stat.S_IRWXO:
            raise ValueError(f"the file {file} may be used by everybody on this machine; take that away")
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"the file {file} cannot be read") from None
    if not file.is_absolute() or not text:
        raise ValueError(f"the file {file} is empty, or not named by its whole path")
    return text


def referred(system: SystemMap) -> set[str]:
    """The environment variables that a system's settings refer to."""
    names = (match[1] for text in system.connector.settings.values() for match in _PLACEHOLDER.finditer(text))
    return {name for name in names if not name.startswith("file:")}


def system_settings(
    system: SystemMap, environ: Mapping[str, str], *, needed: Collection[str], optional: Collection[str] = ()
) -> dict[str, str]:
    """Resolve and check the settings of a system's connector. ValueError names the setting, not its value."""
    given = system.connector.settings
    _only_known(system.slug, given, needed, optional)
    resolved = {}
    for name, text in given.items():
        try:
            resolved[name] = resolve(text, environ).strip()
        except ValueError as error:
            raise ValueError(f"{system.slug}: setting '{name}': {error}") from None
        if not resolved[name]:
            raise ValueError(f"{system.slug}: setting '{name}' is empty")
    return resolved


def collection_settings(
    system: SystemMap, name: str, *, needed: Collection[str] = (), optional: Collection[str] = ()
) -> dict[str, str]:
    """Check the settings of one collection. ValueError names the setting."""
    given = system.collections[name].settings
    where = f"{system.slug}.{name}"
    _only_known(where, given, needed, optional)
    for setting, text in given.items():
        if not text.strip():
            raise ValueError(f"{where}: setting '{setting}' is empty")
    return dict(given)


def stop_settings(
    system: SystemMap, slug: str, *, needed: Collection[str] = (), optional: Collection[str] = ()
) -> dict[str, str]:
    """Check the settings of one stop. ValueError names the setting."""
    given = system.stops[slug].settings
    _only_known(f"{system.slug}.stops.{slug}", given, needed, optional)
    return dict(given)


def misnamed(given: Collection[str], needed: Collection[str], optional: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each setting that nobody knows, with what is allowed, and each that is missing, which has no name here."""
    known = sorted({*needed, *optional})
    for name in sorted(set(given) - set(known)):
        yield name, f"unknown setting '{name}'; allowed are {', '.join(known) or 'none'}{meant(name, known)}"
    for name in sorted(set(needed) - set(given)):
        yield "", f"setting '{name}' is missing"


def _only_known(where: str, given: Mapping[str, str], needed: Collection[str], optional: Collection[str]) -> None:
    for _, message in misnamed(given, needed, optional):
        raise ValueError(f"{where}: {message}")
