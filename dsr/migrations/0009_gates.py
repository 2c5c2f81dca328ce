"""The gate before each system, and an index of what runs."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0008_packages_by_hand'),
    ]

    operations = [
        migrations.CreateModel(
            name='Gate',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('controller', models.SlugField(max_length=64)),
                ('system', models.SlugField(max_length=64)),
                ('misses', models.PositiveSmallIntegerField(default=0, help_text='Times in a row it did not answer')),
                ('missed_at', models.DateTimeField(blank=True, help_text='The last of them', null=True)),
                ('silent_since', models.DateTimeField(blank=True, help_text='Since when one item alone may try', null=True)),
                ('not_before', models.DateTimeField(blank=True, help_text='Nothing of it is claimed before', null=True)),
                ('minute', models.DateTimeField(blank=True, help_text='Beginning of the minute that is counted', null=True)),
                ('starts', models.PositiveIntegerField(default=0, help_text='Items claimed in that minute')),
            ],
        ),
        migrations.AddIndex(
            model_name='planitem',
            index=models.Index(condition=models.Q(('state__in', ['running'])), fields=['system'], name='dsr_item_running'),
        ),
        migrations.AddConstraint(
            model_name='gate',
            constraint=models.UniqueConstraint(fields=('controller', 'system'), name='dsr_gate_once'),
        ),
    ]
