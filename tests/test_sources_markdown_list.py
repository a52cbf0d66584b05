"""Awesome lists: which lines are papers, and what they say."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Record
from generator.sources import Batch, Request
from generator.sources.markdown_list import open_markdown_list
from tests.mutations import mutated

PAYLOAD = (Path(__file__).parent / "payloads/awesome.md").read_bytes()
DAILY = b"""{"SLAM": {"2605.00001": "|**2026-05-13**|**One**|A B et.al.|[2605.00001](http://arxiv.org/abs/2605.00001)|null|\\n"},
"SFM": {"2605.00001": "|**2026-05-13**|**One**|A B et.al.|[2605.00001](http://arxiv.org/abs/2605.00001)|null|\\n",
"2605.00002": "- 2026-05-12, **Two**, A B et.al., Paper: [url](http://arxiv.org/abs/2605.00002)"}}"""
SAMPLES = Path(__file__).parents[2] / "shared/samples"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
TOPIC = "Trains and Thought"


def parse(payload: bytes, **options: object) -> Batch:
    config = SourceConfig(name="ours", type="markdown_list", options={"path": "x.md", **options})
    return open_markdown_list(config).parse(payload, Request(path="x.md"))


def named(title: str) -> Record:
    (record,) = [each for each in parse(PAYLOAD).records if each.title.startswith(title)]
    return record


def item(text: str) -> Record:
    (record,) = parse(f"- {text}".encode()).records
    return record


def test_papers_are_told_from_everything_else() -> None:
    assert [record.title for record in parse(PAYLOAD).records] == [
        "Deep Trains: a survey with $a_i * b_j$",
        "Shallow Trains",
        "Trains that Think",
        "Plain Trains",
        "Unlinked Trains: a report",
        "A Fast Train",
        "Seeing Trains",
        "Dated Trains",
        "A Row with | a Line",
        "A Row with All Names",
    ]


def test_an_item_with_a_bold_title_is_read_whole() -> None:
    record = named("Deep Trains")
    assert record.authors == ("E. Noether", "A. Lovelace")
    assert (record.arxiv, record.date) == ("1803.00001", date(2018, 3, 1))
    assert [link.url for link in record.links if link.kind == "code"] == [
        "https://github.com/noether/trains"
    ]


def test_names_are_taken_only_where_all_are_named() -> None:
    assert named("Shallow Trains").authors == ()
    assert named("Unlinked Trains").authors == ()
    assert named("A Fast Train").authors == ("Chen", "Manning")
    assert named("Plain Trains").authors == ("E. Noether",)
    assert named("Trains that Think").authors == ()


def test_dates_and_venues_are_found_before_and_behind_a_title() -> None:
    think, seeing, dated = map(named, ("Trains that Think", "Seeing", "Dated"))
    assert (think.venue, think.date) == ("NeurIPS 2019", date(2019, 1, 1))
    assert (seeing.venue, seeing.date) == ("CVPR 2020", date(2020, 1, 1))
    assert seeing.doi == "10.1000/toys.20"
    assert [link.kind for link in seeing.links] == ["project", "doi"]
    assert (dated.date, dated.arxiv) == (date(2021, 5, 27), "2105.00001")
    assert named("Plain Trains").date == date(2016, 1, 1)


def test_a_row_of_a_table_is_read_by_its_headings() -> None:
    line, whole = named("A Row with |"), named("A Row with All")
    assert (line.date, line.arxiv, line.authors) == (date(2026, 5, 13), "2605.00001", ())
    assert whole.authors == ("Ada Lovelace", "Alan Turing")
    assert [link.kind for link in whole.links] == ["abstract", "pdf", "code"]


def test_a_paper_under_two_headings_is_one_with_both_as_keywords() -> None:
    assert named("Deep Trains").keywords == (TOPIC, "Tables")
    assert named("Shallow Trains").keywords == (TOPIC,)
    records = parse(PAYLOAD, ignore_headings=True).records
    assert {record.keywords for record in records} == {()}


def test_papers_that_cannot_be_read_are_told_with_their_lines() -> None:
    told = [(problem.where, problem.fact) for problem in parse(PAYLOAD).problems]
    assert told == [
        ("x.md:18", "the item has no title: left out"),
        ("x.md:30", "the row has 2 cells where the headings are 5: left out"),
    ]


def test_the_json_of_cv_arxiv_daily_is_read_topic_by_topic() -> None:
    one, two = parse(DAILY).records
    assert (one.title, one.date, one.arxiv) == ("One", date(2026, 5, 13), "2605.00001")
    assert (one.keywords, two.keywords) == (("SLAM", "SFM"), ("SFM",))
    assert (two.title, two.date) == ("Two", date(2026, 5, 12))


@pytest.mark.parametrize(
    ("text", "title", "authors"),
    [
        ("**A** (2020), Y. LeCun, Y. Bengio and G. Hinton", "A", 3),
        ("[**A**](https://arxiv.org/abs/2001.00001) - A fast method for trains", "A", 0),
        (
            "**[A](https://arxiv.org/abs/2001.00001)**. Ada Lovelace, Alan Turing. *ICML 2020*.",
            "A",
            2,
        ),
        ("“A Quoted Title” (2020) [[pdf]](https://toys.example/a.pdf)", "A Quoted Title", 0),
        ("A <b>Bold</b> H<sub>2</sub>O Title (2020)", "A Bold H₂O Title", 0),
        ("Title, A. van den Oord et al. [[pdf]](https://toys.example/a.pdf)", "Title", 0),
    ],
)
def test_titles_end_where_names_begin(text: str, title: str, authors: int) -> None:
    record = item(text)
    assert (record.title, len(record.authors)) == (title, authors)


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where Markdown is due"),
        (b"<!doctype html>", "is a page of HTML where Markdown is due"),
        (b"# A list\n- [a blog](https://blog.example/2016/)\n", "holds no paper"),
        (b'{"a": 1}', "holds the value '1' where an object of rows is due"),
        (b'{"a": {"b": 1}}', "holds the value '1' where a row of a table is due"),
        (b'{"a": ', "is not JSON: "),
    ],
)
def test_what_is_no_list_of_papers_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where == "x.md"
    assert problem.fact.startswith(fact)


@settings(max_examples=150, deadline=None)
@given(mutated(PAYLOAD) | mutated(DAILY))
def test_nothing_that_comes_can_make_it_fail(payload: bytes) -> None:
    try:
        batch = parse(payload)
    except BroadsheetError:
        return
    assert all(record.title and "\n" not in record.title for record in batch.records)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=100))
def test_any_text_may_stand_in_an_item(text: str) -> None:
    payload = f"- **T** (2020) {text} [[pdf]](https://toys.example/a.pdf)"
    parse(payload.encode("utf-8", "replace"))


@pytest.mark.parametrize(
    "piece", ["[", "](", "**", "- [a](", "|", "(2020", "<a ", "$", "\\", "a, "]
)
def test_long_lines_take_no_longer_than_they_are_long(piece: str) -> None:
    text = "- **T** (2020) [[pdf]](https://toys.example/a.pdf) " + piece * 4_000
    assert len(parse(text.encode()[:9_900]).records) <= 1


@pytest.mark.parametrize("piece", [" ", "-|", "-", "[", "![", "<!--", "|"])
@pytest.mark.parametrize("head", ["|a|\n", "# ", "x"])
def test_long_files_take_no_longer_than_they_are_long(head: str, piece: str) -> None:
    text = f"{head}{piece * 40_000}x\n\n- **T** (2020)\n"
    if piece != "<!--":
        assert [record.title for record in parse(text.encode()).records] == ["T"]


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("awesome_lists/terryum_awesome-deep-learning-papers_README.md", 222),
        ("awesome_lists/cv-arxiv-daily_README_first400.md", 381),
        ("cv_arxiv_daily/cv-arxiv-daily_2026-05.json", 360),
    ],
)
def test_every_recorded_list_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    for record in batch.records:
        assert record.keywords
        assert not any(mark in record.title for mark in ("**", "](", "[["))


@needs_samples
def test_recorded_items_are_what_their_lists_say() -> None:
    payload = (
        SAMPLES / "awesome_lists/terryum_awesome-deep-learning-papers_README.md"
    ).read_bytes()
    records = {record.title: record for record in parse(payload).records}
    adam = records["Adam: A method for stochastic optimization"]
    assert adam.authors == ("D. Kingma", "J. Ba")
    assert (adam.arxiv, adam.date) == ("1412.6980", date(2014, 12, 1))
    assert adam.keywords == ("Optimization / Training Techniques",)
    lstm = records["Long short-term memory"]
    assert (lstm.doi, lstm.date) == ("10.1162/neco.1997.9.8.1735", date(1997, 1, 1))
    theano = records["Theano: A Python framework for fast computation of mathematical expressions"]
    assert (theano.links, theano.authors, theano.date) == ((), (), None)
    scenes = records["Learning hierarchical features for scene labeling"]
    assert scenes.keywords[1] == "Appendix: More than Top 100"


@needs_samples
def test_recorded_rows_are_what_their_tables_say() -> None:
    payload = (SAMPLES / "awesome_lists/cv-arxiv-daily_README_first400.md").read_bytes()
    first = parse(payload).records[0]
    assert first.title.startswith("LEXI-SG: Monocular 3D Scene Graph Mapping")
    assert (first.arxiv, first.date) == ("2605.13741", date(2026, 5, 13))
    daily = parse((SAMPLES / "cv_arxiv_daily/cv-arxiv-daily_2026-05.json").read_bytes()).records
    assert sum(any(link.kind == "code" for link in record.links) for record in daily) == 67


@needs_samples
def test_a_newsletter_without_lists_of_papers_is_refused() -> None:
    with pytest.raises(BroadsheetError, match="holds no paper"):
        parse((SAMPLES / "hf_pages/hiwei93_20230926.md").read_bytes())
