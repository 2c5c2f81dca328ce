"""What the words of the API mean, for its document."""

from dsr.datamap.schema import IdentityKind
from dsr.law.rights import Right
from dsr.law.states import State

RIGHTS = [
    (Right.ACCESS.value, "a copy of the person's data (GDPR Art. 15)"),
    (Right.RECTIFICATION.value, "correction of data (GDPR Art. 16)"),
    (Right.ERASURE.value, "erasure of data (GDPR Art. 17)"),
    (Right.PORTABILITY.value, "data in a portable format (GDPR Art. 20)"),
    (Right.CONSENT_WITHDRAWAL.value, "withdrawal of consent (GDPR Art. 7(3))"),
    (Right.PROCESSING_INFORMATION.value, "how data is processed, without personal data; answered at once"),
    (Right.COMPLAINT.value, "a complaint or question"),
    (Right.COMPROMISED_ACCOUNT.value, "a report that somebody else uses the account"),
    (Right.CHILD.value, "a report that a child uses the service"),
]
STATES = [
    (State.RECEIVED.value, "filed; the person has to prove the e-mail address, within seven days"),
    (State.VERIFIED.value, "proven by the person; staff review it"),
    (State.ACCEPTED.value, "reviewed; the systems are searched"),
    (State.SEARCHED.value, "everything was found; an erasure waits for a second member of staff"),
    (State.APPROVED.value, "it is carried out"),
    (State.CARRIED_OUT.value, "done in the systems; the package is made"),
    (
        State.PACKAGED.value,
        "the package waits for the person, on the portal; without a mailbox, for staff to hand it over",
    ),
    (State.DELIVERED.value, "answered; closed"),
    (State.REFUSED.value, "refused, with the ground told to the person; closed"),
    (State.CANCELLED.value, "cancelled by the person, or nobody could be handed the answer; closed"),
    (State.LAPSED.value, "never proven; closed"),
]
KINDS = [
    (IdentityKind.EMAIL.value, "e-mail address"),
    (IdentityKind.ACCOUNT.value, "id of the account"),
    (IdentityKind.SOCIAL.value, "service signed in with, and the id there"),
    (IdentityKind.DEVICE.value, "id of the device"),
    (IdentityKind.PHONE.value, "telephone number"),
]
SOURCES = [
    ("policy", "the controller's policy grants it"),
    ("law", "the law grants it"),
    ("house", "the controller offers it of its own accord"),
]
