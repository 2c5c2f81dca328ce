"""The shop: a made-up system of a hundred thousand customers, on which answers and erasures are timed."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.shop.cases import CASES, Bench, Figure
from benchmarks.shop.server import serving

LAST = Path(__file__).parents[1] / "last.json"


def measured(wanted: str, conditions: str) -> Iterator[tuple[str, Figure]]:
    """Run the cases whose name begins so; each figure also goes into last.json, beside those of other runs."""
    chosen = {name: case for name, case in CASES.items() if name.startswith(wanted)}
    with TemporaryDirectory() as folder, serving() as server:
        bench = Bench(Path(folder), server)
        for name, case in chosen.items():
            figure = case(bench)
            _keep(name, figure, conditions)
            yield name, figure


def _keep(name: str, figure: Figure, conditions: str) -> None:
    last = json.loads(LAST.read_text("utf-8")) if LAST.exists() else {}
    last[name] = {**asdict(figure), "conditions": conditions}
    LAST.write_text(json.dumps(last, indent=1, sort_keys=True) + "\n", "utf-8")
