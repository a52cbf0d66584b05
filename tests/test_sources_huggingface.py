"""Hugging Face's Daily Papers: every shape since 2024, every listing, and what must be refused."""

import json
from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.model import Link
from generator.sources import (
    Batch,
    Client,
    Politeness,
    Request,
    Source,
    Window,
    fetch_records,
    open_source,
)
from generator.sources.huggingface import first_sentence
from tests.loopback import Call, serve
from tests.mutations import distorted, mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples/hf_daily_papers"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
RECORDS = {
    "2024-05-28.json": 15,
    "2024-06-21.json": 21,
    "2024-08-01.json": 11,
    "2025-03-26.json": 16,
    "2025-09-29.json": 30,
    "2025-11-26.json": 15,
    "2026-06-17.json": 26,
    "2026-08-18.json": 29,
    "2026-08-19.json": 26,
    "allnews_2026-07-31_trimmed3.json": 5,
}


def source(**options: object) -> Source:
    return open_source(SourceConfig(name="daily", type="huggingface", options=options))


def parse(payload: bytes, day: str = "2026-08-18") -> Batch:
    url = "https://huggingface.co/api/daily_papers"
    return source().parse(payload, Request(url=url, params={"date": day, "limit": "100", "p": "0"}))


def days(window: Window, **options: object) -> list[str]:
    return [request.params["date"] for request in source(**options).requests(window)]


def test_a_paper_of_the_old_shape_is_read() -> None:
    (record,) = parse((PAYLOADS / "huggingface_2024.json").read_bytes(), "2024-05-28").records
    assert record.title == "An Old Shape: Titles with Line Breaks"
    assert record.authors == ("Ada Lovelace", "Érik Ωmega")
    assert (record.date, record.featured) == (date(2024, 5, 27), date(2024, 5, 28))
    assert (record.arxiv, record.upvotes, record.comments) == ("2405.00001", 7, 0)
    assert "<EOS> and 62\\%." in record.abstract
    assert (record.stars, record.organization, record.summary) == (None, "", "")
    assert record.links == (
        Link(kind="abstract", url="https://arxiv.org/abs/2405.00001"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2405.00001"),
        Link(kind="huggingface", url="https://huggingface.co/papers/2405.00001"),
    )


def test_a_paper_of_the_new_shape_is_read_and_an_unsafe_link_is_not() -> None:
    record = parse((PAYLOADS / "huggingface_2026.json").read_bytes()).records[0]
    assert (record.date, record.featured) == (date(2026, 8, 17), date(2026, 8, 18))
    assert (record.upvotes, record.comments, record.stars) == (0, 3, 340)
    assert record.organization == "Navy Lab"
    assert record.keywords == ("sorting", "networks")
    assert record.summary == "It does one thing, e.g. Sorting (see Fig. Two)."
    links = {link.kind: link.url for link in record.links}
    assert links["code"] == "https://github.com/grace/shape"
    assert links["organization"] == "https://huggingface.co/navy-lab"
    assert "project" not in links


def test_a_record_without_a_title_is_left_out_and_the_others_stay() -> None:
    batch = parse((PAYLOADS / "huggingface_2026.json").read_bytes())
    assert [record.arxiv for record in batch.records] == ["2608.00002", "2608.00004"]
    (problem,) = batch.problems
    assert problem.fact == "record 2 (2608.00003) has no title: left out"
    assert problem.where.startswith("https://huggingface.co/api/daily_papers?date=2026-08-18")


def test_values_of_another_type_count_as_missing() -> None:
    record = parse((PAYLOADS / "huggingface_2026.json").read_bytes()).records[1]
    assert record.title == "Odd Values"
    assert (record.authors, record.date, record.keywords) == ((), None, ())
    assert (record.upvotes, record.comments) == (None, None)
    assert "organization" not in {link.kind for link in record.links}


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b" \n", "is empty where JSON is due"),
        (b"<!DOCTYPE html><title>Busy</title>", "is a page of HTML where JSON is due"),
        (b"\n<html lang=en>", "is a page of HTML where JSON is due"),
        (b'[{"paper": {"id": "2', "is not JSON: "),
        ('[{"title": "é"}]'.encode("latin-1"), "is not UTF-8: byte 12 (line 1) is 0xe9"),
        (b'{"error": "Invalid date"}', "answered with the error 'Invalid date'"),
        (b'{"data": []}', "holds an object with the keys 'data' where a list of papers is due"),
        (b"null", "holds the value 'None' where a list of papers is due"),
        (b"[\"{'paper': 1}\"]", "holds the text '{'paper': 1}' as record 1 where an object is due"),
        (b"[" * 5_000, "is not JSON: "),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where.startswith("https://huggingface.co/api/daily_papers?date=2026-08-18")
    assert problem.fact.startswith(fact)


