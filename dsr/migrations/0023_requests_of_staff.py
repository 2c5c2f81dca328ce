"""Requests that name the address of somebody who works here are looked at before their answer leaves."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0022_scopes_of_tokens'),
    ]

    operations = [
        migrations.AddField(
            model_name='subjectrequest',
            name='of_staff',
            field=models.BooleanField(default=False, help_text='Names the address of somebody who works here'),
        ),
    ]
