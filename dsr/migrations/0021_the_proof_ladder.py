"""How surely it is known who asks: rungs, what an app vouched for, who agreed to ask for less."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0020_keys_of_effects'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='identity',
            name='rung',
            field=models.CharField(default='mailbox', help_text='How surely, once it is proven', max_length=16),
        ),
        migrations.AddField(
            model_name='subjectrequest',
            name='others_sealed',
            field=models.TextField(blank=True, help_text='JSON of other addresses on file that a code may go to, until the decision'),
        ),
        migrations.AddField(
            model_name='subjectrequest',
            name='proof_needed',
            field=models.CharField(default='mailbox', help_text='How surely who asks must be known; lowered by two people alone', max_length=16),
        ),
        migrations.AlterField(
            model_name='notice',
            name='letter',
            field=models.CharField(choices=[('received', 'received'), ('code', 'code'), ('accepted', 'accepted'), ('approved', 'approved'), ('refused', 'refused'), ('ready', 'ready'), ('correctable', 'correctable'), ('correctable-still', 'correctable-still'), ('corrected', 'corrected'), ('erased', 'erased'), ('kept-over', 'kept-over'), ('withdrawn', 'withdrawn'), ('held', 'held'), ('released', 'released'), ('hold-review', 'hold-review'), ('report', 'report'), ('answer', 'answer'), ('cancelled', 'cancelled'), ('lapsed', 'lapsed'), ('question', 'question'), ('question-over', 'question-over'), ('extended', 'extended'), ('replied', 'replied'), ('unanswered', 'unanswered'), ('reminder', 'reminder'), ('escalation', 'escalation'), ('missed', 'missed'), ('late', 'late'), ('tell', 'tell'), ('tell-again', 'tell-again'), ('task', 'task'), ('to-hand-over', 'to-hand-over'), ('on-file', 'on-file'), ('taken-again', 'taken-again'), ('handed-over', 'handed-over'), ('returned', 'returned'), ('partly', 'partly'), ('opening', 'opening'), ('merged', 'merged'), ('answered-with', 'answered-with'), ('agent-told', 'agent-told'), ('guardian-asks', 'guardian-asks'), ('proof', 'proof')], max_length=24),
        ),
        migrations.AlterField(
            model_name='planitem',
            name='kind',
            field=models.CharField(choices=[('find', 'find'), ('close', 'close'), ('erase', 'erase'), ('correct', 'correct'), ('stop', 'stop'), ('resume', 'resume'), ('assemble', 'assemble'), ('look', 'look'), ('assemble-part', 'assemble-part'), ('preview', 'preview'), ('addresses', 'addresses')], max_length=16),
        ),
        migrations.CreateModel(
            name='Assertion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('controller', models.SlugField(max_length=64)),
                ('nonce_hash', models.CharField(help_text='SHA-256 of its number: the same is never taken twice', max_length=64)),
                ('link_hash', models.CharField(help_text='SHA-256; the link has 256 random bits', max_length=64, unique=True)),
                ('identifiers_sealed', models.TextField(blank=True, help_text='JSON by kind; empty once a request has them')),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('bound_at', models.DateTimeField(blank=True, null=True)),
                ('subject_request', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assertions', to='dsr.subjectrequest')),
            ],
            options={
                'indexes': [models.Index(fields=['expires_at'], name='dsr_assertion_over')],
                'constraints': [models.UniqueConstraint(fields=('controller', 'nonce_hash'), name='dsr_assertion_once')],
            },
        ),
        migrations.CreateModel(
            name='Lowering',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('to', models.CharField(max_length=16)),
                ('reason_sealed', models.TextField()),
                ('proposed_at', models.DateTimeField()),
                ('agreed_at', models.DateTimeField(blank=True, null=True)),
                ('agreed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject_request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lowerings', to='dsr.subjectrequest')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('agreed_by', None), models.Q(('agreed_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='dsr_lowering_by_two'), models.UniqueConstraint(condition=models.Q(('agreed_at', None)), fields=('subject_request',), name='dsr_lowering_one_open')],
            },
        ),
    ]
