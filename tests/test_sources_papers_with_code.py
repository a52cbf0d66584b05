"""What was saved of Papers with Code: pages of its API and its dumps."""

import gzip
from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.model import Link, Record
from generator.sources.fetch import fetch_records
from generator.sources.http import Client, Politeness
from generator.sources.papers_with_code import PapersWithCode, open_papers_with_code
from generator.sources.source import Batch, Request, Window
from tests.loopback import serve
from tests.mutations import distorted, mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
PAYLOAD, LINKS, TABLES = (
    (PAYLOADS / f"papers_with_code{name}.json").read_bytes() for name in ("", "_links", "_tables")
)
SAMPLES = Path(__file__).parents[2] / "shared/samples/papers_with_code"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
PATH = "content/sources/pwc.json"
PAGE = Request(path=PATH)
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)


def source(**options: object) -> PapersWithCode:
    config = SourceConfig(name="pwc", type="papers_with_code", options=options or {"path": PATH})
    return open_papers_with_code(config)


def parse(payload: bytes, request: Request = PAGE) -> Batch:
    return source().parse(payload, request)


def links(record: Record) -> dict[str, str]:
    return {link.kind: link.url for link in record.links}


def no_files(path: str) -> bytes:
    raise problem(path, "does not exist")


def test_a_paper_of_the_api_is_read() -> None:
    record = parse(PAYLOAD).records[0]
    assert record.title == "How Robots Walk with $a<b$"
    assert record.abstract == "First.\n\nSecond & <b>last</b>."
    assert record.authors == ("Ada Lovelace", "Karel Čapek")
    assert (record.date, record.arxiv, record.key) == (date(2024, 4, 1), "2404.00001", "")
    assert (record.version, record.venue) == (2, "")
    assert record.links == (
        Link(kind="abstract", url="https://arxiv.org/abs/2404.00001"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2404.00001"),
    )


def test_a_paper_that_is_not_on_arxiv_is_known_by_its_page() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.arxiv, record.key, record.version) == ("", "no-arxiv", None)
    assert (record.date, record.authors, record.abstract) == (None, (), "")
    assert links(record) == {"abstract": "https://example.org/paper"}


def test_what_has_no_title_is_left_out_and_the_others_stay() -> None:
    batch = parse(PAYLOAD)
    assert (len(batch.records), batch.following) == (2, None)
    assert [left.fact for left in batch.problems] == ["record 3 (nothing) has no title: left out"]


def test_a_paper_of_the_dump_has_its_proceedings_and_tasks() -> None:
    paper = {
        "paper_url": "https://paperswithcode.com/paper/on-floors",
        "title": "On Floors",
        "url_abs": "https://doi.org/10.5555/Floor",
        "date": "2013-10-01",
        "proceeding": "IJCNLP 2013 10",
        "tasks": ["Walking", "Walking", None],
        "methods": [{"name": "Adam"}],
    }
    (record,) = parse(orjson.dumps([paper])).records
    assert (record.venue, record.date, record.keywords) == (
        "IJCNLP 2013",
        date(2013, 10, 1),
        ("Walking",),
    )
    assert (record.doi, record.key) == ("10.5555/floor", "")
    assert links(record) == {"doi": "https://doi.org/10.5555/floor"}


def test_rows_of_one_paper_are_one_record_with_its_official_code() -> None:
    first, second = parse(LINKS).records
    assert (first.title, first.arxiv) == ("How Robots Walk", "2404.00001")
    assert links(first)["code"] == "https://github.com/lovelace/walk"
    assert (second.key, links(second)) == ("no-arxiv", {"abstract": "https://example.org/paper"})


def test_leaderboards_name_their_papers_once_with_all_their_tasks() -> None:
    batch = parse(TABLES)
    walk, ice = batch.records
    assert (walk.key, walk.date) == ("how-robots-walk", date(2024, 4, 1))
    assert walk.keywords == ("Walking", "Running")
    assert links(walk) == {"code": "https://github.com/lovelace/walk"}
    assert (ice.title, links(ice)) == ("On Ice", {"pdf": "https://example.org/ice.PDF"})


