"""The e-mail addresses of the person that stream by while a copy is made: told before the package opens (channels)."""

from collections.abc import Iterator

from dsr.connectors.blocks import column
from dsr.connectors.contract import Batch, Found
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.datamap.sharing import address_fields
from dsr.law.identifiers import clean
from dsr.models import Package
from dsr.package.contents import OpenPart

MOST = 5  # addresses that are told
ROWS = 1_000  # of a batch that are looked at


class Noted:
    """The addresses that stream by while a copy is made."""

    def __init__(self) -> None:
        """None yet."""
        self.addresses: dict[str, None] = {}
        self._read: set[str] = set()

    def through(self, system: SystemMap, opened: OpenPart) -> Iterator[Found]:
        """What was found in a system, unchanged; its addresses are noted the first time."""
        if system.slug in self._read:
            return opened()
        self._read.add(system.slug)
        return self._noting(system, opened)

    def _noting(self, system: SystemMap, opened: OpenPart) -> Iterator[Found]:
        for one in opened():
            if isinstance(one, Batch) and len(self.addresses) <= MOST and one.collection in system.collections:
                self._note(one, address_fields(system.collections[one.collection], one.share))
            yield one

    def _note(self, batch: Batch, own: tuple[str, ...]) -> None:
        for place in (batch.fields.index(name) for name in own if name in batch.fields):
            for cell in dict.fromkeys(column(batch.rows, place)[:ROWS]):
                if len(self.addresses) <= MOST and (address := _clean(cell)):
                    self.addresses[address] = None

    def sealed(self, package: Package) -> str:
        """For the package's own row; empty where there is none but who asked."""
        mailbox = package.subject_request.mailbox()
        own = mailbox.value() if mailbox else ""
        # Those that a code went to first: staff may have left them out of the answer.
        known = dict.fromkeys([*package.subject_request.others(), *self.addresses])
        others = [each for each in known if each != own][:MOST]
        return package.sealed_others(others)


def _clean(cell: object) -> str:
    try:
        return clean(IdentityKind.EMAIL, str(cell or ""))
    except ValueError:
        return ""  # no mail reaches it
