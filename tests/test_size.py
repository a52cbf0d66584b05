"""How large a site is: what it can do without and nothing leads to then, what it will weigh, and
what goes by itself where that would be too much."""

import datetime
import json
import shutil
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.config import Config, Extra
from generator.content import load_config, load_library
from generator.library.pages import format_paper, paper_path
from generator.model import Library, Link, Paper, Topic
from generator.publish.budget import ROOM, fit
from generator.publish.estimate import Estimate
from generator.publish.weight import (
    Weight,
    kind_of,
    weigh,
    weigh_again,
    weights_in_line,
    weights_in_words,
)
from generator.storage.tree import file_sizes
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


# -- the estimate and the plan --------------------------------------------------------------------

LINKS = ("abstract", "pdf", "code", "organization")


def listed(number: int) -> Paper:
    """A paper as a source with all its fields gives it."""
    day = NEW - datetime.timedelta(days=number * 6)
    return Paper(
        id=f"2507.{number:05d}",
        title=f"A title of a usual length for a paper, and it is number {number}",
        abstract=(ABSTRACT[:900] + " We measure $x^2$. " * (number % 4)).strip(),
        summary="In one sentence, it is found that it works." if number % 2 else "",
        date=day,
        added=day,
        featured=(day,),
        authors=("Ada Lovelace", "Blaise Pascal", "Émilie du Châtelet", "Alan Turing", "Li Wei"),
        organization=f"Laboratory {number % 30}" if number % 3 else "",
        topics=("all",) if number % 2 else ("all", "some"),
        links=tuple(Link(kind=kind, url=f"https://example.org/{kind}/{number}") for kind in LINKS),
        upvotes=number,
        comments=2,
        keywords=("first keyword", "another"),
        venue="NeurIPS 2025" if number % 5 else "",
    )


