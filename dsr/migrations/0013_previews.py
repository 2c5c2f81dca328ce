"""Previews: a choice of a column, no change in the tables."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0012_letters_of_the_handover'),
    ]

    operations = [
        migrations.AlterField(
            model_name='planitem',
            name='kind',
            field=models.CharField(choices=[('find', 'find'), ('close', 'close'), ('erase', 'erase'), ('correct', 'correct'), ('stop', 'stop'), ('resume', 'resume'), ('assemble', 'assemble'), ('preview', 'preview')], max_length=16),
        ),
    ]
