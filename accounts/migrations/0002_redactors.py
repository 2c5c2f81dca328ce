"""A role of its own for those who look at answers before they leave."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('agent', 'Agent: reviews requests'), ('approver', 'Approver: approves erasures'), ('privacy-officer', 'Privacy officer: reviews, approves, sees the record'), ('engineer', 'Engineer: looks after systems, retries items'), ('auditor', 'Auditor: reads the record'), ('redactor', 'Redactor: looks at answers before they leave')], max_length=16),
        ),
    ]
