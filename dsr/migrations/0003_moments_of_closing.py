"""Requests that were closed before the moment was written down: their time of keeping begins at their answer."""

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Coalesce

CLOSED = ["delivered", "refused", "cancelled", "lapsed"]


def closed(apps, schema_editor):
    requests = apps.get_model("dsr", "SubjectRequest").objects.filter(state__in=CLOSED, closed_at=None)
    requests.update(closed_at=Coalesce(F("answered_at"), F("received_at")))


class Migration(migrations.Migration):
    dependencies = [("dsr", "0002_the_whole_life")]
    operations = [migrations.RunPython(closed, migrations.RunPython.noop)]