def test_an_empty_day_is_no_error() -> None:
    assert parse(b"[]") == Batch()


def test_every_day_of_the_window_is_asked_for_newest_first() -> None:
    window = Window(since=date(2025, 11, 22), until=date(2025, 11, 24))
    assert days(window) == ["2025-11-24", "2025-11-23", "2025-11-22"]


def test_without_a_first_day_the_week_before_is_asked_for() -> None:
    week = days(Window(until=date(2025, 11, 26)))
    assert (week[0], week[-1], len(week)) == ("2025-11-26", "2025-11-19", 8)


def test_the_window_of_a_pull_wins_over_the_first_day_of_the_options_not_over_the_last() -> None:
    options = {"since": date(2025, 11, 1), "until": date(2025, 11, 10)}
    assert len(days(Window(until=date(2025, 11, 26)), **options)) == 10
    window = Window(since=date(2025, 11, 9), until=date(2025, 11, 26))
    assert days(window, **options) == ["2025-11-10", "2025-11-09"]


def test_a_window_that_ends_before_it_begins_asks_for_nothing() -> None:
    assert days(Window(since=date(2025, 11, 27), until=date(2025, 11, 26))) == []


def test_only_the_newest_day_may_be_absent() -> None:
    window = Window(since=date(2025, 11, 24), until=date(2025, 11, 26))
    assert [request.absent for request in source().requests(window)] == [(400, 404), (), ()]


def test_a_full_page_is_followed_by_the_next_one() -> None:
    item = b'{"paper": {"id": "2511.00001", "title": "T"}, "title": "T"}'
    batch = parse(b"[" + b",".join([item] * 100) + b"]")
    assert batch.following is not None
    assert batch.following.params == {"date": "2026-08-18", "limit": "100", "p": "1"}
    assert parse(b"[" + b",".join([item] * 99) + b"]").following is None


PAPER = (PAYLOADS / "huggingface_paper.json").read_bytes()
ALONE = Request(url="https://huggingface.co/api/papers/2608.00005")


def periods(window: Window, **options: object) -> list[dict[str, str]]:
    """The parameters that name a period, by request."""
    ends = {"limit": "100", "p": "0"}
    asked = [dict(request.params) for request in source(**options).requests(window)]
    assert all(params.items() >= ends.items() for params in asked)
    return [{key: params[key] for key in params if key not in ends} for params in asked]


def test_every_week_or_month_that_holds_a_day_of_the_window_is_asked_for_once() -> None:
    window = Window(since=date(2025, 11, 20), until=date(2025, 12, 1))
    weeks = ["2025-W49", "2025-W48", "2025-W47"]
    assert periods(window, list="week") == [{"week": week} for week in weeks]
    assert periods(window, list="month") == [{"month": "2025-12"}, {"month": "2025-11"}]


def test_without_a_first_day_the_weeks_and_months_of_the_last_seven_days_are_asked_for() -> None:
    window = Window(until=date(2025, 11, 5))
    assert periods(window, list="week") == [{"week": "2025-W45"}, {"week": "2025-W44"}]
    assert periods(window, list="month") == [{"month": "2025-11"}, {"month": "2025-10"}]


def test_a_week_the_api_has_no_name_for_is_asked_for_by_its_days() -> None:
    window = Window(since=date(2026, 12, 25), until=date(2027, 1, 4))
    days = [{"date": f"2027-01-0{day}"} for day in (3, 2, 1)]
    days += [{"date": f"2026-12-{day}"} for day in (31, 30, 29, 28)]
    expected = [{"week": "2027-W01"}, *days, {"week": "2026-W52"}]
    assert periods(window, list="week") == expected


