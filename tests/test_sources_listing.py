"""A text capture of Daily Papers: the bundled list to the last figure, and captures that differ."""

from datetime import date
from pathlib import Path

import pytest

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.sources import Batch, Request, Source, Window, open_source
from generator.sources.listing import code_url, project_url

PAYLOADS = Path(__file__).parent / "payloads"
BUNDLED = Path(__file__).parents[1] / "content/sources/daily-papers-2025-11-26.txt"


def source(day: object = date(2025, 1, 15)) -> Source:
    options = {"path": "content/sources/x.txt", "date": day}
    return open_source(SourceConfig(name="bundled", type="listing", options=options))


def parse(payload: bytes) -> Batch:
    return source().parse(payload, Request(path="content/sources/x.txt"))


@pytest.fixture(scope="module")
def bundled() -> Batch:
    return source(date(2025, 11, 26)).parse(BUNDLED.read_bytes(), Request(path="list.txt"))


def test_the_bundled_list_holds_92_papers_and_nothing_that_is_not_understood(
    bundled: Batch,
) -> None:
    assert len(bundled.records) == 92
    assert bundled.problems == ()
    assert len({record.title for record in bundled.records}) == 92


def test_the_bundled_list_has_its_82_counts_5_organisations_and_5_papers_without(
    bundled: Batch,
) -> None:
    counted = [record for record in bundled.records if record.author_count is not None]
    named = [record.organization for record in bundled.records if record.organization]
    bare = [record for record in bundled.records if record.date is None]
    assert len(counted) == 82
    assert named == ["TIGER-Lab", "ucas", "TIGER-Lab", "RLinf", "PEARLS Lab"]
    assert len(bare) == 5
    assert all(record.author_count is None and not record.organization for record in bare)


def test_the_bundled_list_has_its_29_comment_counts(bundled: Batch) -> None:
    counts = [record.comments for record in bundled.records if record.comments is not None]
    assert (len(counts), sum(counts)) == (29, 75)


def test_every_title_and_abstract_of_the_bundled_list_stands_in_the_file(bundled: Batch) -> None:
    lines = BUNDLED.read_text("utf-8").splitlines()
    for record in bundled.records:
        assert record.title in lines
        assert record.abstract in lines
        assert lines.index(record.abstract) == lines.index(record.title) + 2


def test_the_dates_of_the_bundled_list_are_those_of_its_lines(bundled: Batch) -> None:
    dates = {record.title[:12]: record.date for record in bundled.records}
    assert dates["Efficient Di"] == date(2025, 7, 30)
    assert dates["Game On: Tow"] == date(2024, 9, 5)
    assert max(filter(None, dates.values())) <= date(2025, 11, 26)
    assert all(record.featured == date(2025, 11, 26) for record in bundled.records)


def test_only_whole_links_of_the_bundled_list_are_taken(bundled: Batch) -> None:
    code = [link.url for r in bundled.records for link in r.links if link.kind == "code"]
    project = [link.url for r in bundled.records for link in r.links if link.kind == "project"]
    assert len(code) == 12
    assert not [url for url in code if "PETL" in url]
    assert project == [
        "https://openvla-oft.github.io/",
        "https://robofume.github.io/",
        "https://kinam0252.github.io/TIC-FT/",
        "https://diwa.cs.uni-freiburg.de/",
    ]


def test_an_organisation_is_linked_by_its_handle(bundled: Batch) -> None:
    record = next(each for each in bundled.records if each.organization == "PEARLS Lab")
    links = {link.kind: link.url for link in record.links}
    assert links["organization"] == "https://huggingface.co/PEARLS-Lab"


def test_a_small_capture_is_read_with_and_without_feet() -> None:
    batch = parse((PAYLOADS / "listing.txt").read_bytes())
    assert batch.problems == ()
    first, second, third, fourth, last = batch.records
    assert (first.author_count, first.date, first.comments) == (5, date(2025, 1, 3), 2)
    assert (second.author_count, second.date, second.organization) == (None, None, "")
    assert (third.organization, third.date, third.comments) == (
        "PEARLS Lab",
        date(2024, 12, 24),
        None,
    )
    assert (fourth.author_count, fourth.date, fourth.comments) == (1, date(2024, 2, 29), 11)
    assert last.title == "A Last Paper at the End of the File"
    assert [link.url for record in batch.records for link in record.links] == [
        "https://github.com/ada/engine",
        "https://engine.example.org/paper",
        "https://huggingface.co/PEARLS-Lab",
    ]


