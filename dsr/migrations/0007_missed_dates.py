"""The date that was missed, beside the moment of its record: of older rows as their Event names it."""

from django.db import migrations, models


def name_the_dates(apps, schema_editor):
    deadlines = apps.get_model("dsr", "Deadline").objects.filter(missed_on=None).exclude(breached_at=None)
    events = apps.get_model("dsr", "Event").objects.filter(tag="deadline:missed")
    for row in list(deadlines):
        own = events.filter(subject_request=row.subject_request_id).order_by("id").values_list("details", flat=True)
        named = (one["due_on"] for one in own if (one["regime"], one["duty"]) == (row.regime, row.duty))
        row.missed_on = next(named, row.due_on)
        row.save(update_fields=["missed_on"])


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0006_addresses_in_small_letters'),
    ]

    operations = [
        migrations.AddField(
            model_name='deadline',
            name='missed_on',
            field=models.DateField(blank=True, help_text='The date that was missed; it stays when `due_on` moves on', null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='letter',
            field=models.CharField(choices=[('received', 'received'), ('code', 'code'), ('accepted', 'accepted'), ('approved', 'approved'), ('refused', 'refused'), ('ready', 'ready'), ('correctable', 'correctable'), ('correctable-still', 'correctable-still'), ('corrected', 'corrected'), ('erased', 'erased'), ('withdrawn', 'withdrawn'), ('held', 'held'), ('released', 'released'), ('hold-review', 'hold-review'), ('report', 'report'), ('answer', 'answer'), ('cancelled', 'cancelled'), ('lapsed', 'lapsed'), ('question', 'question'), ('question-over', 'question-over'), ('extended', 'extended'), ('replied', 'replied'), ('unanswered', 'unanswered'), ('reminder', 'reminder'), ('escalation', 'escalation'), ('missed', 'missed'), ('late', 'late'), ('tell', 'tell'), ('tell-again', 'tell-again'), ('returned', 'returned'), ('merged', 'merged'), ('answered-with', 'answered-with'), ('agent-told', 'agent-told'), ('guardian-asks', 'guardian-asks')], max_length=24),
        ),
        migrations.RunPython(name_the_dates, migrations.RunPython.noop),
    ]
