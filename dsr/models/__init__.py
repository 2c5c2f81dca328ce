"""Tables of the portal. Only dsr.steps changes them."""

from dsr.models.answer import Download, Package
from dsr.models.notice import Notice
from dsr.models.plan import Approval, Manifest, Part, PlanItem
from dsr.models.record import Event
from dsr.models.subject_request import Identity, Proof, SubjectRequest
from dsr.models.token import ApiToken

__all__ = [
    "ApiToken",
    "Approval",
    "Download",
    "Event",
    "Identity",
    "Manifest",
    "Notice",
    "Package",
    "Part",
    "PlanItem",
    "Proof",
    "SubjectRequest",
]
