"""What is filled in on the page of a link: password, code, or both, as its purpose says."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts import authenticator, invitations, sealing, second_factor
from accounts.models import Invitation, Purpose

WRONG = "The code is not right. Type the one that your authenticator app shows now."
ENTER = "Enter the six digits that your authenticator app shows."


def _secret(label: str, **options: Any) -> forms.CharField:
    complete = options.pop("complete")
    widget = forms.PasswordInput(attrs={"autocomplete": complete})
    return forms.CharField(label=label, strip=False, max_length=1024, widget=widget, **options)


class Enrolment(forms.Form):
    """The fields that the purpose wants, and what was proven by them."""

    password = _secret(
        "New password",
        complete="new-password",
        help_text=" ".join(password_validation.password_validators_help_texts()),
        error_messages={"required": "Choose a password."},
    )
    again = _secret(
        "The same password again", complete="new-password", error_messages={"required": "Type the password again."}
    )
    present = _secret("Your password", complete="current-password", error_messages={"required": "Enter your password."})
    token = forms.CharField(
        label="One-time code",
        max_length=24,
        help_text="Six digits from your authenticator app",
        error_messages={"required": ENTER},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )

    def __init__(self, data: QueryDict | None, invitation: Invitation, seed_sealed: str) -> None:
        super().__init__(data)
        self.invitation, self.seed_sealed, self.spent = invitation, seed_sealed, -1
        unwanted = {"present"} if invitation.purpose != Purpose.FACTOR else {"password", "again"}
        for name in unwanted:
            del self.fields[name]

    def clean_password(self) -> str:
        """One that nobody guesses first."""
        password = str(self.cleaned_data["password"])
        self.invitation.staff.enrols = self.invitation.purpose == Purpose.ENROL
        password_validation.validate_password(password, self.invitation.staff)
        return password

    def clean(self) -> dict[str, Any]:
        """Everything is right together, or one text says that it is not. A code is spent only beside the rest."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "password" in cleaned and "again" in cleaned and cleaned["password"] != cleaned["again"]:
            self.add_error("again", "The two passwords differ.")
        if self.errors:
            return cleaned
        present = cleaned.get("present")
        if present is not None and not self.invitation.staff.check_password(present):
            invitations.tried(self.invitation)
            self.add_error(None, ValidationError("The password or the code is not right."))
        elif not self._proven(cleaned["token"]):
            invitations.tried(self.invitation)
            self.add_error("token", WRONG)
        return cleaned

    def _proven(self, typed: str) -> bool:
        if self.invitation.purpose == Purpose.PASSWORD:  # of the factor that there is, and that stays
            return second_factor.spend(self.invitation.staff, typed) is not None
        token = "".join(typed.split())
        totp = authenticator.codes(sealing.unseal(self.seed_sealed, self.invitation.staff.pk))
        right = len(token) == authenticator.DIGITS and token.isascii() and token.isdigit()
        if not (right and totp.verify(int(token), authenticator.NEIGHBOURS)):
            return False
        self.spent = totp.t()
        return True

    def use(self) -> list[str]:
        """Set it; the recovery codes, if there are new ones. Raises invitations.NotTaken."""
        password = self.cleaned_data.get("password", "")
        factor = None if self.invitation.purpose == Purpose.PASSWORD else (self.seed_sealed, self.spent)
        return invitations.use(self.invitation, password=password, factor=factor)
