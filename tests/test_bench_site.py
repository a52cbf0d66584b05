"""The benchmark of whole sites gives everybody the same papers, and its cases are what they say.
Nothing is timed here, and no other generator is run."""

import json
import subprocess
import tomllib
from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from generator.model import Paper
from tests.bench.site.__main__ import EVERYBODY
from tests.bench.site.broadsheet import BROADSHEET
from tests.bench.site.contender import CASES, END, Case, Contender, change, make_site
from tests.bench.site.eleventy import ELEVENTY
from tests.bench.site.figures import Build, Figures, LeftOut
from tests.bench.site.hugo import HUGO
from tests.bench.site.mkdocs import MKDOCS
from tests.bench.site.papers import EXCERPT, listed
from tests.bench.site.pelican import PELICAN
from tests.bench.site.promises import kept
from tests.bench.site.rounds import weigh
from tests.command import tree

PAPERS = [
    listed(
        Paper(
            id=f"paper-{number}",
            title=f"Paper \u201c{number}\u201d: of & about",
            abstract=f"It says {number} \\* 2.\n\n{'It says more. ' * 30}".strip(),
            date=date(2020, 1, 1 + number),
            authors=("Ada Lovelace", "Blaise Pascal", "Émilie du Châtelet", "D’Arcy T"),
            venue="TOY 2020",
            organization="Institute 3" if number % 3 == 0 else "",
            topics=("code", "robotics") if number % 2 == 0 else (),
        ),
        place=number,
    )
    for number in range(20)
]
PAPER = PAPERS[6]


@pytest.mark.parametrize("contender", EVERYBODY, ids=lambda contender: contender.name)
def test_every_paper_gets_a_page_and_one_that_is_there_is_left_alone(
    contender: Contender, tmp_path: Path
) -> None:
    make_site(contender, PAPERS, tmp_path)
    first, times = tree(tmp_path), _times(tmp_path)
    assert {contender.page(paper) for paper in PAPERS} <= first.keys()
    gone = tmp_path / contender.page(PAPER)
    (gone.parent / "stale.md").write_text("an earlier run's")
    gone.unlink()
    make_site(contender, PAPERS, tmp_path)
    assert tree(tmp_path) == first
    again = _times(tmp_path)
    assert {path for path in times if again[path] != times[path]} == {contender.page(PAPER)}


def _times(folder: Path) -> dict[str, int]:
    """When each file was written."""
    return {path: (folder / path).stat().st_mtime_ns for path in tree(folder)}


@pytest.mark.parametrize("contender", EVERYBODY, ids=lambda contender: contender.name)
def test_a_case_edits_what_it_says_and_cold_takes_it_back(
    contender: Contender, tmp_path: Path
) -> None:
    make_site(contender, PAPERS, tmp_path)
    first = tree(tmp_path)
    assert first[contender.template].count(END.encode()) == 1
    edited: dict[tuple[Case, int], set[str]] = {}
    for case, turn in product(CASES, range(2)):
        before = tree(tmp_path)
        shown = change(contender, case, turn, PAPER, tmp_path)
        after = tree(tmp_path)
        edited[case, turn] = {path for path in after if after[path] != before[path]}
        for path in edited[case, turn]:
            assert shown.encode() in after[path]
            assert shown.encode() not in before[path]
            assert len(after[path]) - len(first[path]) < 2 * len(shown)
    expected: dict[Case, set[str]] = {
        "cold": set(),
        "nothing changed": set(),
        "one paper changed": {contender.page(PAPER)},
        "template changed": {contender.template},
    }
    assert edited == {(case, turn): expected[case] for case in CASES for turn in range(2)}
    change(contender, "cold", 0, PAPER, tmp_path)
    assert tree(tmp_path) == first


def test_our_site_builds_and_shows_each_edit(tmp_path: Path) -> None:
    make_site(BROADSHEET, PAPERS, tmp_path)
    output, showing = tmp_path / BROADSHEET.output, {}
    for case in CASES:
        edit = change(BROADSHEET, case, 0, PAPER, tmp_path) or "no edit"
        for step in BROADSHEET.steps(case):
            subprocess.run(step.command, cwd=tmp_path, check=True, capture_output=True)
        pages = ((output / BROADSHEET.built(paper)).read_text("utf-8") for paper in PAPERS)
        showing[case] = [paper for paper, page in zip(PAPERS, pages, strict=True) if edit in page]
    assert showing == {
        "cold": [],
        "nothing changed": [],
        "one paper changed": [PAPER],
        "template changed": PAPERS,
    }
    contents = tree(output)
    assert weigh(output) == (len(contents), sum(map(len, contents.values())))


