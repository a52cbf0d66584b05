"""Hugging Face's Daily Papers: every shape since 2024, and what must be refused."""

from datetime import date
from pathlib import Path

import pytest

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Link
from generator.sources import Batch, Request, Source, Window, open_source
from generator.sources.huggingface import first_sentence

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
