"""Which right is offered where, and who grants it: policy, law or house (P12)."""

from collections.abc import Mapping

from dsr.datamap.schema import Controller, RightOffer
from dsr.law.rights import Right

Matrix = Mapping[Right, Mapping[str, RightOffer | None]]


def offer(controller: Controller, right: Right, region: str) -> RightOffer | None:
    """The offer of a right to people of a region; None: not offered there. KeyError: no such region."""
    there = controller.regions[region].rights
    return there[right] if right in there else controller.rights.get(right)


def matrix(controller: Controller) -> Matrix:
    """Every right in every region: each offer with its grantor and citation; in the order of Right and of the file."""
    return {right: {region: offer(controller, right, region) for region in controller.regions} for right in Right}
