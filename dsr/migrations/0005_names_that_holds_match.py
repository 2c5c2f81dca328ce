"""Identifiers as legal holds compare them, and the identifiers that found rows carry."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dsr", "0004_letter_to_the_child")]
    operations = [
        migrations.AddField(
            model_name="identity",
            name="folded",
            field=models.CharField(
                db_index=True,
                default="",
                help_text="Keyed hash in small letters: legal holds match it",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="CarriedName",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "lookup",
                    models.CharField(db_index=True, help_text="Keyed hash, as legal holds match it", max_length=64),
                ),
                (
                    "subject_request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried_names",
                        to="dsr.subjectrequest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subject_request", "lookup"), name="dsr_carried_name_once")
                ],
            },
        ),
    ]
