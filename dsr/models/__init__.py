"""Tables of the portal. Only dsr.steps changes them."""

from dsr.models.answer import Download, Grant, Package
from dsr.models.change import Correction, Proposal, Telling, Withdrawal
from dsr.models.clock import CalendarEdition, ClockPause, Deadline, Extension, Turn
from dsr.models.entry import SignIn, SoughtRequest, SubjectSession, Tally
from dsr.models.erasure import BlastLimit, Suppression
from dsr.models.errand import Errand
from dsr.models.gate import Gate
from dsr.models.ladder import Assertion, Lowering, StepUp
from dsr.models.notice import Notice
from dsr.models.plan import Approval, CarriedName, Manifest, Part, PlanItem, Supplement
from dsr.models.record import Certificate, Checkpoint, Event, EventSecret, Leaf
from dsr.models.release import Look, Redaction
from dsr.models.review import Evidence, LegalHold, Link, PartRefusal, Representative
from dsr.models.setback import Setback
from dsr.models.subject_request import Identity, Proof, SubjectRequest
from dsr.models.task_link import TaskLink
from dsr.models.token import ApiToken

__all__ = [
    "ApiToken",
    "Approval",
    "Assertion",
    "BlastLimit",
    "CalendarEdition",
    "CarriedName",
    "Certificate",
    "Checkpoint",
    "ClockPause",
    "Correction",
    "Deadline",
    "Download",
    "Errand",
    "Event",
    "EventSecret",
    "Evidence",
    "Extension",
    "Gate",
    "Grant",
    "Identity",
    "Leaf",
    "LegalHold",
    "Link",
    "Look",
    "Lowering",
    "Manifest",
    "Notice",
    "Package",
    "Part",
    "PartRefusal",
    "PlanItem",
    "Proof",
    "Proposal",
    "Redaction",
    "Representative",
    "Setback",
    "SignIn",
    "SoughtRequest",
    "StepUp",
    "SubjectRequest",
    "SubjectSession",
    "Supplement",
    "Suppression",
    "Tally",
    "TaskLink",
    "Telling",
    "Turn",
    "Withdrawal",
]
