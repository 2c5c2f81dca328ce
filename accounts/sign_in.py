"""The sign-in form: name, password and one-time code, judged together."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Staff


class _EmptyInput(forms.TextInput):
    """A code that was wrong, or is spent now, is not offered again."""

    def format_value(self, value: object) -> None:
        """Nothing."""


class SignIn(AdminAuthenticationForm):
    """Without a code nothing is tried, so that the form tells nobody whether a password is right."""

    error_messages = {
        "invalid_login": _("The name, the password or the one-time code is not right. Please try again."),
        "inactive": _("This account is closed."),
        "no_device": _(
            "Your account has no second factor yet, and nobody works here without one. "
            "Please ask the person who made your account to set it up."
        ),
        "throttled": _("There were too many wrong codes. Wait a minute, then try again with a new code."),
    }

    token = forms.CharField(
        label=_("One-time code"),
        max_length=12,
        help_text=_("Six digits from your authenticator app"),
        error_messages={"required": _("Enter the six digits that your authenticator app shows.")},
        widget=_EmptyInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both factors are right, or nobody is signed in."""
        if "token" not in self.cleaned_data:
            return self.cleaned_data
        cleaned: dict[str, Any] = super().clean()
        user = self.get_user()
        if isinstance(user, Staff):
            wrong = self._check_code(user, "".join(cleaned["token"].split()).replace("-", ""))
            if wrong:
                raise ValidationError(self.error_messages[wrong], code=wrong)
        return cleaned

    @transaction.atomic  # one code opens one session, however many arrive at once
    def _check_code(self, user: Staff, token: str) -> str:
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is None:
            return "no_device"
        if not device.verify_is_allowed()[0]:
            return "throttled"
        if not device.verify_token(token):
            return "invalid_login"
        user.otp_device = device  # type: ignore[attr-defined]  # django-otp's login receiver looks for it here
        return ""
