"""The plan of a site: its URLs, what each page shows, what changes when content does."""

import datetime
import pickle
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.build import build
from generator.config import Config
from generator.content import load_config, load_theme
from generator.errors import BroadsheetError
from generator.library.pages import format_paper
from generator.library.related import Relations, relate
from generator.model import Change, File, Library, Note, Paper, Topic
from generator.publish.html import Frame, Links, make_frame, root_from
from generator.publish.products import Batch, Plan, Product, batches, make
from generator.publish.templates import make_environment, ready_templates
from generator.publish.theme import Look
from generator.publish.views import Around, Cards, view_listing
from generator.site.page import PAGE_SIZE, Page
from generator.site.pages import HOME_PAPERS, PaperPages, Site, plan_site
from generator.storage.tree import write_file

DAY = datetime.date(2025, 11, 26)
CONFIG = Config(title="Papers", base_url="https://example.org/papers/")
RENAMED = replace(CONFIG, title="Others")


def library(count: int, **changed: Paper) -> Library:
    """`count` papers over some days, two topics, newest first."""
    papers = [
        Paper(
            id=f"paper-{number}",
            title=f"Paper {number}",
            date=DAY,
            added=DAY - datetime.timedelta(days=number // 10),
            featured=(DAY - datetime.timedelta(days=number // 10),),
            topics=("even",) if number % 2 == 0 else ("odd",),
            organization="Lab" if number == 1 else "",
        )
        for number in range(count)
    ]
    topics = {slug: Topic(slug=slug, title=slug.title()) for slug in ("even", "odd")}
    named = {paper.id: changed.get(paper.id.replace("-", "_"), paper) for paper in papers}
    return Library(papers=named, topics=topics, days={}, pages={})


def pages_of(site: Site) -> list[Page]:
    return [*site.lists, *PaperPages(site, relate(site.library))]


def urls(count: int) -> set[str]:
    return {page.url for page in pages_of(plan_site(library(count), CONFIG))}


def test_an_empty_site_has_its_fixed_pages() -> None:
    assert urls(0) >= {"/", "/topics/", "/archive/", "/search/", "/feeds/", "/status/", "/404.html"}
    assert "/organizations/" not in urls(0)


def test_every_kind_of_page_is_planned() -> None:
    assert urls(2) >= {
        "/papers/paper-0/",
        "/topics/even/",
        "/organizations/",
        "/organizations/lab/",
        "/days/2025-11-26/",
        "/weeks/2025-W48/",
        "/months/2025-11/",
        "/api/",
    }


@pytest.mark.parametrize("count", [0, 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE + 1])
def test_the_pages_of_a_listing_hold_every_paper_once_in_order(count: int) -> None:
    site = plan_site(library(count), CONFIG)
    home = [page for page in pages_of(site) if page.template == "home.html"]
    assert [paper for page in home for paper in page.papers] == list(site.library.papers)
    assert [page.url for page in home] == ["/", *(f"/page/{n}/" for n in range(2, len(home) + 1))]
    assert all(len(list(page.papers)) <= PAGE_SIZE for page in home)


def test_the_home_page_goes_back_to_a_day_and_the_archive_holds_the_rest() -> None:
    site = plan_site(library(HOME_PAPERS + 25), CONFIG)
    home = [
        paper for page in pages_of(site) if page.template == "home.html" for paper in page.papers
    ]
    assert home == list(site.library.papers)[:HOME_PAPERS]
    days = [
        paper for page in pages_of(site) if page.template == "day.html" for paper in page.papers
    ]
    assert days == list(site.library.papers)


def test_an_abstract_stands_whole_on_a_day_begins_in_a_topic_and_is_left_out_of_a_week() -> None:
    words = ("The first sentence. " * 20).strip()
    papers = library(
        2,
        paper_0=replace(library(1).papers["paper-0"], abstract=words),
        paper_1=replace(library(2).papers["paper-1"], abstract=words, summary="In short."),
    )
    site = plan_site(papers, CONFIG)
    listings = {page.url: page.listing for page in pages_of(site)}
    cards = Cards(papers.papers, Around(topics=papers.topics, people=papers.people))

    def shown(url: str) -> list[tuple[str, str]]:
        listing = listings[url]
        assert listing is not None
        groups = view_listing(listing, cards).groups
        told = (card for group in groups for card in group.cards)
        return [(card.summary, f"{card.excerpt}{card.rest}") for card in told]

    assert shown("/") == shown("/days/2025-11-26/") == [("", words), ("In short.", words)]
    assert shown("/weeks/2025-W48/") == shown("/months/2025-11/") == [("", ""), ("", "")]
    ((_, begins),) = shown("/topics/even/")
    assert words.startswith(begins)
    assert 100 < len(begins) < 300
    assert shown("/organizations/lab/") == [("In short.", "")]


def test_a_week_belongs_to_its_iso_year() -> None:
    paper = Paper(id="p", title="P", added=datetime.date(2024, 12, 30),
                  featured=(datetime.date(2024, 12, 30),))  # fmt: skip
    site = plan_site(Library(papers={"p": paper}, topics={}, days={}, pages={}), CONFIG)
    assert "/weeks/2025-W01/" in {page.url for page in pages_of(site)}


def test_a_paper_stands_on_every_day_it_was_featured_and_once_on_the_home_page() -> None:
    other = DAY - datetime.timedelta(days=40)
    paper = replace(library(3).papers["paper-1"], featured=(other, DAY))
    site = plan_site(library(3, paper_1=paper), CONFIG)
    shown = {page.url: list(page.papers) for page in pages_of(site)}
    assert shown[f"/days/{other}/"] == ["paper-1"]
    assert "paper-1" in shown[f"/days/{DAY}/"]
    assert shown["/"].count("paper-1") == 1


def test_a_paper_of_two_days_of_a_week_stands_in_it_once_and_in_the_order_of_the_library() -> None:
    monday = DAY - datetime.timedelta(days=DAY.weekday())
    days = tuple(monday + datetime.timedelta(days=number) for number in (0, 2, 4))
    site = plan_site(
        library(3, paper_1=replace(library(3).papers["paper-1"], featured=days)), CONFIG
    )
    shown = {page.url: list(page.papers) for page in pages_of(site)}
    for period in ("weeks/2025-W48", "months/2025-11"):
        assert shown[f"/{period}/"] == [*site.library.papers]
    assert all("paper-1" in shown[f"/days/{day}/"] for day in days)


def test_neighbours_go_from_newer_to_older() -> None:
    pages = {page.url: page for page in pages_of(plan_site(library(3), CONFIG))}
    middle = pages["/papers/paper-1/"]
    assert middle.shows["later"].url == "/papers/paper-0/"
    assert middle.shows["earlier"].url == "/papers/paper-2/"
    assert pages["/papers/paper-0/"].shows["later"] is None


def test_two_pages_with_one_url_are_told_together() -> None:
    notes = {
        slug: Note(slug=slug, title=slug, body="", path=f"content/pages/{slug}.md")
        for slug in ("topics", "search", "about")
    }
    with pytest.raises(BroadsheetError) as caught:
        plan_site(replace(library(1), pages=notes), CONFIG)
    assert {found.where for found in caught.value.problems} == {
        "content/pages/topics.md",
        "content/pages/search.md",
    }


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    root = tmp_path_factory.mktemp("look")
    (root / "content").mkdir()
    (root / "content/site.yml").write_text("title: Papers\n")
    return load_theme(root, load_config(root)).look


def with_other(look: Look, name: str, text: str) -> Look:
    """A look one of whose templates is another."""
    templates = tuple((n, text if n == name else t, place) for n, t, place in look.templates)
    return replace(look, templates=templates, digest=f"{look.digest} {text}")


def found_out(look: Look, before: bytes | None) -> tuple[bytes, dict[str, Any], dict[str, bytes]]:
    """What is to be remembered of templates, what is known of them by their texts, their code."""
    make_environment.cache_clear()
    remembered = ready_templates(look, before)
    known, codes = pickle.loads(make_environment(look).told)
    return remembered, known, codes


def test_of_templates_that_are_others_no_more_is_remembered_than_of_new_ones(look: Look) -> None:
    remembered = None
    texts = ("{% include 'parts/facts.html' %}", "{{ page.url }}", "{{ nav }", "")
    for each in [look, *(with_other(look, "404.html", text) for text in texts), look]:
        for _ in range(2):
            remembered, known, codes = found_out(each, remembered)
            _, told, compiled = found_out(each, None)
            assert told.items() <= known.items()
            assert compiled.keys() <= codes.keys()
            assert known.keys() <= {text for _, text, _ in each.templates}
            assert len(codes) <= len(each.templates)


def digests(papers: Library, look: Look, config: Config = CONFIG) -> dict[str, str]:
    """Of every product, by its key."""
    site = plan_site(papers, config)
    plan, new = planned(site, make_frame(site, look, "test"))
    told = {product.key: product.digest for product in new}
    assert told == of_each(plan.digests)
    return told


def of_each(digests: Mapping[str, str]) -> dict[str, str]:
    """Of each product, also of those of papers side by side, as a plan notes them."""
    together = {key for key in digests if key.startswith("papers ")}
    each = {key: told for key, told in digests.items() if key not in together}
    for noted in (digests[key] for key in together):
        for paper, page, files in (told.split(" ") for told in noted.split("\t")[1:]):
            each[f"page /papers/{paper}/"] = page
            each[f"paper {paper}"] = files
    return each


def planned(
    site: Site, frame: Frame, known: Mapping[str, str] | None = None
) -> tuple[Plan, list[Product]]:
    """A plan that is finished, and what is new by it."""
    plan = Plan(site, frame, known or {})
    return plan, [*plan.lists(), *plan.papers(PaperPages(site, relate(site.library)))]


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def test_a_changed_paper_changes_what_shows_it_and_nothing_else(look: Look) -> None:
    paper = replace(library(100).papers["paper-42"], upvotes=6)
    before = digests(library(100, paper_42=paper), look)
    after = digests(library(100, paper_42=replace(paper, upvotes=7)), look)
    assert changed(before, after) == {
        "page /papers/paper-42/",
        "page /page/2/",
        "page /topics/even/",
        "page /days/2025-11-22/",
        "page /weeks/2025-W47/",
        "page /months/2025-11/",
        "page /trending/",
        "paper paper-42",
        "day 2025-11-22",
        "topic even",
        "feeds /",
        "feeds /topics/even/",
    }


def test_one_more_paper_of_a_new_day_changes_its_lists_and_neighbours_and_nothing_else(
    look: Look,
) -> None:
    before = library(100)
    day = DAY + datetime.timedelta(days=1)
    new = Paper(id="new", title="New", added=day, featured=(day,), topics=("odd",))
    after = replace(before, papers={"new": new, **before.papers})
    assert changed(digests(before, look), digests(after, look)) == {
        *(f"page {url}" for url in ("/papers/new/", "/papers/paper-0/")),
        *(f"page {url}" for url in ("/", "/page/2/", "/page/3/", "/page/4/", "/archive/")),
        *(f"page {url}" for url in (f"/days/{day}/", f"/days/{DAY}/", "/weeks/2025-W48/")),
        *(f"page {url}" for url in ("/months/2025-11/", "/months/2025-11/page/2/")),
        *(f"page {url}" for url in ("/topics/", "/topics/odd/", "/topics/odd/page/2/", "/status/")),
        "page /months/2025-11/page/3/",
        "page /api/",
        "paper new",
        f"day {day}",
        "topic odd",
        "feeds /",
        "feeds /topics/odd/",
    }


def test_of_papers_side_by_side_only_what_changed_is_new(look: Look) -> None:
    site = plan_site(library(1_000), CONFIG)
    frame = make_frame(site, look, "test")
    before, _ = planned(site, frame)
    groups = [key for key in before.digests if key.startswith("papers ")]
    assert 5 < len(groups) < 50
    paper = replace(library(1_000).papers["paper-500"], summary="Another summary.")
    after, new = planned(plan_site(library(1_000, paper_500=paper), CONFIG), frame, before.digests)
    assert {each.key for each in new if each.kind == "paper"} == {"paper paper-500"}
    assert len([key for key in changed(before.digests, after.digests) if key in groups]) == 1
    whole, everything = planned(plan_site(library(1_000, paper_500=paper), CONFIG), frame)
    assert after.digests == whole.digests
    told = {key for each in everything for key in each.paths}
    assert after.kept == told - {path for each in new for path in each.paths}


EDGE = next(name for name in map("edge-{}".format, range(10_000)) if crc32(name.encode()) % 64 == 0)
"""The id of a paper before which others are side by side."""


@pytest.mark.parametrize("place", [0, 1, 299, 600])
@pytest.mark.parametrize(("name", "cuts"), [("new", False), (EDGE, True)])
def test_of_one_more_paper_little_else_is_new_wherever_it_comes(
    look: Look, place: int, name: str, cuts: bool
) -> None:
    papers = library(600)
    frame, ids = make_frame(plan_site(papers, CONFIG), look, "test"), [*papers.papers]
    known, none = {paper: paper for paper in [*ids[:place], name, *ids[place:]]}, Relations({})
    more = {
        paper: papers.papers.get(paper, Paper(id=name, title="New", added=DAY)) for paper in known
    }

    def plan_of(library: Library, known: Mapping[str, str]) -> tuple[Plan, set[str]]:
        site = plan_site(library, CONFIG)
        plan = Plan(site, frame, known)
        new = {product.key for product in plan.papers(PaperPages(site, none))}
        return plan, {key for key in new if key.startswith(("page ", "paper "))}

    before, _ = plan_of(papers, {})
    after, new = plan_of(replace(papers, papers=more), before.digests)
    whole, _ = plan_of(replace(papers, papers=more), {})
    beside = [*ids[max(place - 1, 0) : place], name, *ids[place : place + 1]]
    assert new >= {f"paper {name}", *(f"page /papers/{paper}/" for paper in beside)}
    assert len(new) <= len(beside) + 1 + (300 if cuts else 0)
    assert (len(after.digests) > len(before.digests)) == (cuts and place > 0)
    assert after.digests == whole.digests


def test_only_what_is_new_is_made_and_the_files_of_all_else_are_kept(look: Look) -> None:
    sites = [plan_site(papers, CONFIG) for papers in (library(100), library(99))]
    frames = [make_frame(site, look, "test") for site in sites]
    before, _ = planned(sites[0], frames[0])
    after, made_again = planned(sites[1], frames[1], before.digests)
    whole, everything = planned(sites[1], frames[1])
    new = {product.key for product in made_again}
    old, now = of_each(before.digests), of_each(after.digests)
    assert new == changed(old, now) - (old.keys() - now)
    assert [each for each in everything if each.key in new] == made_again
    same = {path for each in everything if each.key not in new for path in each.paths}
    assert (after.kept, after.digests, whole.kept) == (same, whole.digests, set())


CHANGE = Change(day=DAY, field="title", before="Old")


@pytest.mark.parametrize(
    ("edit", "is_new"),
    [
        (lambda papers: with_paper(papers, "paper-1", title="Another before it"), True),
        (lambda papers: with_paper(papers, "paper-3", title="Another behind it"), True),
        (lambda papers: with_paper(papers, "paper-6", title="Another related one"), True),
        (lambda papers: with_paper(papers, "paper-2", summary="In short."), True),
        (lambda papers: replace(papers, changes={"paper-2": (CHANGE,)}), True),
        (lambda papers: with_paper(papers, "paper-8", title="Another one"), False),
        (lambda papers: replace(papers, changes={"paper-8": (CHANGE,)}), False),
    ],
)
def test_what_a_paper_s_page_shows_decides_whether_it_is_new(
    look: Look, edit: Callable[[Library], Library], is_new: bool
) -> None:
    before, words = library(9), "Robots grasp unknown cups with tactile sensing fingers."
    for paper in ("paper-2", "paper-6"):
        before = with_paper(before, paper, abstract=words)
    page = PaperPages(plan_site(before, CONFIG), relate(before)).page(2)
    assert page.shows["related"].titles == ("Paper 6",)
    new = changed(digests(before, look), digests(edit(before), look))
    assert ("page /papers/paper-2/" in new) == is_new


def with_paper(papers: Library, paper: str, **values: str) -> Library:
    """The library with one paper edited."""
    edited = replace(papers.papers[paper], **values)  # type: ignore[arg-type]
    return replace(papers, papers={**papers.papers, paper: edited})


def test_a_changed_setting_changes_all_that_says_it(look: Look) -> None:
    before, after = digests(library(5), look), digests(library(5), look, RENAMED)
    assert changed(before, after) >= {key for key in before if key.split()[0] in ("page", "feeds")}


segments = st.lists(st.sampled_from(["papers", "topics", "a", "b.c", "page"]), max_size=4)


@given(segments, segments, st.sampled_from(["", "feed.xml", "x.bib"]))
def test_a_relative_link_leads_where_the_absolute_one_does(
    here: list[str], there: list[str], file: str
) -> None:
    from urllib.parse import urljoin

    base = "/" + "".join(f"{part}/" for part in here)
    url = "/" + "".join(f"{part}/" for part in there) + file
    for prefix in ("https://example.org", "https://example.org/deep/er"):
        root = root_from(base, "/")
        near = base.removesuffix(f"{here[-1]}/") if here else ""
        for links in (Links(root, {}), Links(root, {}, near)):
            assert urljoin(prefix + base, links.href(url)) == prefix + url


def made(site: Site, frame: Frame, executor: Executor | None = None) -> dict[str, bytes]:
    """The files of all products."""
    found = list(batches(planned(site, frame)[1], site.library, frame))
    results = executor.map(all_of, found) if executor else map(all_of, found)
    return {file.path: file.content for files in results for file in files}


def all_of(batch: Batch) -> list[File]:
    """The files of a batch, whoever makes it: `make` gives them one by one."""
    return list(make(batch))


def test_products_are_the_same_whoever_makes_them(look: Look) -> None:
    site = plan_site(library(100), CONFIG)
    frame = make_frame(site, look, "test")
    here = made(site, frame)
    assert here.keys() == {path for each in planned(site, frame)[1] for path in each.paths}
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        assert made(site, frame, pool) == here


def test_a_template_that_fails_on_many_pages_is_told_once_by_any_number_of_jobs(
    tmp_path: Path,
) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/site.yml").write_text("title: Papers\ntheme: mine\n")
    (tmp_path / "themes/mine/templates").mkdir(parents=True)
    (tmp_path / "themes/mine/theme.yml").write_text("name: Mine\nextends: plain\n")
    for name, text in {"paper": "{{ nothing }}", "404": "{{ 1 // 0 }}"}.items():
        (tmp_path / f"themes/mine/templates/{name}.html").write_text(f"\n{text}")
    for paper in library(300):
        write_file(tmp_path, f"content/papers/2025/{paper.id}.md", format_paper(paper).encode())
    for topic in ("even", "odd"):
        write_file(tmp_path, f"content/topics/{topic}.md", b"---\ntitle: Topic\n---\n")
    for jobs in (1, 2):
        with pytest.raises(BroadsheetError) as caught:
            build(tmp_path, jobs=jobs)
        assert sorted((found.where, found.fact) for found in caught.value.problems) == [
            (
                "themes/mine/templates/404.html:2",
                "ZeroDivisionError: integer division or modulo by zero",
            ),
            ("themes/mine/templates/paper.html:2", "'nothing' is undefined"),
        ]
        assert not (tmp_path / "output").exists()


def test_a_theme_without_options_says_so(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    settings = "title: Papers\ntheme: plain\ntheme_options: {accent: red}\n"
    (tmp_path / "content/site.yml").write_text(settings)
    with pytest.raises(BroadsheetError, match="take it out: this theme has no options"):
        load_theme(tmp_path, load_config(tmp_path))


def test_a_site_without_papers_tells_its_plan_too(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/site.yml").write_text("title: Papers\n")
    told = list[int]()
    build(tmp_path, planned=lambda pages, _: told.append(len(pages)))
    assert told == [0]
