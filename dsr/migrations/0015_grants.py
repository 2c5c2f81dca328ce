"""Grants: one download for one code; and packages that are held longer than one offer of them lasts."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


def as_before(apps, schema_editor):
    """What was made before keeps its key, and the day that its letter names."""
    packages = apps.get_model("dsr", "Package").objects
    packages.update(key_role="files")
    packages.exclude(expires_at=None).update(held_until=models.F("expires_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0014_what_was_kept'),
    ]

    operations = [
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('public_key', models.CharField(max_length=80)),
                ('wrapped_for', models.TextField(blank=True, help_text="The package's key, wrapped for the public key")),
                ('asked_at', models.DateTimeField()),
                ('ready_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField()),
                ('first_used_at', models.DateTimeField(blank=True, null=True)),
                ('openings', models.PositiveSmallIntegerField(default=0, help_text='Each opens the file from its beginning')),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='package',
            name='held_until',
            field=models.DateTimeField(blank=True, help_text='When it is destroyed', null=True),
        ),
        migrations.AddField(
            model_name='package',
            name='taken',
            field=models.PositiveSmallIntegerField(default=0, help_text='Downloads of this offer'),
        ),
        migrations.AlterField(
            model_name='package',
            name='expires_at',
            field=models.DateTimeField(blank=True, help_text='When the offer ends; it can be asked for again', null=True),
        ),
        migrations.AddIndex(
            model_name='package',
            index=models.Index(condition=models.Q(('wrapped_key', ''), _negated=True), fields=['held_until'], name='dsr_package_held'),
        ),
        migrations.AddField(
            model_name='grant',
            name='package',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='dsr.package'),
        ),
        migrations.AddField(
            model_name='grant',
            name='proof',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='grant', to='dsr.proof'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('ended_at', None), ('ready_at', None)), fields=['asked_at'], name='dsr_grant_asked'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['expires_at'], name='dsr_grant_open'),
        ),
        migrations.AddField(
            model_name='package',
            name='key_role',
            field=models.CharField(default='packages', help_text='Whose key wraps its own', max_length=16),
        ),
        migrations.RunPython(as_before, migrations.RunPython.noop),
    ]
