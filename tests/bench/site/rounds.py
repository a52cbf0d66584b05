"""Everybody builds by turns, each case after the other."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.model import Paper
from tests.bench.measure import Cost, measure
from tests.bench.site.contender import CASES, Case, Contender, Step, change
from tests.bench.site.figures import Build, Figures, LeftOut, Output

REMOVING = 330.0
"""Seconds that ext4 takes longer to make files after many were removed: it looks at each number of
a file that was removed less than five minutes ago before it passes it over (`recently_deleted` in
fs/ext4/ialloc.c), here eight times as long."""
SETTLING = 3.0
"""Seconds that files have lain there when somebody builds for the first time."""
_ASIDE, _REMOVED = "aside", "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be measured."""

    size: int
    rounds: int
    limit: float
    """Seconds that a command is given."""
    paper: Paper
    """The one that is edited."""
    sites: Path
    """The folder of everybody's sites of this size."""


class FailedError(Exception):
    """A build did not do what it should; the text says what was wrong."""


def take_turns(contenders: Sequence[Contender], plan: Plan, figures: Figures) -> None:
    """Measure each case as often as there are rounds before the next one begins: some builds remove
    files, which slows down whoever makes a whole site next (`REMOVING`). Who fails is left out from
    there on."""
    there = list(contenders)
    for case in CASES:
        for turn in range(plan.rounds):
            for contender in _in_order(there, turn):
                print(
                    f"{plan.size:,} papers, turn {turn + 1}, {case}: {contender.name}", flush=True
                )
                try:
                    _build(contender, case, turn, plan, figures)
                except FailedError as failure:
                    there.remove(contender)
                    _leave_out(contender, case, str(failure), plan, figures)


def _in_order(contenders: Sequence[Contender], turn: int) -> list[Contender]:
    """Every other turn backwards: neighbours stay neighbours, so that they meet the same
    machine."""
    return [*contenders][:: -1 if turn % 2 else 1]


def _leave_out(contender: Contender, case: Case, why: str, plan: Plan, figures: Figures) -> None:
    print(f"left out: {contender.name}, {why}", flush=True)
    for step in contender.steps(case):
        left_out = LeftOut(size=plan.size, name=step.name, why=f"{case}: {why}")
        figures.left_out.append(left_out)


def _build(contender: Contender, case: Case, turn: int, plan: Plan, figures: Figures) -> None:
    """Build a site once, and note what each step took."""
    site = plan.sites / contender.name.lower()
    if case == "cold":
        set_aside(contender, site)
    shown = change(contender, case, turn, plan.paper, site)
    os.sync()
    if case == "cold":
        time.sleep(SETTLING)
    for step, cost in _steps(contender.steps(case), site, plan.limit):
        figures.builds.append(
            Build(
                size=plan.size,
                case=case,
                turn=turn,
                name=step.name,
                wall=cost.wall,
                cpu=cost.cpu,
                peak=cost.peak,
            )
        )
        if case == "cold" and turn == 0:
            files, size = weigh(site / contender.output)
            figures.outputs.append(Output(size=plan.size, name=step.name, files=files, bytes=size))
    page = site / contender.output / contender.built(plan.paper)
    if not page.is_file() or shown not in page.read_text("utf-8"):
        raise FailedError(f"{page.name} of the edited paper is not as it should be")


def _steps(steps: Sequence[Step], site: Path, limit: float) -> Iterator[tuple[Step, Cost]]:
    """What each step took with those before it."""
    wall, cpu, peak, largest = 0.0, 0.0, 0, 0
    for step in steps:
        cost = measure(step.command, limit, site)
        if cost is None:
            raise FailedError(f"it fails, or takes longer than {limit / 60:.0f} minutes")
        wall, cpu = wall + cost.wall, cpu + cost.cpu
        peak, largest = max(peak, cost.peak), max(largest, cost.largest)
        # A command may have ended before anybody looked at it.
        yield step, Cost(wall, cpu, max(peak, cost.peak or cost.largest), largest)


def set_aside(contender: Contender, site: Path) -> None:
    """Move the finished site and what is remembered out of the way: deleting it would slow down
    who writes next."""
    aside = site.parent.parent / _ASIDE
    aside.mkdir(exist_ok=True)
    for name in (contender.output, *contender.caches):
        if (site / name).exists():
            number = sum(1 for _ in aside.iterdir())
            (site / name).rename(aside / str(number))


def remove_aside(folder: Path) -> None:
    """Remove all that was moved out of the way, after the last build."""
    shutil.rmtree(folder / _ASIDE, ignore_errors=True)
    (folder / _REMOVED).touch()


def wait_for_removed(folder: Path) -> None:
    """Wait until it no longer matters that an earlier run removed what it had moved away."""
    removed = folder / _REMOVED
    left = removed.stat().st_mtime + REMOVING - time.time() if removed.exists() else 0
    if left > 0:
        print(f"an earlier run has just removed its sites: {left:.0f} s to wait …", flush=True)
        time.sleep(left)


def weigh(folder: Path) -> tuple[int, int]:
    """How many files there are below a folder, and their bytes."""
    files = [entry for entry in _entries(folder) if entry.is_file(follow_symlinks=False)]
    return len(files), sum(entry.stat().st_size for entry in files)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path))
