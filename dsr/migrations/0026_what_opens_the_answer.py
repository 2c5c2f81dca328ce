"""What opens an answer: how surely a browser showed who it is, and where two people agreed that less is enough."""
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0025_a_reminder_of_the_proof'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StepUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rung', models.CharField(max_length=16)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='lowering',
            name='dsr_lowering_one_open',
        ),
        migrations.AddField(
            model_name='lowering',
            name='to_open',
            field=models.BooleanField(default=False, help_text='After the decision: to open the answer'),
        ),
        migrations.AddField(
            model_name='subjectrequest',
            name='proof_to_open',
            field=models.CharField(blank=True, help_text='Where two people agreed that less opens the answer; else as it was needed', max_length=16),
        ),
        migrations.AlterField(
            model_name='subjectrequest',
            name='others_sealed',
            field=models.TextField(blank=True, help_text='JSON of other addresses on file that a code may go to, until no such code is needed'),
        ),
        migrations.AddConstraint(
            model_name='lowering',
            constraint=models.UniqueConstraint(condition=models.Q(('agreed_at', None)), fields=('subject_request', 'to_open'), name='dsr_lowering_one_open'),
        ),
        migrations.AddField(
            model_name='stepup',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='step_ups', to='dsr.subjectsession'),
        ),
        migrations.AddField(
            model_name='stepup',
            name='subject_request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='step_ups', to='dsr.subjectrequest'),
        ),
    ]
