"""The grounds of refusal as a request's own law cites them."""

from dsr.law.grounds import GROUNDS, Ground
from dsr.models import SubjectRequest
from dsr.steps.post import remedies


def cited(subject_request: SubjectRequest, ground: str) -> str:
    """Where a ground stands, in the law under which this request came; empty without a ground."""
    return GROUNDS[Ground(ground)].citation_by(remedies.laws(subject_request)) if ground else ""
