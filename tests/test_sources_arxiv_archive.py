"""arXiv's archive by OAI-PMH: pages, tokens, deletions, names."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.sources import Batch, Client, Fetched, Politeness, Request, Window, fetch_records
from generator.sources.arxiv import open_arxiv
from generator.sources.arxiv_archive import set_of
from generator.sources.source import Source
from tests.loopback import Call, Server, serve
from tests.mutations import mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
ONE = (PAYLOADS / "arxiv_archive_1.xml").read_bytes()
TWO = (PAYLOADS / "arxiv_archive_2.xml").read_bytes()
URL = "https://oaipmh.arxiv.org/oai"
TOKEN = "verb%3DListRecords%26skip%3D3"
FIRST = Request(url=URL, params={"verb": "ListRecords", "metadataPrefix": "arXiv"}, gap=3.0)
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)


def source(**options: object) -> Source:
    options = {"archive": "hep-th", **options}
    return open_arxiv(SourceConfig(name="strings", type="arxiv", options=options))


def parse(payload: bytes, request: Request = FIRST, **options: object) -> Batch:
    return source(**options).parse(payload, request)


def error(code: str, said: str = "") -> bytes:
    return f'<OAI-PMH><error code="{code}">{said}</error></OAI-PMH>'.encode()


def test_a_paper_is_read_without_its_line_breaks() -> None:
    record = parse(ONE).records[0]
    assert record.title == "Branes That Were Wrapped"
    assert record.abstract == "Branes wrap where $x<1$ and that is that.\n\nA second paragraph."
    assert (record.date, record.featured) == (date(2026, 4, 1), None)
    assert (record.arxiv, record.doi) == ("2604.00021", "10.1000/brane.1")
    assert record.venue == "J. Branes 1 (2026) 1-8"
    assert record.categories == ("hep-th", "math-ph")
    assert (record.version, record.withdrawn, record.organization) == (None, False, "")


def test_names_are_put_together_from_all_their_parts() -> None:
    assert parse(ONE).records[0].authors == (
        "Noether Collaboration",
        "Marie Curie Skłodowska",
        "Martin King Jr",
    )


def test_a_paper_that_was_taken_back_is_marked_and_dated_by_its_id() -> None:
    (record,) = parse(TWO).records
    assert (record.arxiv, record.withdrawn) == ("hep-th/9901001", True)
    assert record.date == date(1999, 1, 1)


def test_a_deleted_record_is_passed_over_and_one_without_a_title_left_out() -> None:
    batch = parse(ONE)
    assert [record.arxiv for record in batch.records] == ["2604.00021"]
    assert [each.fact for each in batch.problems] == [
        "record 3 (oai:arXiv.org:2604.00023) has no title: left out"
    ]


def test_the_following_request_holds_the_token_and_nothing_else() -> None:
    following = parse(ONE).following
    assert following == Request(
        url=URL, params={"verb": "ListRecords", "resumptionToken": TOKEN}, gap=3.0
    )
    assert parse(TWO, following).following is None


def test_a_token_that_leads_to_its_own_page_ends_the_walk() -> None:
    batch = parse(ONE, Request(url=URL, params={"resumptionToken": TOKEN}))
    assert batch.following is None
    assert batch.problems[-1].fact == "repeats its resumption token: stopped there"


def test_nothing_that_matches_is_no_error() -> None:
    assert parse(error("noRecordsMatch")) == Batch()


@pytest.mark.parametrize(
    ("payload", "fact", "hint"),
    [
        (error("badResumptionToken", "expired"), "'badResumptionToken': 'expired'", "pull again"),
        (error("badArgument", "Set does not exist"), "'badArgument': 'Set does not", "the set"),
        (error("idDoesNotExist"), "answered with the error 'idDoesNotExist'", ""),
        (b"", "is empty where an OAI-PMH answer is due", "try again"),
        (b"<html>Busy", "is a page of HTML where an OAI-PMH answer is due", ""),
        (ONE[:1500], "is not whole: ", "try again"),
        (b"<feed/>", "is not an OAI-PMH answer: its root is 'feed'", "verb=Identify"),
        (b"<OAI-PMH/>", "holds neither records nor an error", "address"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><OAI-PMH/>", "declares a DOCTYPE", ""),
        (ONE.replace(TOKEN.encode(), b"x" * 2001), "has a resumption token of 2001 char", ""),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(
    payload: bytes, fact: str, hint: str
) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (told,) = caught.value.problems
    assert told.where == f"{URL}?verb=ListRecords&metadataPrefix=arXiv"
    assert fact in told.fact
    assert hint in told.hint


@settings(max_examples=150, deadline=None)
@given(payload=mutated(ONE) | mutated(TWO))
def test_nothing_a_server_sends_crashes_it(payload: bytes) -> None:
    parse_safely(source(since=date(2020, 1, 1)), payload, FIRST)


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        ("cs.CL", "cs:cs:CL"),
        ("cs", "cs"),
        ("hep-th", "physics:hep-th"),
        ("physics.flu-dyn", "physics:physics:flu-dyn"),
        ("cond-mat.str-el", "physics:cond-mat:str-el"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("physics:hep-th", "physics:hep-th"),
        ("not a set", ""),
    ],
)
def test_a_category_is_a_set_of_the_archive(archive: str, name: str) -> None:
    assert set_of(archive) == name


def test_a_list_is_asked_for_by_the_days_of_changes_at_arxivs_distance() -> None:
    window = Window(since=date(2026, 4, 1), until=date(2026, 4, 12))
    first, second = source(archive=["hep-th", "cs.CL"]).requests(window)
    assert (first.url, first.gap) == (URL, 3.0)
    assert first.params == {
        "verb": "ListRecords",
        "metadataPrefix": "arXiv",
        "set": "physics:hep-th",
        "from": "2026-04-01",
        "until": "2026-04-12",
    }
    assert second.params["set"] == "cs:cs:CL"


def test_the_days_of_the_options_are_those_of_papers_and_lose_none_that_changed_later() -> None:
    options = {"since": date(2026, 4, 1), "until": date(2026, 4, 30)}
    (request,) = source(**options).requests(Window(until=date(2026, 11, 24)))
    assert (request.params["from"], request.params["until"]) == ("2026-04-01", "2026-11-24")
    assert len(parse(ONE, **options).records) == 1
    assert parse(ONE, until=date(2026, 3, 31)).records == ()
    old = parse(TWO, **options)
    assert (old.records, old.problems) == ((), ())


def test_days_before_arxivs_first_change_are_not_asked_for() -> None:
    (request,) = source(since=date(1999, 1, 1)).requests(Window())
    assert "from" not in request.params
    window = Window(since=date(2026, 4, 2), until=date(2026, 4, 1))
    assert list(source().requests(window)) == []


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"archive": "a b"}, ["'archive' holds 'a b', which is not a category or a set"]),
        ({"archive": []}, ["'archive' names no category or set"]),
        (
            {"ids": "2604.00021", "sort": "updated", "replacements": False},
            [
                "'ids' does not go with 'archive'",
                "'sort' does not go with 'archive'",
                "'replacements' does not go with 'archive'",
            ],
        ),
    ],
)
def test_wrong_options_and_mixtures_are_told_all_at_once(
    options: dict[str, object], facts: list[str]
) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    told = [each.fact for each in caught.value.problems]
    assert told == [f"source 'strings': {fact}" for fact in facts]


def fetch(answer: Callable[[Call], None], window: Window) -> tuple[Fetched, Server]:
    def no_files(path: str) -> bytes:
        raise problem(path, "does not exist")

    with serve(answer) as server, Client(QUICK) as client:
        archive = source(endpoint=f"{server.url}/oai")
        found = fetch_records(archive, "strings", window, client=client, read_file=no_files)
    return found, server


def test_an_archive_is_walked_by_its_tokens_with_three_seconds_between_two_requests() -> None:
    def answer(call: Call) -> None:
        call.send(TWO if call.params.get("resumptionToken") == TOKEN else ONE)

    found, server = fetch(answer, Window(since=date(2026, 4, 1)))
    assert [record.arxiv for record in found.records] == ["2604.00021", "hep-th/9901001"]
    assert set(server.calls[1].params) == {"verb", "resumptionToken"}
    assert server.gaps[0] >= 3.0


def test_a_token_that_is_no_longer_known_fails_the_source_and_nothing_is_used() -> None:
    def answer(call: Call) -> None:
        call.send(ONE if call.number == 1 else error("badResumptionToken"))

    found, _ = fetch(answer, Window())
    assert (found.records, found.failed) == ((), True)
    assert "begins the list anew" in found.problems[0].hint


def test_days_without_changes_are_no_failure_and_a_busy_server_is_asked_again() -> None:
    def answer(call: Call) -> None:
        if call.number == 1:
            call.send(b"", status=503, retry_after="0")
        else:
            call.send(error("noRecordsMatch"))

    found, server = fetch(answer, Window())
    assert (found, len(server.calls)) == (Fetched(), 2)


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ListRecords_hep-th_2017-12-14.xml", 3),
        ("GetRecord_many_edited.xml", 12),
        ("record7_affiliations.xml", 1),
        ("record10_thesis.xml", 1),
    ],
)
def test_every_recorded_answer_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / "arxiv_oai" / name).read_bytes())
    assert (len(batch.records), batch.problems, batch.following) == (count, (), None)
    for record in batch.records:
        assert record.title
        assert record.abstract
        assert record.authors
        assert record.categories
        assert record.date
        assert not record.withdrawn
        assert "\n" not in record.title + record.abstract.replace("\n\n", "")


@needs_samples
def test_recorded_papers_say_what_stands_in_the_files() -> None:
    batch = parse((SAMPLES / "arxiv_oai/ListRecords_hep-th_2017-12-14.xml").read_bytes())
    first, second, third = batch.records
    title = "Toolbox for reconstructing quantum theory from rules on information acquisition"
    assert first.title == title
    assert (first.authors, first.date) == (("Philipp A Hoehn",), date(2014, 12, 29))
    assert first.categories[0] == "quant-ph"
    assert second.venue == "J. Phys. A: Math. Theor. 51 (2018) 035201"
    assert second.doi == "10.1088/1751-8121/aa9c53"
    assert third.authors[3] == "A. de Souza Dutra"
    (seventh,) = parse((SAMPLES / "arxiv_oai/record7_affiliations.xml").read_bytes()).records
    assert seventh.authors == ("Curtis J. Saxton Walton", "Ziri Younsi", "Kinwah Wu")


@needs_samples
def test_recorded_collaborations_are_authors_without_their_colons() -> None:
    batch = parse((SAMPLES / "arxiv_oai/GetRecord_many_edited.xml").read_bytes())
    authors = {record.arxiv: record.authors for record in batch.records}
    assert authors["1603.05976"][:3] == ("Keck Array", "BICEP2 Collaborations", "P. Ade")
    assert authors["1601.03238"][0] == "Planck Collaboration"
    assert authors["1606.07538"][0] == "Super-Kamiokande Collaboration"
    assert authors["1808.04927"][4] == "The T2K Beam Group"
    assert authors["1604.05585"][0] == "Günter Burigana"
