"""What formats share that come as one file: where it lies, its encoding, what is wanted."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.sources import Client, Fetched, Politeness, Request, Source, Window, fetch_records
from generator.sources.bibtex import open_bibtex
from generator.sources.csv_table import open_csv
from generator.sources.feed import open_feed
from generator.sources.markdown_list import open_markdown_list
from generator.sources.ris import open_ris
from tests.loopback import Call, serve

PAYLOADS = Path(__file__).parent / "payloads"
QUICK = Politeness(tries=2, first_wait=0.01, deadline=2.0, silence=1.0)
OPENERS: dict[str, Callable[[SourceConfig], Source]] = {
    "bibtex": open_bibtex,
    "csv": open_csv,
    "feed": open_feed,
    "markdown_list": open_markdown_list,
    "ris": open_ris,
}
FILES = {
    "bibtex": "bibtex.bib",
    "csv": "table.csv",
    "feed": "feed.xml",
    "markdown_list": "awesome.md",
    "ris": "references.ris",
}
every_format = pytest.mark.parametrize("kind", OPENERS)


def source(kind: str, **options: object) -> Source:
    return OPENERS[kind](SourceConfig(name="ours", type=kind, options=options))


def fetch(kind: str, answer: Callable[[Call], None], window: Window = Window()) -> Fetched:  # noqa: B008
    def no_file(path: str) -> bytes:
        raise problem(path, "does not exist")

    with serve(answer) as server, Client(QUICK) as client:
        reader = source(kind, url=f"{server.url}/export?format={kind}")
        return fetch_records(reader, "ours", window, client=client, read_file=no_file)


@every_format
def test_a_file_is_read_without_a_network_and_an_address_is_not(kind: str) -> None:
    here = source(kind, path="content/sources/x")
    there = source(kind, url="https://example.org/export?format=x&all=1")
    assert (here.offline, there.offline) == (True, False)
    assert [*here.requests(Window(limit=3))] == [Request(path="content/sources/x")]
    assert [*there.requests(Window())] == [Request(url="https://example.org/export?format=x&all=1")]


@every_format
@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({}, "it needs either 'path' or 'url'"),
        ({"path": "a", "url": "https://b.org/"}, "it needs either 'path' or 'url'"),
        ({"url": "ftp://b.org/x"}, "'url' is not an http(s) URL: 'ftp://b.org/x'"),
        ({"url": "https://me:secret@b.org/x"}, "'url' is not an http(s) URL"),
        ({"path": "../x"}, "'path' is not a file of the site: '../x'"),
        ({"path": "a", "since": "soon"}, "'since' is not a date: 'soon'"),
        ({"path": "a", "limit": 0}, "'limit' is not a number"),
        ({"path": "a", "pth": 1}, "unknown option 'pth'"),
    ],
)
def test_a_wrong_option_is_located(kind: str, options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(kind, **options)
    assert caught.value.problems[0].where == "content/site.yml"
    assert caught.value.problems[0].fact.startswith(f"source 'ours': {fact}")


def test_all_wrong_options_are_told_at_once() -> None:
    with pytest.raises(BroadsheetError) as caught:
        source("ris", encoding="rot13", since=1, limit="all")
    assert len(caught.value.problems) == 4


@every_format
def test_a_server_is_asked_once_and_again_when_it_is_busy(kind: str) -> None:
    payload = (PAYLOADS / FILES[kind]).read_bytes()

    def answer(call: Call) -> None:
        assert call.params == {"format": kind}
        if call.number == 1:
            call.send(b"slow down", 429, retry_after="0")
        else:
            call.send(payload)

    found = fetch(kind, answer)
    assert not found.failed
    assert found.records == source(kind, path="x").parse(payload, Request(path="x")).records


@every_format
@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html><html>Please log in", b"nothing of use"])
def test_an_answer_of_another_kind_fails_the_source(kind: str, body: bytes) -> None:
    found = fetch(kind, lambda call: call.send(body))
    assert (found.failed, found.records) == (True, ())
    assert found.problems[0].where.startswith("ours, http://127.0.0.1:")


@every_format
def test_the_days_of_a_pull_leave_nothing_out_of_a_document(kind: str) -> None:
    payload = (PAYLOADS / FILES[kind]).read_bytes()
    window = Window(since=date(2999, 1, 1), until=date(2999, 1, 2))
    assert len(fetch(kind, lambda call: call.send(payload), window).records) > 0
    assert len(fetch(kind, lambda call: call.send(payload), Window(limit=1)).records) == 1


def test_since_and_until_never_leave_out_what_a_printed_date_may_mean() -> None:
    text = b"""@misc{a, title={Year}, year=2022} @misc{b, title={Month}, year=2022, month=may}
        @misc{c, title={Undated}} @misc{d, title={Before}, year=2021} @misc{e, title={Then},
        date={2022-06-01}}"""
    reader = source("bibtex", path="x", since=date(2022, 6, 1), until=date(2022, 7, 31))
    records = reader.parse(text, Request(path="x")).records
    assert [record.title for record in records] == ["Year", "Undated", "Then"]


@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("utf-8-sig", {}),
        ("utf-16", {}),
        ("cp1252", {"encoding": "windows-1252"}),
        ("utf-16-le", {"encoding": "utf-16"}),
    ],
)
def test_a_file_may_be_written_in_other_encodings(written: str, options: dict[str, object]) -> None:
    payload = "TY  - JOUR\r\nTI  - Größe\r\nER  - \r\n".encode(written)
    (record,) = source("ris", path="x", **options).parse(payload, Request(path="x")).records
    assert record.title == "Größe"


def test_bytes_that_are_not_of_the_encoding_are_refused() -> None:
    with pytest.raises(BroadsheetError, match="is not shift_jis: byte 16 cannot be read"):
        source("ris", path="x", encoding="shift_jis").parse(
            b"TY  - JOUR\nTI  -\xff", Request(path="x")
        )
