"""The forms of the portal. Every message says what to do; nothing that was typed is lost."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from unicodedata import normalize

from django import forms
from django.utils.translation import gettext_lazy as _

from dsr.datamap.schema import ControllerMap, Purpose
from dsr.law.identifiers import clean
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.portal.words import WORDS, Text
from dsr.steps.fulfilling import withdrawal
from dsr.steps.post import wording

MOST_DETAILS = 5000
MOST_TYPED = 400  # more than any identifier we accept; what is longer was not typed


def identifier(kind: str) -> Callable[[str], None]:
    """A validator that says what `clean` says."""

    def check(value: str) -> None:
        try:
            clean(kind, value)
        except ValueError as error:
            raise forms.ValidationError(wording.mistake(error)) from None

    return check


class TextField(forms.CharField):
    """A text field with how it looks to the person: the template reads these, no widget draws."""

    def __init__(
        self,
        *,
        typed: str = "text",
        autocomplete: str = "",
        inputmode: str = "",
        looks: str = "",
        rows: int = 0,
        missing: Text | None = None,
        **rest: Any,
    ) -> None:
        self.typed, self.autocomplete, self.inputmode = typed, autocomplete, inputmode
        self.looks, self.rows = looks, rows
        if missing is not None:
            rest["error_messages"] = {"required": missing}
        super().__init__(**rest)


class Question(forms.Form):
    """One page of questions about one request."""

    def __init__(
        self,
        controller_map: ControllerMap,
        right: Right,
        data: Mapping[str, Any] | None,
        initial: dict[str, Any],
    ) -> None:
        super().__init__(data, initial=initial, auto_id="%s", prefix=None)
        self.use_required_attribute = False
        self.controller_map, self.right = controller_map, right
        self.ask()

    def ask(self) -> None:
        """Shape the fields for this controller and right."""


class EmailQuestion(Question):
    """Where we write to, and how the person is found and proven."""

    email = TextField(
        label=_("What is your e-mail address?"),
        typed="email",
        autocomplete="email",
        max_length=MOST_TYPED,
        missing=_("Enter your e-mail address"),
        validators=[identifier("email")],
    )

    def ask(self) -> None:
        """The hint says what the address is for, in the words of the controller where it has some."""
        code = _("We send a code to this address, so that nobody else can ask in your name.")
        offered = {str(kind): hint for kind, hint in self.controller_map.controller.identities.items()}
        hint = offered.get("email", "").removesuffix(".")
        self.fields["email"].help_text = f"{hint}. {code}" if hint else str(code)

    def clean_email(self) -> str:
        """The address as it is kept."""
        return clean("email", self.cleaned_data["email"])


LABELS = {
    "account": _("Account id (optional)"),
    "social": _("Sign-in with another service (optional)"),
    "device": _("Device id (optional)"),
    "phone": _("Telephone number (optional)"),
}


class IdentitiesQuestion(Question):
    """Other ways the controller may know the person; all optional."""

    def ask(self) -> None:
        """One field for each kind the controller offers besides the e-mail address."""
        for kind, hint in self.controller_map.controller.identities.items():
            if str(kind) in LABELS:
                self.fields[str(kind)] = TextField(
                    label=LABELS[str(kind)],
                    help_text=hint,
                    required=False,
                    max_length=MOST_TYPED,
                    validators=[identifier(str(kind))],
                    autocomplete="tel" if str(kind) == "phone" else "off",
                )

    def clean(self) -> dict[str, Any]:
        """Each identifier as it is kept; a kind left empty is left out."""
        given = super().clean() or {}
        return {kind: clean(kind, value) for kind, value in given.items() if value}


class DetailsQuestion(Question):
    """What it is about, in the person's own words."""

    details = TextField(
        required=False,
        rows=6,
        max_length=MOST_DETAILS,
        error_messages={"max_length": _("Shorten your text to %(limit_value)d characters. It has %(show_value)d.")},
    )

    def ask(self) -> None:
        """The question, its hint and whether it must be answered follow from the right."""
        wording, field = WORDS[self.right], self.fields["details"]
        optional = _("(optional)")  # a word of its own: within an f-string nobody would find it to translate it
        field.label = str(wording.question) if wording.needed else f"{wording.question} {optional}"
        field.help_text = str(wording.hint)
        field.required = wording.needed
        field.error_messages["required"] = str(_("Write what it is about, so that we can answer you"))


