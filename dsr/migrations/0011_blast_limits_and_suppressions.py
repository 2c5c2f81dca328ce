"""Blast limits that erasures met, and keyed hashes of what was erased."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0010_errands'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BlastLimit',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('system', models.SlugField(max_length=64)),
                ('collection', models.SlugField(max_length=64)),
                ('rows', models.PositiveBigIntegerField(help_text='Rows that were to go')),
                ('met_at', models.DateTimeField()),
                ('raised_at', models.DateTimeField(blank=True, null=True)),
                ('reason_sealed', models.TextField(blank=True)),
                ('raised_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject_request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='blast_limits', to='dsr.subjectrequest')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('subject_request', 'system', 'collection', 'rows'), name='dsr_blast_limit_once')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('controller', models.SlugField(max_length=64)),
                ('kind', models.CharField(help_text='Kind of identifier', max_length=16)),
                ('hash', models.CharField(help_text='HMAC-SHA-256 under a key of its own role', max_length=64)),
                ('key_id', models.CharField(help_text='Which key of the ring', max_length=64)),
                ('normalisation', models.PositiveSmallIntegerField(help_text='How the identifier was written before it was hashed')),
                ('erased_at', models.DateTimeField()),
                ('subject_request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suppressions', to='dsr.subjectrequest')),
            ],
            options={
                'indexes': [models.Index(fields=['controller', 'hash'], name='dsr_suppression_hash')],
                'constraints': [models.UniqueConstraint(fields=('subject_request', 'kind', 'hash', 'key_id', 'normalisation'), name='dsr_suppression_once')],
            },
        ),
    ]
