"""A site that does without something: what goes, and that nothing leads to it."""

import datetime
import json
import shutil
from pathlib import Path
from typing import get_args

import pytest

from generator.config import Extra
from generator.library.pages import format_paper, paper_path
from generator.model import Paper
from tests.command import broadsheet, tree

OLD, NEW = datetime.date(2024, 1, 2), datetime.date(2025, 11, 26)
ABSTRACT = ("A sentence of the abstract is followed by another. " * 12).strip()


def paper(number: int, day: datetime.date) -> Paper:
    return Paper(
        id=f"paper-{number}",
        title=f"Paper {number}",
        abstract=ABSTRACT,
        date=day,
        added=day,
        featured=(day,),
        authors=("Ada Lovelace",),
        organization="A Large Lab" if number % 3 else f"Small Lab {number}",
        topics=("all",),
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with papers of two days, nearly two years apart."""
    site = tmp_path_factory.mktemp("site")
    (site / "content/topics").mkdir(parents=True)
    (site / "content/topics/all.md").write_text("---\ntitle: All of them\n---\n")
    for number in range(6):
        told = paper(number, NEW if number < 3 else OLD)
        place = site / paper_path(told.id, told.date)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(format_paper(told))
    return site


def built(content: Path, folder: Path, settings: str = "") -> dict[str, bytes]:
    """The files of the site with these settings; `check` finds nothing wrong with them."""
    shutil.copytree(content, folder)
    (folder / "content/site.yml").write_text(f"title: Papers\n{settings}\n")
    for command in ("build", "check"):
        done = broadsheet(command, site=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    return tree(folder / "output")


@pytest.fixture(scope="module")
def whole(content: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return built(content, tmp_path_factory.mktemp("whole") / "site")


GONE = {
    "ris": {f"papers/paper-{n}.ris" for n in range(6)},
    "bib": {f"papers/paper-{n}.bib" for n in range(6)},
    "json": {f"api/papers/paper-{n}.json" for n in range(6)},
    "bulk-ris": {f"{p}/papers.ris" for p in ("topics/all", f"days/{OLD}", f"days/{NEW}")},
    "bulk-bib": {f"{p}/papers.bib" for p in ("topics/all", f"days/{OLD}", f"days/{NEW}")},
    "old-days": {f"api/days/{OLD}.json"},
}
LESS = {
    "repeats": ("api/papers/paper-1.json", ABSTRACT.encode()),
    "abstracts": (f"days/{NEW}/index.html", ABSTRACT[-40:].encode()),
    "linked-data": ("papers/paper-1/index.html", b"ld+json"),
    "month-titles": ("months/2025-11/index.html", b"paper-title"),
}
"""In which file something stands that goes."""


def test_each_thing_a_site_can_do_without_is_tried_here() -> None:
    assert GONE.keys() | LESS.keys() == set(get_args(Extra))


@pytest.mark.parametrize("name", get_args(Extra))
def test_what_is_left_out_is_not_there_and_nothing_leads_to_it(
    content: Path, whole: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    less = built(content, tmp_path / "site", f"size: {{leave_out: [{name}]}}")
    found = {path for path in whole.keys() - less.keys() if not path.startswith("search/")}
    assert found == GONE.get(name, set())
    if name in LESS:
        path, text = LESS[name]
        assert whole[path].count(text) > less[path].count(text)
    for path in GONE.get(name, ()):
        assert not [page for page, html in less.items() if path.encode() in html], path


def test_without_all_of_it_a_site_is_whole(content: Path, tmp_path: Path) -> None:
    names = ", ".join(get_args(Extra))
    less = built(content, tmp_path / "site", f"size: {{leave_out: [{names}]}}")
    assert b"@misc{lovelace-paper-1," in less["papers/paper-1/index.html"]
    assert f"days/{NEW}/".encode() in less["months/2025-11/index.html"]
    (item, *_) = json.loads(less[f"api/days/{NEW}.json"])
    assert item["paper"]["summary"] == ABSTRACT


def test_an_organisation_with_few_papers_has_no_page_and_no_link(
    content: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    less = built(content, tmp_path / "site", "organizations: {min_papers: 2}")
    assert {path.split("/")[1] for path in whole.keys() - less.keys()} == {
        "small-lab-0", "small-lab-3",
    }  # fmt: skip
    assert b"Small Lab 0" in less["papers/paper-0/index.html"]
    assert b"organizations/a-large-lab/" in less["papers/paper-1/index.html"]
