"""Wiring of the staff accounts."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete


class AccountsConfig(AppConfig):
    """Staff, roles, second factor."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every sign-in notes when it happened."""
        from accounts import second_factor, sessions  # noqa: PLC0415 - the tables stand only now
        from accounts.models import Authenticator  # noqa: PLC0415 - as above

        user_logged_in.connect(sessions.begin, dispatch_uid="accounts.sessions.begin")
        user_logged_out.connect(sessions.end, dispatch_uid="accounts.sessions.end")
        post_delete.connect(second_factor.deleted, sender=Authenticator, dispatch_uid="accounts.factor.deleted")
