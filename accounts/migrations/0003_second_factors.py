"""Seeds of second factors lie sealed: those that django-otp kept in clear move into a table of ours."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import sealing


def move(apps, schema_editor):
    """Seal each seed for its owner, and forget the clear one."""
    clear, sealed = apps.get_model("otp_totp", "TOTPDevice"), apps.get_model("accounts", "Authenticator")
    for device in clear.objects.filter(confirmed=True).order_by("-pk"):
        sealed.objects.get_or_create(
            user_id=device.user_id,
            defaults={
                "name": device.name,
                "seed_sealed": sealing.seal(device.key, device.user_id),
                "last_t": device.last_t,
                "drift": device.drift,
            },
        )
    if schema_editor.connection.vendor == "sqlite":  # else the clear ones stay legible in the file's free pages
        schema_editor.execute("PRAGMA secure_delete = ON")
    clear.objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_redactors'),
        ('otp_totp', '0003_add_timestamps'),
    ]

    operations = [
        migrations.AddField(
            model_name='staff',
            name='confidential',
            field=models.CharField(blank=True, help_text='Edition of the duty of confidentiality that they acknowledged', max_length=16),
        ),
        migrations.AddField(
            model_name='staff',
            name='epoch',
            field=models.PositiveIntegerField(default=0, help_text='Sessions that began under a lower number are over'),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('enrol', 'Password and second factor, at the beginning'), ('password', 'A new password, for a code of the second factor'), ('factor', 'A new second factor, for the password')], max_length=16)),
                ('token_hash', models.CharField(help_text='SHA-256; the token has 256 random bits', max_length=64, unique=True)),
                ('ends_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='Wrong codes or passwords typed on its page')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_hash', models.CharField(help_text="SHA-256 of the staff member's number and code", max_length=64, unique=True)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Authenticator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='The date and time when this device was initially created in the system.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='The most recent date and time this device was used.', null=True)),
                ('seed_sealed', models.TextField()),
                ('drift', models.SmallIntegerField(default=0, help_text='Steps by which their clock is ahead of ours (RFC 6238 6)')),
                ('last_t', models.BigIntegerField(default=-1, help_text='Step of the last code that was good; none before it is')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user',), name='accounts_authenticator_once')],
            },
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
