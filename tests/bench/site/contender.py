"""A generator that takes part: how its site is made, edited and built."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from generator.model import Paper

Case = Literal["cold", "nothing changed", "one paper changed", "template changed"]
CASES: tuple[Case, ...] = ("cold", "nothing changed", "one paper changed", "template changed")
"""What is measured, in this order: each build finds what the one before it left."""
THEMES = Path(__file__).parent / "themes"
END = "</article>"
"""Stands once in everybody's template of a paper's page."""
_EDITED_END = re.compile(rf"(<p>Line \d+ more of the template\.</p>)?{END}")


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


def change(contender: Contender, case: Case, turn: int, paper: Paper, folder: Path) -> str:
    """Edit the site as a turn of a case has it; `cold` is the site without an edit. Gives what the
    page of the paper must show then, in this turn only."""
    page, template, shown = folder / contender.page(paper), folder / contender.template, ""
    if case == "cold":
        page.write_text(contender.markdown(paper), "utf-8")
        _end_template(template, END)
    elif case == "one paper changed":
        shown = f"Edited thoroughly, time {turn + 1}."
        edited = replace(paper, abstract=f"{paper.abstract} {shown}")
        page.write_text(contender.markdown(edited), "utf-8")
    elif case == "template changed":
        shown = f"Line {turn + 1} more of the template."
        _end_template(template, f"<p>{shown}</p>{END}")
    return shown


def _end_template(template: Path, end: str) -> None:
    template.write_text(_EDITED_END.sub(end, template.read_text("utf-8")), "utf-8")


def theme(name: str) -> Iterator[tuple[str, str]]:
    """The files of a folder of `themes/`."""
    for place in sorted((THEMES / name).rglob("*")):
        if place.is_file():
            yield place.relative_to(THEMES / name).as_posix(), place.read_text("utf-8")
