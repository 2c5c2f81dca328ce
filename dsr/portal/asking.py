"""The questions that come first: where the person lives, and who asks."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from dsr.datamap.schema import ControllerMap
from dsr.law.identifiers import clean
from dsr.law.rights import Right
from dsr.law.work import Asker
from dsr.package.sentences import joined
from dsr.portal.draft import Answers
from dsr.portal.forms import (
    LABELS,
    MOST_TYPED,
    EmailQuestion,
    IdentitiesQuestion,
    Question,
    TextField,
    identifier,
)
from dsr.portal.words import Text
from dsr.steps.asking import representation
from dsr.steps.asking.evidence import MOST, NotTaken, content_type_of

ASKERS: dict[Asker, tuple[Text, Text]] = {
    Asker.PERSON: (_("For myself"), _("The data is about me.")),
    Asker.AGENT: (
        _("For somebody who permitted it"),
        _("You need a permission that the person signed. We also ask the person, and answer to the person alone."),
    ),
    Asker.GUARDIAN: (
        _("For a child, as a parent or guardian"),
        _("You need something that shows it. A person here looks at it, then we destroy it. We answer to you."),
    ),
}
DOCUMENTS: dict[Asker, tuple[Text, Text]] = {
    Asker.PERSON: (
        _("A document with your name"),
        _("Black out everything else."),
    ),
    Asker.AGENT: (
        _("The signed permission"),
        _("It names the person, you, and what you may ask for. The person has signed it."),
    ),
    Asker.GUARDIAN: (
        _("Something that shows that you are the parent or guardian"),
        _("For example a birth certificate or a court order. You may black out what it need not show."),
    ),
}


class RegionQuestion(Question):
    """Where the person lives: it decides which law counts. Nobody's connection is looked at."""

    region = forms.ChoiceField(
        label=_("Where do you live?"),
        help_text=_(
            "It decides which law counts for you, by when we must answer, and who watches over us. "
            "We do not guess it from your connection."
        ),
        error_messages={"required": _("Choose where you live"), "invalid_choice": _("Choose from the list")},
    )

    def ask(self) -> None:
        """The places that the controller tells apart."""
        cast("forms.ChoiceField", self.fields["region"]).choices = list(self._titles().items())

    def options(self) -> list[dict[str, Any]]:
        """The choices, for the page."""
        return _options(self, "region", self._titles())

    def _titles(self) -> dict[str, str]:
        return {slug: region.title for slug, region in self.controller_map.controller.regions.items()}


class AskerQuestion(Question):
    """Whether one asks for oneself."""

    asker = forms.ChoiceField(
        label=_("Who are you asking for?"),
        choices=[(asker.value, title) for asker, (title, _hint) in ASKERS.items()],
        error_messages={"required": _("Choose who you are asking for"), "invalid_choice": _("Choose from the list")},
    )

    def options(self) -> list[dict[str, Any]]:
        """The choices with what each means, for the page."""
        titles = {asker.value: title for asker, (title, _hint) in ASKERS.items()}
        return [option | {"hint": ASKERS[Asker(option["value"])][1]} for option in _options(self, "asker", titles)]


def _options(form: Question, name: str, titles: Mapping[str, Text]) -> list[dict[str, Any]]:
    chosen = form[name].value()
    return [{"value": value, "title": title, "chosen": value == chosen} for value, title in titles.items()]


class RepresentativeQuestion(Question):
    """Who asks for the person."""

    name = TextField(
        label=_("Your name"),
        help_text=_("With your organisation, if you ask for one."),
        autocomplete="name",
        max_length=MOST_TYPED,  # no browser cuts it off unseen; `clean_name` says what is too long
        missing=_("Enter your name"),
    )
    own_email = TextField(
        label=_("Your own e-mail address"),
        typed="email",
        autocomplete="email",
        max_length=MOST_TYPED,
        missing=_("Enter your own e-mail address"),
        validators=[identifier("email")],
    )

    def clean_name(self) -> str:
        """Nothing but a name: we write it to the person."""
        typed = str(self.cleaned_data["name"])
        if problem := representation.problem_of_name(typed):
            raise forms.ValidationError(problem)
        return typed

    def clean_own_email(self) -> str:
        """The address as it is kept."""
        return clean("email", self.cleaned_data["own_email"])


