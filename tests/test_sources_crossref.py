"""Crossref's works and CSL JSON: queries, lists of DOIs, files."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.model import Link, Record
from generator.sources.crossref import Crossref, open_crossref
from generator.sources.fetch import Fetched, fetch_records
from generator.sources.http import Client, Politeness
from generator.sources.source import Batch, Request, Window
from tests.loopback import Call, Server, serve
from tests.mutations import distorted, mutated, parse_safely

PAYLOAD = (Path(__file__).parent / "payloads/crossref.json").read_bytes()
SAMPLES = Path(__file__).parents[2] / "shared/samples/crossref"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
PAGE = Request(url="https://api.crossref.org/works", params={"cursor": "*", "rows": "5"})
WEEK = Window(since=date(2026, 4, 1), until=date(2026, 4, 7))
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)


def source(**options: object) -> Crossref:
    config = SourceConfig(name="journals", type="crossref", options=options or {"query": "walk"})
    return open_crossref(config)


def parse(payload: bytes, request: Request = PAGE) -> Batch:
    return source().parse(payload, request)


def read(**work: object) -> Record:
    """The record of one work."""
    message = {"title": ["t"], "DOI": "10.5555/x", **work}
    (record,) = parse(orjson.dumps({"status": "ok", "message": message})).records
    return record


def day(**parts: object) -> date | None:
    """The date of a work whose dates have these parts."""
    return read(
        **{key.replace("_", "-"): {"date-parts": [value]} for key, value in parts.items()}
    ).date


def page(*works: object, cursor: str = "") -> bytes:
    message = {"items": works, "total-results": 9, "next-cursor": cursor}
    return orjson.dumps({"status": "ok", "message-type": "work-list", "message": message})


def no_files(path: str) -> bytes:
    raise problem(path, "does not exist")


def fetch(answer: Any, **options: object) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        asked = source(endpoint=server.url, **(options or {"query": "walk"}))
        found = fetch_records(asked, "journals", WEEK, client=client, read_file=no_files)
    return found, server


def test_an_article_is_read_with_its_mark_up_as_text() -> None:
    record = parse(PAYLOAD).records[0]
    assert record.title == "How robots walk: A study on H₂O & ice"
    assert record.abstract == "Aim: To walk with $a<b$.\n\nIt falls."
    assert record.authors == (
        "Ada Lovelace",
        "Ludwig van Beethoven Jr.",
        "The Walking Group",
        "Plato",
    )
    assert (record.date, record.venue) == (date(2026, 3, 9), "Journal of Walks & Runs")
    assert (record.doi, record.key, record.keywords) == ("10.5555/walk.1", "", ("Robotics", "Gait"))
    assert (record.version, record.withdrawn, record.organization) == (None, False, "")
    assert record.links == (
        Link(kind="abstract", url="https://journal.example.org/walk"),
        Link(kind="pdf", url="https://journal.example.org/walk.pdf"),
        Link(kind="doi", url="https://doi.org/10.5555/walk.1"),
    )


def test_a_preprint_has_its_server_its_version_and_its_withdrawal() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.venue, record.version, record.withdrawn) == ("walkRxiv", 3, True)
    assert record.date == date(2026, 4, 7)


def test_a_thesis_has_its_place_as_organization() -> None:
    assert read(type="dissertation", institution=[{"name": "A University"}]).organization == (
        "A University"
    )


def test_notices_and_what_has_no_title_are_left_out_and_the_others_stay() -> None:
    batch = parse(PAYLOAD)
    assert len(batch.records) == 3
    assert [left.fact for left in batch.problems] == [
        "record 3 (10.5555/notice) is a notice of retraction, not a paper: left out",
        "record 4 (10.5555/walk.1.s001) has no title and is a component: left out",
    ]


def test_a_work_that_retracts_itself_is_withdrawn_and_a_new_version_is_a_paper() -> None:
    own = [{"DOI": "10.5555/X", "type": "retraction"}]
    assert read(**{"update-to": own}).withdrawn
    other = [{"DOI": "10.5555/v1", "type": "new_version"}]
    assert not read(**{"update-to": other}).withdrawn


def test_values_of_another_type_count_as_missing() -> None:
    record = parse(PAYLOAD).records[2]
    assert (record.title, record.venue) == ("Odd values", "Walks 2026")
    assert (record.authors, record.abstract, record.links) == ((), "", ())
    assert (record.date, record.doi, record.version) == (date(2026, 1, 1), "", None)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"issued": [2018, 11, 3], "published_print": [2019]}, date(2018, 11, 3)),
        ({"issued": [2020], "published_online": [2020, 11, 13]}, date(2020, 11, 13)),
        ({"issued": [2018], "created": [2018, 4, 18]}, date(2018, 4, 18)),
        ({"issued": [1970], "created": [2006, 10, 5]}, date(1970, 1, 1)),
        ({"issued": [2000, 1], "created": [2002, 7, 26]}, date(2000, 1, 1)),
        ({"issued": ["2020", "5", "07"]}, date(2020, 5, 7)),
        ({"issued": [2026, 2, 30]}, date(2026, 2, 1)),
        ({"issued": [None], "created": [2007, 9, 8]}, None),
        ({"issued": []}, None),
        ({"issued": [10**18, 1]}, None),
    ],
)
def test_the_first_date_counts_as_precisely_as_all_dates_tell_it(
    parts: dict[str, object], expected: date | None
) -> None:
    assert day(**parts) == expected


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        ({"title": ["A: b"], "subtitle": ["B"]}, "A: b"),
        ({"title": ["Why?"], "subtitle": ["Because"]}, "Why? Because"),
        ({"title": "As a text", "subtitle": None}, "As a text"),
    ],
)
def test_a_subtitle_follows_once(titles: dict[str, object], expected: str) -> None:
    assert read(**titles).title == expected


def test_csl_json_of_a_reference_manager_is_read() -> None:
    item = {
        "id": "lovelace2026",
        "type": "article-journal",
        "title": "A note",
        "container-title": "Notes",
        "author": [{"family": "Lovelace", "given": "Ada"}, {"literal": "A Group"}],
        "issued": {"raw": "2026-04-01"},
        "keyword": "gait; ice, gait",
        "URL": "https://example.org/note",
    }
    request = Request(path="content/sources/library.json")
    (record,) = parse(orjson.dumps([item]), request).records
    assert (record.title, record.venue, record.key) == ("A note", "Notes", "lovelace2026")
    assert (record.authors, record.keywords) == (("Ada Lovelace", "A Group"), ("gait", "ice"))
    assert record.date == date(2026, 4, 1)
    assert record.links == (Link(kind="abstract", url="https://example.org/note"),)


def test_a_full_page_is_followed_by_the_next_and_a_short_one_is_the_last() -> None:
    following = parse(PAYLOAD).following
    assert following is not None
    assert following.params == {"cursor": "DnF1ZXJ5", "rows": "5"}
    assert parse(page({"title": ["t"]}, cursor="x")).following is None
    file = Request(path="content/sources/answer.json")
    assert parse(PAYLOAD, file).following is None


def test_an_empty_first_page_is_refused_where_works_are_counted() -> None:
    with pytest.raises(BroadsheetError, match="is empty though 9 works are announced"):
        parse(page())


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<html><p>Busy", "is a page of HTML where JSON is due"),
        (b"Resource not found.", "is not JSON: "),
        (PAYLOAD[:900], "is not JSON: "),
        (b'{"status": "error", "message": [{"message": "no"}]}', "answered with the error 'no'"),
        (b'{"status": "failed", "message": 7}', "answered with the error 'failed'"),
        (b'{"status": "ok", "message": {"items": 5}}', "holds an object with the keys 'status'"),
        (b"7", "holds the value '7' where works are due"),
        (b"[" * 5_000, "is not JSON: "),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (found,) = caught.value.problems
    assert found.where.startswith("https://api.crossref.org/works?cursor=")
    assert found.fact.startswith(fact)


def test_a_query_carries_the_days_of_the_window() -> None:
    (request,) = source(query="walk", filter="type:journal-article", limit=20).requests(WEEK)
    assert (request.url, request.gap) == ("https://api.crossref.org/works", 1.0)
    assert request.params == {
        "query": "walk",
        "filter": "type:journal-article,from-pub-date:2026-04-01,until-pub-date:2026-04-07",
        "sort": "relevance",
        "order": "desc",
        "rows": "20",
        "cursor": "*",
    }


def test_a_venue_is_asked_for_by_its_issn_or_its_name_newest_first() -> None:
    (by_issn,) = source(venue="1463-498X").requests(Window())
    assert (by_issn.params["filter"], by_issn.params["sort"]) == ("issn:1463-498X", "published")
    (by_name,) = source(venue="Journal of Walks").requests(Window())
    assert by_name.params["query.container-title"] == "Journal of Walks"


def test_dois_are_asked_for_by_the_fifty_and_one_with_a_comma_alone() -> None:
    dois = [f"10.5555/{number}" for number in range(60)]
    first, second, alone = source(ids=[*dois, "10.5555/(a),b"]).requests(WEEK)
    assert first.params["filter"].startswith("doi:10.5555/0,doi:10.5555/1,")
    assert second.params["filter"].count("doi:") == 10
    assert alone.url == "https://api.crossref.org/works/10.5555%2F%28a%29%2Cb"
    assert alone.absent == (404,)


def test_a_doi_that_is_not_answered_is_named() -> None:
    (request,) = source(ids=["10.5555/a", "10.5555/B"]).requests(WEEK)
    batch = parse(page({"DOI": "10.5555/A", "title": ["t"]}), request)
    assert [left.fact for left in batch.problems] == ["gives nothing for '10.5555/b': left out"]


def test_a_file_keeps_to_the_window_and_a_year_alone_may_be_any_day_of_it() -> None:
    asked = source(path="content/sources/works.json")
    (request,) = asked.requests(Window(since=date(2026, 4, 1), until=date(2026, 4, 5)))
    titles = [record.title for record in asked.parse(PAYLOAD, request).records]
    assert titles == ["Odd values"]
    there = source(url="https://example.org/works.json")
    assert (asked.offline, there.offline) == (True, False)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 5}, "none of 'query', 'venue', 'filter', 'ids', 'path', 'url' is given"),
        ({"path": "a.json", "url": "https://b.org/c"}, "'path' and 'url' do not go together"),
        ({"ids": ["10.5/x"]}, "'ids' holds '10.5/x', which is not a DOI"),
        ({"query": "x", "sort": "newest"}, "'sort' is 'newest'"),
        ({"query": "x", "until": "soon"}, "'until' is not a date: 'soon'"),
        ({"query": "x", "rows": 5}, "unknown option 'rows'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    (found,) = caught.value.problems
    assert found.where == "content/site.yml"
    assert found.fact.startswith(f"source 'journals': {fact}")


def test_pages_are_fetched_until_a_short_one() -> None:
    def answer(call: Call) -> None:
        number = 1 if call.params["cursor"] == "*" else 2
        works = [{"DOI": f"10.5555/{number}.{n}", "title": ["t"]} for n in range(5 - 2 * number)]
        call.send(page(*works, cursor="next"))

    found, server = fetch(answer, query="walk", limit=3)
    assert [record.doi for record in found.records] == ["10.5555/1.0", "10.5555/1.1", "10.5555/1.2"]
    assert len(server.calls) == 1


def test_the_second_page_comes_a_second_after_the_first() -> None:
    def answer(call: Call) -> None:
        works = [{"DOI": f"10.5555/{call.number}.{n}", "title": ["t"]} for n in range(100)]
        call.send(page(*works[: 100 if call.number == 1 else 7], cursor="next"))

    found, server = fetch(answer, query="walk", limit=1_000)
    assert (len(found.records), found.problems) == (107, ())
    assert [call.params["cursor"] for call in server.calls] == ["*", "next"]
    assert server.gaps[0] >= 1.0


def test_a_server_that_is_busy_for_a_moment_is_asked_again() -> None:
    def answer(call: Call) -> None:
        call.send(page({"title": ["t"]}), 429 if call.number == 1 else 200)

    found, server = fetch(answer)
    assert (len(found.records), len(server.calls)) == (1, 2)


def test_a_doi_with_a_comma_reaches_the_server_whole_and_may_be_unknown_there() -> None:
    found, server = fetch(lambda call: call.send(b"Resource not found.", 404), ids=["10.5555/a,b"])
    assert [call.path for call in server.calls] == ["/works/10.5555%2Fa%2Cb"]
    assert (found.failed, found.records) == (False, ())


@given(st.data())
def test_no_answer_raises_anything_but_a_located_problem(data: st.DataObject) -> None:
    parse_safely(source(), data.draw(mutated(PAYLOAD)), PAGE)
    parse_safely(source(), data.draw(distorted(orjson.loads(PAYLOAD))), PAGE)


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("works_one_id.json", 1),
        ("works_query.json", 2),
        ("works_no_id_limit.json", 2),
        ("works_cursor.json", 20),
        ("conneg_citeproc.json", 1),
        ("papis_jats_abstract.json", 1),
        ("papis_conference.json", 1),
        ("hepcrawl_book_chapter.json", 1),
        ("hepcrawl_old_issn.json", 1),
    ],
)
def test_every_recorded_answer_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    assert all(record.doi and record.venue for record in batch.records)
    assert not any("<" in record.abstract for record in batch.records)


@needs_samples
def test_recorded_works_have_the_dates_that_their_parts_tell() -> None:
    records = parse((SAMPLES / "works_cursor.json").read_bytes()).records
    days = {record.doi: record.date for record in records}
    assert days["10.1007/978-1-4302-0197-7_9"] is None
    assert days["10.1007/978-1-4842-6700-4_5"] == date(2020, 11, 13)
    assert days["10.1109/afrcon.2009.5308146"] == date(2009, 9, 1)
    assert days["10.1016/b978-155860802-3/50012-0"] == date(2003, 1, 1)
    assert days["10.59350/7mtwq-q3661"] == date(2008, 6, 18)


@needs_samples
def test_the_recorded_csl_item_has_its_subtitle_and_its_abstract() -> None:
    (record,) = parse((SAMPLES / "conneg_citeproc.json").read_bytes()).records
    assert record.title == (
        "The Structure of Ordinary Water: New data and interpretations are yielding new insights"
        " into this fascinating substance."
    )
    assert (record.authors, record.venue) == (("Henry S. Frank",), "Science")
    assert (record.date, record.doi) == (date(1970, 8, 14), "10.1126/science.169.3946.635")
    assert record.abstract.startswith("The train of thought pursued in this article has led")


@needs_samples
def test_the_recorded_conference_paper_and_preprint_are_as_printed() -> None:
    (paper,) = parse((SAMPLES / "papis_conference.json").read_bytes()).records
    assert paper.title == "DL-Learner Structured Machine Learning on Semantic Web Data"
    assert paper.authors == ("Lorenz Bühmann", "Jens Lehmann", "Patrick Westphal", "Simon Bin")
    assert paper.venue.endswith("on The Web Conference 2018 - WWW '18")
    post = parse((SAMPLES / "works_cursor.json").read_bytes()).records[-1]
    assert (post.venue, post.version, post.authors) == ("Front Matter", 1, ("Egon Willighagen",))


@needs_samples
def test_the_recorded_404_and_bibtex_are_refused() -> None:
    for name in ("works_not_found_404.txt", "conneg_bibtex.bib"):
        with pytest.raises(BroadsheetError, match="is not JSON"):
            parse((SAMPLES / name).read_bytes())
