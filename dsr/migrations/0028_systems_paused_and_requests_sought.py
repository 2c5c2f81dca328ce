"""Staff can pause a system; whether a request fits the address that seeks it is seen by a worker."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0027_setbacks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SoughtRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('controller', models.SlugField(max_length=64)),
                ('reference', models.CharField(max_length=11)),
                ('address_sealed', models.TextField()),
                ('created_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name='gate',
            name='paused_at',
            field=models.DateTimeField(blank=True, help_text='Since when staff have it left alone', null=True),
        ),
        migrations.AddField(
            model_name='gate',
            name='paused_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='gate',
            name='reason_sealed',
            field=models.TextField(blank=True),
        ),
    ]
