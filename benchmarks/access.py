"""One access from accepted to package, in a process of its own.

Called as `python -m benchmarks.access FOLDER ADDRESS`: the folder holds keys, and in
`systems` the sample systems; their HTTP services listen at ADDRESS.
"""

import json
import os
import resource
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from time import perf_counter

from controllers import sample_services

PERSON = "heavy@example.com"  # who has 100,000 usage events
TOKEN = "benchmark"


def main(folder: Path, address: str) -> None:
    """Print the figures as JSON."""
    os.environ.update(sample_services.environment(folder / "systems", address, TOKEN))
    (folder / "keys" / "django.txt").write_text(TOKEN, "ascii")
    os.environ.update(DSR_VAR=str(folder), DJANGO_SETTINGS_MODULE="dsr.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(_walked()) + "\n")


def _walked() -> dict[str, float]:
    from django.core.management import call_command

    from accounts import staff
    from accounts.models import Role, Staff
    from dsr.datamap.schema import IdentityKind
    from dsr.law.actors import SUBJECT, Actor, ActorKind
    from dsr.law.rights import Right
    from dsr.law.states import State
    from dsr.management import demo
    from dsr.steps import work
    from dsr.steps.asking import intake, verification
    from dsr.steps.deciding import review

    call_command("migrate", verbosity=0)
    staff.add("dana", "Dana", [("joypix", Role.AGENT)])
    dana = Actor(ActorKind.STAFF, str(Staff.objects.get().pk))
    asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, PERSON),))
    subject_request = intake.receive(asked, by=SUBJECT, at=datetime.now(UTC))
    verification.confirm(subject_request, demo.code_of(subject_request), at=datetime.now(UTC))
    review.accept(subject_request, by=dana, at=datetime.now(UTC))
    pdf = _timed()
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = perf_counter()
    while work.do_next(at=datetime.now(UTC)):
        pass
    seconds = perf_counter() - start
    subject_request.refresh_from_db()
    if subject_request.state != State.PACKAGED:
        raise RuntimeError(f"the access stays {subject_request.state}")
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    rows = sum(sum(item.counts.get("rows", {}).values()) for item in subject_request.items.all())
    package = subject_request.packages.get().size / 1e6
    measured = {"seconds": seconds, "memory": own - idle, "memory of the PDF's process": child}
    return {**measured, **pdf, "rows": rows, "package": package}


def _timed() -> dict[str, float]:
    """Pages and seconds of the PDF, once it is made."""
    from pypdf import PdfReader

    from dsr.package import report

    render, told = report.render, {"PDF pages": 0.0, "PDF seconds": 0.0}

    def timed(html: str) -> bytes:
        start = perf_counter()
        pdf = render(html)
        told["PDF seconds"] = perf_counter() - start
        told["PDF pages"] = len(PdfReader(BytesIO(pdf)).pages)
        return pdf

    report.render = timed
    return told


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
