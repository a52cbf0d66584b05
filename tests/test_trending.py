"""Papers trend by what they gained lately, in an order that no clock decides."""

from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.config import Config
from generator.library.related import relate
from generator.library.trending import HALF_LIFE, MOST, rank, rule_in_words, score
from generator.model import Library, Observation, Paper
from generator.site.page import PAGE_SIZE, Page
from generator.site.pages import PaperPages, Site, plan_site
from tests.command import broadsheet

DAY = date(2025, 11, 26)


def paper(slug: str = "a", age: int = 0, **counts: int) -> Paper:
    day = DAY - timedelta(days=age)
    return Paper(id=slug, title=slug.title(), date=day, added=day, featured=(day,), **counts)


def pages_of(site: Site) -> list[Page]:
    return [*site.lists, *PaperPages(site, relate(site.library))]


def series(*observations: tuple[int, dict[str, int]]) -> tuple[Observation, ...]:
    """Counts by how many days ago they were seen."""
    days = ((DAY - timedelta(days=ago), counts) for ago, counts in observations)
    return tuple(Observation(day=day, counts=counts) for day, counts in days)


def library(*papers: Paper, **signals: tuple[Observation, ...]) -> Library:
    shown = {each.id: each for each in papers}
    return Library(papers=shown, topics={}, days={}, pages={}, signals=signals)


def test_a_gain_is_worth_half_after_the_half_life() -> None:
    now = score(paper(), series((0, {"upvotes": 8})), DAY)
    assert now == 8
    assert score(paper(), series((0, {"upvotes": 8})), DAY + timedelta(days=HALF_LIFE)) == 4


def test_a_comment_counts_two_and_a_star_a_tenth() -> None:
    watched = series((0, {"upvotes": 1, "comments": 1, "stars": 10}))
    assert score(paper(), watched, DAY) == 1 + 2 + 1


def test_what_came_lately_beats_what_came_earlier() -> None:
    papers = paper("early", 20, upvotes=50), paper("late", 20, upvotes=50)
    early = series((20, {"upvotes": 2}), (15, {"upvotes": 50}))
    late = series((20, {"upvotes": 2}), (1, {"upvotes": 50}))
    assert rank(library(*papers, early=early, late=late)) == ("late", "early")


def test_an_old_paper_that_comes_with_many_stars_does_not_trend_above_a_young_one() -> None:
    famous = paper("famous", 3000, stars=20_000)
    young = paper("young", 2, upvotes=40)
    watched = {
        "famous": series((0, {"stars": 20_000})),
        "young": series((2, {"upvotes": 5}), (0, {"upvotes": 40})),
    }
    assert rank(library(famous, young, **watched)) == ("young", "famous")


def test_without_history_counts_and_age_decide() -> None:
    papers = paper("old", 100, comments=4), paper("new", 1, comments=3), paper("none", 0)
    assert rank(library(*papers)) == ("new", "old")


def test_what_was_taken_back_is_taken_off() -> None:
    fell = series((3, {"upvotes": 9}), (2, {"upvotes": 90}), (2, {"upvotes": 9}))
    assert score(paper(age=3), fell, DAY) == score(paper(age=3), fell[:1], DAY)
    assert score(paper(age=3), series((1, {"upvotes": 9}), (0, {"upvotes": 0})), DAY) == 0


def test_equals_stand_as_in_the_library() -> None:
    papers = paper("b", upvotes=3), paper("a", upvotes=3), paper("c", upvotes=4)
    assert rank(library(*papers)) == ("c", "b", "a")


def test_the_list_ends_and_says_so() -> None:
    papers = [paper(f"p-{number}", upvotes=number + 1) for number in range(MOST + 5)]
    assert len(rank(library(*papers))) == MOST
    assert any(str(MOST) in sentence for sentence in rule_in_words())


COUNTED = st.dictionaries(st.sampled_from(["upvotes", "comments", "stars"]), st.integers(0, 10**6))
WATCHED = st.dictionaries(st.integers(0, 400), COUNTED, max_size=5).map(
    lambda days: series(*sorted(days.items(), reverse=True))
)