def test_only_the_newest_week_may_be_absent() -> None:
    window = Window(since=date(2025, 11, 20), until=date(2025, 12, 1))
    absent = [request.absent for request in source(list="week").requests(window)]
    assert absent == [(400, 404), (), ()]


def test_what_is_trending_is_one_request_and_ends_at_a_hundred() -> None:
    trending = source(list="trending")
    window = Window(since=date(2025, 11, 20), until=date(2025, 12, 1))
    assert periods(window, list="trending") == [{"sort": "trending"}]
    assert trending.limit == 100
    assert source(list="trending", limit=20).limit == 20
    assert source(list="week").limit is None


@pytest.mark.parametrize(
    ("params", "featured"),
    [
        ({"date": "2024-05-28"}, date(2024, 5, 28)),
        ({"week": "2024-W22"}, date(2024, 5, 28)),
        ({"week": "2024-W21"}, None),
        ({"month": "2024-05"}, date(2024, 5, 28)),
        ({"sort": "trending"}, None),
    ],
)
def test_an_old_paper_was_listed_on_the_day_it_was_sent_in(
    params: dict[str, str], featured: date | None
) -> None:
    payload = (PAYLOADS / "huggingface_2024.json").read_bytes()
    url = "https://huggingface.co/api/daily_papers"
    assert source().parse(payload, Request(url=url, params=params)).records[0].featured == featured


@pytest.mark.parametrize("params", [{"week": "2026-W34"}, {"sort": "trending"}])
def test_a_new_paper_says_itself_when_it_was_listed(params: dict[str, str]) -> None:
    payload = (PAYLOADS / "huggingface_2026.json").read_bytes()
    url = "https://huggingface.co/api/daily_papers"
    record = source().parse(payload, Request(url=url, params=params)).records[0]
    assert record.featured == date(2026, 8, 18)


def test_a_count_beyond_reason_counts_as_missing() -> None:
    payload = (PAYLOADS / "huggingface_2024.json").read_bytes()
    huge = payload.replace(b'"upvotes": 7', b'"upvotes": 18446744073709551615')
    assert parse(huge).records[0].upvotes is None


def test_one_paper_has_its_models_datasets_and_spaces_as_links() -> None:
    (record,) = source(ids="2608.00005").parse(PAPER, ALONE).records
    assert record.title == "A Paper with Things That Cite It"
    assert (record.arxiv, record.featured) == ("2608.00005", date(2026, 8, 18))
    assert (record.upvotes, record.comments) == (12, 4)
    assert [(link.kind, link.url) for link in record.links][3:] == [
        ("huggingface", "https://huggingface.co/papers/2608.00005"),
        ("model", "https://huggingface.co/grace/first"),
        ("model-2", "https://huggingface.co/grace/second"),
        ("model-3", "https://huggingface.co/grace/third"),
        ("dataset", "https://huggingface.co/datasets/squad"),
    ]


def test_papers_are_asked_for_one_by_one_and_may_be_unknown() -> None:
    requests = list(source(ids=["2608.00005", "2507.22565v2"]).requests(Window()))
    assert [request.url.rpartition("/api")[2] for request in requests] == [
        "/papers/2608.00005",
        "/papers/2507.22565",
    ]
    assert [request.absent for request in requests] == [(404,), (404,)]


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"[]", "holds a list where a paper is due"),
        (b'{"error": "Paper not found"}', "answered with the error 'Paper not found'"),
        (b"<html>", "is a page of HTML where JSON is due"),
        (PAPER[:300], "is not JSON: "),
    ],
)
def test_an_answer_that_is_no_paper_is_refused(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source().parse(payload, ALONE)
    (told,) = caught.value.problems
    assert told.fact.startswith(fact)
    assert told.where == ALONE.url


def test_a_paper_without_a_title_is_located() -> None:
    batch = source().parse(b"{}", ALONE)
    assert [each.fact for each in batch.problems] == [
        "record 1 (2608.00005) has no title: left out"
    ]


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"list": "year"}, ["'list' is 'year'"]),
        ({"ids": ["abc"]}, ["'ids' holds 'abc', which is not the id of a paper there"]),
        (
            {"ids": ["hep-th/9901001"]},
            ["'ids' holds 'hep-th/9901001', which is not the id of a paper there"],
        ),
        (
            {"ids": "2507.22565", "list": "week", "since": date(2025, 1, 1)},
            ["'list' does not go with 'ids'", "'since' does not go with 'ids'"],
        ),
        (
            {"list": "trending", "until": date(2025, 1, 1)},
            ["'until' does not go with 'list: trending'"],
        ),
    ],
)
def test_wrong_options_and_mixtures_are_told(options: dict[str, object], facts: list[str]) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    told = [each.fact for each in caught.value.problems]
    assert told == [f"source 'daily': {fact}" for fact in facts]


