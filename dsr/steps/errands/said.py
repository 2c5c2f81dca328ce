"""How the answer names what nobody read back: on whose word it counts as erased."""

from django.utils.translation import gettext as _

from dsr.datamap.schema import ControllerMap

BY_HAND, BY_LETTER = "manual", "email"


def confirmed(controller_map: ControllerMap, system: str) -> str:
    """How the erasure of a system was confirmed, in plain words; empty where it was read back."""
    known = controller_map.systems.get(system)
    if known is None:
        return ""
    if known.connector.kind == BY_HAND:
        return _("Confirmed by hand: one of us erased it, another looked again and found nothing left.")
    if known.connector.kind == BY_LETTER:
        processor = controller_map.controller.recipients.get(known.processor or "")
        name = processor.title if processor else known.title
        return _("Confirmed by letter: %(name)s answered us; we cannot look there ourselves.") % {"name": name}
    return ""
