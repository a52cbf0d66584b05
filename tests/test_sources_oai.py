"""Any OAI-PMH repository: Dublin Core, which may be anything."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.model import Link
from generator.sources import Batch, Client, Politeness, Request, Window, fetch_records
from generator.sources.oai import Repository, open_oai
from tests.loopback import Call, serve
from tests.mutations import mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples/oai_dc"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
PAGE = (PAYLOADS / "oai_dc.xml").read_bytes()
URL = "https://repo.example.org/oai"
REQUEST = Request(url=URL, params={"verb": "ListRecords", "metadataPrefix": "oai_dc"}, gap=1.0)
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)


def source(**options: object) -> Repository:
    return open_oai(SourceConfig(name="repo", type="oai", options={"url": URL, **options}))


def parse(payload: bytes) -> Batch:
    return source().parse(payload, REQUEST)


def test_dublin_core_becomes_a_paper() -> None:
    (record,) = parse(PAGE).records
    assert record.title == "Engines, Analytical"
    assert record.abstract == "Weaves patterns & more.\n\nTwice."
    assert (record.key, record.doi, record.arxiv) == (
        "oai:repo.example.org:7",
        "10.1000/engine.7",
        "",
    )
    assert record.venue == "Journal of Engines; Vol 1 (2025)"
    assert record.keywords == ("engines", "looms")
    assert record.organization == ""
    assert record.links == (
        Link(kind="abstract", url="https://repo.example.org/7"),
        Link(kind="pdf", url="https://repo.example.org/7/engines.pdf"),
        Link(kind="doi", url="https://doi.org/10.1000/engine.7"),
    )


def test_names_with_the_family_first_are_turned_round_and_institutions_are_not() -> None:
    assert parse(PAGE).records[0].authors == (
        "Ada Lovelace",
        "Martin Luther King Jr.",
        "Dept. of Engines, Trinity, Cambridge",
        "某人",
    )


def test_the_most_precise_date_of_the_earliest_year_counts() -> None:
    assert parse(PAGE).records[0].date == date(2025, 11, 1)
    assert parse(PAGE.replace(b"2025-11<", b"some day<")).records[0].date == date(2025, 1, 1)
    spoiled = PAGE.replace(b"<dc:date>20", b"<dc:date>c. 20")
    assert parse(spoiled).records[0].date is None


def test_arxivs_own_address_is_its_id() -> None:
    arxiv = PAGE.replace(b"https://repo.example.org/7<", b"http://arxiv.org/abs/0704.0004v2<")
    record = parse(arxiv).records[0]
    assert record.arxiv == "0704.0004"
    assert record.links[0].url == "https://arxiv.org/abs/0704.0004"


def test_text_that_only_looks_like_html_stays() -> None:
    start = PAGE.index(b"&lt;p&gt;")
    end = PAGE.index(b"</dc:description>", start)
    plain = PAGE[:start] + b"if a &lt;b and c&gt; d, x &amp;lt; y" + PAGE[end:]
    assert parse(plain).records[0].abstract == "if a <b and c> d, x &lt; y"


def test_deleted_records_are_passed_over_and_broken_ones_are_located() -> None:
    assert [each.fact for each in parse(PAGE).problems] == [
        "record 3 (oai:repo.example.org:8) has no title: left out",
        "record 4 (oai:repo.example.org:9) has no metadata: left out",
    ]


def test_the_following_request_holds_the_token_and_nothing_else() -> None:
    assert parse(PAGE).following == Request(
        url=URL, params={"verb": "ListRecords", "resumptionToken": "page two & more"}, gap=1.0
    )


@settings(max_examples=150, deadline=None)
@given(payload=mutated(PAGE))
def test_nothing_a_server_sends_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, REQUEST)


def test_the_set_and_the_days_are_asked_for() -> None:
    options = {"set": "articles:2025", "since": date(2026, 1, 1), "until": date(2026, 6, 30)}
    (request,) = source(**options).requests(Window(until=date(2026, 11, 24)))
    assert request.gap == 1.0
    assert request.params == {
        "verb": "ListRecords",
        "metadataPrefix": "oai_dc",
        "set": "articles:2025",
        "from": "2026-01-01",
        "until": "2026-06-30",
    }
    (request,) = source().requests(Window())
    assert set(request.params) == {"verb", "metadataPrefix"}
    late = Window(since=date(2026, 7, 1), until=date(2026, 11, 24))
    assert list(source(**options).requests(late)) == []


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"url": None}, "'url' is missing"),
        ({"url": "repo.example.org"}, "'url' is not an http(s) URL: 'repo.example.org'"),
        ({"set": "a b"}, "'set' is not the name of a set: 'a b'"),
        ({"prefix": "marc"}, "unknown option 'prefix'"),
        ({"since": "2026"}, "'since' is not a date: '2026'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    (told,) = caught.value.problems
    assert (told.where, told.fact) == ("content/site.yml", f"source 'repo': {fact}")


def test_a_repository_is_walked_to_the_end_of_its_list() -> None:
    last = PAGE.replace(b"page two &amp; more", b"").replace(b"org:7<", b"org:17<")

    def answer(call: Call) -> None:
        call.send(last if call.params.get("resumptionToken") == "page two & more" else PAGE)

    def no_files(path: str) -> bytes:
        raise problem(path, "does not exist")

    with serve(answer) as server, Client(QUICK) as client:
        repository = source(url=f"{server.url}/oai")
        found = fetch_records(repository, "repo", Window(), client=client, read_file=no_files)
    assert [record.key for record in found.records] == [
        "oai:repo.example.org:7",
        "oai:repo.example.org:17",
    ]
    assert (len(found.problems), found.failed) == (4, False)
    assert server.gaps[0] >= 1.0


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [("GetRecord_utf8test.xml", 1), ("ListRecords.xml", 1), ("ListRecords4.xml", 1)],
)
def test_every_recorded_answer_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    assert batch.records[0].title == "Sample Title"
    assert batch.records[0].venue == "Sample Source"


@needs_samples
def test_recorded_records_say_what_stands_in_the_files() -> None:
    batch = parse((SAMPLES / "ListRecords.xml").read_bytes())
    (record,) = batch.records
    assert record.authors == ("John Doe",) * 4
    assert (record.date, record.key) == (date(2010, 1, 1), "oai:test.example.com:1585322")
    assert record.abstract.startswith("Lorem ipsum dolor sit amet, consectetur")
    assert record.abstract.endswith("mollit anim id est laborum.")
    assert batch.following is not None
    assert batch.following.params["resumptionToken"] == "ListRecords2.xml"
    (other,) = parse((SAMPLES / "GetRecord_utf8test.xml").read_bytes()).records
    assert (other.authors, other.date) == (("某人",), date(2011, 1, 1))
    assert other.links[0].url == "http://test.example.com/publication/1996652"


@needs_samples
def test_recorded_errors_are_told_and_an_empty_list_is_none() -> None:
    with pytest.raises(BroadsheetError, match="'This resumptionToken is invalid'"):
        parse((SAMPLES / "badResumptionToken.xml").read_bytes())
    assert parse((SAMPLES / "noRecordsMatch.xml").read_bytes()) == Batch()
