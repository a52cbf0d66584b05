"""What was promised, and what was seen of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.bench.site.broadsheet import BROADSHEET
from tests.bench.site.contender import Case
from tests.bench.site.figures import Figures
from tests.bench.site.hugo import HUGO, PAGEFIND
from tests.bench.tables import Table

Unit = Literal["wall", "peak"]


@dataclass(frozen=True, slots=True)
class Promise:
    """How much of somebody's time or memory Broadsheet may take."""

    size: int
    """Papers."""
    case: Case
    goal: float
    floor: float | None = None
    other: str = HUGO.name
    unit: Unit = "wall"


SMALL, MIDDLE, LARGE = 1_000, 10_000, 100_000
PROMISES = (
    Promise(SMALL, "cold", 1.2, 2.5),
    Promise(MIDDLE, "cold", 0.8, 1.2),
    Promise(MIDDLE, "cold", 0.3, other=PAGEFIND),
    Promise(LARGE, "cold", 0.7, 1.1),
    Promise(LARGE, "cold", 0.2, other=PAGEFIND),
    Promise(MIDDLE, "nothing changed", 0.04, 0.08),
    Promise(LARGE, "nothing changed", 0.02, 0.05),
    Promise(MIDDLE, "one paper changed", 0.08, 0.15),
    Promise(LARGE, "one paper changed", 0.03, 0.08),
    Promise(MIDDLE, "template changed", 0.5, 1.0),
    Promise(MIDDLE, "cold", 0.3, 0.5, unit="peak"),
    Promise(LARGE, "cold", 0.3, 0.4, unit="peak"),
)
TOLD = {"wall": "time", "peak": "peak memory"}


def kept(figures: Figures) -> Table:
    """All promises that the figures speak of."""
    table = Table("What was promised, and what was seen")
    table.head("", "papers", "beside", "ratio", "goal", "floor", "")
    for promise, seen in _seen(figures):
        floor = "–" if promise.floor is None else f"≤ {promise.floor:g}"
        table.row(
            f"{promise.case}, {TOLD[promise.unit]}",
            promise.size,
            promise.other,
            f"{seen:.3g}",
            f"≤ {promise.goal:g}",
            floor,
            _verdict(promise, seen),
        )
    return table


def _seen(figures: Figures) -> Iterator[tuple[Promise, float]]:
    for promise in PROMISES:
        pair = (BROADSHEET.name, promise.other)
        if {*pair} <= {*figures.names(promise.size)}:
            seen = figures.ratio(promise.size, promise.case, promise.unit, *pair)
            if seen is not None:
                yield promise, seen


def _verdict(promise: Promise, seen: float) -> str:
    if seen <= promise.goal:
        return "goal kept"
    if promise.floor is None:
        return "goal MISSED"
    return "floor kept" if seen <= promise.floor else "floor MISSED"
