"""Looks at an answer before it leaves, and what is left out of it by them."""

import django.db.models.deletion
import dsr.law.work
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0015_grants'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='planitem',
            name='kind',
            field=models.CharField(choices=[('find', 'find'), ('close', 'close'), ('erase', 'erase'), ('correct', 'correct'), ('stop', 'stop'), ('resume', 'resume'), ('assemble', 'assemble'), ('look', 'look'), ('preview', 'preview')], max_length=16),
        ),
        migrations.AlterField(
            model_name='planitem',
            name='state',
            field=models.CharField(choices=[('ready', 'ready'), ('running', 'running'), ('waiting', 'waiting'), ('in_doubt', 'in_doubt'), ('quarantined', 'quarantined'), ('to-look', 'to-look'), ('done', 'done')], default=dsr.law.work.ItemState['READY'], max_length=16),
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(help_text='1, or 2: the second look')),
                ('digest', models.CharField(help_text='SHA-256 over what was found, what is left out, and the map', max_length=64)),
                ('at', models.DateTimeField()),
                ('void_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject_request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='dsr.subjectrequest')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('void_at__isnull', True)), fields=('subject_request', 'number'), name='dsr_look_once'), models.UniqueConstraint(condition=models.Q(('void_at__isnull', True)), fields=('subject_request', 'by'), name='dsr_look_by_two_people')],
            },
        ),
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('system', models.SlugField(max_length=64)),
                ('collection', models.SlugField(max_length=64)),
                ('row', models.CharField(blank=True, help_text="Keyed hash of the row's key; empty: every row", max_length=64)),
                ('field', models.CharField(blank=True, help_text='Empty: the whole row', max_length=200)),
                ('ground', models.CharField(max_length=32)),
                ('words_sealed', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject_request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='dsr.subjectrequest')),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['at', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('subject_request', 'system', 'collection', 'row', 'field'), name='dsr_redaction_once'), models.CheckConstraint(condition=models.Q(models.Q(('row', ''), _negated=True), models.Q(('field', ''), _negated=True), _connector='OR'), name='dsr_redaction_of_a_row_or_a_field')],
            },
        ),
    ]
