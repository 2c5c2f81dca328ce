"""What happens to staff accounts, as Events: sign-ins, failed ones, roles, passwords, second factors.

An Event names staff by their number, never by a name. It stands in the record of every controller they work for, so
that each auditor sees who can reach their data; where they work for none, in the installation's own.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from accounts import signals
from accounts.models import Membership, Staff
from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.steps.recording import record

TAGS: dict[str, Signal] = {
    "staff:signed-in": signals.signed_in,
    "staff:signed-out": signals.signed_out,
    "staff:sign-in-failed": signals.sign_in_failed,
    "staff:added": signals.added,
    "staff:closed": signals.closed,
    "staff:opened": signals.opened,
    "staff:renamed": signals.renamed,
    "staff:role-given": signals.role_given,
    "staff:role-taken": signals.role_taken,
    "staff:password-set": signals.password_set,
    "staff:second-factor-added": signals.second_factor_added,
    "staff:second-factor-removed": signals.second_factor_removed,
    "staff:enrolled": signals.enrolled,
    "staff:invited": signals.invited,
    "staff:recovery-codes-made": signals.recovery_codes_made,
    "staff:recovery-code-used": signals.recovery_code_used,
    "staff:stepped-up": signals.stepped_up,
    "staff:step-up-failed": signals.step_up_failed,
    "staff:confidentiality-acknowledged": signals.confidentiality_acknowledged,
    "staff:sessions-ended": signals.sessions_ended,
}


def connect(clock: Callable[[], datetime]) -> None:
    """Listen to the accounts, which know nothing of Events."""
    for tag, signal in TAGS.items():
        signal.connect(_receiver(tag, clock), weak=False, dispatch_uid=f"dsr.staffing.{tag}")


def _receiver(tag: str, clock: Callable[[], datetime]) -> Callable[..., None]:
    @transaction.atomic
    def written(
        staff: Staff | None,
        by: Staff | None,
        controller: str = "",
        role: str = "",
        told: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        details: dict[str, Any] = {"staff": str(staff.pk)} if staff else {}
        details |= told or {}
        if role:
            details["role"] = role
        actor = Actor(ActorKind.STAFF, str(by.pk)) if by else PORTAL
        for slug in [controller] if controller else _works_for(staff):
            record.write_for(slug, tag, by=actor, at=clock(), **details)

    return written


def _works_for(staff: Staff | None) -> list[str]:
    held = Membership.objects.filter(staff=staff).values_list("controller", flat=True) if staff else []
    return sorted(set(held)) or [""]
