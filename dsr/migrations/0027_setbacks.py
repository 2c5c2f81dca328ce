"""How often a turn at a request went wrong, and when it has another."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0026_what_opens_the_answer'),
    ]

    operations = [
        migrations.CreateModel(
            name='Setback',
            fields=[
                ('subject_request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='setback', serialize=False, to='dsr.subjectrequest')),
                ('state', models.CharField(help_text='Of the request, then; closed: its certificate was not made', max_length=16)),
                ('tries', models.PositiveIntegerField(default=0, help_text='Turns that went wrong, one after the other')),
                ('not_before', models.DateTimeField()),
                ('note', models.CharField(help_text='For staff: the class of the error; no personal data', max_length=300)),
            ],
        ),
    ]