class ConsentQuestion(DetailsQuestion):
    """Which consents are withdrawn, each by itself."""

    purposes = forms.MultipleChoiceField(
        label=_("What should we stop?"),
        help_text=_("Choose one or more. What you do not choose stays as it is."),
        error_messages={
            "required": _("Choose what we should stop"),
            "invalid_choice": _("Choose from the list"),
        },
    )
    field_order: tuple[str, ...] = ("purposes", "details")

    def ask(self) -> None:
        """One choice for each purpose that can be withdrawn."""
        super().ask()
        offered = [(slug, purpose.title) for slug, purpose in withdrawable(self.controller_map).items()]
        cast("forms.MultipleChoiceField", self.fields["purposes"]).choices = offered

    def offered(self) -> list[dict[str, Any]]:
        """The choices with their explanations, for the page."""
        chosen = self["purposes"].value() or []
        return [
            {
                "slug": slug,
                "title": purpose.title,
                "describes": purpose.describes,
                "when_withdrawn": purpose.when_withdrawn,
                "chosen": slug in chosen,
            }
            for slug, purpose in withdrawable(self.controller_map).items()
        ]

    def elsewhere(self) -> list[Purpose]:
        """What only the browser or the device can end: explained, never a choice."""
        return list(withdrawal.elsewhere(self.controller_map.controller).values())


def withdrawable(controller_map: ControllerMap) -> dict[str, Purpose]:
    """The purposes somebody can say no to here, in the order of the policy."""
    return withdrawal.here(controller_map.controller)


class CodeForm(forms.Form):
    """The code from the mail, with or without spaces and hyphens."""

    code = TextField(
        label=_("Code"),
        help_text=_("Eight letters and digits, in the mail we sent you. Spaces, hyphens and capitals do not matter."),
        autocomplete="one-time-code",
        looks="rightful-code",
        max_length=40,
        missing=_("Enter the code from the mail"),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="%s")
        self.use_required_attribute = False

    def clean_code(self) -> str:
        """Its digits or letters alone."""
        bare = _bare(self.cleaned_data["code"])
        if not bare.isalnum():
            raise forms.ValidationError(_("Enter the code as it stands in the mail"))
        return bare


class PickupForm(forms.Form):
    """The code that was shown once to who handed in a document."""

    pickup = TextField(
        label=_("Pickup code"),
        help_text=_("Eight letters and digits. Spaces, hyphens and capitals do not matter."),
        autocomplete="off",
        looks="rightful-code",
        max_length=40,
        missing=_("Enter the pickup code that you wrote down"),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="%s-field")
        self.use_required_attribute = False

    def clean_pickup(self) -> str:
        """Its digits or letters alone."""
        bare = _bare(self.cleaned_data["pickup"])
        if not bare.isalnum():
            raise forms.ValidationError(_("Enter the pickup code as you wrote it down"))
        return bare


def _bare(typed: str) -> str:
    return re.sub(r"[\s\-‐‑–—]", "", normalize("NFKC", typed))


class FindForm(forms.Form):
    """Reference and address; together they find a request."""

    reference = TextField(
        label=_("Reference"),
        help_text=_("Nine letters and digits, such as R3K-2WN-P5M. It is in every mail about your request."),
        max_length=40,
        autocomplete="off",
        looks="govuk-input--width-10",
        missing=_("Enter your reference"),
    )
    email = TextField(
        label=_("E-mail address"),
        help_text=_("The one you gave with the request."),
        typed="email",
        autocomplete="email",
        max_length=MOST_TYPED,
        missing=_("Enter your e-mail address"),
        validators=[identifier("email")],
    )

    def __init__(self, data: Mapping[str, Any] | None = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, auto_id="%s")
        self.use_required_attribute = False

    def clean_reference(self) -> str:
        """The reference in its grouped form."""
        reference = read_reference(self.cleaned_data["reference"])
        if reference is None:
            raise forms.ValidationError(_("A reference has nine letters and digits, such as R3K-2WN-P5M"))
        return reference

    def clean_email(self) -> str:
        """The address as it is kept."""
        return clean("email", self.cleaned_data["email"])


class SignInForm(forms.Form):
    """The mailbox that one signs in with: a code shows that it is one's own."""

    email = TextField(
        label=_("E-mail address"),
        help_text=_("The one you gave with your requests. It is the same page whether we know the address or not."),
        typed="email",
        autocomplete="email",
        max_length=MOST_TYPED,
        missing=_("Enter your e-mail address"),
        validators=[identifier("email")],
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="%s")
        self.use_required_attribute = False

    def clean_email(self) -> str:
        """The address as it is kept."""
        return clean("email", self.cleaned_data["email"])
