"""Broadsheet as it comes, with a paper template of the site's own."""

import compileall
import sys
from collections.abc import Iterator, Sequence

from generator.library.pages import format_paper, paper_path
from generator.model import Paper
from tests.bench.documents import REPOSITORY
from tests.bench.site.contender import Case, Contender, Step
from tests.bench.site.papers import BASE_URL, DESCRIPTION, TITLE

PAPER_TEMPLATE = "templates/paper.html"


def _rest(_: Sequence[Paper]) -> Iterator[tuple[str, str]]:
    yield (
        "content/site.yml",
        f"title: {TITLE}\ndescription: {DESCRIPTION}\nbase_url: {BASE_URL}\ntheme: bench\n",
    )
    for place in sorted((REPOSITORY / "content/topics").glob("*.md")):
        yield f"content/topics/{place.name}", place.read_text("utf-8")
    yield "themes/bench/theme.yml", "name: bench\nextends: broadsheet\n"
    parent = REPOSITORY / "themes/broadsheet" / PAPER_TEMPLATE
    yield f"themes/bench/{PAPER_TEMPLATE}", parent.read_text("utf-8")


def _steps(_: Case) -> list[Step]:
    compileall.compile_dir(REPOSITORY / "generator", quiet=2)  # as whoever installs it does
    command = [sys.executable, "-m", "generator", "build", "--site", "."]
    return [Step(name=BROADSHEET.name, command=command)]


BROADSHEET = Contender(
    name="Broadsheet",
    most=100_000,
    page=lambda paper: paper_path(paper.id, paper.date),
    markdown=format_paper,
    rest=_rest,
    template=f"themes/bench/{PAPER_TEMPLATE}",
    output="output",
    built=lambda paper: f"papers/{paper.id}/index.html",
    caches=(".broadsheet",),
    steps=_steps,
)
