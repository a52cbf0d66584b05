"""arXiv's API: Atom feeds in both dialects; and which of arXiv's three ways options ask for."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Link
from generator.sources import Batch, Request, Source, Window, open_source
from tests.mutations import mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
URL = "https://export.arxiv.org/api/query"


def source(**options: object) -> Source:
    return open_source(SourceConfig(name="robots", type="arxiv", options=options))


def parse(payload: bytes, start: int = 0) -> Batch:
    return source(query="cat:cs.RO").parse(payload, Request(url=URL, params={"start": str(start)}))


def test_an_entry_of_the_new_dialect_is_read() -> None:
    record = parse((PAYLOADS / "arxiv_new.xml").read_bytes()).records[0]
    assert record.title == r"Robots & $\omega$ <b>walks</b>"
    assert record.abstract == "A first paragraph.\n\nA second one with $a<b$."
    assert (record.date, record.featured) == (date(2026, 4, 1), None)
    assert record.authors == ("Karel Čapek", "Ada Lovelace")
    assert (record.arxiv, record.doi) == ("2604.00001", "10.1000/walk.1")
    assert record.venue == "Journal of Walks 1 (2026) 1-8"
    assert record.categories == ("cs.RO", "cs.LG")
    assert (record.version, record.withdrawn) == (3, False)
    assert record.links == (
        Link(kind="abstract", url="https://arxiv.org/abs/2604.00001"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2604.00001"),
        Link(kind="doi", url="https://doi.org/10.1000/walk.1"),
    )


def test_an_entry_of_the_old_dialect_is_read_without_its_line_breaks() -> None:
    (record,) = parse((PAYLOADS / "arxiv_old.xml").read_bytes()).records
    assert record.title == "A Title That Was Wrapped at Eighty Columns"
    assert record.abstract == "Lines are wrapped here as well."
    assert (record.arxiv, record.date) == ("hep-th/9901001", date(1999, 1, 4))
    assert record.categories == ("hep-th",)


def test_a_comment_that_takes_the_paper_back_marks_it_and_an_abstract_on_withdrawal_not() -> None:
    payload = (PAYLOADS / "arxiv_new.xml").read_bytes()
    taken = payload.replace(b"8 pages", b"8 pages. This paper has been withdrawn by the author.")
    assert parse(taken).records[0].withdrawn
    spoken = payload.replace(b"A first paragraph.", b"Robots withdraw. They are withdrawn.")
    assert not parse(spoken).records[0].withdrawn


@settings(max_examples=100, deadline=None)
@given(payload=mutated((PAYLOADS / "arxiv_new.xml").read_bytes()))
def test_nothing_a_server_sends_crashes_it(payload: bytes) -> None:
    parse_safely(source(query="cat:cs.RO"), payload, Request(url=URL))


def test_an_entry_without_a_title_is_left_out_and_the_others_stay() -> None:
    batch = parse((PAYLOADS / "arxiv_new.xml").read_bytes())
    assert len(batch.records) == 1
    assert [problem.fact for problem in batch.problems] == [
        "entry 2 (http://arxiv.org/abs/2604.00002v1) has no arXiv id or no title: left out"
    ]


def test_pages_follow_until_the_feed_has_no_more() -> None:
    payload = (PAYLOADS / "arxiv_new.xml").read_bytes()
    following = parse(payload).following
    assert following is not None
    assert following.params["start"] == "2"
    assert parse(payload, start=1).following is None


def test_an_empty_page_before_the_end_is_refused() -> None:
    payload = (PAYLOADS / "arxiv_new.xml").read_bytes()
    start, end = payload.index(b"<entry>"), payload.index(b"</feed>")
    with pytest.raises(BroadsheetError, match="is empty though 3 papers are announced"):
        parse(payload[:start] + payload[end:], start=2)


def test_an_error_in_a_feed_is_not_a_paper() -> None:
    with pytest.raises(BroadsheetError, match="answered with the error 'incorrect id format for z"):
        parse((PAYLOADS / "arxiv_error.xml").read_bytes())


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where an Atom feed is due"),
        (b"<html><p>Busy", "is a page of HTML where an Atom feed is due"),
        (b'{"a": 1}', "is not whole: "),
        (b'<rss version="2.0"><channel/></rss>', "is not an Atom feed"),
        (b"Rate exceeded.", "is not whole: "),
        (b"<feed><title>&#xd800;", "makes feedparser fail: "),
        (b'<?xml version="1.0"?><!DOCTYPE feed []><feed/>', "declares a DOCTYPE"),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where == f"{URL}?start=0"
    assert problem.fact.startswith(fact)


def test_a_feed_that_was_cut_off_is_refused_with_its_line() -> None:
    payload = (PAYLOADS / "arxiv_new.xml").read_bytes()
    with pytest.raises(BroadsheetError, match=r"is not whole: .* at line \d+"):
        parse(payload[: payload.index(b"<author>")])


def test_a_feed_in_another_charset_than_it_says_is_refused() -> None:
    payload = (PAYLOADS / "arxiv_new.xml").read_text("utf-8").encode("iso8859-2")
    with pytest.raises(BroadsheetError, match=r"is not UTF-8: byte 1\d+ \(line 23\) is 0xc8"):
        parse(payload)


def test_a_codec_that_a_feed_names_is_not_used() -> None:
    payload = (PAYLOADS / "arxiv_new.xml").read_bytes()
    assert parse(payload.replace(b"UTF-8", b"unicode_escape")) == parse(payload)


def test_elements_without_text_count_as_missing() -> None:
    payload = (PAYLOADS / "arxiv_new.xml").read_bytes()
    for written in (
        b"Karel \xc4\x8capek",
        b"10.1000/Walk.1 10.1000/walk.2",
        b"2026-04-01T23:59:59Z",
    ):
        payload = payload.replace(written, b"")
    record = parse(payload.replace(b'term="cs.RO"/>', b"/>")).records[0]
    assert (record.authors, record.doi, record.date) == (("Ada Lovelace",), "", None)
    assert record.categories == ("cs.LG", "cs.RO")


def test_a_query_carries_the_days_of_the_window_and_keeps_arxivs_distance() -> None:
    window = Window(since=date(2026, 4, 1), until=date(2026, 4, 12))
    (request,) = source(query="cat:cs.RO OR cat:cs.LG", limit=20).requests(window)
    assert (request.url, request.gap) == (URL, 3.0)
    assert request.params == {
        "search_query": "(cat:cs.RO OR cat:cs.LG) AND submittedDate:[202604010000 TO 202604122359]",
        "start": "0",
        "max_results": "20",
        "sortBy": "submittedDate",
        "sortOrder": "descending",
    }


def test_a_list_of_ids_is_asked_for_by_the_hundred() -> None:
    ids = [f"2604.{number:05}v1" for number in range(1, 151)]
    first, second = source(ids=ids).requests(Window(until=date(2026, 4, 12)))
    assert first.params["id_list"].startswith("2604.00001,2604.00002,")
    assert "search_query" not in first.params
    assert (first.params["max_results"], second.params["max_results"]) == ("100", "50")


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({}, "neither 'query' nor 'ids' is given"),
        ({"ids": [2401.1002]}, "'ids' holds '2401.1002', which is not a text"),
        ({"ids": ["abc"]}, "'ids' holds 'abc', which is not an arXiv id"),
        ({"query": "x", "sort": "newest"}, "'sort' is 'newest'"),
        ({"query": "x", "limit": True}, "'limit' is not a number from 1 to 1000000: 'true'"),
        ({"query": "x", "endpoint": "export.arxiv.org"}, "'endpoint' is not an http(s) URL"),
        ({"query": ["x"]}, "'query' is not a text"),
        ({"query": "x", "sicne": 1}, "unknown option 'sicne'"),
        ({"query": "x", "replacements": True}, "'replacements' does not go with 'query'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    (problem,) = caught.value.problems
    assert problem.where == "content/site.yml"
    assert problem.fact.startswith(f"source 'robots': {fact}")


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("q_testing_100.xml", 100),
        ("id_0000.0000_empty.xml", 0),
        ("id_1605.08386.xml", 1),
        ("id_quant-ph_0201082v1.xml", 1),
        ("2016_au_del_maestro.xml", 10),
    ],
)
def test_every_recorded_feed_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / "arxiv_atom" / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    for record in batch.records:
        assert record.title
        assert record.abstract
        assert record.authors
        assert record.categories
        assert record.date
        assert "\n" not in record.title + record.abstract.replace("\n\n", "")


@needs_samples
def test_the_recorded_hundred_have_their_dois_and_journals() -> None:
    records = parse((SAMPLES / "arxiv_atom/q_testing_100.xml").read_bytes()).records
    assert sum(bool(record.doi) for record in records) == 32
    assert sum(bool(record.venue) for record in records) == 18
    assert any("ω" in record.title for record in records)
    assert sum((record.version or 0) > 1 for record in records) == 36
    assert max(record.version or 0 for record in records) == 9
    assert not any(record.withdrawn for record in records)


@needs_samples
@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("arxiv_atom/id_abc_error_http400.xml", "answered with the error"),
        ("arxiv_rss/atom_cs.AI_2025_cut_off.xml", "is not whole: no element found at line 26"),
    ],
)
def test_a_recorded_failure_is_refused(name: str, fact: str) -> None:
    with pytest.raises(BroadsheetError, match=fact):
        parse((SAMPLES / name).read_bytes())
