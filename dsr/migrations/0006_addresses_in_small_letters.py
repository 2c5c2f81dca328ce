"""Requests of before: the keyed hash that legal holds match, by the key under which the row was written.

In batches, each for itself: what was filled stays filled when it is interrupted. An address that is forgotten, or was
changed so that it does not open, keeps the hash of how it was spelled. Where the keys are missing it stops: no hold
would find an address that was filled without them, and nothing would ever fill it again.
"""

from django.db import migrations

from dsr.datamap.schema import IdentityKind
from dsr.models import sealed
from dsr.sealing.fields import Unsealable

BATCH = 1_000


def fill(apps, schema_editor):
    identities = apps.get_model("dsr", "Identity").objects
    while batch := list(identities.filter(folded="")[:BATCH]):
        for one in batch:
            one.folded = _folded(one)
        identities.bulk_update(batch, ["folded"])


def _folded(one):
    if one.kind != IdentityKind.EMAIL or not one.value_sealed:
        return one.lookup
    try:
        value = sealed.unseal(one.value_sealed, "identity", one.id, "value")
    except Unsealable:
        return one.lookup
    by_key = dict(zip(sealed.lookups(one.kind, value), sealed.held_by(one.kind, value), strict=True))
    return by_key.get(one.lookup, one.lookup)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("dsr", "0005_names_that_holds_match")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