ITEMS = json.loads((PAYLOADS / "huggingface_2026.json").read_bytes())


@settings(max_examples=150, deadline=None)
@given(listed=distorted(ITEMS), alone=distorted(json.loads(PAPER)))
def test_no_value_in_any_place_crashes_it(listed: bytes, alone: bytes) -> None:
    url = "https://huggingface.co/api/daily_papers"
    parse_safely(source(), listed, Request(url=url, params={"week": "2026-W34"}))
    parse_safely(source(), alone, ALONE)


@settings(max_examples=100, deadline=None)
@given(payload=mutated(PAPER))
def test_nothing_a_server_sends_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, ALONE)


def test_trending_is_fetched_to_its_limit_and_papers_that_are_unknown_are_passed_over() -> None:
    def answer(call: Call) -> None:
        if call.path == "/api/daily_papers":
            page = int(call.params["p"])
            numbers = range(page * 100, page * 100 + 100)
            papers = [{"paper": {"id": f"2511.{n:05}", "title": f"Paper {n}"}} for n in numbers]
            call.send(orjson.dumps(papers))
        elif call.path.endswith("2608.00005"):
            call.send(PAPER)
        else:
            call.send(b'{"error": "Paper not found"}', status=404)

    def no_files(path: str) -> bytes:
        raise problem(path, "does not exist")

    with serve(answer) as server, Client(Politeness(tries=2, first_wait=0.01)) as client:
        for options, count in (
            ({"list": "trending", "limit": 120}, 120),
            ({"ids": ["2608.00009", "2608.00005"]}, 1),
        ):
            listed = source(endpoint=server.url, **options)
            window = Window(until=date(2026, 8, 19))
            found = fetch_records(listed, "hf", window, client=client, read_file=no_files)
            assert (len(found.records), found.problems, found.failed) == (count, (), False)
    assert [call.params.get("p") for call in server.calls] == ["0", "1", None, None]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One sentence.", "One sentence."),
        ("One. Two.", "One."),
        ("Is it? It is.", "Is it?"),
        ("By J. Doe et al. They sort. They stop.", "By J. Doe et al. They sort."),
        ("It (so. It seems) ends. Then more.", "It (so. It seems) ends."),
        ("Version 2.5 of it vs. All others", "Version 2.5 of it vs. All others"),
        ("", ""),
    ],
)
def test_a_summary_is_cut_only_where_a_sentence_surely_ends(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


@needs_samples
@pytest.mark.parametrize(("name", "count"), RECORDS.items())
def test_every_recorded_day_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes(), "2026-08-18")
    assert (len(batch.records), batch.problems) == (count, ())
    for record in batch.records:
        assert record.title
        assert record.abstract
        assert record.authors
        assert record.arxiv
        assert record.date
        assert "\n" not in record.title


@needs_samples
def test_the_longest_list_of_authors_is_read_whole() -> None:
    batch = parse((SAMPLES / "2024-08-01.json").read_bytes())
    assert max(len(record.authors) for record in batch.records) == 533


@needs_samples
@pytest.mark.parametrize("name", ["2024-12-13.json", "2025-01-10.json"])
def test_a_broken_dump_is_refused_with_what_is_wrong(name: str) -> None:
    with pytest.raises(BroadsheetError, match=r"daily_papers\?date=.* where .* is due"):
        parse((SAMPLES / name).read_bytes())
