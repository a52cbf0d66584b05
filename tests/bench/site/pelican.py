"""Pelican. Topics are its tags, organisations its authors; weeks it has none."""

from collections.abc import Iterator, Sequence

import orjson

from generator.model import Paper
from tests.bench.documents import topics
from tests.bench.site import peers
from tests.bench.site.contender import THEMES, Case, Contender, Step, theme
from tests.bench.site.papers import byline, day, excerpt


def _markdown(paper: Paper) -> str:
    facts = {
        "Title": paper.title,
        "Slug": paper.id,
        "Date": day(paper),
        "Tags": ", ".join(paper.topics),
        "Author": paper.organization,
        "Listed": day(paper),
        "Description": excerpt(paper),
        "People": "; ".join(paper.authors),
        "Byline": byline(paper),
        "Issued": paper.date,
        "Venue": paper.venue,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in facts.items() if value)
    return f"{lines}\n{paper.abstract}\n"


def _rest(_: Sequence[Paper]) -> Iterator[tuple[str, str]]:
    yield from theme("pelican")
    yield "theme/static/style.css", (THEMES / "style.css").read_text("utf-8")
    titles = {slug: topic.title for slug, topic in topics().items()}
    yield "topics.json", orjson.dumps(titles).decode()


def _steps(_: Case) -> list[Step]:
    options = ["--quiet", "--settings", "pelicanconf.py", "--output", PELICAN.output]
    return [Step(name=PELICAN.name, command=[peers.command("pelican"), *options])]


PELICAN = Contender(
    name="Pelican",
    most=10_000,
    page=lambda paper: f"content/papers/{paper.id}.md",
    markdown=_markdown,
    rest=_rest,
    template="theme/templates/article.html",
    output="output",
    built=lambda paper: f"papers/{paper.id}/index.html",
    caches=("cache",),
    steps=_steps,
)
