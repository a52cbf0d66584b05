"""The walk over a source, with real servers on loopback, and the catalogue of types."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import orjson
import pytest

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.sources import (
    Client,
    Fetched,
    Politeness,
    Request,
    Source,
    Window,
    fetch_records,
    open_source,
    open_sources,
)
from generator.sources.catalogue import TYPES
from tests.loopback import Call, Server, serve

PAYLOADS = Path(__file__).parent / "payloads"
QUICK = Politeness(tries=2, first_wait=0.01, deadline=1.0, silence=0.5)
WEEK = Window(since=date(2025, 11, 24), until=date(2025, 11, 26))


def no_files(path: str) -> bytes:
    raise problem(path, "does not exist")


def huggingface(server: Server) -> Source:
    options = {"endpoint": f"{server.url}/"}
    return open_source(SourceConfig(name="daily", type="huggingface", options=options))


def fetch(answer: Callable[[Call], None], window: Window = WEEK) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        source = huggingface(server)
        found = fetch_records(source, "daily", window, client=client, read_file=no_files)
    return found, server


def day_of(call: Call, count: int, first: int = 0) -> bytes:
    """An answer of so many papers, with ids made of the day."""
    day = call.params["date"].replace("-", "")[2:6]
    numbers = range(first, first + count)
    return orjson.dumps(
        [{"paper": {"id": f"{day}.{n:05}", "title": f"Paper {n}"}, "title": "x"} for n in numbers]
    )


def test_a_day_is_one_request_and_all_days_come_together() -> None:
    found, server = fetch(lambda call: call.send(day_of(call, 3)))
    assert (len(found.records), found.problems, found.failed) == (9, (), False)
    assert [call.params["date"] for call in server.calls] == [
        "2025-11-26",
        "2025-11-25",
        "2025-11-24",
    ]
    assert {call.path for call in server.calls} == {"/api/daily_papers"}


def test_pages_of_a_day_are_followed_to_the_last_one() -> None:
    def answer(call: Call) -> None:
        page = int(call.params["p"])
        call.send(day_of(call, 100 if page < 2 else 5, page * 100))

    found, server = fetch(answer, Window(since=WEEK.until, until=WEEK.until))
    assert len({record.arxiv for record in found.records}) == 205
    assert [call.params["p"] for call in server.calls] == ["0", "1", "2"]


def test_a_server_that_repeats_a_page_is_left_there_and_that_is_said() -> None:
    found, server = fetch(
        lambda call: call.send(day_of(call, 100)), Window(since=WEEK.until, until=WEEK.until)
    )
    assert len(found.records) == 100
    assert len(server.calls) == 2
    assert [each.fact for each in found.problems] == [
        "repeats a page it gave before: stopped there"
    ]


def test_a_limit_ends_the_walk_at_the_newest_papers() -> None:
    found, server = fetch(
        lambda call: call.send(day_of(call, 3)), Window(since=WEEK.since, until=WEEK.until, limit=4)
    )
    assert len(found.records) == 4
    assert len(server.calls) == 2


def test_the_newest_day_may_not_be_open_yet() -> None:
    def answer(call: Call) -> None:
        late = call.params["date"] == "2025-11-26"
        call.send(b"[]" if late else day_of(call, 2), status=404 if late else 200)

    found, _ = fetch(answer)
    assert (len(found.records), found.failed) == (4, False)


@pytest.mark.parametrize(
    ("status", "body", "fact"),
    [
        (503, b"", "answered 503 Service Unavailable after 2 tries"),
        (404, b"", "answered 404 Not Found"),
        (200, b"", "is empty where JSON is due"),
        (200, b"<!doctype html><p>Please log in", "is a page of HTML where JSON is due"),
        (200, b'[{"paper": {"id"', "is not JSON"),
        (200, b'{"error": "\\u001b[31mred"}', r"answered with the error '\x1b[31mred'"),
    ],
)
def test_one_day_that_fails_fails_the_source_and_nothing_of_it_is_used(
    status: int, body: bytes, fact: str
) -> None:
    def answer(call: Call) -> None:
        if call.params["date"] == "2025-11-25":
            call.send(body, status=status)
        else:
            call.send(day_of(call, 3))

    found, server = fetch(answer)
    assert (found.records, found.failed) == ((), True)
    (told,) = found.problems
    assert told.where.startswith(f"daily, {server.url}/api/daily_papers?date=2025-11-25")
    assert told.fact.startswith(fact)
    assert "2025-11-24" not in [call.params["date"] for call in server.calls]


def test_a_truncated_day_fails_the_source() -> None:
    def answer(call: Call) -> None:
        call.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]")
        call.handler.close_connection = True

    found, _ = fetch(answer)
    assert found.failed
    assert found.problems[0].fact == "broke off before the end of its answer after 2 tries"


def test_a_record_that_is_left_out_does_not_fail_the_source() -> None:
    payload = (PAYLOADS / "huggingface_2026.json").read_bytes()
    found, _ = fetch(lambda call: call.send(payload), Window(since=WEEK.until, until=WEEK.until))
    assert (len(found.records), len(found.problems), found.failed) == (2, 1, False)


def test_arxiv_is_walked_page_by_page_with_three_seconds_between_two_requests() -> None:
    page = (PAYLOADS / "arxiv_new.xml").read_bytes()

    def answer(call: Call) -> None:
        body = page if call.params["start"] == "0" else page.replace(b"2604.00001", b"2604.00009")
        call.send(body, content_type="application/atom+xml")

    with serve(answer) as server, Client(QUICK) as client:
        options = {"query": "cat:cs.RO", "endpoint": server.url}
        source = open_source(SourceConfig(name="robots", type="arxiv", options=options))
        found = fetch_records(source, "robots", Window(), client=client, read_file=no_files)
    assert [record.arxiv for record in found.records] == ["2604.00001", "2604.00009"]
    assert [call.params["start"] for call in server.calls] == ["0", "2"]
    assert server.gaps[0] >= 3.0


class Endless:
    """A third party's source whose every page is followed by another, at its own pace."""

    offline = False
    limit = None

    def __init__(self, url: str) -> None:
        self._url = url

    def requests(self, window: Window):  # type: ignore[no-untyped-def]
        yield Request(url=self._url, gap=0.1)

    def parse(self, payload: bytes, request: Request):  # type: ignore[no-untyped-def]
        from generator.sources import Batch

        return Batch(following=request)


