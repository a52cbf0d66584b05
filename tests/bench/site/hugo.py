"""Hugo, alone and with Pagefind over what it wrote. Days, weeks and months are taxonomies, as
topics and organisations are."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from generator.model import Paper
from generator.text.slug import slugify
from tests.bench.documents import topics
from tests.bench.site import peers
from tests.bench.site.contender import THEMES, Case, Contender, Step, theme
from tests.bench.site.papers import byline, day, excerpt, month, organizations, week


def _markdown(paper: Paper) -> str:
    facts: dict[str, Any] = {
        "title": paper.title,
        "date": day(paper),
        "description": excerpt(paper),
        "authors": paper.authors,
        "byline": byline(paper),
        "issued": paper.date,
        "venue": paper.venue,
        "topics": paper.topics,
        "days": [day(paper)],
        "weeks": [week(paper)],
        "months": [month(paper)],
    }
    if paper.organization:
        facts |= {"organization": paper.organization, "organizations": [paper.organization]}
    return _front_matter(facts) + f"\n{paper.abstract}\n"


def _front_matter(facts: dict[str, Any]) -> str:
    """As TOML, which Hugo reads faster than YAML and JSON; a value is written alike in both."""
    lines = (f"{key} = {orjson.dumps(value).decode()}\n" for key, value in facts.items())
    return f"+++\n{''.join(lines)}+++\n"


def _rest(papers: Sequence[Paper]) -> Iterator[tuple[str, str]]:
    yield from theme("hugo")
    yield "static/style.css", (THEMES / "style.css").read_text("utf-8")
    titles = {slug: topic.title for slug, topic in topics().items()}
    yield "config/_default/params.json", orjson.dumps({"topics": titles}).decode()
    feeds = {"outputs": ["html", "rss"]}
    for slug, topic in topics().items():
        facts = {"title": topic.title, "description": topic.summary, **feeds}
        yield f"content/topics/{slug}/_index.md", f"{_front_matter(facts)}\n{topic.introduction}\n"
    for name in organizations(papers):
        path = f"content/organizations/{slugify(name)}/_index.md"
        yield path, _front_matter({"title": name, **feeds})


def _steps(_: Case) -> list[Step]:
    build: list[str | Path] = [peers.hugo(), "--quiet", "--noTimes", "--noChmod"]
    pages = ["--glob", "papers/*/index.html"]
    index: list[str | Path] = [peers.pagefind(), "--quiet", "--site", HUGO.output, *pages]
    return [Step(name=HUGO.name, command=build), Step(name=PAGEFIND, command=index)]


PAGEFIND = "Hugo + Pagefind"
HUGO = Contender(
    name="Hugo",
    most=100_000,
    page=lambda paper: f"content/papers/{paper.id}.md",
    markdown=_markdown,
    rest=_rest,
    template="layouts/page.html",
    output="public",
    built=lambda paper: f"papers/{paper.id}/index.html",
    caches=("resources",),
    steps=_steps,
)
