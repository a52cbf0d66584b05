"""arXiv's daily feeds, as Atom and as RSS."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.model import Link, Record
from generator.sources import Batch, Client, Fetched, Politeness, Request, Window, fetch_records
from generator.sources.arxiv import open_arxiv
from generator.sources.source import Source
from tests.loopback import Call, serve
from tests.mutations import mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples/arxiv_rss"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
ATOM = (PAYLOADS / "arxiv_feed.xml").read_bytes()
RSS = (PAYLOADS / "arxiv_feed_rss.xml").read_bytes()
REQUEST = Request(url="https://rss.arxiv.org/atom/cs.RO")
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)


def source(**options: object) -> Source:
    options = {"feed": "cs.RO", **options}
    return open_arxiv(SourceConfig(name="today", type="arxiv", options=options))


def parse(payload: bytes, **options: object) -> Batch:
    return source(**options).parse(payload, REQUEST)


def by_id(batch: Batch) -> dict[str, Record]:
    return {record.arxiv: record for record in batch.records}


def test_a_new_paper_is_read_without_the_head_of_its_summary() -> None:
    record = parse(ATOM).records[0]
    assert record.title == r"A New Robot for $\alpha$ & $\beta$"
    assert record.abstract == "It walks where $a<b$ and does not fall."
    assert (record.date, record.featured) == (date(2026, 4, 1), date(2026, 4, 1))
    assert (record.arxiv, record.version, record.withdrawn) == ("2603.00011", 1, False)
    assert record.categories == ("cs.RO",)
    assert record.links == (
        Link(kind="abstract", url="https://arxiv.org/abs/2603.00011"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2603.00011"),
    )


def test_authors_lose_their_tex_and_affiliations_and_keep_their_order() -> None:
    assert parse(ATOM).records[0].authors == (
        "Karel Čapek",
        "Łucja Frąckowiak",
        "Jörg Müller Jr.",
        "W. (Bill) Peña",
    )


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        (rb"Fran\c cois Ni\v zi, \L ukasz~Kaiser, J.\,P. Serre", 3),
        (b"Ada (unclosed, Emmy Noether", 2),
        (b"Some Collaboration, :, Emmy Noether, ", 2),
        (b" ", 0),
    ],
)
def test_a_list_of_authors_is_parted_at_its_commas(written: bytes, authors: int) -> None:
    start, end = ATOM.index(b"Karel"), ATOM.index(b"</dc:creator>")
    record = parse(ATOM[:start] + written + ATOM[end:]).records[0]
    assert len(record.authors) == authors
    assert not any("\\" in name or "~" in name for name in record.authors)


def test_rss_says_the_same_as_atom() -> None:
    assert parse(RSS).records[0] == parse(ATOM).records[0]


def test_a_cross_listed_paper_is_dated_by_its_id() -> None:
    record = by_id(parse(ATOM))["2105.00012"]
    assert (record.date, record.featured) == (date(2021, 5, 1), date(2026, 4, 1))
    assert (record.version, record.doi) == (4, "10.1000/old.12")
    assert record.venue == "Acta Mathématica 3 (2022) 1-9"


def test_a_paper_that_is_announced_twice_is_one() -> None:
    batch = parse(ATOM)
    assert [record.arxiv for record in batch.records] == ["2603.00011", "2105.00012"]
    assert batch.records[0].title.startswith("A New Robot for")


def test_replaced_papers_are_read_only_when_wanted() -> None:
    record = by_id(parse(ATOM, replacements=True))["2601.00013"]
    assert (record.version, record.withdrawn, record.date) == (2, True, date(2026, 1, 1))


def test_the_type_of_announcement_is_found_in_the_summary_too() -> None:
    without = ATOM.replace(b"<arxiv:announce_type>replace-cross</arxiv:announce_type>", b"")
    assert "2601.00013" not in by_id(parse(without))


def test_an_entry_without_a_title_is_left_out_and_the_others_stay() -> None:
    assert [each.fact for each in parse(ATOM).problems] == [
        "entry 5 (oai:arXiv.org:2603.00014v1) has no arXiv id or no title: left out"
    ]


@pytest.mark.parametrize("payload", [ATOM, RSS])
def test_a_feed_without_papers_is_no_error(payload: bytes) -> None:
    first = b"<entry>" if payload is ATOM else b"<item>"
    last = b"</feed>" if payload is ATOM else b"</channel>"
    assert parse(payload[: payload.index(first)] + payload[payload.index(last) :]) == Batch()


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where a feed is due"),
        (b"<html><p>Busy", "is a page of HTML where a feed is due"),
        (ATOM[:900], "is not whole: no element found at line 18"),
        (b"Rate exceeded.", "is not whole: syntax error at line 1"),
        (b"<OAI-PMH/>", "is no Atom or RSS feed: its root is 'OAI-PMH'"),
        (b"<rss version='2.0'/>", "is no Atom or RSS feed: its root is 'rss'"),
        (b"<?xml version='1.0'?><!DOCTYPE feed []><feed/>", "declares a DOCTYPE"),
        (b"<!-- a -->\n<!DOCTYPE feed>\n<feed/>", "declares a DOCTYPE"),
        (ATOM.decode().encode("utf-16"), "is not UTF-8: byte 0 (line 1) is 0xff"),
        (
            b"<feed><title>Feed error for query: x</title><subtitle>Bad 'x'</subtitle></feed>",
            "answered with the error 'Bad 'x''",
        ),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (told,) = caught.value.problems
    assert told.where == REQUEST.where
    assert told.fact.startswith(fact)


def test_a_doctype_that_is_only_spoken_of_and_a_forbidden_character_do_no_harm() -> None:
    spoken = ATOM.replace(b"It walks", b"It <![CDATA[<!DOCTYPE x>]]>\x0b walks")
    assert parse(spoken).records[0].abstract.startswith("It <!DOCTYPE x> walks")


@settings(max_examples=150, deadline=None)
@given(payload=mutated(ATOM) | mutated(RSS))
def test_nothing_a_server_sends_crashes_it(payload: bytes) -> None:
    parse_safely(source(replacements=True), payload, REQUEST)


def test_deep_nesting_is_read_or_refused() -> None:
    deep = b"<feed>" + b"<entry>" * 50_000 + b"</entry>" * 50_000 + b"</feed>"
    assert parse_safely(source(), deep, REQUEST).records == ()


def test_categories_are_asked_for_in_one_request_at_arxivs_distance() -> None:
    (request,) = source(feed=["cs.RO", "q-bio"]).requests(Window(until=date(2026, 4, 1)))
    assert (request.url, request.gap) == ("https://rss.arxiv.org/atom/cs.RO+q-bio", 3.0)
    (request,) = source(endpoint="https://rss.arxiv.org/rss").requests(Window())
    assert request.url == "https://rss.arxiv.org/rss/cs.RO"


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"feed": "cs AI"}, ["'feed' holds 'cs AI', which is not a category"]),
        ({"feed": []}, ["'feed' names no category"]),
        ({"replacements": "yes"}, ["'replacements' is neither true nor false: 'yes'"]),
        (
            {"query": "x", "archive": "cs", "since": date(2026, 1, 1)},
            [
                "'query' does not go with 'feed'",
                "'archive' does not go with 'feed'",
                "'since' does not go with 'feed'",
            ],
        ),
        ({"replace": True}, ["unknown option 'replace'"]),
    ],
)
def test_wrong_options_and_mixtures_are_told_all_at_once(
    options: dict[str, object], facts: list[str]
) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    told = [each.fact for each in caught.value.problems]
    assert told == [f"source 'today': {fact}" for fact in facts]


def fetch(body: bytes, status: int = 200) -> Fetched:
    def answer(call: Call) -> None:
        assert call.path == "/atom/cs.RO"
        call.send(body, status=status)

    def no_files(path: str) -> bytes:
        raise problem(path, "does not exist")

    with serve(answer) as server, Client(QUICK) as client:
        feed = source(endpoint=f"{server.url}/atom")
        return fetch_records(feed, "today", Window(), client=client, read_file=no_files)


def test_a_feed_is_fetched_in_one_request() -> None:
    found = fetch(ATOM)
    assert (len(found.records), len(found.problems), found.failed) == (2, 1, False)


@pytest.mark.parametrize(("body", "status"), [(ATOM[:-9], 200), (b"", 200), (b"no", 400)])
def test_a_feed_that_is_cut_off_or_refused_fails_the_source(body: bytes, status: int) -> None:
    found = fetch(body, status)
    assert (found.records, found.failed, len(found.problems)) == ((), True, 1)


@needs_samples
def test_the_recorded_feed_is_read_whole() -> None:
    batch = parse((SAMPLES / "atom_cs.AI_2025_first_half.xml").read_bytes())
    assert (len(batch.records), batch.problems) == (43, ())
    for record in batch.records:
        assert record.title
        assert record.authors
        assert record.categories
        assert not record.withdrawn
        assert (record.version, record.featured) == (1, date(2025, 8, 20))
        assert "Announce Type" not in record.abstract
    records = by_id(batch)
    assert records["2508.13177"].authors == (
        "Nikola Pižurica",
        "Nikola Milović",
        "Igor Jovančević",
        "Conor Heins",
        "Miguel de Prado",
    )
    assert records["2508.13174"].categories == ("cs.AI", "cs.LG", "q-fin.CP", "stat.ML")
    assert records["2508.00875"].doi == "10.7249/pea3971-1"
    assert len(records["2508.13167"].authors) == 30


@needs_samples
def test_the_recorded_weekend_has_no_papers_and_the_feed_that_was_cut_off_is_refused() -> None:
    weekend = (SAMPLES / "rss_cs.CL_2026-08-01_weekend_empty.xml").read_bytes()
    assert parse(weekend) == Batch()
    with pytest.raises(BroadsheetError, match="is not whole: no element found at line 26"):
        parse((SAMPLES / "atom_cs.AI_2025_cut_off.xml").read_bytes())
