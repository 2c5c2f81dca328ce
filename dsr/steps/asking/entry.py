"""Entering without a password: a code goes to exactly the typed address, known or not, and opens what is its own.

Each browser that begins has tries of its own, and no letter ends an older one. So whoever types wrong codes, or asks
for codes in somebody else's name, keeps nobody out: the newest codes in the mailbox work in its owner's browser.
"""

import hmac
import logging
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, QuerySet
from django.template.loader import select_template
from django.utils import translation

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.references import new_code, read_code
from dsr.models import SignIn, sealed
from dsr.sealing.fields import keyed_hash, keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps import bell, maps
from dsr.steps.asking.codes import MINUTES
from dsr.steps.recording import record

log = logging.getLogger(__name__)

TRIES = 5  # of one browser that began; ASVS V6.6.3
LASTS = timedelta(hours=1)  # from beginning to the last try
AT_ONCE = 5  # letters to one mailbox within the hour; then only when no code in it works any more
FRESH = timedelta(minutes=3)  # that a code still has to last, so that nobody needs another one
LATEST = timedelta(minutes=15)  # a letter that could not leave until then is not sent
AGAIN = timedelta(seconds=20)
KEPT = timedelta(days=1)


def begin(controller: str, address: str, *, language: str, at: datetime, wait: timedelta = timedelta()) -> SignIn:
    """Somebody says that this mailbox is theirs; `wait`: how much later the code goes out, when many are asked for."""
    one = SignIn(controller=controller, language=language, created_at=at)
    one.seal_address(address)
    if _needs_letter(controller, address, at):
        one.send_after = at + wait
    one.save(force_insert=True)
    if one.send_after is not None:
        bell.ring_after_commit()
    return one


def confirm(pk: str, typed: str, *, at: datetime) -> SignIn | None:
    """The sign-in, when a code that works lies in its mailbox and was typed; each works once. None: whatever why."""
    mine = SignIn.objects.filter(pk=pk, spent_at=None, created_at__gt=at - LASTS, created_at__lte=at)
    if not mine.filter(tries__lt=TRIES).update(tries=F("tries") + 1):  # counted before it is compared
        return None
    one = mine.get()
    code = read_code(typed)
    for sent in _of_mailbox(one.controller, one.address()).filter(spent_at=None, expires_at__gt=at):
        if not any(hmac.compare_digest(each, sent.code_hash) for each in _hashes(sent, code)):
            continue
        if SignIn.objects.filter(pk=sent.pk, spent_at=None).update(spent_at=at):
            SignIn.objects.filter(pk=one.pk, spent_at=None).update(spent_at=at)
            record.write_for(one.controller, "person:signed-in", by=SUBJECT, at=at)
            return one
    return None


def send_next(*, at: datetime) -> bool:
    """Send the code of one sign-in; whether there was one.

    It is taken before it is sent: a sender that dies sends it never, not twice, and the person asks again.
    """
    due = SignIn.objects.filter(send_after__isnull=False, send_after__lte=at)
    one = due.order_by("send_after").first()
    if one is None:
        return False
    code = new_code()
    made = keyed_hash(sealed.ring(Role.CODES), _place(one), code)
    expires_at = at + timedelta(minutes=MINUTES)
    if not due.filter(pk=one.pk).update(send_after=None, code_hash=made, expires_at=expires_at):
        return True  # another sender was faster
    if at - one.created_at > LATEST + timedelta(minutes=MINUTES):
        return True
    try:
        _message(one, f"{code[:4]} {code[4:]}").send()
    except (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError, OSError) as error:
        log.warning("a code did not leave: %s", type(error).__name__)
        if at - one.created_at < LATEST:
            SignIn.objects.filter(pk=one.pk).update(send_after=at + AGAIN, code_hash="", expires_at=None)
    except ValueError:  # an address that no mail header takes; trying again would change nothing
        log.warning("a code cannot be written as a mail")
    return True


def forget_old(*, at: datetime) -> None:
    """Forget sign-ins after a day."""
    SignIn.objects.filter(created_at__lt=at - KEPT).delete()


def _needs_letter(controller: str, address: str, at: datetime) -> bool:
    """Whether the mailbox gets one more: it is not flooded, and a code that works always lies in it."""
    recent = _of_mailbox(controller, address).filter(created_at__gt=at - LASTS)
    queued = recent.filter(send_after__isnull=False)
    sent = recent.exclude(expires_at=None)
    if queued.count() + sent.count() < AT_ONCE:
        return True
    return not queued.exists() and not sent.filter(expires_at__gt=at + FRESH, spent_at=None).exists()


def _of_mailbox(controller: str, address: str) -> QuerySet[SignIn]:
    lookups = sealed.lookups(IdentityKind.EMAIL, address)
    return SignIn.objects.filter(controller=controller, lookup__in=lookups)


def _hashes(sent: SignIn, code: str) -> tuple[str, ...]:
    return keyed_hashes(sealed.ring(Role.CODES), _place(sent), code)


def _place(one: SignIn) -> str:
    return f"sign-in:{one.pk}"


def _message(one: SignIn, code: str) -> EmailMultiAlternatives:
    with translation.override(one.language):
        controller = maps.localised(one.controller, one.language).controller
        told = {
            "controller": controller,
            "code": code,
            "code_minutes": MINUTES,
            "link": f"{settings.DSR_BASE_URL}/{one.controller}/sign-in/",
        }
        subject, text, html = (_filled(one, form, told) for form in ("subject.txt", "txt", "html"))
    message = EmailMultiAlternatives(
        " ".join(subject.split()),
        text,
        to=[one.address()],
        headers={"Auto-Submitted": "auto-generated", "Content-Language": one.language},
    )
    message.attach_alternative(html, "text/html")
    return message


def _filled(one: SignIn, form: str, told: dict[str, object]) -> str:
    """What the controller wrote itself comes before ours."""
    name, own = f"sign-in.{form}", f"{one.controller}/notices"
    return str(select_template([f"{own}/{one.language}/{name}", f"{own}/{name}", f"notices/{name}"]).render(told))
