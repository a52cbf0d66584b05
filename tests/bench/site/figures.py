"""What was seen, as rows that a file keeps."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from tests.bench.site.contender import CASES, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build, measured."""

    size: int
    """Papers."""
    case: Case
    turn: int
    name: str
    """Whose it is."""
    wall: float
    """Seconds."""
    cpu: float
    """Seconds on all cores."""
    peak: int
    """Bytes of all processes together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A finished site."""

    size: int
    name: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Somebody who failed."""

    size: int
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a run of the benchmark saw."""

    builds: list[Build] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def sizes(self) -> list[int]:
        """The numbers of papers that something was seen of."""
        return sorted({build.size for build in self.builds})

    def names(self, size: int) -> list[str]:
        """Who was measured at this size to the end, in the order of the run."""
        failed = {left_out.name for left_out in self.left_out if left_out.size == size}
        names = dict.fromkeys(build.name for build in self.builds if build.size == size)
        return [name for name in names if name not in failed]

    def median(self, size: int, case: Case, name: str, unit: str) -> float | None:
        """The median of `wall`, `cpu` or `peak`; None where nothing was seen."""
        seen = [getattr(build, unit) for build in self._of(size, case, name)]
        return median(seen) if seen else None

    def ratio(self, size: int, case: Case, unit: str, name: str, other: str) -> float | None:
        """The median of what somebody took of what somebody else took in the same turn."""
        others = {build.turn: getattr(build, unit) for build in self._of(size, case, other)}
        ratios = [
            getattr(build, unit) / others[build.turn]
            for build in self._of(size, case, name)
            if build.turn in others
        ]
        return median(ratios) if ratios else None

    def _of(self, size: int, case: Case, name: str) -> Iterator[Build]:
        wanted = (size, case, name)
        return (build for build in self.builds if (build.size, build.case, build.name) == wanted)


def cases_seen(figures: Figures, size: int) -> list[Case]:
    """The cases that were measured at this size."""
    seen = {build.case for build in figures.builds if build.size == size}
    return [case for case in CASES if case in seen]