def test_what_does_not_fit_is_named_with_its_line_and_the_rest_is_kept() -> None:
    batch = parse((PAYLOADS / "listing_odd.txt").read_bytes())
    assert [record.title for record in batch.records] == ["A Paper That Is Whole"]
    assert [f"{problem.where}: {problem.fact}" for problem in batch.problems] == [
        "content/sources/x.txt:3: is neither a title nor an abstract: 'An advertisement': left out",
        "content/sources/x.txt:9: is not understood: '• many authors': left out",
        "content/sources/x.txt:11: is not understood: 'Smarch 13': left out",
        "content/sources/x.txt:13: this foot has no title and abstract above it: left out",
    ]


def test_a_capture_with_windows_line_ends_and_a_byte_order_mark_is_the_same() -> None:
    payload = (PAYLOADS / "listing.txt").read_bytes()
    assert parse(b"\xef\xbb\xbf" + payload.replace(b"\n", b"\r\n")) == parse(payload)


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where a text capture is due"),
        (b"Daily Papers\n\nSubscribe\n", "holds no paper"),
        (b"\xff\xfe\x00", "is not UTF-8: byte 0 (line 1) is 0xff"),
        (b"<!doctype html>", "is a page of HTML where a text capture is due"),
    ],
)
def test_a_file_of_another_kind_is_refused(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    assert [f"{p.where}: {p.fact}" for p in caught.value.problems] == [
        f"content/sources/x.txt: {fact}"
    ]


@pytest.mark.parametrize(
    ("text", "code", "project"),
    [
        ("at https://github.com/a/b.", "https://github.com/a/b", ""),
        ("at https://www.github.com/a/b/", "https://www.github.com/a/b/", ""),
        ("(https://gitlab.com/a/b.c)", "https://gitlab.com/a/b.c", ""),
        ("twice https://github.com/a/b, https://github.com/a/b", "https://github.com/a/b", ""),
        ("https://github.com/a/b or https://github.com/c/d", "", ""),
        ("https://github.com/a", "", ""),
        ("https://github.com/a/b/tree/main", "", ""),
        (r"https://github.com/a/b\_c", "", ""),
        ("https://github.com/{a}/b", "", ""),
        ("https://a.org/{https://a.org/}.", "", ""),
        (
            "at https://ada.org/x and code at https://github.com/a/b",
            *("https://github.com/a/b", "https://ada.org/x"),
        ),
        ("https://one.org/ https://two.org/", "", ""),
        ("https://b-61j.pages.dev/x", "", ""),
        ("no link, github.com/a/b", "", ""),
    ],
)
def test_a_link_is_taken_only_where_it_is_whole_and_the_only_one(
    text: str, code: str, project: str
) -> None:
    assert (code_url(text), project_url(text)) == (code, project)


def test_a_capture_is_read_whatever_day_the_clock_says() -> None:
    for window in (Window(), Window(until=date(1970, 1, 1)), Window(since=date(2030, 1, 1))):
        assert [*source().requests(window)] == [Request(path="content/sources/x.txt")]


def test_path_and_date_are_needed_and_the_path_stays_inside_the_site() -> None:
    with pytest.raises(BroadsheetError) as caught:
        open_source(SourceConfig(name="x", type="listing", options={"path": "../x", "day": 1}))
    assert [problem.fact for problem in caught.value.problems] == [
        "source 'x': 'path' is not a file of the site: '../x'",
        "source 'x': 'date' is missing",
        "source 'x': unknown option 'day'",
    ]


LINKED = """# Daily Papers

* Daily

Jun 29
[
-
][31]

### [A first [bracketed] title][32]

[

The abstract of the first,
in two lines. Code: https://github.com/a/b

][33]
[
* 3 authors
][34]
·
May 30
[
65
][35]

### [A second][36]

[

Its abstract.

][37]
[[tiger] TIGER Lab][38]
·
Mar 8, 2024 [ 6][39]
[
1
][40]

### [A third, cut off][41]
"""


def test_a_capture_whose_links_are_references_is_read_like_any_other() -> None:
    options = {"path": "x.txt", "date": date(2026, 6, 29)}
    source = open_source(SourceConfig(name="seen", type="listing", options=options))
    batch = source.parse(LINKED.encode(), Request(path="x.txt"))
    first, second = batch.records
    assert first.title == "A first [bracketed] title"
    assert first.abstract.startswith("The abstract of the first, in two lines.")
    assert (first.author_count, first.date, first.upvotes) == (3, date(2026, 5, 30), None)
    assert first.comments is None
    assert (second.organization, second.date) == ("TIGER Lab", date(2024, 3, 8))
    assert (second.comments, second.upvotes) == (6, 65)
    assert [(p.where, p.fact) for p in batch.problems] == [
        ("x.txt:41", "this paper has no abstract: left out")
    ]
