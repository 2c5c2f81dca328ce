"""What a token may do is written beside it; those of before could file, read and ask what is offered."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0021_the_proof_ladder'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='scopes',
            field=models.CharField(default='controller:read requests:file requests:read', help_text='What it may do, separated by spaces', max_length=200),
            preserve_default=False,
        ),
    ]
