"""RIS as databases, publishers and reference managers export it."""

from datetime import date
from pathlib import Path

import pytest
import rispy
from hypothesis import given, settings

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.sources import Batch, Request
from generator.sources.ris import open_ris
from generator.text.plain import clean_line
from tests.mutations import mutated

PAYLOAD = (Path(__file__).parent / "payloads/references.ris").read_bytes()
SAMPLES = Path(__file__).parents[2] / "shared/samples/ris"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")


def parse(payload: bytes, **options: object) -> Batch:
    config = SourceConfig(name="ours", type="ris", options={"path": "x.ris", **options})
    return open_ris(config).parse(payload, Request(path="x.ris"))


def test_a_record_is_read_whole() -> None:
    record = parse(PAYLOAD).records[0]
    assert (record.title, record.venue) == ("Trains of Thought", "Journal of Toys")
    assert record.abstract == ("A first line that goes on.\n\nA second paragraph with $a_1 < b$.")
    assert record.authors == ("Ada Lovelace", "Martin King Jr.")
    assert (record.date, record.doi, record.key) == (date(1843, 10, 8), "10.1000/toys.1", "17")
    assert record.keywords == ("trains", "thought", "engines")
    assert {link.kind: link.url for link in record.links} == {
        "abstract": "https://toys.example/1",
        "pdf": "https://toys.example/1.pdf",
        "doi": "https://doi.org/10.1000/toys.1",
    }


def test_a_record_that_another_begins_in_is_whole_without_its_end() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.title, record.authors) == ("No End, but Another Begins", ("Emmy Noether",))
    assert (record.arxiv, record.date) == ("1803.00001", date(2018, 3, 1))
    assert record.venue == "Proceedings of Toys"


def test_a_book_has_its_own_title() -> None:
    record = parse(PAYLOAD).records[2]
    assert (record.title, record.date) == ("A Book", date(1948, 7, 1))


def test_a_record_without_a_title_is_left_out_with_its_line() -> None:
    batch = parse(PAYLOAD)
    assert len(batch.records) == 3
    (problem,) = batch.problems
    assert (problem.where, problem.fact) == ("x.ris:37", "the record has no title: left out")


def test_the_last_record_of_a_file_that_was_cut_off_is_left_out() -> None:
    batch = parse(b"TY  - JOUR\nTI  - One\nER  - \nTY  - JOUR\nTI  - Tw")
    assert [record.title for record in batch.records] == ["One"]
    assert batch.problems[0].where == "x.ris:4"
    assert "has no 'ER  - '" in batch.problems[0].fact


def test_a_file_that_never_writes_an_end_is_whole() -> None:
    batch = parse(b"TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two")
    assert [record.title for record in batch.records] == ["One", "Two"]


def test_one_blank_for_two_is_read_where_no_line_has_two() -> None:
    (record,) = parse(b"TY - JOUR\nTI - One - and two\nAB - x\nCO - y\nER - \n").records
    assert (record.title, record.abstract) == ("One - and two", "x")
    (record,) = parse(b"TY  - JOUR\nTI  - One\nAB  - x\nCO - y\nER  - \n").records
    assert record.abstract == "x CO - y"


def test_a_key_that_two_records_have_names_neither() -> None:
    records = parse(b"TY  - A\nID  - 1\nTI  - a\nER  - \nTY  - A\nID  - 1\nTI  - b\nER  - ").records
    assert [record.key for record in records] == ["", ""]


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where RIS is due"),
        (b"<html>", "is a page of HTML where RIS is due"),
        (b"TI  - a title", "holds no RIS record: none begins with 'TY  - '"),
        (b"TY  - JOUR\nTI  - \xe9", "is not UTF-8: byte 17 (line 2) is 0xe9"),
    ],
)
def test_what_is_no_ris_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert (problem.where, problem.fact) == ("x.ris", fact)


@settings(max_examples=150, deadline=None)
@given(mutated(PAYLOAD))
def test_nothing_that_comes_can_make_it_fail(payload: bytes) -> None:
    try:
        batch = parse(payload)
    except BroadsheetError:
        return
    assert all(record.title and "\n" not in record.title for record in batch.records)


@needs_samples
@pytest.mark.parametrize(
    ("name", "records", "problems"),
    [
        ("example_full.ris", 2, 0),
        ("example_utf_chars.ris", 1, 0),
        ("example_bom.ris", 0, 1),
        ("example_extraneous_data.ris", 2, 0),
        ("example_urls.ris", 4, 0),
        ("example_empty_tag.ris", 1, 0),
    ],
)
def test_every_recorded_file_is_read_whole(name: str, records: int, problems: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), len(batch.problems)) == (records, problems)


@needs_samples
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.ris")), ids=lambda path: path.name)
def test_records_say_what_rispy_finds_in_them(path: Path) -> None:
    theirs = rispy.loads(path.read_text("utf-8-sig"))
    ours = parse(path.read_bytes()).records
    titled = [each for each in theirs if {"title", "primary_title", "short_title"} & set(each)]
    assert len(ours) == len(titled)
    for one, other in zip(ours, titled, strict=True):
        assert one.title == (
            other.get("title") or other.get("primary_title") or other.get("short_title")
        )
        abstract = other.get("abstract") or other.get("notes_abstract", "")
        assert one.abstract == clean_line(abstract)
        assert len(one.authors) == len(other.get("authors", other.get("first_authors", [])))
        assert list(one.keywords) == other.get("keywords", [])
        assert one.venue == (other.get("alternate_title3") or other.get("journal_name", ""))


@needs_samples
def test_recorded_records_are_what_their_files_say() -> None:
    shannon = parse((SAMPLES / "example_urls.ris").read_bytes()).records
    assert {record.authors for record in shannon} == {("Claude E. Shannon",)}
    assert {record.date for record in shannon} == {date(1948, 7, 1)}
    assert {record.links[0].url for record in shannon} == {"http://example.com/"}
    (shoulder,) = parse((SAMPLES / "example_empty_tag.ris").read_bytes()).records
    assert (shoulder.doi, shoulder.date) == ("10.1177/2325967120950040", date(2020, 1, 1))
    assert shoulder.keywords == ("*athlete", "biomechanics", "bone remodeling")
