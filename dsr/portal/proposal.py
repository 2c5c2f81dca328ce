"""The forms on which a person enters new values."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsr.portal.forms import TextField
from dsr.steps.fulfilling import correctable
from dsr.steps.fulfilling.correctable import Field, Row
from dsr.steps.fulfilling.rectification import MOST_WORDS

HINTS = {
    "date": gettext_lazy("Year, month and day, such as 2026-03-17."),
    "number": gettext_lazy("A number, such as 12 or 12.50."),
    "telephone": gettext_lazy("With the country code, such as +44 20 7946 0000."),
    "language": gettext_lazy("The code of a language, such as en or zh-CN."),
}
TYPED = {"email": "email", "telephone": "tel"}


class Choice(TextField):
    """A coded value: one of what the map explains, and what stands there now."""

    def __init__(self, *, options: list[tuple[str, str]], **rest: Any) -> None:
        self.options = options
        super().__init__(**rest)


class RowForm(forms.Form):
    """The rectifiable fields of one row, with what is there now to begin with."""

    def __init__(self, row: Row, data: QueryDict | None, entered: dict[str, str]) -> None:
        initial = {field.name: entered.get(field.name, field.typed) for field in row.fields}
        super().__init__(data, initial=initial, auto_id="field-%s")
        self.use_required_attribute = False
        self.row = row
        self.changes: dict[str, str] = {}
        for field in row.fields:
            self.fields[field.name] = _entry(field)

    def clean(self) -> dict[str, Any]:
        """Each value by the type that the map gives its field; an error names the field."""
        given = super().clean() or {}
        self.changes, wrong = correctable.changes(self.row, given)
        for name, problem in wrong.items():
            self.add_error(name, problem)
        return given


def _entry(field: Field) -> TextField:
    kind = field.described.type
    now = _("Now: %(value)s") % {"value": field.says}
    hint = f"{now}. {HINTS[kind]}" if kind in HINTS else now
    if kind == "choice":
        there = [] if field.typed in field.described.codes else [(field.typed, field.says)]
        options = [*there, *field.described.codes.items()]
        return Choice(options=options, label=field.label, help_text=hint, required=False)
    typed = TYPED.get(kind, "text")
    autocomplete = TYPED.get(kind, "off")
    return TextField(typed=typed, autocomplete=autocomplete, label=field.label, help_text=hint, required=False)


class StatementForm(forms.Form):
    """What is missing or wrong and has no field."""

    statement = TextField(
        label=gettext_lazy("What is missing, or wrong and not in the list?"),
        help_text=gettext_lazy("Say what it should be. A person here reads it and writes to you what we did with it."),
        required=False,
        rows=6,
        max_length=MOST_WORDS,
        error_messages={
            "max_length": gettext_lazy("Shorten your text to %(limit_value)d characters. It has %(show_value)d.")
        },
    )

    def __init__(self, data: QueryDict | None, statement: str) -> None:
        super().__init__(data, initial={"statement": statement}, auto_id="%s")
        self.use_required_attribute = False
