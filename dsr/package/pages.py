"""The package's own template engine: it escapes, loads only our templates, and speaks the language that is active."""

from pathlib import Path

from django.template import Context, Engine

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "package"

_BUILTINS = ["django.templatetags.i18n", "dsr.package.markup", "dsr.package.sentences"]
ENGINE = Engine(dirs=[str(FOLDER)], autoescape=True, builtins=_BUILTINS)


def rendered(template: str, /, **values: object) -> str:
    """A template of ours with these values. Numbers and dates come as text: no locale is asked."""
    return ENGINE.get_template(template).render(Context(values, use_l10n=False, use_tz=False))
