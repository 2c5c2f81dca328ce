"""What somebody fills in who has done a task: what was found, or what was erased."""

from collections.abc import Iterable
from datetime import date
from typing import cast

from django import forms

from dsr.datamap.schema import SystemMap
from dsr.steps.errands.answering import WORDS, Erased
from dsr.steps.errands.uploads import Upload

DOCUMENTS = 10  # of one form
BECAUSE = "Because …"


class Documents(forms.FileInput):
    """Several files in one field."""

    allow_multiple_selected = True


class Lend(forms.Form):
    """To whom a task is lent."""

    address = forms.CharField(
        label="E-mail address",
        help_text="Of one colleague, who alone reads it. They get a link to this task, which works for seven days.",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the e-mail address of your colleague."},
    )


class Report(forms.Form):
    """What became of a task."""

    said = forms.ChoiceField(
        label="What became of it?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what became of it."},
    )
    because = forms.CharField(
        label=BECAUSE,
        help_text="Why it cannot be done, or why rows stay. The person may read it: name nobody.",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=WORDS,
        required=False,
    )


class FindReport(Report):
    """What was found, as a file of rows, as documents, or both."""

    rows = forms.FileField(
        label="Rows",
        help_text='JSON, such as {"collection": [{"field": "value"}]}, or CSV with a line of field names; UTF-8.',
        required=False,
    )
    collection = forms.ChoiceField(
        label="The rows of a CSV, or documents without rows, belong to", required=False, choices=[]
    )
    documents = forms.Field(  # each file is looked at where it is read
        widget=Documents,
        label="Documents",
        help_text=f"PDF, PNG or JPEG, {DOCUMENTS} at most. The rows name each by its file name.",
        required=False,
    )
    field_order = ("said", "rows", "collection", "documents", "because")

    def fit(self, system: SystemMap, collections: Iterable[str]) -> None:
        """Name the collections that are asked for."""
        said = cast("forms.ChoiceField", self.fields["said"])
        said.choices = [
            ("found", "Found: I hand it in"),
            ("nothing", "Nothing found"),
            ("cannot", "It cannot be searched"),
        ]
        named = [(name, system.collections[name].title) for name in collections]
        cast("forms.ChoiceField", self.fields["collection"]).choices = [("", "–"), *named]

    def upload(self) -> Upload:
        """The files, held in memory."""
        rows = self.cleaned_data["rows"]
        documents = tuple((str(one.name), one.read()) for one in self.files.getlist("documents"))
        return Upload(rows.read() if rows else b"", self.cleaned_data["collection"], documents)


class EraseReport(Report):
    """How many rows of each collection are erased, and which stay."""

    kept = forms.CharField(
        label="Keys that stay",
        help_text="One in each line, as the list above spells them. Leave it empty when nothing stays.",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    until = forms.DateField(
        label="They stay until",
        help_text="Year, month and day, such as 2027-03-31. Leave it empty when no day is known.",
        required=False,
        input_formats=["%Y-%m-%d"],
    )

    def fit(self, system: SystemMap, collections: Iterable[str]) -> None:
        """One count for each collection."""
        said = cast("forms.ChoiceField", self.fields["said"])
        said.choices = [
            ("erased", "Erased, with these counts"),
            ("nothing", "Nothing of it was there any more"),
            ("cannot", "It cannot be erased"),
        ]
        for name in collections:
            title = f"Rows erased: {system.collections[name].title}"
            self.fields[f"count:{name}"] = forms.IntegerField(label=title, min_value=0, required=False)
        counted = [name for name in self.fields if name.startswith("count:")]
        self.order_fields(["said", *counted, "kept", "until", "because"])

    def erased(self) -> Erased:
        """The same as the step takes it."""
        counts = {
            name.removeprefix("count:"): value or 0
            for name, value in self.cleaned_data.items()
            if name.startswith("count:")
        }
        kept = tuple(line.strip() for line in self.cleaned_data["kept"].splitlines() if line.strip())
        until: date | None = self.cleaned_data["until"]
        return Erased(counts, kept, until, self.cleaned_data["because"])
