"""The package's own template engine: it escapes, needs no settings, loads only our templates."""

from pathlib import Path

from django.template import Context, Engine

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "package"

ENGINE = Engine(dirs=[str(FOLDER)], autoescape=True, builtins=["dsr.package.markup"])


def rendered(name: str, **values: object) -> str:
    """A template of ours with these values. Numbers and dates come as text: no locale is asked."""
    return ENGINE.get_template(name).render(Context(values, use_l10n=False, use_tz=False))
