"""What a recipient is shown so that it finds the rows: the pseudonymous ids it got from us, and no more."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dsr.datamap.facts import recipients_of
from dsr.datamap.schema import ControllerMap, IdentityKind
from dsr.law.actors import Actor, ActorKind
from dsr.models import Correction, Manifest, SubjectRequest, Telling
from dsr.steps import maps
from dsr.steps.fulfilling import manifest as manifests
from dsr.steps.fulfilling import parts
from dsr.steps.recording import record

MOST = 2_000  # ids of one collection on the page; who holds more asks for the rest
PSEUDONYMS = (IdentityKind.ACCOUNT, IdentityKind.DEVICE)
# Keys of these categories say who somebody is; they are not shown.
NAMES_SOMEBODY = ("user.contact", "user.name", "user.government_id", "user.financial", "user.demographic")


@dataclass(slots=True)
class Shared:
    """Ids of one collection, in the words of the map; a correction names its new value beside each."""

    title: str
    ids: list[str]
    more: int = 0

    def add(self, text: str) -> None:
        """One id more, as far as the page goes."""
        if len(self.ids) < MOST:
            self.ids.append(text)
        else:
            self.more += 1


def show(telling: Telling, *, at: datetime) -> list[Shared]:
    """The ids that this recipient looks at; that it did is an Event."""
    by = Actor(ActorKind.RECIPIENT, telling.recipient)
    record.write(telling.subject_request, "recipient:looked", by=by, at=at, recipient=telling.recipient)
    subject_request = telling.subject_request
    controller_map = maps.controller(subject_request.controller)
    found: dict[str, Shared] = {}
    for title, text in (
        *_erased(subject_request, controller_map, telling.recipient),
        *_corrected(subject_request, controller_map, telling.recipient),
    ):
        found.setdefault(title, Shared(title, [])).add(text)
    return list(found.values()) or _pseudonyms(subject_request)


def _erased(
    subject_request: SubjectRequest, controller_map: ControllerMap, recipient: str
) -> Iterator[tuple[str, str]]:
    manifest = Manifest.objects.filter(subject_request=subject_request).select_related("part").first()
    if manifest is None:
        return
    with parts.reading(manifest.part) as stream:
        for line in manifests.read(stream):
            if line.until or not _gets(controller_map, line.system, line.collection, recipient):
                continue
            collection = controller_map.systems[line.system].collections[line.collection]
            named = [collection.fields[name].category for name in collection.key if name in collection.fields]
            if not any(category.startswith(NAMES_SOMEBODY) for category in named):
                for key in line.keys:
                    yield collection.title, " / ".join(map(str, key))


def _corrected(
    subject_request: SubjectRequest, controller_map: ControllerMap, recipient: str
) -> Iterator[tuple[str, str]]:
    for row in subject_request.corrections.filter(decision=Correction.ACCEPTED):
        if _gets(controller_map, row.system, row.collection, recipient):
            collection = controller_map.systems[row.system].collections[row.collection]
            label = collection.fields[row.field].label or row.field
            key = json.loads(row.text("key"))
            ids = key if isinstance(key, list) else [key]
            yield f"{collection.title}: {label}", f"{' / '.join(map(str, ids))}: {row.text('proposed')}"


def _gets(controller_map: ControllerMap, system: str, collection: str, recipient: str) -> bool:
    known = controller_map.systems.get(system)
    if known is None or collection not in known.collections:
        return False
    return recipient in recipients_of(controller_map, system, collection)


def _pseudonyms(subject_request: SubjectRequest) -> list[Shared]:
    """Without rows to name, as in a withdrawal: the ids of the account and the device, where they are proven."""
    proven = subject_request.identities.filter(kind__in=PSEUDONYMS).exclude(proven_at=None)
    return [Shared(identity.kind.capitalize(), [identity.value()]) for identity in proven]
