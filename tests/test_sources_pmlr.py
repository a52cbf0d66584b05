"""Proceedings of Machine Learning Research: volumes in BibTeX, pages with front matter."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Link, Record
from generator.sources import Batch, Client, Fetched, Politeness, Request, Window, fetch_records
from generator.sources.pmlr import Pmlr, open_pmlr
from generator.sources.tex import plain_tex
from tests.loopback import Call, Server, serve
from tests.mutations import mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
QUICK = Politeness(tries=2, first_wait=0.01, deadline=2.0, silence=1.0)
VOLUME = (PAYLOADS / "pmlr.bib").read_bytes()
HOLE = "There’s a Hole in My Data Space: Piecewise Predictors for Heterogeneous Learning Problems"
PAGE = (PAYLOADS / "pmlr_page.md").read_bytes()


def source(**options: object) -> Pmlr:
    options = options or {"volumes": ["v901"]}
    return open_pmlr(SourceConfig(name="icml", type="pmlr", options=options))


def parse(payload: bytes) -> Batch:
    return source().parse(payload, Request(path="content/sources/v901.bib"))


def parse_in(payload: bytes, window: Window, **options: object) -> tuple[Record, ...]:
    opened = source(path="content/sources/v901.bib", **options)
    (request,) = opened.requests(window)
    return opened.parse(payload, request).records


def test_an_entry_is_read_with_its_tex_as_text_and_its_formulas_as_tex() -> None:
    record = parse(VOLUME).records[0]
    assert record.title == "Walking Robots: Karel's $O(n^2)$ Naïve Steps"
    assert record.abstract == (
        r"Up to 4% faster and 96% cheaper – for $5 – with $\alpha_{1}$; see "
        "https://walks.example/a_b .\n\nA second paragraph."
    )
    assert record.authors == ("Karel Čapek", "Ada van der Berg", "Society of Walkers")
    assert (record.date, record.featured) == (date(2031, 11, 28), None)
    assert (record.key, record.doi, record.arxiv) == ("pmlr-v901-capek31a", "", "")
    assert record.venue == "Proceedings of the First Conference on Walks"
    assert record.links == (
        Link(kind="abstract", url="https://proceedings.mlr.press/v901/capek31a.html"),
        Link(kind="pdf", url="https://proceedings.mlr.press/v901/capek31a/capek31a.pdf"),
        Link(kind="code", url="https://github.com/capek/walks"),
    )


def test_a_page_is_read_with_its_day_and_the_key_that_bibtex_has_for_it() -> None:
    (record,) = parse(PAGE).records
    assert record.title == "The Robot’s Walk: $k$ Steps"
    assert record.abstract == "We walk.\n\nWe rest."
    assert record.authors == ("Karel Čapek", "Ada van der Berg")
    assert (record.date, record.key) == (date(2032, 3, 21), "pmlr-v902-capek32a")
    assert record.venue == "Proceedings of the Second Conference on Walks"
    assert record.links == (
        Link(kind="abstract", url="https://proceedings.mlr.press/v902/capek32a.html"),
        Link(kind="pdf", url="http://proceedings.mlr.press/v902/capek32a/capek32a.pdf"),
    )


def test_broken_entries_are_left_out_with_their_line_and_the_others_stay() -> None:
    batch = parse(VOLUME)
    assert [record.key for record in batch.records] == ["pmlr-v901-capek31a", "pmlr-v901-twice31a"]
    assert [f"{each.where}: {each.fact}" for each in batch.problems] == [
        "content/sources/v901.bib:27: the paper 'pmlr-v901-nobody31a' has no title: left out",
        "content/sources/v901.bib:32: is not BibTeX: left out",
    ]


def test_of_two_values_of_a_field_the_last_counts_and_unsafe_links_are_dropped() -> None:
    record = parse(VOLUME).records[1]
    assert (record.title, record.date, record.links) == ("Said Twice", date(2032, 1, 1), ())


def test_the_same_key_twice_is_two_papers() -> None:
    entry = b"@inproceedings{a, title={%s}, year={2031}}\n"
    batch = parse(entry % b"One" + entry % b"Two")
    assert [record.title for record in batch.records] == ["One", "Two"]


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        ("2022", "25--27 Jul", date(2022, 7, 25)),
        ("2022", "28 Nov--09 Dec", date(2022, 11, 28)),
        ("2022", "August", date(2022, 8, 1)),
        ("2022", "Aug 3-5", date(2022, 8, 3)),
        ("2022", "8", date(2022, 8, 1)),
        ("2022", "0", date(2022, 1, 1)),
        ("2022", "99 Feb", date(2022, 2, 1)),
        ("2022", "", date(2022, 1, 1)),
        ("22", "Jul", None),
        ("", "", None),
    ],
)
def test_the_day_of_a_meeting_as_it_is_printed(year: str, month: str, day: date | None) -> None:
    entry = f"@inproceedings{{a, title={{T}}, year={{{year}}}, month={{{month}}}}}"
    assert [record.date for record in parse(entry.encode()).records] == [day]


def test_the_days_asked_for_choose_and_a_year_alone_lies_in_all_of_its_days() -> None:
    titles = [record.title for record in parse_in(VOLUME, Window(since=date(2032, 7, 1)))]
    assert titles == ["Said Twice"]
    assert len(parse_in(VOLUME, Window(until=date(2031, 11, 28)))) == 1
    assert parse_in(VOLUME, Window(until=date(2031, 11, 27))) == ()
    assert parse_in(PAGE, Window(), since=date(2032, 3, 22)) == ()


def test_each_volume_is_one_file() -> None:
    requests = list(source(volumes=["v901", "22", "r4"]).requests(Window()))
    assert [each.url for each in requests] == [
        "https://proceedings.mlr.press/v901/assets/bib/bibliography.bib",
        "https://proceedings.mlr.press/v22/assets/bib/bibliography.bib",
        "https://proceedings.mlr.press/r4/assets/bib/bibliography.bib",
    ]
    assert {each.gap for each in requests} == {1.0}


def test_a_file_of_the_site_needs_no_network() -> None:
    assert source(path="content/sources/v901.bib").offline
    assert not source(url="https://example.org/v901.bib").offline


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("nothing to do: 4% & a_b", "nothing to do: 4% & a_b"),
        (r"\{a, b\} of {B}ayes", "{a, b} of Bayes"),
        (r"Fig.~1, pp.~1--2, http://x.edu/~me/a--b", "Fig. 1, pp. 1–2, http://x.edu/~me/a–b"),
        (r"\unknown{kept} \footnote{too}", "kept too"),
        (r"\LaTeX{} \ldots\ \alpha", "LaTeX … α"),
        (r"``so'' it's", "“so” it's"),
        (r"\textit{of $x$ kind}", "of $x$ kind"),
        ("}{", ""),
        ("a --flag", "a --flag"),
    ],
)
def test_tex_as_text(text: str, plain: str) -> None:
    assert plain_tex(text) == plain


@pytest.mark.parametrize("piece", ["{", "\\", "\\'", "\\ab{", "\\cite{", "$", "~", "--", "``"])
def test_tex_of_any_length_takes_no_longer_than_its_length(piece: str) -> None:
    plain_tex(piece * 20_000)


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where BibTeX is due"),
        (b"<!DOCTYPE html><p>404", "is a page of HTML where BibTeX is due"),
        (b"404: Not Found", "holds no BibTeX entry"),
        (b'{"error": 1}', "holds no BibTeX entry"),
        ("@a{b, title={é}}".encode("latin-1"), "is not UTF-8"),
        (b"---\ntitle: a", "the front matter does not end"),
        (b"---\ntitle: [a\n---\n", "did not find expected ',' or ']'"),
        (b"---\n- a\n---\n", "this is not a list of 'key: value' lines"),
        (b"---\na: " + b"[" * 5_000 + b"\n---\n", ""),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where.startswith("content/sources/v901.bib")
    assert problem.fact.startswith(fact)


def test_a_volume_that_was_cut_off_gives_what_is_whole_and_says_where_it_ends() -> None:
    batch = parse(VOLUME[: VOLUME.index(b"Ada Lovelace")])
    assert [record.key for record in batch.records] == ["pmlr-v901-capek31a"]
    assert batch.problems[-1].where == "content/sources/v901.bib:36"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([VOLUME, PAGE]).flatmap(mutated))
def test_no_payload_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, Request(url="https://example.org/v901.bib"))


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 3}, "it needs one of 'volumes', 'path' and 'url'"),
        ({"volumes": ["v1"], "path": "a.bib"}, "it needs one of"),
        ({"volumes": ["icml"]}, "'volumes' holds 'icml', which is no volume of PMLR"),
        ({"volumes": [235]}, "'volumes' holds '235', which is not a text"),
        ({"volumes": ["v1"], "endpoint": "pmlr"}, "'endpoint' is not an http(s) URL"),
        ({"volumes": ["v1"], "query": 1}, "unknown option 'query'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    assert caught.value.problems[0].where == "content/site.yml"
    assert caught.value.problems[0].fact.startswith(f"source 'icml': {fact}")


def fetch(answer: Callable[[Call], None], **options: object) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        opened = source(volumes=["v901", "v902"], endpoint=server.url, **options)
        found = fetch_records(opened, "icml", Window(), client=client, read_file=lambda _: b"")
    return found, server


def test_volumes_come_one_after_the_other_also_from_a_busy_server() -> None:
    def answer(call: Call) -> None:
        if call.number == 1:
            call.send(b"slow down", 429, retry_after="0")
        else:
            call.send(VOLUME if "v901" in call.path else PAGE)

    found, server = fetch(answer)
    assert (len(found.records), len(found.problems), found.failed) == (3, 2, False)
    assert [call.path for call in server.calls][1:] == [
        "/v901/assets/bib/bibliography.bib",
        "/v902/assets/bib/bibliography.bib",
    ]
    assert server.gaps[1] >= 1.0


def test_a_limit_ends_before_the_next_volume() -> None:
    found, server = fetch(lambda call: call.send(VOLUME), limit=1)
    assert (len(found.records), len(server.calls)) == (1, 1)


def test_a_volume_that_is_something_else_fails_the_source() -> None:
    found, _ = fetch(lambda call: call.send(b"<html>Not yet" if "v902" in call.path else VOLUME))
    assert (found.failed, found.records) == (True, ())
    assert "/v902/assets" in found.problems[0].where


@needs_samples
def test_the_recorded_volume_is_read_whole() -> None:
    batch = parse((SAMPLES / "pmlr/automl2022_pmlr.bib").read_bytes())
    assert (len(batch.records), batch.problems) == (20, ())
    for record in batch.records:
        assert record.abstract
        assert record.date == date(2022, 7, 25)
        assert [link.kind for link in record.links] == ["abstract", "pdf"]
    lasso = batch.records[8]
    assert lasso.authors == ("Kenan Šehić", "Alexandre Gramfort", "Joseph Salmon", "Luigi Nardi")
    assert lasso.key == "pmlr-v188-sehic22a"
    assert batch.records[10].authors[1] == "Tim Königl"
    assert batch.records[18].authors[2] == "Hervé Luga"
    assert "gains of up to 4% for Actor, 7.3% on average" in batch.records[1].abstract
    assert batch.records[0].abstract.endswith("at https://github.com/zhanglijun95/TreeMTL.")
    assert r"’very good’ $\succ$ ’good’" in batch.records[4].abstract


@needs_samples
@pytest.mark.parametrize(
    ("name", "title", "authors"),
    [
        ("allen12", "Sparse Higher-Order Principal Components Analysis", 1),
        ("azari12", "Graphlet decomposition of a weighted network", 2),
        (
            "bian12",
            "CorrLog: Correlated Logistic Models for Joint Prediction of Multiple Labels",
            3,
        ),
        ("bradley12", "Sample Complexity of Composite Likelihood", 2),
        ("chen12b", "A Two-Graph Guided Multi-task Lasso Approach for eQTL Mapping", 7),
        ("collier12", "Minimax hypothesis testing for curve registration", 1),
        (
            "dekel12",
            HOLE,
            2,
        ),
        ("domke12", "Generic Methods for Optimization-Based Modeling", 1),
    ],
)
def test_every_recorded_page_is_read(name: str, title: str, authors: int) -> None:
    batch = parse((SAMPLES / f"pmlr/2012-03-21-{name}.md").read_bytes())
    (record,) = batch.records
    assert (record.title, len(record.authors), batch.problems) == (title, authors, ())
    assert (record.date, record.key) == (date(2012, 3, 21), f"pmlr-v22-{name}")
    assert record.abstract
    assert record.links[0].url == f"https://proceedings.mlr.press/v22/{name}.html"


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("openreview/colm2024_openreview.bib", 60),
        ("acl_anthology/acl2021_bibtex_first80.bib", 80),
        ("bibtex/terryum_top100papers.bib", 101),
    ],
)
def test_bibtex_of_other_sites_is_no_riddle(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert len(batch.records) + len(batch.problems) == count
