"""Sam's rectification at the points where tests begin, and what stands in the system then."""

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps import work
from dsr.steps.fulfilling import correctable, rectification
from tests.conftest import SAM, World
from tests.steps import scenes

NEW = "Samira"
MALLORY = "mallory@example.com"


def asked(world: World, dana: Actor, controller: str = "joypix", email: str = SAM) -> SubjectRequest:
    """Sam's data is found, and Sam is asked what is right."""
    subject_request = scenes.accepted(world, dana, Right.RECTIFICATION, controller, email)
    world.work(State.SEARCHED, subject_request)
    return subject_request


def the_field(subject_request: SubjectRequest, name: str) -> tuple[str, str]:
    """Place and name of the first field of this name."""
    return next((row.place, name) for row in correctable.rows(subject_request) for f in row.fields if f.name == name)


def proposed(world: World, dana: Actor, statement: str = "", **values: str) -> SubjectRequest:
    """Sam has sent new values."""
    subject_request = asked(world, dana)
    new = {the_field(subject_request, name): text for name, text in values.items()}
    rectification.propose(subject_request, new, statement=statement, at=world.at)
    return subject_request


def accept_all(world: World, dana: Actor, subject_request: SubjectRequest) -> None:
    """Dana accepts every value."""
    for row in subject_request.corrections.filter(decision=""):
        rectification.decide(row, accepted=True, words="", by=dana, at=world.at)
    subject_request.refresh_from_db()


def finish(world: World, subject_request: SubjectRequest) -> None:
    """Workers do their turn, and what nobody's item ends is moved on."""
    world.work()
    work.advance_stalled(at=world.at)
    world.work()  # the package, where nothing was to be corrected
    subject_request.refresh_from_db()


def nickname(world: World, email: str = SAM) -> str:
    """What the live system says."""
    with scenes.live(world) as database:
        return str(database.execute("SELECT nickname FROM users WHERE email = ?", [email]).fetchone()[0])


def outcomes(subject_request: SubjectRequest) -> dict[str, str]:
    """Per field what came of it."""
    return {row.field: row.outcome or row.decision for row in subject_request.corrections.all()}
