"""Wiring: what is connected when the portal starts."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

PLANS = 300  # that a connection to PostgreSQL keeps


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
        connection_created.connect(_keep_plans)
        post_migrate.connect(_install_rules, sender=apps.get_app_config("dsr"))
        if not settings.CELERY_BROKER_URL.startswith("memory:"):
            bell.ring = tasks.ring


def _keep_plans(connection: BaseDatabaseWrapper, **_: object) -> None:
    """A worker does everything: with room for fewer of its statements, one would push out another all the time."""
    if connection.vendor == "postgresql":
        connection.connection.prepared_max = PLANS


def _install_rules(using: str, **_: object) -> None:
    from dsr.models import installer  # noqa: PLC0415 — models are ready only now

    installer.install(connections[using])