def test_a_source_sets_its_own_pace_and_the_walk_ends_where_pages_repeat() -> None:
    def answer(call: Call) -> None:
        call.send(str(min(call.number, 4)).encode())

    with serve(answer) as server, Client(QUICK) as client:
        found = fetch_records(
            Endless(server.url), "endless", Window(), client=client, read_file=no_files
        )
    assert len(server.calls) == 5
    assert min(server.gaps) >= 0.1
    assert found.problems[0].where.startswith("endless, http://127.0.0.1")


def test_a_file_that_is_missing_fails_its_source_with_its_path() -> None:
    options = {"path": "content/sources/list.txt", "date": date(2025, 11, 26)}
    source = open_source(SourceConfig(name="bundled", type="listing", options=options))
    assert source.offline
    with Client(QUICK) as client:
        found = fetch_records(source, "bundled", WEEK, client=client, read_file=no_files)
    assert found.failed
    assert [str(each) for each in found.problems] == ["content/sources/list.txt: does not exist"]


def test_a_request_is_either_a_url_or_a_file() -> None:
    for wrong in ({}, {"url": "https://a.org/", "path": "b"}):
        with pytest.raises(ValueError, match="either a url or a path"):
            Request(**wrong)


def test_an_unknown_type_is_answered_with_the_known_ones_nearest_first() -> None:
    with pytest.raises(BroadsheetError) as caught:
        open_source(SourceConfig(name="robots", type="arxiw", options={}))
    assert str(caught.value) == (
        "content/site.yml: source 'robots': unknown type 'arxiw'\n"
        f"  hint: did you mean 'arxiv'? Known are {', '.join(sorted(TYPES))}"
    )


def test_the_problems_of_all_sources_come_together() -> None:
    configs = (
        SourceConfig(name="a", type="arxiv", options={}),
        SourceConfig(name="b", type="huggingface", options={}),
        SourceConfig(name="c", type="listing", options={"path": "x.txt", "dat": 1}),
    )
    with pytest.raises(BroadsheetError) as caught:
        open_sources(configs)
    assert [each.fact for each in caught.value.problems] == [
        "source 'a': neither 'query' nor 'ids' is given",
        "source 'c': 'date' is missing",
        "source 'c': unknown option 'dat'",
    ]
    assert list(open_sources(configs[1:2])) == ["b"]


def test_another_package_adds_a_source_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "their_source.py").write_text(
        "from generator.sources import Batch, Request\n"
        "class Theirs:\n"
        "    offline, limit = True, None\n"
        "    def requests(self, window):\n"
        "        yield Request(path='content/theirs.txt')\n"
        "    def parse(self, payload, request):\n"
        "        return Batch()\n"
        "def open_theirs(config):\n"
        "    return Theirs()\n"
    )
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[broadsheet.sources]\ntheirs = their_source:open_theirs\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    source = open_source(SourceConfig(name="x", type="theirs", options={}))
    assert [*source.requests(Window())] == [Request(path="content/theirs.txt")]
