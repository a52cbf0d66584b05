"""BibTeX as publishers, programs and people write it."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Record
from generator.sources import Batch, Request
from generator.sources.bibtex import open_bibtex
from tests.mutations import mutated

PAYLOAD = (Path(__file__).parent / "payloads/bibtex.bib").read_bytes()
SAMPLES = Path(__file__).parents[2] / "shared/samples"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")


def parse(payload: bytes, **options: object) -> Batch:
    config = SourceConfig(name="ours", type="bibtex", options={"path": "x.bib", **options})
    return open_bibtex(config).parse(payload, Request(path="x.bib"))


def only(text: str) -> Record:
    (record,) = parse(text.encode()).records
    return record


def test_an_entry_is_read_as_text_without_its_tex() -> None:
    record = parse(PAYLOAD).records[0]
    assert record.title == r"On Analytical Engines, or: the $\beta$-Numbers"
    assert record.abstract == (
        "It costs $5, or 7% less; see https://example.org/a_b.\n\n"
        "A second paragraph by Erdős—with $a_1 < b$."
    )
    assert record.authors == (
        "Ada Lovelace",
        "The Engine Group",
        "Ludwig van Beethoven",
        "Martin King Jr.",
    )
    assert (record.venue, record.date) == ("Journal of Toys and Trains", date(1843, 10, 8))
    assert (record.doi, record.key) == ("10.1000/toys_1", "lovelace1843")
    assert record.keywords == ("engines", "numbers", "trains")
    assert {link.kind: link.url for link in record.links} == {
        "abstract": "https://toys.example/engines?a=1&b=2",
        "pdf": "https://toys.example/engines.pdf",
        "doi": "https://doi.org/10.1000/toys_1",
    }


def test_an_eprint_and_a_journal_that_only_says_arxiv_are_arxiv_ids() -> None:
    _, eprint, preprint, _ = parse(PAYLOAD).records
    assert (eprint.arxiv, eprint.categories) == ("1803.00001", ("cs.LG",))
    assert (preprint.arxiv, preprint.venue) == ("1904.00007", "")
    assert [link.url for link in preprint.links if link.kind == "code"] == [
        "https://github.com/curie/glow"
    ]


def test_a_year_becomes_the_month_of_the_arxiv_id_in_it_and_else_its_first_day() -> None:
    _, eprint, preprint, _ = parse(PAYLOAD).records
    assert (eprint.date, preprint.date) == (date(2018, 3, 1), date(2019, 4, 1))
    assert only("@misc{a, title={T}, year={2019}, eprint={1803.00001}}").date == date(2019, 1, 1)


def test_an_entry_takes_from_the_one_it_refers_to() -> None:
    assert parse(PAYLOAD).records[1].venue == "Proceedings of the Toy Meeting"


def test_a_report_has_its_institution_and_an_unsafe_address_is_no_link() -> None:
    record = parse(PAYLOAD).records[-1]
    assert (record.organization, record.links, record.date) == ("Toy Lab", (), date(2021, 5, 3))
    assert record.withdrawn


def test_a_broken_entry_and_one_without_a_title_are_left_out_with_their_lines() -> None:
    batch = parse(PAYLOAD)
    assert [record.key for record in batch.records] == [
        "lovelace1843",
        "noether2018",
        "curie2019",
        "report",
    ]
    broken, untitled = batch.problems
    assert broken.where == "x.bib:32"
    assert broken.fact.startswith(
        "'@article{broken2020, title = {A Brace th' is not whole BibTeX ("
    )
    assert untitled.where == "x.bib:39"
    assert untitled.fact == "the entry 'untitled' has no title: left out"


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ("year = 2020, month = aug", date(2020, 8, 1)),
        ("year = {2020}, month = {25--27 Jul}", date(2020, 7, 25)),
        ("year = {2020}, month = 12", date(2020, 12, 1)),
        ("year = {{2020}}, month = jul # {~4}", date(2020, 7, 4)),
        ("year = 2020, month = {Spring}", date(2020, 1, 1)),
        ("date = {2020-02}", date(2020, 2, 1)),
        ("date = {2020/2021}", date(2020, 1, 1)),
        ("year = {in press}", None),
        ("year = 2020, month = feb, day = 31", date(2020, 2, 1)),
    ],
)
def test_a_date_is_as_precise_as_it_is_printed(fields: str, day: date | None) -> None:
    assert only(f"@misc{{a, title = {{T}}, {fields}}}").date == day


@pytest.mark.parametrize(
    ("fields", "arxiv"),
    [
        ("eprint = {hep-th/9901001}, eprinttype = {arxiv}", "hep-th/9901001"),
        ("eprint = {9901001}, primaryClass = {hep-th}", "hep-th/9901001"),
        ("eprint = {2401.10020}, archivePrefix = {HAL}", ""),
        ("journal = {CoRR}, volume = {abs/1412.6980}", "1412.6980"),
        ("url = {http://arxiv.org/abs/1412.6980v9}", "1412.6980"),
        ("doi = {10.48550/arXiv.1412.6980}", "1412.6980"),
        ("note = {arXiv:1412.6980 [cs.LG]}", "1412.6980"),
        ("note = {An answer to arXiv:1412.6980}", ""),
    ],
)
def test_arxiv_ids_are_found_where_they_are_the_papers_own(fields: str, arxiv: str) -> None:
    record = only(f"@misc{{a, title = {{T}}, {fields}}}")
    assert (record.arxiv, record.doi) == (arxiv, "")


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Jos{\\'e} Mu{\\~n}oz and {\\L}ukasz Kaiser", ("José Muñoz", "Łukasz Kaiser")),
        ("Shi,\n% a comment\n Fazhan and Rong, Xing", ("Fazhan Shi", "Xing Rong")),
        (
            "Ada Lovelace, Alan Turing, Emmy Noether",
            ("Ada Lovelace", "Alan Turing", "Emmy Noether"),
        ),
        ("{van der Berg and Sons}", ("van der Berg and Sons",)),
        ("", ()),
    ],
)
def test_names_are_given_before_family(written: str, names: tuple[str, ...]) -> None:
    assert only(f"@misc{{a, title = {{T}}, author = {{{written}}}}}").authors == names


def test_two_entries_of_one_key_are_two_papers_and_neither_has_it() -> None:
    records = parse(b"@misc{a, title={One}}\n@misc{a, title={Two}}").records
    assert [(record.title, record.key) for record in records] == [("One", ""), ("Two", "")]


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where BibTeX is due"),
        (b"<!DOCTYPE html><p>Busy", "is a page of HTML where BibTeX is due"),
        (b"no entry at all", "holds no BibTeX entry"),
        (b'{"a": 1}', "holds no BibTeX entry"),
        (b"@misc{a, title = {\xff}}", "is not UTF-8: byte 18 (line 1) is 0xff"),
    ],
)
def test_what_is_no_bibtex_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert (problem.where, problem.fact) == ("x.bib", fact)


def test_macros_made_of_macros_do_not_grow_without_end() -> None:
    doubled = "\n".join(f"@string{{a{n + 1} = a{n} # a{n}}}" for n in range(60))
    record = only(f"@string{{a0 = {{0123456789}}}}\n{doubled}\n@misc{{x, title = a60}}")
    assert len(record.title) <= 1_000


@pytest.mark.parametrize("piece", ["http://a", "a, ", "} ", "{", "\\url{", "$x ", "# ", " and "])
@pytest.mark.parametrize("field", ["file", "author", "note", "title"])
def test_long_fields_take_no_longer_than_they_are_long(field: str, piece: str) -> None:
    assert len(parse(f"@misc{{a, {field} = {{{piece * 20_000}}}}}".encode()).records) <= 1


@settings(max_examples=150, deadline=None)
@given(mutated(PAYLOAD))
def test_nothing_that_comes_can_make_it_fail(payload: bytes) -> None:
    try:
        batch = parse(payload)
    except BroadsheetError:
        return
    assert all(record.title and "\n" not in record.title for record in batch.records)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.sampled_from(("title", "author", "date", "month", "file", "note")))
def test_any_text_may_stand_in_any_field(text: str, field: str) -> None:
    parse(f"@misc{{a, title = {{T}}, {field} = {{{text}}}}}".encode("utf-8", "replace"))


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("bibtex/terryum_top100papers.bib", 101),
        ("bibtex/nber_w29971.bib", 1),
        ("bibtex/papis_1.bib", 1),
        ("acl_anthology/acl2021_bibtex_first80.bib", 80),
        ("openreview/colm2024_openreview.bib", 60),
        ("crossref/conneg_bibtex.bib", 1),
        ("pmlr/automl2022_pmlr.bib", 20),
    ],
)
def test_every_recorded_file_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    for record in batch.records:
        assert record.title
        assert record.authors
        assert record.date
        assert not set("{}\\") & set(record.title.replace("\\%", "") + "".join(record.authors))


@needs_samples
def test_recorded_entries_are_what_their_files_say() -> None:
    first = parse((SAMPLES / "bibtex/terryum_top100papers.bib").read_bytes()).records[0]
    assert first.title == "Distilling the knowledge in a neural network"
    assert first.authors == ("Geoffrey Hinton", "Oriol Vinyals", "Jeff Dean")
    assert (first.arxiv, first.date, first.venue) == ("1503.02531", date(2015, 3, 1), "")
    diamond = parse((SAMPLES / "bibtex/papis_1.bib").read_bytes()).records[0]
    assert diamond.authors[:3] == ("Fazhan Shi", "Xing Rong", "Nanyang Xu")
    assert (diamond.date, diamond.venue) == (date(2010, 7, 1), "Phys. Rev. Lett.")
    assert diamond.abstract == "... to 100 %(concurrent intercalation)..."
    second = parse((SAMPLES / "acl_anthology/acl2021_bibtex_first80.bib").read_bytes()).records[1]
    assert second.authors[3] == "Ivan Vulić"
    assert (second.doi, second.date) == ("10.18653/v1/2021.acl-long.447", date(2021, 8, 1))
    tree = parse((SAMPLES / "pmlr/automl2022_pmlr.bib").read_bytes()).records[0]
    assert tree.date == date(2022, 7, 25)
    assert tree.abstract.endswith("available at https://github.com/zhanglijun95/TreeMTL.")
