"""Each item says by which key its idempotency keys are made; those of before have the oldest one's."""

from django.db import migrations, models

import dsr.models.plan


class Migration(migrations.Migration):
    dependencies = [("dsr", "0019_doors_of_data_subjects")]
    operations = [
        migrations.AddField(
            model_name="planitem",
            name="effects_kid",
            field=models.CharField(
                default="", help_text="Key of its idempotency keys; empty: the oldest", max_length=32
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="planitem",
            name="effects_kid",
            field=models.CharField(
                default=dsr.models.plan.key_of_effects,
                help_text="Key of its idempotency keys; empty: the oldest",
                max_length=32,
            ),
        ),
    ]