def test_authors_and_a_year_are_no_title() -> None:
    (left,) = parse(TABLES).problems
    assert left.fact.startswith("record 2 (Lovelace et al. '24) is named by its authors and year")


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<html><p>Moved", "is a page of HTML where JSON is due"),
        (PAYLOAD[:600], "is not JSON: "),
        (gzip.compress(PAYLOAD), "is packed with gzip"),
        (b'{"detail": "Not found."}', "answered with the error 'Not found.'"),
        (b'{"count": 5}', "holds an object with the keys 'count' where papers are due"),
        (b'"papers"', "holds the text 'papers' where papers are due"),
        (b"[" * 5_000, "is not JSON: "),
    ],
)
def test_a_file_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (found,) = caught.value.problems
    assert (found.where, found.fact.startswith(fact), bool(found.hint)) == (
        PATH,
        True,
        "where papers" not in fact,
    )


def test_tasks_far_inside_other_tasks_are_read() -> None:
    row = b'{"paper_title": "Deep", "paper_url": "https://example.org/deep"}'
    table = b'{"datasets": [{"sota": {"rows": [' + row + b"]}}]}"
    payload = b'{"datasets": [], "subtasks": [' * 450 + table + b"]}" * 450
    assert [record.title for record in parse(payload).records] == ["Deep"]


def test_a_file_keeps_to_the_days_of_the_window() -> None:
    asked = source(path=PATH, since=date(2024, 4, 2))
    (request,) = asked.requests(Window(until=date(2026, 4, 7)))
    assert (asked.offline, request.path) == (True, PATH)
    assert [record.title for record in asked.parse(PAYLOAD, request).records] == ["Not on arXiv"]


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 5}, "none of 'path', 'url' is given"),
        ({"path": "a.json", "url": "https://b.org/c"}, "'path' and 'url' do not go together"),
        ({"path": "../a.json"}, "'path' is not a file of the site"),
        ({"path": "a.json", "query": "x"}, "unknown option 'query'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    (found,) = caught.value.problems
    assert found.where == "content/site.yml"
    assert found.fact.startswith(f"source 'pwc': {fact}")


def test_a_file_on_a_server_is_fetched_once_and_cut_to_the_window() -> None:
    with serve(lambda call: call.send(PAYLOAD)) as server, Client(QUICK) as client:
        asked = source(url=f"{server.url}/archive/papers.json")
        window = Window(since=date(2025, 1, 1))
        found = fetch_records(asked, "pwc", window, client=client, read_file=no_files)
    assert [record.title for record in found.records] == ["Not on arXiv"]
    assert [(call.path, call.params) for call in server.calls] == [("/archive/papers.json", {})]


@given(st.data())
def test_no_file_raises_anything_but_a_located_problem(data: st.DataObject) -> None:
    for payload in (PAYLOAD, LINKS, TABLES):
        parse_safely(source(), data.draw(mutated(payload)), PAGE)
        parse_safely(source(), data.draw(distorted(orjson.loads(payload))), PAGE)


@needs_samples
def test_the_recorded_page_of_the_api_is_read_whole() -> None:
    batch = parse((SAMPLES / "api_papers_page1.json").read_bytes())
    assert (len(batch.records), batch.problems) == (50, ())
    assert sum(bool(record.arxiv) for record in batch.records) == 44
    assert all(record.abstract and record.authors and record.date for record in batch.records)
    first, fourth = batch.records[0], batch.records[3]
    assert first.title.startswith("Neural networks and physical systems with emergent collective")
    assert (first.authors, first.date) == (("J J Hopfield",), date(1982, 1, 15))
    assert first.key == "neural-networks-and-physical-systems-with"
    assert links(first)["abstract"] == "https://www.pnas.org/content/79/8/2554"
    assert (fourth.arxiv, fourth.version) == ("cs/9301114", 1)


@needs_samples
def test_the_recorded_paper_is_as_printed() -> None:
    (record,) = parse((SAMPLES / "api_paper.json").read_bytes()).records
    assert (record.title, record.arxiv) == ("Generative Adversarial Networks", "1406.2661")
    assert record.date == date(2014, 6, 10)
    assert (record.authors[0], record.authors[-1]) == ("Ian J. Goodfellow", "Yoshua Bengio")
    assert (len(record.authors), record.venue) == (8, "")


@needs_samples
def test_the_recorded_leaderboard_gives_the_papers_that_it_names_by_title() -> None:
    batch = parse((SAMPLES / "sota_snli.json").read_bytes())
    assert (len(batch.records), len(batch.problems)) == (4, 37)
    assert [record.title for record in batch.records] == [
        "A large annotated corpus for learning natural language inference",
        "A Fast Unified Model for Parsing and Sentence Understanding",
        "Deep Fusion LSTMs for Text Semantic Matching",
        "Improving Language Understanding by Generative Pre-Training",
    ]
    assert {record.keywords for record in batch.records} == {("Natural Language Inference",)}
