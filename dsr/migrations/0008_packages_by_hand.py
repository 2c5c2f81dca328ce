"""Packages that staff hand over: when they are reminded, and two letters."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0007_missed_dates'),
    ]

    operations = [
        migrations.AddField(
            model_name='package',
            name='remind_at',
            field=models.DateTimeField(blank=True, help_text='When staff are reminded to hand it over', null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='letter',
            field=models.CharField(choices=[('received', 'received'), ('code', 'code'), ('accepted', 'accepted'), ('approved', 'approved'), ('refused', 'refused'), ('ready', 'ready'), ('correctable', 'correctable'), ('correctable-still', 'correctable-still'), ('corrected', 'corrected'), ('erased', 'erased'), ('withdrawn', 'withdrawn'), ('held', 'held'), ('released', 'released'), ('hold-review', 'hold-review'), ('report', 'report'), ('answer', 'answer'), ('cancelled', 'cancelled'), ('lapsed', 'lapsed'), ('question', 'question'), ('question-over', 'question-over'), ('extended', 'extended'), ('replied', 'replied'), ('unanswered', 'unanswered'), ('reminder', 'reminder'), ('escalation', 'escalation'), ('missed', 'missed'), ('late', 'late'), ('tell', 'tell'), ('tell-again', 'tell-again'), ('to-hand-over', 'to-hand-over'), ('handed-over', 'handed-over'), ('returned', 'returned'), ('merged', 'merged'), ('answered-with', 'answered-with'), ('agent-told', 'agent-told'), ('guardian-asks', 'guardian-asks')], max_length=24),
        ),
        migrations.AddIndex(
            model_name='package',
            index=models.Index(condition=models.Q(('remind_at__isnull', False)), fields=['remind_at'], name='dsr_package_to_hand_over'),
        ),
    ]
