"""The `json` source: lists and lines of records, from people and from strangers."""

from datetime import date
from pathlib import Path

import pytest

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.sources import Batch, Request, Source, Window, open_source
from generator.sources.records import split_authors

PAYLOADS = Path(__file__).parent / "payloads"


def source(**options: object) -> Source:
    return open_source(SourceConfig(name="ours", type="json", options=options))


def parse(payload: bytes, **options: object) -> Batch:
    reader = source(path="content/sources/x.json", **options)
    return reader.parse(payload, Request(path="content/sources/x.json"))


def told(batch: Batch) -> list[str]:
    return [f"{problem.where}: {problem.fact}" for problem in batch.problems]


def test_a_whole_record_is_read() -> None:
    record = parse((PAYLOADS / "records.json").read_bytes()).records[0]
    assert (record.title, record.abstract) == ("By arXiv Id", "Text.")
    assert record.authors == ("Ada Lovelace", "Alan Turing")
    assert (record.date, record.venue) == (date(2024, 1, 18), "ICML")
    assert (record.arxiv, record.doi, record.key) == ("2401.10020", "", "")
    assert (record.organization, record.topics) == ("TIGER-Lab", ("code",))
    assert record.keywords == ("sorting", "networks")
    assert (record.comments, record.upvotes, record.stars) == (2, 0, None)
    assert {link.kind: link.url for link in record.links} == {
        "abstract": "https://arxiv.org/abs/2401.10020",
        "pdf": "https://example.org/a.pdf",
        "code": "https://github.com/a/b",
    }


def test_an_id_is_known_for_what_it_is() -> None:
    payload = b"""[{"title": "a", "id": "arXiv:hep-th/9901001v3"}, {"title": "b", "id": "10.1/X"},
        {"title": "c", "id": "https://doi.org/10.1000/X"}, {"title": "d", "id": "our-17"},
        {"title": "e", "url": "https://arxiv.org/pdf/2401.10020v2"}]"""
    ids = [(r.arxiv, r.doi, r.key) for r in parse(payload).records]
    assert ids == [
        ("hep-th/9901001", "", ""),
        ("", "", "10.1/X"),
        ("", "10.1000/x", ""),
        ("", "", "our-17"),
        ("2401.10020", "", ""),
    ]


def test_every_wrong_value_of_a_list_is_named_and_the_other_records_stay() -> None:
    batch = parse((PAYLOADS / "records.json").read_bytes())
    assert [record.title for record in batch.records] == ["By arXiv Id", "By DOI", "Only a Title"]
    place = "content/sources/x.json: record"
    assert told(batch) == [
        f"{place} 3: 'id' is the number 2401.10020, not a text: left out",
        f"{place} 4: 'url' is the text 'javascript:alert(1)', not an http(s) URL: left out",
        f"{place} 4: 'date' is the text '2024-13-01', not a date: left out",
        f"{place} 4: 'authors' is the number 5, not a list of texts: left out",
        f"{place} 4: 'topics' is the text 'Machine Learning', not a list of slugs: left out",
        f"{place} 4: 'upvotes' is the text '12', not a number of 0 or more: left out",
        f"{place} 5: it has no title: left out",
        f"{place} 6: is the text 'not an object', not an object: left out",
    ]


def test_a_number_for_an_id_is_answered_with_the_way_to_write_it() -> None:
    batch = parse(b'[{"id": 2401.10020, "title": "t"}]')
    assert batch.problems[0].hint.startswith('put it in quotes: "2401.10020"')


def test_lines_are_read_with_renamed_keys_and_located_by_their_number() -> None:
    batch = parse(
        (PAYLOADS / "records.jsonl").read_bytes(), map={"title": "name", "abstract": "summary"}
    )
    first, second = batch.records
    assert (first.title, first.abstract) == ("Renamed Keys", "Read as the abstract.")
    assert first.key == "neurips-2024-17"
    assert first.authors == ("Lovelace, Ada", "Turing, Alan")
    assert second.authors == ("Ada Lovelace", "Alan Turing")
    number, broken = told(batch)
    assert number == "content/sources/x.json:3: 'id' is the number 17, not a text: left out"
    assert broken.startswith("content/sources/x.json:4: is not JSON: ")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada Lovelace", ["Ada Lovelace"]),
        ("Ada Lovelace, Alan Turing", ["Ada Lovelace", " Alan Turing"]),
        ("Lovelace, Ada and  Turing, Alan", ["Lovelace, Ada", "Turing, Alan"]),
        ("Lovelace, Ada; Turing, Alan", ["Lovelace, Ada", " Turing, Alan"]),
        ("Anders Sandberg", ["Anders Sandberg"]),
    ],
)
def test_one_text_of_authors_is_parted(text: str, names: list[str]) -> None:
    assert split_authors(text) == names


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<html>", "is a page of HTML where JSON is due"),
        (b'[{"title": "a"},', "is not JSON: "),
        (b'[{"title": NaN}]', "is not JSON: 'NaN' is no JSON value"),
        (b"[" * 100_000, "is not JSON: it is nested too deeply"),
        (b'[{"title": "\xff"}]', "is not UTF-8: byte 12 (line 1) is 0xff"),
    ],
)
def test_a_broken_list_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert f"{problem.where}: {problem.fact}".startswith(f"content/sources/x.json: {fact}")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    payload = b'\xef\xbb\xbf{"title": "a"}\r\n{"title": "b"}\r\n'
    assert [record.title for record in parse(payload).records] == ["a", "b"]


def test_a_file_is_read_without_a_network_and_an_address_is_not() -> None:
    here, there = source(path="content/x.jsonl"), source(url="https://example.org/papers.json")
    assert (here.offline, there.offline) == (True, False)
    assert [*here.requests(Window())] == [Request(path="content/x.jsonl")]
    assert [*there.requests(Window())] == [Request(url="https://example.org/papers.json")]


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({}, "it needs either 'path' or 'url'"),
        ({"path": "a", "url": "https://b.org/"}, "it needs either 'path' or 'url'"),
        ({"path": None}, "it needs either 'path' or 'url'"),
        ({"path": "."}, "'path' is not a file of the site: '.'"),
        ({"path": "/etc/passwd"}, "'path' is not a file of the site: '/etc/passwd'"),
        ({"path": "a\\..\\b"}, "'path' is not a file of the site"),
        ({"path": "C:/x"}, "'path' is not a file of the site"),
        ({"path": "a", "map": ["x"]}, "'map' is not a mapping"),
        ({"path": "a", "map": {"abstrct": "s"}}, "'map' names an unknown field 'abstrct'"),
        ({"path": "a", "map": {"title": 3}}, "'map.title' is not a text: '3'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    (problem,) = caught.value.problems
    assert (problem.where, problem.fact.startswith(f"source 'ours': {fact}")) == (
        "content/site.yml",
        True,
    )
