"""What every shape of a map has in common, and the look and the calendar of a controller."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


def _as_text(found: object) -> object:
    """A whole number as YAML reads it, for a setting is text."""
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else found


Settings = dict[str, Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]]


class Shape(BaseModel):
    """Unknown keys are errors; a loaded map never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(Shape):
    """Name and colours of the portal; contrast is checked when the map is loaded."""

    colour: Colour
    text_on_colour: Colour = "#ffffff"


class Calendar(Shape):
    """Whose working days count, and where the day ends."""

    country: str  # ISO 3166-1 alpha-2
    subdivision: str | None = None
    zone: str  # IANA
    assumed: str = ""  # said on screen where the policy names no country
    closed_on: tuple[str, ...] = ()  # extra closing days, ISO dates


class PolicyVersion(Shape):
    """A version of the privacy policy; the text may be missing."""

    version: str
    effective_on: str  # ISO date, or ISO month where the policy names only that
    note: str = ""