# -- what the others are given --------------------------------------------------------------------

Facts = dict[str, Any]


def _lines(text: str) -> tuple[Facts, str]:
    """Lines of `key: value` and what is below them, as Pelican and MkDocs read them."""
    head, _, body = text.partition("\n\n")
    pairs = (line.partition(": ") for line in head.splitlines())
    return {key.lower(): value for key, _, value in pairs}, body


def _block(text: str, start: str, end: str) -> tuple[str, str]:
    """What is between the two, and what is below them."""
    head, _, body = text.removeprefix(f"{start}\n").partition(f"{end}\n\n")
    return head, body


def _hugo(text: str) -> tuple[Facts, str]:
    head, body = _block(text, "+++", "+++")
    facts = tomllib.loads(head)
    return {**facts, "listed": facts["days"][0]}, body


def _eleventy(text: str) -> tuple[Facts, str]:
    head, body = _block(text, "---json", "---")
    return json.loads(head), body


def _pelican(text: str) -> tuple[Facts, str]:
    facts, body = _lines(text)
    names, organization = facts["people"].split("; "), facts.get("author", "")
    topics = facts["tags"].split(", ")
    return {**facts, "authors": names, "topics": topics, "organization": organization}, body


def _mkdocs(text: str) -> tuple[Facts, str]:
    facts, body = _lines(text)
    assert facts["topics"] == "Code generation; Robotics and embodied models"
    return {**facts, "authors": facts["people"].split("; "), "topics": ["code", "robotics"]}, body


READ: dict[str, Callable[[str], tuple[Facts, str]]] = {
    HUGO.name: _hugo,
    ELEVENTY.name: _eleventy,
    PELICAN.name: _pelican,
    MKDOCS.name: _mkdocs,
}


@pytest.mark.parametrize("contender", [HUGO, PELICAN, MKDOCS, ELEVENTY], ids=lambda one: one.name)
def test_everybody_gets_the_same_facts(contender: Contender) -> None:
    facts, body = READ[contender.name](contender.markdown(PAPER))
    assert body == f"{PAPER.abstract}\n"
    assert facts["title"] == PAPER.title
    assert facts["authors"] == list(PAPER.authors)
    assert facts["topics"] == list(PAPER.topics)
    assert facts["organization"] == PAPER.organization
    assert (facts["issued"], facts["listed"]) == ("2020-01-07", "2025-12-31")
    assert facts["venue"] == PAPER.venue
    assert facts["description"].startswith("It says 6 * 2. It says more.")
    assert len(facts["description"]) <= EXCERPT + 2


def test_papers_are_listed_25_a_day() -> None:
    days = [listed(PAPER, place).added for place in (0, 24, 25, 99_999)]
    assert days == [date(2025, 12, 31), date(2025, 12, 31), date(2025, 12, 30), date(2015, 1, 19)]


# -- what is made of the figures -------------------------------------------------------------------


def _figures(*times: tuple[str, int, float]) -> Figures:
    """Cold builds of 1,000 papers: whose, in which turn, in how many seconds."""
    return Figures(
        builds=[
            Build(size=1_000, case="cold", turn=turn, name=name, wall=wall, cpu=wall, peak=1)
            for name, turn, wall in times
        ]
    )


def test_a_ratio_is_the_median_within_turns() -> None:
    ours = [("Broadsheet", 0, 1.0), ("Broadsheet", 1, 8.0), ("Broadsheet", 2, 3.0)]
    theirs = [("Hugo", 0, 2.0), ("Hugo", 1, 10.0), ("Hugo", 2, 1.0)]
    figures = _figures(*ours, *theirs)
    assert figures.ratio(1_000, "cold", "wall", "Broadsheet", "Hugo") == 0.8
    assert figures.ratio(1_000, "template changed", "wall", "Broadsheet", "Hugo") is None


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(1.2, "goal kept"), (1.3, "floor kept"), (2.5, "floor kept"), (2.6, "floor MISSED")],
)
def test_a_promise_is_kept_or_missed(seconds: float, verdict: str) -> None:
    table = kept(_figures(("Broadsheet", 0, seconds), ("Hugo", 0, 1.0)))
    (_, row) = table.rows
    assert row == ("cold, time", "1,000", "Hugo", f"{seconds:g}", "≤ 1.2", "≤ 2.5", verdict)


def test_who_failed_is_in_no_promise() -> None:
    figures = _figures(("Broadsheet", 0, 1.0), ("Hugo", 0, 1.0))
    figures.left_out.append(LeftOut(size=1_000, name="Hugo", why="it fails"))
    assert figures.names(1_000) == ["Broadsheet"]
    assert len(kept(figures).rows) == 1
