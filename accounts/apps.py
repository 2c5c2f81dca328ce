"""Wiring of the staff accounts."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    """Staff, roles, second factor."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every sign-in notes when it happened."""
        from accounts import sessions  # noqa: PLC0415 - it needs the tables, which stand only now

        user_logged_in.connect(sessions.begin, dispatch_uid="accounts.sessions.begin")
