"""A generator that takes part: how its site is made, edited and built."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.model import Paper
from tests.bench.site.papers import edited

Case = Literal["cold", "nothing changed", "one paper changed", "template changed"]
CASES: tuple[Case, ...] = ("cold", "nothing changed", "one paper changed", "template changed")
"""What is measured, in this order: each build finds what the one before it left."""
THEMES = Path(__file__).parent / "themes"
END = "</article>"
"""Stands once in everybody's template of a paper's page."""
EDITED_TEMPLATE = "A line more of the template."
"""What comes before it when the template is edited."""
EDITED_END = f"<p>{EDITED_TEMPLATE}</p>{END}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command of a build."""

    name: str
    """Whose figures it completes; they hold those of the steps before it."""
    command: Sequence[str | Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A generator, and the site it is given."""

    name: str
    """Also the name of its folder, in small letters."""
    most: int
    """Papers beyond which nobody waits for it."""
    page: Callable[[Paper], str]
    """Where the page of a paper is written, below the site."""
    markdown: Callable[[Paper], str]
    """What is written there."""
    rest: Callable[[Sequence[Paper]], Iterator[tuple[str, str]]]
    """Paths and texts of everything else: settings, templates, pages of topics."""
    template: str
    """The template of a paper's page."""
    output: str
    """The folder of the finished site."""
    built: Callable[[Paper], str]
    """A paper's page in it."""
    caches: tuple[str, ...] = ()
    """What it remembers elsewhere."""
    steps: Callable[[Case], Sequence[Step]]
    """The commands of a build, run in the site's folder."""


def make_site(contender: Contender, papers: Sequence[Paper], folder: Path) -> None:
    """Write the site, or what of it is not there yet."""
    texts = dict(contender.rest(papers))
    texts |= {contender.page(paper): contender.markdown(paper) for paper in papers}
    for top in {Path(path).parts[0] for path in texts}:
        for place in [place for place in (folder / top).rglob("*") if place.is_file()]:
            if place.relative_to(folder).as_posix() not in texts:
                place.unlink()  # an earlier run's
    for path, text in texts.items():
        place = folder / path
        if not place.is_file() or place.read_text("utf-8") != text:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")


def change(contender: Contender, case: Case, paper: Paper, folder: Path) -> None:
    """Edit the site as the case has it; `cold` is the site without an edit."""
    page, template = folder / contender.page(paper), folder / contender.template
    if case == "cold":
        page.write_text(contender.markdown(paper), "utf-8")
        template.write_text(template.read_text("utf-8").replace(EDITED_END, END), "utf-8")
    elif case == "one paper changed":
        page.write_text(contender.markdown(edited(paper)), "utf-8")
    elif case == "template changed":
        template.write_text(template.read_text("utf-8").replace(END, EDITED_END), "utf-8")


def theme(name: str) -> Iterator[tuple[str, str]]:
    """The files of a folder of `themes/`."""
    for place in sorted((THEMES / name).rglob("*")):
        if place.is_file():
            yield place.relative_to(THEMES / name).as_posix(), place.read_text("utf-8")
