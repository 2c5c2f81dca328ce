"""What every shape of a map has in common, and the look of a controller."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class Shape(BaseModel):
    """Unknown keys are errors; a loaded map never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(Shape):
    """Name and colours of the portal; contrast is checked when the map is loaded."""

    colour: Colour
    text_on_colour: Colour = "#ffffff"
