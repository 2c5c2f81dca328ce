"""Other addresses on file are told before a package opens; programs take one by a token; parts of an answer."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0016_looks_before_release'),
    ]

    operations = [
        migrations.AddField(
            model_name='grant',
            name='purpose',
            field=models.CharField(default='page', help_text='page or program', max_length=16),
        ),
        migrations.AddField(
            model_name='grant',
            name='tells_until',
            field=models.DateTimeField(blank=True, help_text='Opens no sooner than others were told', null=True),
        ),
        migrations.AddField(
            model_name='package',
            name='others_sealed',
            field=models.TextField(blank=True, help_text='JSON of other addresses on file, told before it opens'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='letter',
            field=models.CharField(choices=[('received', 'received'), ('code', 'code'), ('accepted', 'accepted'), ('approved', 'approved'), ('refused', 'refused'), ('ready', 'ready'), ('correctable', 'correctable'), ('correctable-still', 'correctable-still'), ('corrected', 'corrected'), ('erased', 'erased'), ('kept-over', 'kept-over'), ('withdrawn', 'withdrawn'), ('held', 'held'), ('released', 'released'), ('hold-review', 'hold-review'), ('report', 'report'), ('answer', 'answer'), ('cancelled', 'cancelled'), ('lapsed', 'lapsed'), ('question', 'question'), ('question-over', 'question-over'), ('extended', 'extended'), ('replied', 'replied'), ('unanswered', 'unanswered'), ('reminder', 'reminder'), ('escalation', 'escalation'), ('missed', 'missed'), ('late', 'late'), ('tell', 'tell'), ('tell-again', 'tell-again'), ('task', 'task'), ('to-hand-over', 'to-hand-over'), ('on-file', 'on-file'), ('taken-again', 'taken-again'), ('handed-over', 'handed-over'), ('returned', 'returned'), ('partly', 'partly'), ('opening', 'opening'), ('merged', 'merged'), ('answered-with', 'answered-with'), ('agent-told', 'agent-told'), ('guardian-asks', 'guardian-asks')], max_length=24),
        ),
        migrations.AlterField(
            model_name='planitem',
            name='kind',
            field=models.CharField(choices=[('find', 'find'), ('close', 'close'), ('erase', 'erase'), ('correct', 'correct'), ('stop', 'stop'), ('resume', 'resume'), ('assemble', 'assemble'), ('look', 'look'), ('assemble-part', 'assemble-part'), ('preview', 'preview')], max_length=16),
        ),
    ]