@given(st.lists(st.tuples(st.integers(0, 4000), WATCHED), max_size=5), st.integers(1, 400))
def test_the_order_does_not_depend_on_the_day_it_is_asked_for(
    watched: list[tuple[int, tuple[Observation, ...]]], later: int
) -> None:
    """A day on which nothing happened moves no paper above another."""
    papers = [paper(f"p-{number}", age) for number, (age, _) in enumerate(watched)]
    pairs = list(zip(papers, (found for _, found in watched), strict=True))
    now = [score(each, found, DAY) for each, found in pairs]
    then = [score(each, found, DAY + timedelta(days=later)) for each, found in pairs]
    for first in range(len(now)):
        for second in range(len(now)):
            if now[first] > now[second] + 0.001:
                assert then[first] >= then[second]


def test_days_far_in_the_future_and_before_any_stop_nothing() -> None:
    odd = replace(paper("odd", upvotes=3), added=date.max, date=date.min)
    assert set(rank(library(odd, paper("a", upvotes=1), a=series((0, {"upvotes": 1}))))) <= {
        "odd",
        "a",
    }


# -- the pages -------------------------------------------------------------------------------------


def pages(papers: Library) -> dict[str, Page]:
    return {page.url: page for page in pages_of(plan_site(papers, Config(title="Papers")))}


def test_the_page_goes_on_over_pages_and_marks_what_rises() -> None:
    papers = [paper(f"p-{number}", upvotes=number + 1) for number in range(PAGE_SIZE + 1)]
    rising = series((6, {"upvotes": 1, "comments": 0}), (0, {"upvotes": 4, "comments": 1}))
    planned = pages(library(*papers, **{"p-30": rising}))
    assert {"/trending/", "/trending/page/2/"} <= set(planned)
    listing = planned["/trending/"].listing
    assert listing is not None
    assert listing.gained == {"p-30": "3 upvotes and 1 comment"}
    rise = planned["/papers/p-30/"].shows["rise"]
    assert (rise.text, rise.until) == ("3 upvotes and 1 comment", DAY)
    assert planned["/papers/p-1/"].shows["rise"] is None


def test_a_gain_changes_the_pages_that_tell_of_it_and_no_other() -> None:
    papers = paper("a", upvotes=3), paper("b", upvotes=5)
    watched = series((6, {"upvotes": 1}))
    before = pages(library(*papers, a=watched))
    after = pages(library(*papers, a=(*watched, *series((0, {"upvotes": 3})))))
    changed = {url for url in after if after[url] != before[url]}
    assert changed == {"/trending/", "/papers/a/"}


def test_a_site_without_counts_has_an_empty_page_and_no_entry_in_the_navigation() -> None:
    site = plan_site(library(paper("a")), Config(title="Papers"))
    assert "/trending/" not in {ref.url for ref in site.nav}
    (page,) = [page for page in pages_of(site) if page.url == "/trending/"]
    assert page.noindex
    counted = plan_site(library(paper("a", upvotes=1)), Config(title="Papers"))
    assert [ref.title for ref in counted.nav] == [
        "Today",
        "Archive",
        "Topics",
        "Trending",
        "Search",
        "Feeds",
    ]


def test_the_pages_say_it_in_words(tmp_path: Path) -> None:
    (tmp_path / "content/papers/2025").mkdir(parents=True)
    (tmp_path / "content/.pulled/signals").mkdir(parents=True)
    (tmp_path / "content/site.yml").write_text("title: Papers\n")
    page = tmp_path / "content/papers/2025/2507.22565.md"
    page.write_text("---\ntitle: A\nadded: 2025-11-20\n---\n")
    assert broadsheet("build", site=tmp_path).returncode == 0
    empty = (tmp_path / "output/trending/index.html").read_text()
    assert "Nothing trends here yet" in empty
    (tmp_path / "content/.pulled/signals/2025-11.jsonl").write_text(
        '{"day":"2025-11-20","id":"2507.22565","upvotes":1}\n'
        '{"day":"2025-11-26","id":"2507.22565","upvotes":1235}\n'
    )
    assert broadsheet("build", site=tmp_path).returncode == 0
    shown = (tmp_path / "output/trending/index.html").read_text()
    assert "Rising: 1,234 upvotes in a week" in shown
    assert all(sentence in shown for sentence in rule_in_words())
    own = (tmp_path / "output/papers/2507.22565/index.html").read_text()
    assert "1,234 upvotes in the week to" in own
