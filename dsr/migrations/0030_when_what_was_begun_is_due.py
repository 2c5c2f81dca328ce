"""What a system has begun is known by the day on which it is due; so far it was known since when it was waited for."""

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

LONGEST_WAIT = timedelta(days=30)  # as it was for everything
NOTE = "The system says since 30 days that it is working on it."
OVERDUE = "Its answer is overdue: the system says that it is still working on it."


def from_since(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What is waited for already keeps its last moment; what was given up is known by its note (ledger.retry)."""
    items = apps.get_model("dsr", "PlanItem").objects.using(schema_editor.connection.alias)
    items.exclude(waits_until=None).update(waits_until=F("waits_until") + LONGEST_WAIT)
    items.filter(note=NOTE).update(note=OVERDUE)


def to_since(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Back."""
    items = apps.get_model("dsr", "PlanItem").objects.using(schema_editor.connection.alias)
    items.exclude(waits_until=None).update(waits_until=F("waits_until") - LONGEST_WAIT)
    items.filter(note=OVERDUE).update(note=NOTE)


class Migration(migrations.Migration):
    dependencies = [("dsr", "0029_waits_and_reasons_of_items")]
    operations = [
        migrations.RenameField("planitem", "waits_since", "waits_until"),
        migrations.AlterField(
            model_name="planitem",
            name="waits_until",
            field=models.DateTimeField(blank=True, help_text="When what its system began is due", null=True),
        ),
        migrations.RunPython(from_since, to_since),
    ]
