"""Data subjects sign in by a code, see their sessions and end them; what knocks too often is counted."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dsr', '0017_other_channels_and_parts'),
    ]

    operations = [
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('controller', models.SlugField(max_length=64)),
                ('lookup', models.CharField(help_text='Keyed hash of the address', max_length=64)),
                ('address_sealed', models.TextField()),
                ('language', models.CharField(default='en', max_length=12)),
                ('created_at', models.DateTimeField()),
                ('send_after', models.DateTimeField(blank=True, help_text='Empty: its letter has left, or it has none', null=True)),
                ('code_hash', models.CharField(blank=True, help_text='Keyed hash, bound to this row', max_length=64)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('spent_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [
                    models.Index(fields=['lookup', 'created_at'], name='dsr_sign_in_of_mailbox'),
                    models.Index(fields=['created_at'], name='dsr_sign_in_to_forget'),
                    models.Index(condition=models.Q(('send_after__isnull', False)), fields=['send_after'], name='dsr_sign_in_to_send'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SubjectSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('controller', models.SlugField(max_length=64)),
                ('lookup', models.CharField(help_text='Keyed hash of the address', max_length=64)),
                ('address_sealed', models.TextField()),
                ('browser_sealed', models.TextField(blank=True, help_text="Such as 'Firefox, Windows'")),
                ('whole', models.BooleanField(help_text='Signed in: sees everything of the mailbox, not one request alone')),
                ('began_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-began_at'],
                'indexes': [
                    models.Index(fields=['lookup', 'began_at'], name='dsr_session_of_mailbox'),
                    models.Index(fields=['began_at'], name='dsr_session_to_forget'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('key', models.CharField(help_text='Keyed hash of what is counted, and for whom', max_length=64, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField()),
                ('until', models.DateTimeField(db_index=True, help_text='Then it begins anew')),
            ],
        ),
    ]
