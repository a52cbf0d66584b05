"""OpenAlex's works: searches, lists of ids and saved answers."""

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
from generator.sources.openalex import FIELDS, OpenAlex, open_openalex
from generator.sources.source import Batch, Request, Window
from tests.loopback import Call, Server, serve
from tests.mutations import distorted, mutated, parse_safely

PAYLOAD = (Path(__file__).parent / "payloads/openalex.json").read_bytes()
SAMPLES = Path(__file__).parents[2] / "shared/samples/openalex"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
PAGE = Request(url="https://api.openalex.org/works", params={"cursor": "*"})
WEEK = Window(since=date(2026, 4, 1), until=date(2026, 4, 7))
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)


def source(**options: object) -> OpenAlex:
    config = SourceConfig(name="science", type="openalex", options=options or {"query": "walk"})
    return open_openalex(config)


def parse(payload: bytes, request: Request = PAGE) -> Batch:
    return source().parse(payload, request)


def page(*works: object, cursor: str | None = None) -> bytes:
    return orjson.dumps({"meta": {"count": 9, "next_cursor": cursor}, "results": works})


def no_files(path: str) -> bytes:
    raise problem(path, "does not exist")


def fetch(answer: Any, window: Window = WEEK, **options: object) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        asked = source(endpoint=server.url, **(options or {"query": "walk"}))
        found = fetch_records(asked, "science", window, client=client, read_file=no_files)
    return found, server


def test_a_work_is_read_with_its_mark_up_as_text() -> None:
    record = parse(PAYLOAD).records[0]
    assert record.title == "How robots walk on H₂O & ice"
    assert record.abstract == "Is a robot a walker?\n\nYes."
    assert (record.date, record.venue) == (date(2026, 4, 1), "Journal of Walks")
    assert record.authors == ("Ada Lovelace", "Karel Čapek", "Grace Hopper")
    assert record.organization == "Analytical Society"
    assert (record.doi, record.arxiv, record.key) == ("10.5555/walk.1", "", "")
    assert (record.keywords, record.withdrawn) == (("Gait", "Ice"), False)
    assert record.links == (
        Link(kind="abstract", url="https://repository.example.org/walk"),
        Link(kind="pdf", url="https://repository.example.org/walk.pdf"),
        Link(kind="doi", url="https://doi.org/10.5555/walk.1"),
    )


def test_arxivs_own_doi_is_an_arxiv_id_and_arxiv_is_no_venue() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.arxiv, record.doi, record.venue) == ("2604.00002", "", "")
    assert record.title == "A preprint of which only the year is known"
    assert [link.url for link in record.links] == [
        "https://arxiv.org/abs/2604.00002",
        "https://arxiv.org/pdf/2604.00002",
    ]


def test_a_year_alone_is_its_first_day_and_a_retracted_work_is_withdrawn() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.date, record.withdrawn) == (date(2026, 1, 1), True)


def test_values_of_another_type_count_as_missing() -> None:
    record = parse(PAYLOAD).records[2]
    assert (record.authors, record.date, record.keywords) == ((), None, ())
    assert (record.abstract, record.organization, record.key) == ("early late", "", "W1000000003")
    assert record.links == ()


def test_a_work_without_a_title_is_left_out_and_the_others_stay() -> None:
    batch = parse(PAYLOAD)
    assert len(batch.records) == 3
    (left,) = batch.problems
    assert left.fact == "record 4 (https://openalex.org/W1000000004) has no title: left out"


def test_a_huge_position_in_an_abstract_costs_nothing() -> None:
    work = {"title": "t", "abstract_inverted_index": {"b": [10**15], "a": [10**12]}}
    assert parse(page(work)).records[0].abstract == "a b"


def test_no_institution_is_named_where_the_authors_share_none() -> None:
    places = [[{"display_name": name}] for name in ("A", "B")]
    work = {"title": "t", "authorships": [{"institutions": each} for each in places]}
    assert parse(page(work)).records[0].organization == ""


def test_the_cursor_leads_to_the_next_page_and_ends_with_an_empty_one() -> None:
    following = parse(PAYLOAD).following
    assert following is not None
    assert following.params["cursor"] == "IlsxNjA5MzcyODAwMDAwXSI="
    later = Request(url=PAGE.url, params={"cursor": "x"})
    assert parse(page(cursor="y"), later) == Batch()


def test_an_empty_first_page_is_refused_where_works_are_counted() -> None:
    with pytest.raises(BroadsheetError, match="is empty though 9 works are announced"):
        parse(page())
    assert parse(b'{"meta": {"count": 0}, "results": []}') == Batch()


def test_a_single_work_and_a_bare_list_are_read_too() -> None:
    works = orjson.loads(PAYLOAD)["results"]
    assert len(parse(orjson.dumps(works[0])).records) == 1
    assert len(parse(orjson.dumps(works)).records) == 3


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<!DOCTYPE html><p>Busy", "is a page of HTML where JSON is due"),
        (PAYLOAD[:900], "is not JSON: "),
        ('{"results": ["é"]}'.encode("latin-1"), "is not UTF-8: "),
        (b'{"error": "Invalid filter", "message": "Unknown filter field: x"}', "answered with the"),
        (b'{"results": {}}', "holds an object with the keys 'results' where a list of works"),
        (b"null", "holds the value 'None' where a list of works is due"),
        (b"[" * 5_000, "is not JSON: "),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (found,) = caught.value.problems
    assert found.where.startswith("https://api.openalex.org/works?cursor=")
    assert found.fact.startswith(fact)


