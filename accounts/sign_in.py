"""The sign-in form: name, password and one-time code, judged together."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import second_factor, signals
from accounts.models import Staff


class _EmptyInput(forms.TextInput):
    """A code that was wrong, or is spent now, is not offered again."""

    def format_value(self, value: object) -> None:
        """Nothing."""


class SignIn(AdminAuthenticationForm):
    """One text whatever is wrong, so that the form tells nobody whether a password is right."""

    error_messages = {
        "invalid_login": _(
            "The name, the password or the one-time code is not right. Use a new code; after several wrong ones, "
            "wait a minute. If it never works, ask the person who made your account."
        ),
        "inactive": _("This account is closed."),
    }

    token = forms.CharField(
        label=_("One-time code"),
        max_length=24,
        help_text=_("Six digits from your authenticator app, or one of your recovery codes"),
        error_messages={"required": _("Enter the six digits that your authenticator app shows.")},
        widget=_EmptyInput(attrs={"autocomplete": "one-time-code"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both factors are right, or nobody is signed in."""
        if "token" not in self.cleaned_data:
            return self.cleaned_data
        try:
            return self._judged()
        except ValidationError:
            tried = Staff.objects.filter(username=self.cleaned_data.get("username", "")).first()
            signals.sign_in_failed.send(Staff, staff=tried, by=None)
            raise

    def _judged(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        user = self.get_user()
        if isinstance(user, Staff) and not self._check_code(user, cleaned["token"]):
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")
        return cleaned

    def _check_code(self, user: Staff, token: str) -> bool:
        device = second_factor.spend(user, token)
        if device is None:
            return False
        user.otp_device = device  # django-otp's login receiver looks for it here
        return True