class AgentQuestion(RepresentativeQuestion):
    """An agent learns when it is over, and nothing of the answer."""

    def ask(self) -> None:
        """Say so before the address is given."""
        self.fields["own_email"].help_text = str(_("We tell you when it is answered. The answer goes to the person."))


class GuardianQuestion(RepresentativeQuestion):
    """A guardian proves their own mailbox, and is answered there."""

    def ask(self) -> None:
        """Say so before the address is given."""
        self.fields["own_email"].help_text = str(_("We send a code to this address, and later our answer."))


class PersonEmailQuestion(EmailQuestion):
    """The address of the person an agent asks for."""

    def ask(self) -> None:
        """It is the person's, not the agent's."""
        self.fields["email"].label = str(_("What is the person's e-mail address?"))
        hint = _("We write to the person there and ask for a yes or no. Nothing happens before the person says yes.")
        self.fields["email"].help_text = str(hint)


class ChildQuestion(IdentitiesQuestion):
    """How we know the child: at least one way."""

    def ask(self) -> None:
        """An address of the child's own, and what else the controller offers."""
        self.fields["email"] = TextField(
            label=_("The child's e-mail address (optional)"),
            help_text=_("The one used for the account. It may be yours."),
            typed="email",
            required=False,
            max_length=MOST_TYPED,
            validators=[identifier("email")],
            autocomplete="off",
        )
        super().ask()

    def clean(self) -> dict[str, Any]:
        """Nothing at all leads to nobody."""
        given = super().clean()
        if not given and not self.errors:
            raise forms.ValidationError(_("Enter at least one thing by which we know the child"))
        return given


class DocumentForm(forms.Form):
    """What shows that somebody may ask for another; judged by what it holds, and kept in memory only."""

    document = forms.FileField(
        error_messages={
            name: _("Choose a file: a PDF, PNG or JPEG of at most 5 MB")
            for name in ("required", "invalid", "missing", "empty")
        },
    )

    def __init__(
        self, asker: Asker, data: Mapping[str, Any] | None = None, files: MultiValueDict[str, Any] | None = None
    ) -> None:
        super().__init__(data, files, auto_id="%s")
        self.use_required_attribute = False
        title, hint = DOCUMENTS[asker]
        self.fields["document"].label = str(title)
        sizes = _("A PDF, PNG or JPEG, at most 5 MB.")
        self.fields["document"].help_text = joined(hint, sizes)

    def clean_document(self) -> bytes:
        """Its content."""
        content = bytes(self.cleaned_data["document"].read(MOST + 1))
        try:
            content_type_of(content)
        except NotTaken:
            raise forms.ValidationError(self.fields["document"].error_messages["invalid"]) from None
        return content


class ProofForm(DocumentForm):
    """What shows who asks, where staff asked for it."""

    def __init__(self, data: Mapping[str, Any] | None = None, files: MultiValueDict[str, Any] | None = None) -> None:
        super().__init__(Asker.PERSON, data, files)


def asker_of(answers: Answers) -> Asker:
    """Who asks, as far as it was answered."""
    return Asker(answers.get("asker", {}).get("asker", Asker.PERSON))


def first_questions(about: ControllerMap, right: Right) -> dict[str, type[Question]]:
    """What is asked before anything else."""
    asked: dict[str, type[Question]] = {}
    if about.controller.regions:
        asked["region"] = RegionQuestion
    if right in representation.REPRESENTED:
        asked["asker"] = AskerQuestion
    return asked


def whose(about: ControllerMap, asker: Asker) -> dict[str, type[Question]]:
    """Who asks for whom: the addresses and identifiers that are asked for."""
    if asker is Asker.GUARDIAN:
        return {"guardian": GuardianQuestion, "child": ChildQuestion}
    asked: dict[str, type[Question]] = {}
    if asker is Asker.AGENT:
        asked["agent"] = AgentQuestion
    asked["email"] = PersonEmailQuestion if asker is Asker.AGENT else EmailQuestion
    if any(kind in LABELS for kind in about.controller.identities):
        asked["identities"] = IdentitiesQuestion
    return asked
