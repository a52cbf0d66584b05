"""Tables: from spreadsheets, from people, and from Broadsheet itself."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Link, Paper
from generator.publish.records import stream_csv, stream_jsonl
from generator.sources import Batch, Request
from generator.sources.csv_table import open_csv
from generator.sources.records import FIELDS, open_records
from generator.text.plain import clean_line
from tests.mutations import mutated

PAYLOAD = (Path(__file__).parent / "payloads/table.csv").read_bytes()
HERE = Request(path="x.csv")
PAPER = Paper(
    id="2401.10020",
    title="=cmd|' /C calc'!A0",
    abstract="'=1+1;=2+2\n\nA line;+3",
    date=date(2024, 1, 18),
    authors=("-Ada Lovelace", "van Beethoven, Ludwig"),
    topics=("trains",),
    links=(Link(kind="pdf", url="https://toys.example/1.pdf"),),
    keywords=("@home", "braking, late"),
    upvotes=0,
)


def parse(payload: bytes | str, **options: object) -> Batch:
    config = SourceConfig(name="ours", type="csv", options={"path": "x.csv", **options})
    text = payload if isinstance(payload, bytes) else payload.encode()
    return open_csv(config).parse(text, HERE)


def told(batch: Batch) -> list[str]:
    return [f"{problem.where}: {problem.fact}" for problem in batch.problems]


def test_a_row_is_read_as_the_record_it_would_be_in_json() -> None:
    record = parse(PAYLOAD).records[0]
    assert (record.title, record.abstract) == ("A Title, with a Comma", 'Two lines of "text"')
    assert record.authors == ("Lovelace, Ada", "Alan Turing")
    assert (record.arxiv, record.date, record.venue) == ("2401.10020", date(2024, 1, 18), "ICML")
    assert record.keywords == ("trains", "braking, late")
    assert (record.topics, record.upvotes, record.comments) == (("code",), 3, None)


def test_an_apostrophe_against_formulas_is_taken_off_again() -> None:
    assert parse(PAYLOAD).records[1].title == "=1+1"
    titles = [r.title for r in parse("title\n'tis\n''=x\n'Twas; '=y;'-z\n").records]
    assert titles == ["'tis", "'=x", "'Twas; '=y;-z"]


def test_broken_rows_are_left_out_with_their_lines_and_the_others_stay() -> None:
    batch = parse(PAYLOAD)
    assert [record.key or record.arxiv for record in batch.records] == [
        "2401.10020",
        "our-17",
        "our-20",
    ]
    assert told(batch) == [
        "x.csv:5: the row has 3 cells where the headings are 10: left out",
        "x.csv:7: is not CSV: ',' expected after '\"': left out",
        "x.csv:6: 'date' is the text '2024-13-01', not a date: left out",
        "x.csv:6: 'upvotes' is the text 'many', not a number of 0 or more: left out",
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_of_the_headings(delimiter: str) -> None:
    text = delimiter.join(("title", "abstract", "authors")) + "\n"
    text += delimiter.join(("A", '"a, b; c\td"', '"Ada; Alan"')) + "\n"
    (record,) = parse(text).records
    assert (record.title, record.abstract) == ("A", "a, b; c d")
    assert record.authors == ("Ada", "Alan")


def test_columns_may_have_other_names_and_lists_another_separator() -> None:
    text = "Paper Title,Who,Year Published\nA,Ada Lovelace|Alan Turing,2024-01-18\n"
    renamed = {"title": "paper title", "authors": "Who", "date": "Year Published"}
    (record,) = parse(text, map=renamed, separator="|").records
    assert record.authors == ("Ada Lovelace", "Alan Turing")
    assert record.date == date(2024, 1, 18)


def test_a_quotation_mark_that_is_never_closed_costs_one_row() -> None:
    batch = parse('title,venue\nA,"x\nB,y\nC,z\n')
    assert [record.title for record in batch.records] == ["B", "C"]
    assert told(batch) == ["x.csv:2: is not CSV: unexpected end of data: left out"]


def test_marks_that_never_match_are_given_up_after_a_while() -> None:
    batch = parse("title,venue\n" + 'A,"x\nB,"y"z\n' * 500)
    assert batch.problems[-1].fact.endswith("the rest was not read")
    assert len(batch.problems) < 100


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where CSV is due"),
        (b"<html>", "is a page of HTML where CSV is due"),
        (b"name,venue\nA,B\n", "has no column 'title'"),
        (b"title\n\xff\n", "is not UTF-8: byte 6 (line 2) is 0xff"),
    ],
)
def test_what_is_no_table_of_papers_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert (problem.where, problem.fact) == ("x.csv", fact)


def as_json(papers: list[Paper]) -> Batch:
    options = {"path": "x.jsonl"}
    source = open_records(SourceConfig(name="ours", type="json", options=options))
    return source.parse(b"".join(stream_jsonl(papers)), HERE)


def test_what_broadsheet_exports_comes_back_as_it_does_from_json() -> None:
    batch = parse(b"".join(stream_csv([PAPER], FIELDS)))
    assert batch == as_json([PAPER])
    assert batch.records[0].title == PAPER.title
    assert batch.records[0].authors == PAPER.authors


LINES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).map(clean_line)
CELLS = LINES.filter(lambda line: bool(line) and ";" not in line)


@settings(max_examples=150, deadline=None)
@given(
    st.builds(
        Paper,
        id=st.just("a-1"),
        title=LINES.filter(bool),
        abstract=st.text(max_size=60),
        authors=st.lists(CELLS, max_size=3).map(tuple),
        keywords=st.lists(CELLS, max_size=3).map(tuple),
        venue=LINES,
        comments=st.none() | st.integers(0, 10**9 - 1),
    )
)
def test_any_paper_comes_back_from_csv_as_it_does_from_json(paper: Paper) -> None:
    assert parse(b"".join(stream_csv([paper], FIELDS))) == as_json([paper])


@settings(max_examples=150, deadline=None)
@given(mutated(PAYLOAD))
def test_nothing_that_comes_can_make_it_fail(payload: bytes) -> None:
    try:
        batch = parse(payload)
    except BroadsheetError:
        return
    assert all(record.title and "\n" not in record.title for record in batch.records)
