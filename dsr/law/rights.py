"""What a data subject can ask for (M1)."""

from enum import StrEnum


class Right(StrEnum):
    """A request type, named as in the GDPR; the two reports are rows J14 and P11."""

    ACCESS = "access"  # GDPR Art. 15
    RECTIFICATION = "rectification"  # GDPR Art. 16
    ERASURE = "erasure"  # GDPR Art. 17
    PORTABILITY = "portability"  # GDPR Art. 20
    CONSENT_WITHDRAWAL = "consent-withdrawal"  # GDPR Art. 7(3)
    PROCESSING_INFORMATION = "processing-information"  # GDPR Arts 13-15, without personal data
    COMPLAINT = "complaint"  # complaint or question to the controller
    COMPROMISED_ACCOUNT = "compromised-account"  # report, J14
    CHILD = "child"  # report that a child uses the service, P11


# Rights whose walk searches the controller's systems; the others are answered by a letter.
SEARCHED = frozenset({Right.ACCESS, Right.PORTABILITY, Right.ERASURE, Right.RECTIFICATION})
# Rights that are answered by a copy; nothing is changed for them.
COPIED = frozenset({Right.ACCESS, Right.PORTABILITY})
# Rights whose walk runs through the ledger of work.
WORKED = SEARCHED | {Right.CONSENT_WITHDRAWAL}
# Reports that staff see before all other requests (J14, P11).
URGENT = frozenset({Right.COMPROMISED_ACCOUNT, Right.CHILD})
