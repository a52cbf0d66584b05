"""MkDocs with a theme of one template. It has no lists, topics, feeds or archives of its own: only
the papers' pages, a home page without papers, and the sitemap."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from generator.model import Paper
from tests.bench.documents import topics
from tests.bench.site import peers
from tests.bench.site.contender import THEMES, Case, Contender, Step, theme
from tests.bench.site.papers import DESCRIPTION, TITLE, day, excerpt


def _markdown(paper: Paper) -> str:
    """With facts in MultiMarkdown's style, which MkDocs reads without a parser of YAML."""
    facts = {
        "title": paper.title,
        "description": excerpt(paper),
        "people": "; ".join(paper.authors),
        "organization": paper.organization,
        "topics": "; ".join(topics()[slug].title for slug in paper.topics),
        "issued": paper.date,
        "listed": day(paper),
        "venue": paper.venue,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in facts.items() if value)
    return f"{lines}\n{paper.abstract}\n"


def _rest(_: Sequence[Paper]) -> Iterator[tuple[str, str]]:
    yield from theme("mkdocs")
    yield "docs/style.css", (THEMES / "style.css").read_text("utf-8")
    yield "docs/index.md", f"# {TITLE}\n\n{DESCRIPTION}\n"


def _steps(case: Case) -> list[Step]:
    """With `--dirty` it writes only pages that are older than their Markdown, which misses an edit
    of a template."""
    dirty = ["--dirty"] if case in ("nothing changed", "one paper changed") else []
    command: list[str | Path] = [peers.command("mkdocs"), "build", "--quiet", *dirty]
    return [Step(name=MKDOCS.name, command=command)]


MKDOCS = Contender(
    name="MkDocs",
    most=10_000,
    page=lambda paper: f"docs/papers/{paper.id}.md",
    markdown=_markdown,
    rest=_rest,
    template="theme/main.html",
    output="site",
    built=lambda paper: f"papers/{paper.id}/index.html",
    steps=_steps,
)
