"""Since when a system works on an item, which may be long after it was made; and why its rows stay, sealed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dsr", "0028_systems_paused_and_requests_sought")]
    operations = [
        migrations.AddField(
            model_name="planitem",
            name="waits_since",
            field=models.DateTimeField(blank=True, help_text="When its system began to work on it", null=True),
        ),
        migrations.AddField(
            model_name="planitem",
            name="reasons_sealed",
            field=models.TextField(
                blank=True, default="", help_text="JSON: why rows stay, in words that counts name by number"
            ),
            preserve_default=False,
        ),
    ]
