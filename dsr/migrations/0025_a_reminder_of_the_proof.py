"""Who has not proven the mailbox is reminded once, a day after the request was filed."""

import dsr.law.states
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0024_tasks_lent_by_a_link'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='subjectrequest',
            name='reminded_at',
            field=models.DateTimeField(help_text='When its turn came to be reminded of the proof; once', null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='letter',
            field=models.CharField(choices=[('received', 'received'), ('code', 'code'), ('accepted', 'accepted'), ('approved', 'approved'), ('refused', 'refused'), ('ready', 'ready'), ('correctable', 'correctable'), ('correctable-still', 'correctable-still'), ('corrected', 'corrected'), ('erased', 'erased'), ('kept-over', 'kept-over'), ('withdrawn', 'withdrawn'), ('held', 'held'), ('released', 'released'), ('hold-review', 'hold-review'), ('report', 'report'), ('answer', 'answer'), ('cancelled', 'cancelled'), ('unproven', 'unproven'), ('lapsed', 'lapsed'), ('question', 'question'), ('question-over', 'question-over'), ('extended', 'extended'), ('replied', 'replied'), ('unanswered', 'unanswered'), ('reminder', 'reminder'), ('escalation', 'escalation'), ('missed', 'missed'), ('late', 'late'), ('tell', 'tell'), ('tell-again', 'tell-again'), ('task', 'task'), ('task-link', 'task-link'), ('task-code', 'task-code'), ('to-hand-over', 'to-hand-over'), ('on-file', 'on-file'), ('taken-again', 'taken-again'), ('handed-over', 'handed-over'), ('returned', 'returned'), ('partly', 'partly'), ('opening', 'opening'), ('merged', 'merged'), ('answered-with', 'answered-with'), ('agent-told', 'agent-told'), ('guardian-asks', 'guardian-asks'), ('proof', 'proof')], max_length=24),
        ),
        migrations.AddIndex(
            model_name='subjectrequest',
            index=models.Index(condition=models.Q(('reminded_at', None), ('state', dsr.law.states.State['RECEIVED'])), fields=['received_at'], name='dsr_request_to_remind'),
        ),
    ]
