"""What was promised, and what was seen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.search.relevance import LUNR, OURS
from tests.bench.tables import Table

Figures = Mapping[str, Mapping[int, Any]]
"""By part and number of papers."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A promise about the figures of one part."""

    part: str
    what: str
    most: float | Callable[[Any], float]
    """What the figure may be at most; with `least`, at least."""
    seen: Callable[[Any], float | None]
    """Takes it from the part's figures."""
    sizes: Sequence[int] = ()
    """Numbers of papers it is made for; none: for all."""
    least: bool = False


def _query(unit: str, share: str) -> Callable[[Any], float]:
    return lambda found: found["queries"]["Broadsheet"][unit][share] / 1000


def _compute(share: str) -> Callable[[Any], float]:
    return lambda found: found["Broadsheet, two words"]["just opened"][share]


def _others(found: Any) -> float:
    """The best of the others; 0 where nobody else was asked."""
    others = (row["in all"]["mrr"] for name, row in found.items() if name not in (OURS, LUNR))
    return max(others, default=0.0)


def _peak(found: Any) -> float | None:
    ours = found["costs"].get("Broadsheet")
    return float(ours["peak"]) / 1e9 if ours else None


LARGE = (100_000,)
GOALS = (
    Goal("exact", "differences to lunr", 0, lambda found: found["differences"]),
    Goal("bytes", "KB for a query, median", 120, _query("bytes", "median"), LARGE),
    Goal("bytes", "KB for a query, 95 %", 250, _query("bytes", "most"), LARGE),
    Goal("bytes", "KB of the manifest", 30, lambda found: found["manifest"] / 1000, LARGE),
    Goal("bytes", "KB of index a paper", 0.6, lambda found: found["per paper"] / 1000, LARGE),
    Goal("compute", "ms in Node, median", 5, _compute("median"), LARGE),
    Goal("compute", "ms in Node, worst", 20, _compute("worst"), LARGE),
    Goal("chromium", "ms, cold, median", 300, lambda f: f["ours"]["cold"]["median"], LARGE),
    Goal("chromium", "ms, other words, median", 50, lambda f: f["ours"]["next"]["median"], LARGE),
    Goal("chromium", "ms, same words, median", 50, lambda f: f["ours"]["again"]["median"], LARGE),
    Goal("chromium", "ms the page stands still", 50, lambda f: f["page"]["still"]["worst"], LARGE),
    Goal("build", "our time by lunr.py's", 0.2, lambda f: f.get("of lunr.py"), (10_000,)),
    Goal("build", "our time by Pagefind's", 0.4, lambda f: f.get("of Pagefind"), (10_000,)),
    Goal("build", "our time by Pagefind's", 0.3, lambda f: f.get("of Pagefind"), LARGE),
    Goal("build", "GB of all processes", 1.5, _peak, LARGE),
    Goal("relevance", "MRR", _others, lambda f: f[OURS]["in all"]["mrr"], least=True),
)


def summary(figures: Figures) -> Table:
    """All promises that the figures speak of."""
    table = Table("What was promised")
    table.head("", "papers", "goal", "seen", "")
    for goal in GOALS:
        for size, limit, seen in _seen(goal, figures):
            kept = seen >= limit if goal.least else seen <= limit
            sign = "≥" if goal.least else "≤"
            table.row(
                f"{goal.part}: {goal.what}",
                size,
                f"{sign} {round(limit, 3):g}",
                f"{round(seen, 3):g}",
                "ok" if kept else "MISSED",
            )
    return table


def _seen(goal: Goal, figures: Figures) -> Iterator[tuple[int, float, float]]:
    for size, found in figures.get(goal.part, {}).items():
        seen = goal.seen(found) if size in goal.sizes or not goal.sizes else None
        if seen is not None:
            yield size, goal.most(found) if callable(goal.most) else goal.most, seen
