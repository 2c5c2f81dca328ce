"""Finding one's request: whether reference and address belong together is seen by a worker, never by the page.

The page takes the same time for those that do as for those that do not; else who knows a reference could try addresses.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from dsr.models import SoughtRequest
from dsr.sealing.fields import Unsealable
from dsr.steps import bell
from dsr.steps.asking import verification
from dsr.steps.frames import tell

log = logging.getLogger(__name__)

LATEST = timedelta(minutes=15)  # nobody waits for a code any longer


def seek(controller: str, reference: str, address: str, *, at: datetime) -> None:
    """Somebody says that they asked for this; a code goes to the address if it did."""
    one = SoughtRequest(controller=controller, reference=reference, created_at=at)
    one.seal_address(address)
    one.save(force_insert=True)
    bell.ring_after_commit()


def send_next(*, at: datetime) -> bool:
    """Queue the code for who sought first, if there is one to send; whether anybody sought something.

    Together with its letter it is forgotten: a worker that dies leaves it to another, and two never send two.
    """
    one = SoughtRequest.objects.order_by("created_at").first()
    if one is None:
        return False
    try:
        with transaction.atomic():
            mine, _ = SoughtRequest.objects.filter(pk=one.pk).delete()
            if mine and one.created_at > at - LATEST:
                verification.ask_sign_in(one.controller, one.reference, one.address(), at=at)
    except Unsealable as error:  # what was typed, or the request's mailbox, was changed: nobody behind it waits for it
        tell(log, "no code for who sought", one.reference, error)
        SoughtRequest.objects.filter(pk=one.pk).delete()
    return True