def library(count: int) -> Library:
    topics = {slug: Topic(slug=slug, title=slug.title()) for slug in ("all", "some")}
    papers = {f"2507.{number:05d}": listed(number) for number in range(count)}
    return Library(papers=papers, topics=topics, days={}, pages={})


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of papers with all their fields."""
    site = tmp_path_factory.mktemp("many")
    (site / "content/topics").mkdir(parents=True)
    for slug in ("all", "some"):
        (site / f"content/topics/{slug}.md").write_text(f"---\ntitle: {slug.title()}\n---\n")
    for told in library(90):
        place = site / paper_path(told.id, told.date)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(format_paper(told))
    return site


def weight(files: dict[str, bytes]) -> int:
    return sum(map(len, files.values()))


@pytest.mark.parametrize("names", [(), ("repeats", "ris"), get_args(Extra)])
def test_an_estimate_is_no_more_than_a_tenth_off(
    many: Path, tmp_path: Path, names: tuple[Extra, ...]
) -> None:
    files = built(many, tmp_path / "site", f"size: {{leave_out: [{', '.join(names)}]}}")
    config = Config(title="Papers", leave_out=frozenset(names))
    assert Estimate(library(90), config.base_url).total(config) == pytest.approx(
        weight(files), rel=0.1
    )


def test_an_estimate_of_the_bundled_site_is_no_more_than_a_tenth_off(bundled_site: Path) -> None:
    config = load_config(bundled_site, "https://example.org/some/papers/")
    told = Estimate(load_library(bundled_site), config.base_url).by_kind(config)
    real = {kind: found.bytes for kind, found in weigh(file_sizes(bundled_site / "output")).items()}
    assert told.keys() == real.keys()
    assert sum(told.values()) == pytest.approx(sum(real.values()), rel=0.1)


def test_a_site_that_fits_is_left_as_it_is() -> None:
    config = Config(title="Papers", leave_out=frozenset({"ris"}))
    plan = fit(library(3_000), config)
    assert (plan.config, plan.warnings) == (config, ())


def test_a_site_that_would_be_too_large_loses_in_order_and_no_more_than_it_must() -> None:
    papers, config = library(2_000), Config(title="Papers")
    estimate = Estimate(papers, config.base_url)
    whole, before = estimate.total(config), -1
    for share in (1.1, 0.98, 0.9, 0.82, 0.74, 0.66):
        limit = int(whole * share)
        plan = fit(papers, replace(config, size_limit=limit))
        gone = [name for name in get_args(Extra) if name in plan.config.leave_out]
        assert gone == list(get_args(Extra))[: len(gone)]
        assert len(gone) >= before
        assert estimate.total(plan.config) <= limit * ROOM
        spared = replace(plan.config, leave_out=frozenset(gone[:-1]))
        assert not gone or estimate.total(spared) > limit * ROOM
        assert len(plan.warnings) == len(gone) + (plan.config.min_papers > 1)
        before = len(gone)
    assert before > 5


def test_what_is_kept_stays_and_a_site_that_cannot_fit_is_told() -> None:
    config = Config(title="Papers", size_limit=5_000_000, keep=frozenset({"bib", "json"}))
    plan = fit(library(2_000), config)
    assert not {"bib", "json"} & plan.config.leave_out
    assert plan.warnings[-1].fact.startswith("the site will hold some ")
    assert all("keep" in warning.hint for warning in plan.warnings)


def test_a_build_says_what_it_leaves_out_and_stays_within_the_limit(
    many: Path, tmp_path: Path
) -> None:
    whole = built(many, tmp_path / "whole")
    limit = weight(whole) * 2 // 3
    less = built(many, tmp_path / "less", f"size: {{limit: {limit}}}")
    assert weight(less) < limit
    assert not [path for path in less if path.startswith("papers/") and path.endswith(".ris")]
    done = broadsheet("build", site=tmp_path / "less")
    assert "warning: the site does without the RIS file of each paper" in done.stderr
    assert "to keep it write 'size: {keep: [ris]}'" in done.stderr
    kept = built(many, tmp_path / "kept", f"size: {{limit: {limit}, keep: [ris]}}")
    assert "papers/2507.00007.ris" in kept


# -- the weight -----------------------------------------------------------------------------------

KINDS = {
    "papers/2507.22565/index.html": "pages of papers",
    "papers/2507.22565.bib": "citations",
    "topics/all/papers.ris": "citations",
    "index.html": "lists",
    "days/2025-11-26/page/2/index.html": "lists",
    "api/index.html": "lists",
    "api/days/2025-11-26.json": "JSON",
    "feed.json": "feeds",
    "topics/all/atom.xml": "feeds",
    "feeds.opml": "feeds",
    "search/terms/ab-x.bin": "search",
    "search/index.html": "search",
    "assets/style.css": "theme",
    "sitemap.xml": "the rest",
    "404.html": "the rest",
}


@pytest.mark.parametrize("path", KINDS)
def test_each_file_is_of_a_kind(path: str) -> None:
    assert kind_of(path) == KINDS[path]


def test_a_site_is_weighed_by_kind_the_heaviest_first() -> None:
    sizes = {"papers/a/index.html": 5_000, "papers/b/index.html": 7_000, "papers/a.bib": 300}
    weights = weigh({**sizes, "index.html": 20_000, "robots.txt": 60})
    assert list(weights) == ["lists", "pages of papers", "citations", "the rest"]
    assert weights["pages of papers"] == Weight(2, 12_000)
    assert [line.strip() for line in weights_in_words(weights)] == [
        "20.0 KB  lists (1 file)",
        "12.0 KB  pages of papers (2 files)",
        "300 bytes  citations (1 file)",
        "60 bytes  the rest (1 file)",
        "32.4 KB  in all (5 files)",
    ]
    assert weights_in_line(weights) == (
        "32.4 KB, of which lists 20.0 KB, pages of papers 12.0 KB, citations 300 bytes"
    )


SIZES = st.dictionaries(st.sampled_from([*KINDS, "papers/z.bib", "index.html"]), st.integers(0, 9))


@given(SIZES, SIZES, st.sets(st.sampled_from([*KINDS])))
def test_what_a_site_weighs_after_a_change_is_what_its_files_weigh(
    before: dict[str, int], new: dict[str, int], removed: set[str]
) -> None:
    gone = {path: size for path, size in before.items() if path in removed or path in new}
    after = {path: size for path, size in before.items() if path not in gone} | new
    told = weigh_again(weigh(before), gone, new)
    assert [*told.items()] == [*weigh(after).items()]
