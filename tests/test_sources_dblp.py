"""dblp's search: its habits with lists, full stops and namesakes, and its pages."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Link
from generator.sources import Batch, Client, Fetched, Politeness, Request, Window, fetch_records
from generator.sources.dblp import Dblp, open_dblp
from tests.loopback import Call, Server, serve
from tests.mutations import distorted, mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples/dblp"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
QUICK = Politeness(tries=2, first_wait=0.01, deadline=2.0, silence=1.0)
PAYLOAD = (PAYLOADS / "dblp.json").read_bytes()
ANSWER = orjson.loads(PAYLOAD)
URL = "https://dblp.org/search/publ/api"


def source(**options: object) -> Dblp:
    options = options or {"query": "walk"}
    return open_dblp(SourceConfig(name="walks", type="dblp", options=options))


def parse(payload: bytes, first: int = 0) -> Batch:
    return source().parse(payload, Request(url=URL, params={"f": str(first)}))


def hits(count: int, total: int, first: int = 0, year: int = 2031) -> bytes:
    """An answer of so many hits, as dblp writes it for several, for one and for none."""
    found = [
        {"info": {"title": f"T {year} {n}.", "year": str(year)}}
        for n in range(first, first + count)
    ]
    body: dict[str, Any] = {"@total": str(total), "@sent": str(count)}
    if found:
        body["hit"] = found if count > 1 else found[0]
    return orjson.dumps({"result": {"status": {"@code": "200"}, "hits": body}})


def test_a_hit_is_read_without_dblps_full_stop_and_numbers_of_namesakes() -> None:
    record = parse(PAYLOAD).records[0]
    assert record.title == "Walks & Robots: <i>On Foot"
    assert record.authors == ("Wei Wang", "Karel Čapek")
    assert (record.date, record.abstract, record.arxiv) == (date(2031, 1, 1), "", "")
    assert (record.doi, record.key) == ("10.99999/walks.2031.1", "conf/walks/WangC31")
    assert (record.venue, record.withdrawn) == ("WALKS, Lecture Notes in Walking", False)
    assert record.links == (
        Link(kind="abstract", url="https://walks.example/1.html"),
        Link(kind="pdf", url="https://walks.example/1.PDF"),
        Link(kind="doi", url="https://doi.org/10.99999/walks.2031.1"),
    )


def test_a_single_author_is_no_list_and_arxivs_own_doi_is_its_id() -> None:
    record = parse(PAYLOAD).records[1]
    assert record.authors == ("Ada Lovelace",)
    assert (record.title, record.venue) == ("One Author, on arXiv...", "CoRR")
    assert (record.arxiv, record.doi) == ("3101.00001", "")
    assert {link.kind: link.url for link in record.links} == {
        "abstract": "https://arxiv.org/abs/3101.00001",
        "pdf": "https://arxiv.org/pdf/3101.00001",
    }


def test_a_withdrawn_item_is_marked_and_dblps_entry_is_its_page() -> None:
    record = parse(PAYLOAD).records[2]
    assert (record.title, record.withdrawn, record.date) == ("Where To?", True, None)
    (link,) = record.links
    assert link == Link(kind="abstract", url="https://dblp.org/rec/journals/walks/X31")


def test_hits_without_a_title_are_left_out_and_volumes_are_no_papers() -> None:
    batch = parse(PAYLOAD)
    assert len(batch.records) == 3
    assert [each.fact for each in batch.problems] == [
        "hit 4 ('journals/walks/Hopper31') has no title: left out",
        "hit 6 ('') has no title: left out",
    ]


def test_pages_follow_until_all_hits_were_sent() -> None:
    following = parse(PAYLOAD).following
    assert following is not None
    assert following.params == {"f": "6"}
    assert parse(hits(2, 8), first=6).following is None


@pytest.mark.parametrize(("count", "titles"), [(0, []), (1, ["T 2031 0"])])
def test_one_hit_is_no_list_and_none_is_no_error(count: int, titles: list[str]) -> None:
    batch = parse(hits(count, count))
    assert [record.title for record in batch.records] == titles
    assert (batch.problems, batch.following) == ((), None)


def test_where_dblp_stops_before_the_end_is_told() -> None:
    batch = parse(hits(0, 20_000), first=10_000)
    assert batch.following is None
    assert [each.fact for each in batch.problems] == [
        "is empty though 20000 papers are announced: stopped there"
    ]


def test_a_search_is_one_request_with_dblps_distance() -> None:
    (request,) = source(query="walk robot", limit=20).requests(Window(until=date(2031, 5, 1)))
    assert (request.url, request.gap) == (URL, 2.0)
    assert request.params == {
        "q": "walk robot",
        "format": "json",
        "c": "0",
        "f": "0",
        "h": "20",
    }


def test_days_asked_for_are_searches_by_year_newest_first() -> None:
    window = Window(until=date(2031, 5, 1))
    requests = list(source(query="walk", since=date(2029, 11, 1)).requests(window))
    assert [each.params["q"] for each in requests] == [
        "walk year:2031:",
        "walk year:2030:",
        "walk year:2029:",
    ]
    (request,) = source(query="walk", since=date(1900, 1, 1)).requests(window)
    assert request.params["q"] == "walk"
    assert list(source().requests(Window(since=date(2032, 1, 1), until=date(2031, 1, 1)))) == []


def test_a_paper_of_a_year_lies_in_all_its_days() -> None:
    opened = source(query="walk", since=date(2031, 5, 1))
    (request,) = opened.requests(Window(until=date(2031, 5, 2)))
    assert len(opened.parse(hits(2, 2), request).records) == 2
    assert opened.parse(hits(2, 2, year=2030), request).records == ()


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<!DOCTYPE html><p>Busy", "is a page of HTML where JSON is due"),
        (b'<?xml version="1.0"?><result/>', "is not JSON: "),
        (PAYLOAD[:300], "is not JSON: "),
        (b"[]", "holds a list where dblp's 'result' is due"),
        (b'{"result": {"hits": []}}', "holds a list where dblp's 'hits' are due"),
        (b'{"result": {"hits": {"hit": "x"}}}', "holds the text 'x' where a list of hits is due"),
        (
            b'{"result": {"status": {"@code": "500", "text": "Down"}}}',
            "answered with the error '500 Down'",
        ),
        (b"[" * 5_000, "is not JSON: "),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where == f"{URL}?f=0"
    assert problem.fact.startswith(fact)


@settings(max_examples=100, deadline=None)
@given(mutated(PAYLOAD))
def test_no_payload_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, Request(url=URL))


@settings(max_examples=150, deadline=None)
@given(distorted(ANSWER))
def test_no_value_in_any_place_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, Request(url=URL))


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 3}, "'query' is missing"),
        ({"query": ["x"]}, "'query' is not a text"),
        ({"query": "x", "limit": 0}, "'limit' is not a number from 1 to"),
        ({"query": "x", "endpoint": "ftp://dblp.org"}, "'endpoint' is not an http(s) URL"),
        ({"query": "x", "path": "a.json"}, "unknown option 'path'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    assert caught.value.problems[0].where == "content/site.yml"
    assert caught.value.problems[0].fact.startswith(f"source 'walks': {fact}")


def fetch(answer: Callable[[Call], None], **options: object) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        opened = source(query="walk", endpoint=server.url, **options)
        window = Window(until=date(2031, 5, 1))
        found = fetch_records(opened, "walks", window, client=client, read_file=lambda _: b"")
    return found, server


def test_all_pages_come_together_also_from_a_busy_server() -> None:
    def answer(call: Call) -> None:
        first = int(call.params["f"])
        if call.number == 1:
            call.send(b"", 429, retry_after="0")
        else:
            call.send(hits(min(3, 5 - first), 5, first))

    found, server = fetch(answer)
    assert (len(found.records), found.problems, found.failed) == (5, (), False)
    assert [call.params["f"] for call in server.calls][1:] == ["0", "3"]
    assert server.gaps[1] >= 2.0
    assert server.calls[0].path == "/search/publ/api"


def test_the_newest_year_fills_the_limit_first() -> None:
    def answer(call: Call) -> None:
        call.send(hits(2, 2, year=int(call.params["q"][-5:-1])))

    found, server = fetch(answer, since=date(2030, 1, 1), limit=2)
    assert [record.title for record in found.records] == ["T 2031 0", "T 2031 1"]
    assert len(server.calls) == 1


def test_a_broken_page_fails_the_source() -> None:
    def answer(call: Call) -> None:
        call.send(hits(3, 5) if call.params["f"] == "0" else b"<html>Busy")

    found, _ = fetch(answer)
    assert (found.failed, found.records) == (True, ())
    assert "f=3" in found.problems[0].where


@needs_samples
def test_the_recorded_search_says_what_its_file_says() -> None:
    batch = parse((SAMPLES / "search_publ_api.json").read_bytes())
    (record,) = batch.records
    assert record.title == (
        "Attentional Transfer is All You Need: Technology-aware Layout Pattern Generation"
    )
    assert record.authors == ("Xiaopeng Zhang", "Haoyu Yang", "Evangeline F. Y. Young")
    assert (record.date, record.venue) == (date(2021, 1, 1), "DAC")
    assert (record.doi, record.key) == ("10.1109/dac18074.2021.9586227", "conf/dac/ZhangYY21")
    assert batch.following is not None
    assert batch.following.params["f"] == "1"
