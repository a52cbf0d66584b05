"""The figures as people read them: tables, and the page that holds them."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import orjson

from generator import __version__
from tests.bench.documents import CORPUS, REPOSITORY
from tests.bench.site import peers
from tests.bench.site.broadsheet import BROADSHEET
from tests.bench.site.contender import Case
from tests.bench.site.figures import Figures, cases_seen
from tests.bench.site.promises import kept
from tests.bench.tables import Table

PAGE = Path(__file__).with_name("report.md")


def tables(figures: Figures) -> Iterator[Table]:
    """Everything, the promises first."""
    yield kept(figures)
    for size in figures.sizes():
        yield _times(figures, size)
        yield _ratios(figures, size)
        yield _outputs(figures, size)


def text(figures: Figures) -> str:
    """The tables as a terminal shows them."""
    return "\n".join(map(str, tables(figures)))


def _times(figures: Figures, size: int) -> Table:
    cases = cases_seen(figures, size)
    table = Table(f"{size:,} papers: seconds (seconds on all cores; peak memory of all processes)")
    table.head("", *cases)
    for name in figures.names(size):
        table.row(name, *(_cost(figures, size, case, name) for case in cases))
    for left_out in figures.left_out:
        if left_out.size == size:
            table.note(f"{left_out.name} is left out: {left_out.why}")
    return table


def _cost(figures: Figures, size: int, case: Case, name: str) -> str:
    wall, cpu, peak = (figures.median(size, case, name, unit) for unit in ("wall", "cpu", "peak"))
    if wall is None or cpu is None or peak is None:
        return "–"
    return f"{wall:.2f} ({cpu:.2f}; {peak / 1e9:.2f} GB)"


def _ratios(figures: Figures, size: int) -> Table:
    cases = cases_seen(figures, size)
    table = Table(f"{size:,} papers: {BROADSHEET.name}'s time by that of the others")
    table.head("", *cases)
    for name in figures.names(size):
        if name != BROADSHEET.name:
            pair = ("wall", BROADSHEET.name, name)
            seen = (figures.ratio(size, case, *pair) for case in cases)
            table.row(name, *(None if ratio is None else f"{ratio:.3g}" for ratio in seen))
    return table


def _outputs(figures: Figures, size: int) -> Table:
    table = Table(f"{size:,} papers: the finished site")
    table.head("", "files", "MB", "B a paper")
    for output in figures.outputs:
        if output.size == size:
            megabytes = f"{output.bytes / 1e6:.1f}"
            table.row(output.name, output.files, megabytes, output.bytes // size)
    return table


# -- the page --------------------------------------------------------------------------------------


def page(figures: Figures) -> str:
    """BENCHMARKS.md."""
    return Template(PAGE.read_text("utf-8")).substitute(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=machine(),
        versions="".join(f"- {version}\n" for version in versions()).rstrip(),
        papers="real papers" if CORPUS.is_file() else "papers of made-up words",
        tables="\n".join(table.markdown() for table in tables(figures)).rstrip(),
    )


def machine() -> str:
    """What this runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, {platform.system()}"


def _processor() -> str:
    facts = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    return next((value.strip() for name, _, value in facts if name.strip() == "model name"), "?")


def versions() -> Iterator[str]:
    """Who took part, and in which version."""
    commit = _said("git", "describe", "--always", "--dirty")
    python = f"Python {platform.python_version()} ({Path(sys.executable).resolve()})"
    yield f"Broadsheet {__version__} ({commit}), {python}"
    for line in peers.REQUIREMENTS.read_text().splitlines():
        if not line.startswith("#"):
            yield line.replace("==", " ")
    node = _said("node", "--version")
    for name, version in orjson.loads(peers.PACKAGES.read_bytes())["dependencies"].items():
        yield f"{name} {version}, Node {node.removeprefix('v')}"


def _said(*command: str) -> str:
    try:
        run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run.stdout.strip()
