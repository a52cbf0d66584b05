"""Semantic Scholar's Graph API: both searches, papers by id, saved answers."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.model import Link
from generator.sources.fetch import Fetched, fetch_records
from generator.sources.http import Client, Politeness
from generator.sources.semantic_scholar import (
    FIELDS,
    RANKED_FIELDS,
    SemanticScholar,
    open_semantic_scholar,
)
from generator.sources.source import Batch, Request, Window
from tests.loopback import Call, Server, serve
from tests.mutations import distorted, mutated, parse_safely

PAYLOAD = (Path(__file__).parent / "payloads/semantic_scholar.json").read_bytes()
SAMPLES = Path(__file__).parents[2] / "shared/samples/semantic_scholar"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
API = "https://api.semanticscholar.org/graph/v1"
PAGE = Request(url=f"{API}/paper/search", params={"offset": "0", "limit": "100"})
BULK = Request(url=f"{API}/paper/search/bulk")
WEEK = Window(since=date(2026, 4, 1), until=date(2026, 4, 7))
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)


def source(**options: object) -> SemanticScholar:
    config = SourceConfig(name="s2", type="semantic_scholar", options=options or {"query": "walk"})
    return open_semantic_scholar(config)


def parse(payload: bytes, request: Request = PAGE) -> Batch:
    return source().parse(payload, request)


def no_files(path: str) -> bytes:
    raise problem(path, "does not exist")


def fetch(answer: Any, **options: object) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        asked = source(endpoint=server.url, **(options or {"query": "walk"}))
        found = fetch_records(asked, "s2", WEEK, client=client, read_file=no_files)
    return found, server


def test_a_paper_is_read() -> None:
    record = parse(PAYLOAD).records[0]
    assert record.title == "How Robots Walk"
    assert record.abstract == "First.\n\nSecond with $a<b$."
    assert (record.date, record.venue) == (date(2026, 4, 1), "Conference on Walks")
    assert record.authors == ("Ada Lovelace", "Karel Čapek")
    assert (record.doi, record.key, record.summary) == ("10.5555/walk.1", "", "They walk.")
    page = "https://www.semanticscholar.org/paper/0123456789abcdef0123456789abcdef01234567"
    assert record.links == (
        Link(kind="abstract", url=page),
        Link(kind="pdf", url="https://example.org/walk.pdf"),
        Link(kind="doi", url="https://doi.org/10.5555/walk.1"),
    )


def test_a_preprint_is_arxivs_and_a_year_alone_is_its_first_day() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.arxiv, record.doi, record.venue) == ("2604.00002", "", "")
    assert (record.date, record.abstract) == (date(2026, 1, 1), "")
    assert [link.url for link in record.links] == [
        "https://arxiv.org/abs/2604.00002",
        "https://arxiv.org/pdf/2604.00002",
    ]


def test_nulls_count_as_missing() -> None:
    record = parse(PAYLOAD).records[2]
    assert (record.title, record.key) == ("Nothing Else Is Known", "CorpusId:3")
    assert (record.authors, record.date, record.venue, record.summary) == ((), None, "", "")
    page = "https://www.semanticscholar.org/paper/2123456789abcdef0123456789abcdef01234567"
    assert record.links == (Link(kind="abstract", url=page),)


def test_what_has_no_title_is_left_out_and_the_others_stay() -> None:
    batch = parse(PAYLOAD)
    assert len(batch.records) == 3
    assert [left.fact for left in batch.problems] == [
        "record 4 (3123456789abcdef0123456789abcdef01234567) has no title: left out",
        "record 5 is the value 'None', not an object: left out",
    ]


def test_lists_of_a_batch_of_references_and_a_single_paper_are_read_too() -> None:
    papers = orjson.loads(PAYLOAD)["data"]
    assert len(parse(orjson.dumps(papers)).records) == 3
    wrapped = [{"citedPaper": papers[0]}, {"citingPaper": papers[1]}, {"citedPaper": {}}]
    batch = parse(orjson.dumps({"offset": 0, "data": wrapped}))
    assert (len(batch.records), len(batch.problems)) == (2, 1)
    assert len(parse(orjson.dumps(papers[0])).records) == 1


def test_pages_follow_by_token_in_bulk_and_by_offset_as_far_as_papers_are_ranked() -> None:
    bulk = parse(PAYLOAD, BULK).following
    assert bulk is not None
    assert bulk.params == {"token": "PZLRIJ2G"}
    ranked = parse(PAYLOAD).following
    assert ranked is not None
    assert ranked.params == {"offset": "3", "limit": "100"}
    last = Request(url=PAGE.url, params={"offset": "900", "limit": "100"})
    assert parse(b'{"offset": 900, "next": 950, "data": []}', last).following == Request(
        url=PAGE.url, params={"offset": "950", "limit": "50"}
    )
    for number in (900, 1_000, 10**12):
        answer = orjson.dumps({"offset": 900, "next": number, "data": []})
        assert parse(answer, last).following is None


def test_an_answer_without_papers_is_no_error() -> None:
    assert parse(b'{"total": 0, "offset": 0, "data": []}') == Batch()
    assert parse(b'{"total": 0, "offset": 0}') == Batch()


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<html><p>Busy", "is a page of HTML where JSON is due"),
        (PAYLOAD[:900], "is not JSON: "),
        (b'{"error": "Paper with id 0 not found"}', "answered with the error 'Paper with id 0"),
        (b'{"message": "Too Many Requests", "code": "429"}', "answered with the error 'Too Many"),
        (b'{"total": 5, "offset": 0}', "holds an object with the keys 'total', 'offset' where"),
        (b'{"data": {"a": 1}}', "holds an object with the keys 'data' where papers are due"),
        (b"true", "holds the value 'true' where papers are due"),
        (b"[" * 5_000, "is not JSON: "),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (found,) = caught.value.problems
    assert found.where == f"{API}/paper/search?offset=0&limit=100"
    assert found.fact.startswith(fact)


def test_a_search_for_the_newest_is_one_in_bulk() -> None:
    asked = source(query="walk | run", venue=["ICRA", "IROS"], year="2024-")
    (request,) = asked.requests(WEEK)
    assert (request.url, request.gap) == (BULK.url, 1.0)
    assert request.params == {
        "query": "walk | run",
        "venue": "ICRA,IROS",
        "year": "2024-",
        "publicationDateOrYear": "2026-04-01:2026-04-07",
        "fields": FIELDS,
        "sort": "publicationDate:desc",
    }


def test_a_search_by_relevance_asks_for_summaries_and_a_page() -> None:
    (request,) = source(query="walk", sort="relevance", limit=20).requests(
        Window(until=date(2026, 4, 7))
    )
    assert request.url == PAGE.url
    assert request.params == {
        "query": "walk",
        "publicationDateOrYear": ":2026-04-07",
        "fields": RANKED_FIELDS,
        "offset": "0",
        "limit": "20",
    }


def test_papers_are_asked_for_by_any_of_their_names_and_may_be_unknown() -> None:
    ids = ["CorpusId:5", "arXiv:2604.00002v1", "https://doi.org/10.5555/A?b", "f" * 40]
    requests = list(source(ids=ids).requests(WEEK))
    assert [request.url.removeprefix(f"{API}/paper/") for request in requests] == [
        "CorpusId:5",
        "ARXIV:2604.00002",
        "DOI:10.5555/a%3Fb",
        "f" * 40,
    ]
    assert {request.absent for request in requests} == {(404,)}


def test_a_file_keeps_to_the_days_of_the_window() -> None:
    asked = source(path="content/sources/s2.json", since=date(2026, 4, 2))
    (request,) = asked.requests(Window(until=date(2026, 4, 7)))
    batch = asked.parse(PAYLOAD, request)
    assert [record.title for record in batch.records] == ["A Preprint", "Nothing Else Is Known"]
    assert (asked.offline, batch.following) == (True, None)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 5}, "none of 'query', 'venue', 'year', 'ids', 'path' is given"),
        ({"venue": "ICRA", "path": "a.json"}, "'venue' and 'path' do not go together"),
        ({"ids": ["Walk"]}, "'ids' holds 'Walk', which is no paperId, CorpusId, DOI or arXiv id"),
        ({"venue": ["Walks, Runs"]}, "'venue' holds 'Walks, Runs', and a comma parts two venues"),
        ({"year": "recent"}, "'year' is 'recent'"),
        ({"year": 2024}, "'year' is not a text: '2024'"),
        ({"venue": "ICRA", "sort": "relevance"}, "'sort' is 'relevance' without a 'query'"),
        ({"query": "x", "key": "secret"}, "unknown option 'key'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    (found,) = caught.value.problems
    assert found.where == "content/site.yml"
    assert found.fact.startswith(f"source 's2': {fact}")


def test_pages_are_fetched_a_second_apart_until_there_is_no_token() -> None:
    def answer(call: Call) -> None:
        papers = [{"paperId": "f" * 40, "corpusId": call.number, "title": "t"}]
        token = {"token": "next"} if call.number == 1 else {}
        call.send(orjson.dumps({"total": 2, "data": papers, **token}))

    found, server = fetch(answer)
    assert [record.key for record in found.records] == ["CorpusId:1", "CorpusId:2"]
    assert [call.params.get("token") for call in server.calls] == [None, "next"]
    assert server.gaps[0] >= 1.0


def test_a_server_that_is_busy_for_a_moment_is_asked_again() -> None:
    def answer(call: Call) -> None:
        call.send(b'{"total": 0, "data": []}', 429 if call.number == 1 else 200)

    found, server = fetch(answer)
    assert (found.failed, found.records, len(server.calls)) == (False, (), 2)


def test_a_server_that_stays_busy_fails_the_source_with_its_status() -> None:
    found, _ = fetch(lambda call: call.send(b'{"message": "Too Many Requests"}', 429))
    assert found.failed
    assert "answered 429" in found.problems[0].fact


def test_an_unknown_paper_does_not_keep_the_others_away() -> None:
    def answer(call: Call) -> None:
        known = call.path.endswith("/DOI:10.5555/b")
        call.send(b'{"paperId": "x", "title": "t"}' if known else b"{}", 200 if known else 404)

    found, server = fetch(answer, ids=["10.5555/a", "10.5555/b"])
    assert (len(found.records), len(server.calls), found.failed) == (1, 2, False)


@given(st.data())
def test_no_answer_raises_anything_but_a_located_problem(data: st.DataObject) -> None:
    for request in (PAGE, BULK):
        parse_safely(source(), data.draw(mutated(PAYLOAD)), request)
        parse_safely(source(), data.draw(distorted(orjson.loads(PAYLOAD))), request)


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("search_turing_full_fields_2023.json", 100),
        ("search_title_only_2024.json", 100),
        ("references.json", 50),
        ("batch_full_2023.json", 3),
    ],
)
def test_every_recorded_answer_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())


@needs_samples
def test_the_recorded_hundred_have_what_the_file_has() -> None:
    batch = parse((SAMPLES / "search_turing_full_fields_2023.json").read_bytes())
    records = batch.records
    assert sum(not record.abstract for record in records) == 28
    assert sum(bool(record.arxiv) for record in records) == 26
    assert sum(bool(record.doi) for record in records) == 88
    assert all(record.date and record.authors for record in records)
    assert sum(record.date.month == record.date.day == 1 for record in records if record.date) >= 10
    assert batch.following is not None
    assert batch.following.params["offset"] == "100"


@needs_samples
def test_recorded_papers_are_as_printed() -> None:
    records = parse((SAMPLES / "search_turing_full_fields_2023.json").read_bytes()).records
    first, second, fifth = records[0], records[1], records[4]
    assert first.title.startswith("Using DeepSpeed and Megatron to Train Megatron-Turing NLG 530B")
    assert (first.arxiv, first.venue, len(first.authors)) == ("2201.11990", "", 20)
    assert (
        second.title
        == "Quantum theory, the Church–Turing principle and the universal quantum computer"
    )
    assert (second.date, second.doi) == (date(1985, 7, 8), "10.1098/rspa.1985.0070")
    assert second.links[1].url.endswith("/~christos/classics/Deutsch_quantum_theory.pdf")
    assert (fifth.title, fifth.date) == ("Attention is Turing-Complete", date(2021, 1, 1))
    assert (fifth.key, fifth.venue) == (
        "CorpusId:233364065",
        "Journal of machine learning research",
    )


@needs_samples
def test_the_recorded_failures_are_told() -> None:
    with pytest.raises(
        BroadsheetError, match="answered with the error 'Paper with id 0 not found'"
    ):
        parse((SAMPLES / "not_found_404.json").read_bytes())
    batch = parse((SAMPLES / "paper_with_null_values.json").read_bytes())
    assert (batch.records, len(batch.problems)) == ((), 1)
