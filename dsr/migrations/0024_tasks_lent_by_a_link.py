"""A task can be lent to a colleague without an account, by a link."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0023_requests_of_staff'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='letter',
            field=models.CharField(choices=[('received', 'received'), ('code', 'code'), ('accepted', 'accepted'), ('approved', 'approved'), ('refused', 'refused'), ('ready', 'ready'), ('correctable', 'correctable'), ('correctable-still', 'correctable-still'), ('corrected', 'corrected'), ('erased', 'erased'), ('kept-over', 'kept-over'), ('withdrawn', 'withdrawn'), ('held', 'held'), ('released', 'released'), ('hold-review', 'hold-review'), ('report', 'report'), ('answer', 'answer'), ('cancelled', 'cancelled'), ('lapsed', 'lapsed'), ('question', 'question'), ('question-over', 'question-over'), ('extended', 'extended'), ('replied', 'replied'), ('unanswered', 'unanswered'), ('reminder', 'reminder'), ('escalation', 'escalation'), ('missed', 'missed'), ('late', 'late'), ('tell', 'tell'), ('tell-again', 'tell-again'), ('task', 'task'), ('task-link', 'task-link'), ('task-code', 'task-code'), ('to-hand-over', 'to-hand-over'), ('on-file', 'on-file'), ('taken-again', 'taken-again'), ('handed-over', 'handed-over'), ('returned', 'returned'), ('partly', 'partly'), ('opening', 'opening'), ('merged', 'merged'), ('answered-with', 'answered-with'), ('agent-told', 'agent-told'), ('guardian-asks', 'guardian-asks'), ('proof', 'proof')], max_length=24),
        ),
        migrations.CreateModel(
            name='TaskLink',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('address_sealed', models.TextField(blank=True)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('token_hash', models.CharField(blank=True, db_index=True, help_text='SHA-256 of 256 random bits', max_length=64)),
                ('code_hash', models.CharField(blank=True, help_text='Keyed hash, bound to this row', max_length=64)),
                ('code_expires_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('seat_hash', models.CharField(blank=True, help_text='SHA-256: the one browser in which it is open', max_length=64)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('confidential', models.CharField(blank=True, help_text='Which edition of the duty they acknowledged', max_length=16)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('errand', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='dsr.errand')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at'],
            },
        ),
    ]
