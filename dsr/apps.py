"""Wiring: what is connected when the portal starts."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from django.db.models.signals import post_migrate


class DsrConfig(AppConfig):
    """The portal."""

    name = "dsr"
    label = "dsr"
    verbose_name = "Rightful"

    def ready(self) -> None:
        """Set database rules after every migrate, register checks, record what staff do, hang up the bell."""
        from dsr import checks, tasks  # noqa: F401, PLC0415 — checks register themselves; models are ready only now
        from dsr.steps import bell  # noqa: PLC0415 — as above

        tasks.listen()
        post_migrate.connect(_install_rules, sender=apps.get_app_config("dsr"))
        if not settings.CELERY_BROKER_URL.startswith("memory:"):
            bell.ring = tasks.ring


def _install_rules(using: str, **_: object) -> None:
    from dsr.models import installer  # noqa: PLC0415 — models are ready only now

    installer.install(connections[using])
