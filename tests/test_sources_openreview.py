"""OpenReview's notes in both versions of its API, and lists made of them."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Link, Record
from generator.sources import Batch, Client, Fetched, Politeness, Request, Window, fetch_records
from generator.sources.openreview import OpenReview, open_openreview
from tests.loopback import Call, Server, serve
from tests.mutations import distorted, mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples/openreview"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
QUICK = Politeness(tries=2, first_wait=0.01, deadline=2.0, silence=1.0)
V1 = (PAYLOADS / "openreview_v1.json").read_bytes()
V2 = (PAYLOADS / "openreview_v2.json").read_bytes()
FLAT = (PAYLOADS / "openreview_flat.json").read_bytes()
URL = "https://api2.openreview.net/notes"
OBJECT = "an object with the keys 'id', 'forum', 'content'"
VENUE = "walks.example/2024/Conference"


def source(**options: object) -> OpenReview:
    options = options or {"venue": VENUE}
    return open_openreview(SourceConfig(name="walks", type="openreview", options=options))


def parse(payload: bytes, offset: int = 0) -> Batch:
    params = {"content.venueid": VENUE, "limit": "1000", "offset": str(offset)}
    return source().parse(payload, Request(url=URL, params=params))


def parse_in(payload: bytes, window: Window, **options: object) -> list[str]:
    opened = source(path="content/sources/walks.json", **options)
    (request,) = opened.requests(window)
    return [record.title for record in opened.parse(payload, request).records]


def links(record: Record) -> dict[str, str]:
    return {link.kind: link.url for link in record.links}


def test_a_note_of_version_1_is_read() -> None:
    record = parse(V1).records[0]
    assert (record.title, record.abstract) == ("Walking Robots", "We walk at $O(n)$.\n\nWe rest.")
    assert record.authors == ("Karel Čapek", "Ada Lovelace")
    assert (record.date, record.featured) == (date(2018, 10, 20), None)
    assert (record.key, record.arxiv, record.doi) == ("Walk00001", "", "")
    assert (record.keywords, record.comments) == (("walking", "robots"), 6)
    assert (record.summary, record.venue) == ("Robots walk.", "First Conference on Walks")
    assert record.links == (
        Link(kind="abstract", url="https://openreview.net/forum?id=Walk00001"),
        Link(kind="pdf", url="https://openreview.net/pdf?id=Walk00001"),
        Link(kind="code", url="https://github.com/capek/walks"),
    )


def test_a_note_of_version_2_is_read_with_the_day_of_its_publication() -> None:
    record = parse(V2).records[0]
    assert record.title == "Walking Robots Again"
    assert record.authors == ("Karel Čapek", "Ada Lovelace")
    assert record.date == date(2024, 1, 16)
    assert (record.venue, record.summary) == ("WALKS 2024 poster", "They walk again.")
    assert (record.withdrawn, record.comments) == (False, None)
    assert links(record) == {
        "abstract": "https://openreview.net/forum?id=Walk10001",
        "pdf": "https://openreview.net/pdf?id=Walk10001",
        "project": "https://walks.example/again",
    }


def test_a_flat_record_is_read_with_the_year_of_its_citation() -> None:
    record = parse(FLAT).records[0]
    assert (record.title, record.abstract) == ("Flat Walks", "We walk.\n\nWe rest.")
    assert record.authors == ("Karel Čapek", "Ada Lovelace")
    assert (record.date, record.venue) == (date(2024, 1, 1), "Conference on Walks")
    assert (record.organization, record.keywords) == ("Society of Walkers", ("walking", "robots"))
    assert links(record) == {
        "abstract": "https://openreview.net/forum?id=Walk20001",
        "pdf": "https://openreview.net/pdf?id=Walk20001",
        "code": "https://github.com/capek/flat",
    }


@pytest.mark.parametrize(
    ("payload", "title", "venue"),
    [
        (V1, "Taken Back", ""),
        (V2, "Taken Back Again", "WALKS 2024 Conference Withdrawn Submission"),
        (FLAT, "Flat and Taken Back", ""),
    ],
)
def test_a_withdrawn_submission_is_marked_and_anonymous_is_nobody(
    payload: bytes, title: str, venue: str
) -> None:
    first, second = parse(payload).records
    assert (first.withdrawn, second.withdrawn) == (False, True)
    assert (second.title, second.venue, second.authors) == (title, venue, ())
    assert second.organization == ""


def test_a_paper_on_arxiv_has_its_id() -> None:
    record = parse(V1).records[1]
    assert record.arxiv == "1810.00002"
    assert record.keywords == ("standing", "sitting")
    assert links(record)["pdf"] == "http://arxiv.org/pdf/1810.00002v2"


def test_desk_rejections_deleted_notes_and_replies_are_passed_over() -> None:
    assert (len(parse(V1).records), parse(V1).problems) == (2, ())


@pytest.mark.parametrize(
    ("payload", "facts"),
    [
        (
            V2,
            [
                "record 4 ('Walk10004') has no title: left out",
                f"record 5 is {OBJECT}, not a note: left out",
                "record 6 is the value 'None', not a note: left out",
            ],
        ),
        (
            FLAT,
            [
                "record 4 ('Walk20004') has no title: left out",
                "record 5 is the text 'a text', not a note: left out",
            ],
        ),
    ],
)
def test_broken_records_are_left_out_and_the_others_stay(payload: bytes, facts: list[str]) -> None:
    batch = parse(payload)
    assert [each.fact for each in batch.problems] == facts
    assert len(batch.records) == 2


@pytest.mark.parametrize(
    "time", [0, -1, 10**30, 10**15, True, 1.5, "1540035843524x", None, [], {"value": 1}]
)
def test_a_time_that_is_none_is_no_date(time: object) -> None:
    note = {"id": "a", "content": {"title": "T"}, "pdate": time, "cdate": time}
    batch = parse(json.dumps([note]).encode())
    assert [record.date for record in batch.records] == [None]


def test_pages_follow_by_the_services_count() -> None:
    following = parse(V1).following
    assert following is not None
    assert following.params["offset"] == "5"
    assert parse(V1, offset=2).following is None
    assert parse(V2).following is None


def test_without_a_count_a_full_page_is_followed_by_another() -> None:
    note = {"id": "a", "content": {"title": "T"}}
    assert parse(orjson.dumps({"notes": [note] * 999})).following is None
    following = parse(orjson.dumps({"notes": [note] * 1000})).following
    assert following is not None
    assert following.params["offset"] == "1000"


def test_an_empty_page_before_the_end_is_told() -> None:
    batch = parse(b'{"notes": [], "count": 9}', offset=5)
    assert [each.fact for each in batch.problems] == [
        "is empty though 9 notes are announced: stopped there"
    ]
    assert parse(b'{"notes": [], "count": 0}') == Batch()


def test_the_days_asked_for_choose_by_date() -> None:
    again = "Walking Robots Again"
    assert again in parse_in(V2, Window(since=date(2024, 1, 16)))
    assert parse_in(V2, Window(), since=date(2024, 1, 17)) == []
    assert parse_in(V2, Window(until=date(2023, 12, 31))) == ["Taken Back Again"]
    assert "Flat Walks" in parse_in(FLAT, Window(since=date(2024, 6, 1)))


def test_a_venue_or_an_invitation_is_asked_for() -> None:
    (request,) = source(venue=VENUE, limit=20).requests(Window())
    assert (request.url, request.gap) == (URL, 1.0)
    assert request.params == {
        "content.venueid": VENUE,
        "details": "replyCount",
        "limit": "20",
        "offset": "0",
    }
    (request,) = source(invitation="TMLR/-/Submission").requests(Window(limit=5))
    assert (request.params["invitation"], request.params["limit"]) == ("TMLR/-/Submission", "5")
    assert "content.venueid" not in request.params


def test_a_file_of_the_site_needs_no_network() -> None:
    assert source(path="content/sources/walks.json").offline
    assert not source(url="https://example.org/walks.json").offline


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<!DOCTYPE html><title>Just a moment...", "is a page of HTML where JSON is due"),
        (V2[:500], "is not JSON: "),
        (
            b'{"name": "ForbiddenError", "message": "No access", "status": 403}',
            "answered with the ",
        ),
        (b'{"errors": [{"type": "notFound"}]}', "answered with the error 'notFound'"),
        (b'{"notes": {}}', "holds an object with the keys 'notes' where a list of notes is due"),
        (b"7", "holds the value '7' where a list of notes is due"),
        (b"[" * 5_000, "is not JSON: "),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where.startswith(f"{URL}?content.venueid=walks.example/2024/Conference")
    assert problem.fact.startswith(fact)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([V1, V2, FLAT]).flatmap(mutated))
def test_no_payload_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, Request(url=URL))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([orjson.loads(each) for each in (V1, V2, FLAT)]).flatmap(distorted))
def test_no_value_in_any_place_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, Request(url=URL))


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 3}, "it needs one of 'venue', 'invitation', 'path' and 'url'"),
        ({"venue": VENUE, "path": "a.json"}, "it needs one of"),
        ({"venue": "ICLR 2024"}, "'venue' is no id: 'ICLR 2024'"),
        ({"invitation": "TMLR"}, "'invitation' is no id: 'TMLR'"),
        ({"venue": VENUE, "until": 3}, "'until' is not a date"),
        ({"venue": VENUE, "query": "x"}, "unknown option 'query'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    assert caught.value.problems[0].where == "content/site.yml"
    assert caught.value.problems[0].fact.startswith(f"source 'walks': {fact}")


def fetch(answer: Callable[[Call], None], **options: object) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        opened = source(venue=VENUE, endpoint=server.url, **options)
        found = fetch_records(opened, "walks", Window(), client=client, read_file=lambda _: b"")
    return found, server


def page(first: int, count: int, total: int) -> bytes:
    notes: list[Any] = [
        {"id": f"n{number}", "content": {"title": {"value": f"T {number}"}}}
        for number in range(first, first + count)
    ]
    return orjson.dumps({"notes": notes, "count": total})


def test_all_pages_come_together_also_from_a_busy_server() -> None:
    def answer(call: Call) -> None:
        offset = int(call.params["offset"])
        if call.number == 1:
            call.send(b"slow down", 429, retry_after="0")
        else:
            call.send(page(offset, min(3, 5 - offset), 5))

    found, server = fetch(answer)
    assert [record.key for record in found.records] == ["n0", "n1", "n2", "n3", "n4"]
    assert (found.problems, found.failed) == ((), False)
    assert [call.params["offset"] for call in server.calls][1:] == ["0", "3"]
    assert server.calls[0].params["content.venueid"] == VENUE
    assert server.gaps[1] >= 1.0


def test_a_limit_ends_the_walk() -> None:
    found, server = fetch(lambda call: call.send(page(0, 3, 90)), limit=3)
    assert (len(found.records), len(server.calls)) == (3, 1)


def test_a_challenge_in_place_of_a_page_fails_the_source() -> None:
    def answer(call: Call) -> None:
        call.send(
            page(0, 3, 5) if call.params["offset"] == "0" else b"<!doctype html>Are you human"
        )

    found, _ = fetch(answer)
    assert (found.failed, found.records) == (True, ())
    assert "offset=3" in found.problems[0].where


@needs_samples
@pytest.mark.parametrize(
    ("name", "count", "withdrawn"),
    [
        ("papercopilot_colm2024_first60.json", 60, 0),
        ("papercopilot_iclr2018_withdrawn_sample.json", 80, 56),
        ("v1_crawler_example_output.json", 2, 0),
    ],
)
def test_every_recorded_list_is_read_whole(name: str, count: int, withdrawn: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    assert sum(record.withdrawn for record in batch.records) == withdrawn
    for record in batch.records:
        assert record.title
        assert record.abstract
        assert record.key
        assert record.links[0].url == f"https://openreview.net/forum?id={record.key}"


@needs_samples
def test_recorded_records_say_what_their_files_say() -> None:
    colm = parse((SAMPLES / "papercopilot_colm2024_first60.json").read_bytes()).records
    assert colm[0].title.startswith("InstructAV: Instruction Fine-tuning Large Language Models")
    assert colm[0].authors == ("Yujia Hu", "Zhiqiang Hu", "Chun Wei Seah", "Roy Ka-Wei Lee")
    assert (colm[0].venue, colm[0].organization) == ("First Conference on Language Modeling", "")
    assert colm[3].organization == "Columbia University"
    iclr = parse((SAMPLES / "papercopilot_iclr2018_withdrawn_sample.json").read_bytes()).records
    assert (iclr[0].withdrawn, iclr[0].date, len(iclr[0].authors)) == (True, None, 8)
    assert iclr[56].authors == ()
    assert iclr[57].title.startswith("Ask the Right Questions: Active Question Reformulation")
    assert links(iclr[57])["pdf"] == "https://openreview.net/pdf?id=S1CChZ-CZ"
    assert links(iclr[4])["code"] == "https://github.com/pfnet-research/sngan_projection"
    dropout, pruning = parse((SAMPLES / "v1_crawler_example_output.json").read_bytes()).records
    assert (dropout.title, dropout.date) == ("Targeted Dropout", date(2018, 10, 20))
    assert (len(dropout.authors), dropout.comments, dropout.keywords) == (5, 6, ())
    assert pruning.keywords[:2] == ("Network Pruning", "Network Compression")
    assert links(pruning)["pdf"] == "https://openreview.net/pdf?id=r1eLk2mKiX"
