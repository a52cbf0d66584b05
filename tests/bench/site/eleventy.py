"""Eleventy. The lists are a collection that its configuration makes, the pages a pagination of
it."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from generator.model import Paper
from tests.bench.documents import topics
from tests.bench.site import peers
from tests.bench.site.contender import THEMES, Case, Contender, Step, theme
from tests.bench.site.papers import byline, day, excerpt, month, week


def _markdown(paper: Paper) -> str:
    facts: dict[str, Any] = {
        "title": paper.title,
        "date": day(paper),
        "description": excerpt(paper),
        "authors": paper.authors,
        "byline": byline(paper),
        "issued": paper.date,
        "venue": paper.venue,
        "organization": paper.organization,
        "topics": paper.topics,
        "listed": day(paper),
        "week": week(paper),
        "month": month(paper),
    }
    front_matter = orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()
    return f"---json\n{front_matter}\n---\n\n{paper.abstract}\n"


def _rest(_: Sequence[Paper]) -> Iterator[tuple[str, str]]:
    yield from theme("eleventy")
    yield "style.css", (THEMES / "style.css").read_text("utf-8")
    titles = {slug: topic.title for slug, topic in topics().items()}
    yield "topics.json", orjson.dumps(titles).decode()


def _steps(_: Case) -> list[Step]:
    """Everything each time: `--incremental=FILE` without a watch fails in Eleventy 3.1, which has
    not looked at its templates yet when it asks which of them the file concerns."""
    return [Step(name=ELEVENTY.name, command=["node", peers.eleventy(), "--quiet"])]


ELEVENTY = Contender(
    name="Eleventy",
    most=10_000,
    page=lambda paper: f"content/papers/{paper.id}.md",
    markdown=_markdown,
    rest=_rest,
    template="_includes/paper.11ty.js",
    output="_site",
    built=lambda paper: f"papers/{paper.id}/index.html",
    steps=_steps,
)