def test_a_search_carries_the_days_of_the_window() -> None:
    asked = source(query="walk", filter="type:article", limit=20, since=date(2020, 1, 1))
    (request,) = asked.requests(WEEK)
    assert (request.url, request.gap) == ("https://api.openalex.org/works", 0.1)
    assert request.params == {
        "search": "walk",
        "filter": "type:article,from_publication_date:2026-04-01,to_publication_date:2026-04-07",
        "sort": "publication_date:desc",
        "select": FIELDS,
        "per_page": "20",
        "cursor": "*",
    }


def test_works_are_asked_for_by_the_fifty_and_those_that_do_not_come_are_named() -> None:
    ids = ["https://openalex.org/W1", "w2", *(f"10.5555/{number}" for number in range(60))]
    own, first, second = source(ids=ids).requests(WEEK)
    assert own.params["filter"] == "openalex:W1|W2"
    assert first.params["filter"].startswith("doi:10.5555/0|10.5555/1|")
    assert second.params["filter"].count("|") == 9
    batch = parse(page({"id": "https://openalex.org/W2", "title": "t"}), own)
    assert (len(batch.records), batch.following) == (1, None)
    assert [left.fact for left in batch.problems] == ["gives nothing for 'W1': left out"]


def test_a_file_keeps_to_the_days_of_the_window_where_its_works_have_any() -> None:
    asked = source(path="content/sources/works.json")
    (request,) = asked.requests(Window(since=date(2026, 4, 2), until=date(2026, 4, 7)))
    assert (asked.offline, request.path) == (True, "content/sources/works.json")
    batch = asked.parse(PAYLOAD, request)
    assert [record.title[:9] for record in batch.records] == ["A preprin", "Known to "]
    assert batch.following is None


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 5}, "none of 'query', 'filter', 'ids', 'path' is given"),
        ({"query": "x", "ids": ["W1"]}, "'query' and 'ids' do not go together"),
        ({"ids": ["A1"]}, "'ids' holds 'A1', which is neither an OpenAlex id nor a DOI"),
        ({"ids": ["10.5555/a|b"]}, "'ids' holds '10.5555/a|b': OpenAlex cannot be asked"),
        ({"filter": "x:y", "sort": "relevance"}, "'sort' is 'relevance' without a 'query'"),
        ({"query": "x", "sort": "newest"}, "'sort' is 'newest'"),
        ({"query": "x", "endpoint": "api.openalex.org"}, "'endpoint' is not an http(s) URL"),
        ({"query": "x", "mailto": "a@b.org"}, "unknown option 'mailto'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    (found,) = caught.value.problems
    assert found.where == "content/site.yml"
    assert found.fact.startswith(f"source 'science': {fact}")


def test_pages_are_fetched_until_there_is_no_more() -> None:
    def answer(call: Call) -> None:
        number = {"*": 1, "b": 2, "c": 3}[call.params["cursor"]]
        works = [{"id": f"https://openalex.org/W{number}", "title": f"Work {number}"}]
        following = {1: "b", 2: "c", 3: None}[number]
        call.send(page(*works[: number < 3], cursor=following))

    found, server = fetch(answer)
    assert [record.key for record in found.records] == ["W1", "W2"]
    assert ([call.params["cursor"] for call in server.calls], found.problems) == (
        ["*", "b", "c"],
        (),
    )


def test_a_server_that_is_busy_for_a_moment_is_asked_again() -> None:
    def answer(call: Call) -> None:
        call.send(page({"title": "t"}) if call.number > 1 else b"", 200 if call.number > 1 else 429)

    found, server = fetch(answer)
    assert (len(found.records), len(server.calls)) == (1, 2)


def test_a_broken_second_page_fails_the_source_as_a_whole() -> None:
    def answer(call: Call) -> None:
        whole = page({"title": "t"}, cursor="b")
        call.send(whole if call.number == 1 else whole[:-20])

    found, _ = fetch(answer)
    assert (found.failed, found.records) == (True, ())
    assert "is not JSON" in found.problems[0].fact


@given(st.data())
def test_no_answer_raises_anything_but_a_located_problem(data: st.DataObject) -> None:
    parse_safely(source(), data.draw(mutated(PAYLOAD)), PAGE)
    parse_safely(source(), data.draw(distorted(orjson.loads(PAYLOAD))), PAGE)


@needs_samples
def test_the_recorded_work_without_an_abstract_is_read_whole() -> None:
    batch = parse((SAMPLES / "works_selected_fields.json").read_bytes())
    (record,) = batch.records
    assert batch.problems == ()
    assert record.title.startswith("In vivo CRISPR base editing of PCSK9 durably lowers")
    assert (record.date, record.venue) == (date(2021, 5, 19), "Nature")
    assert (record.authors[0], record.authors[-1]) == ("Kiran Musunuru", "Sekar Kathiresan")
    assert (len(record.authors), record.abstract) == (42, "")
    assert record.organization == "Verve Therapeutics (United States)"
    assert record.doi == "10.1038/s41586-021-03534-y"


@needs_samples
def test_the_recorded_abstract_comes_back_in_order() -> None:
    payload = (SAMPLES / "moleculenet_select.json").read_bytes()
    (record,) = parse(payload).records
    assert record.title == "MoleculeNet: a benchmark for molecular machine learning"
    assert record.abstract.startswith("Molecular machine learning has been maturing rapidly over")
    assert record.abstract.endswith("than choice of particular learning algorithm.")
    assert len(record.abstract.split()) == 179
    assert (record.date, record.venue) == (date(2017, 1, 1), "Chemical Science")
    assert record.authors[:2] == ("Zhenqin Wu", "Bharath Ramsundar")
