"""Citations: read back by the programs people would read them with."""

import json
import re
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from typing import Any

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import SeparateCoAuthors
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pylatexenc.latex2text import LatexNodes2Text

from generator.model import Link, Paper
from generator.publish.citations import (
    arxiv_id,
    bibtex,
    bulk_citations,
    citation_key,
    citation_tags,
    doi,
    json_ld,
    render_citations,
    ris,
)

BASE = "https://example.org/papers/"
PAGE = BASE + "papers/2507.22565/"
PAPER = Paper(
    id="2507.22565",
    title="Efficient Fine-Tuning of LLMs at 50% of the Cost",
    abstract="We show a < b.\n\nA second paragraph.",
    date=date(2025, 7, 30),
    added=date(2025, 11, 26),
    authors=("Ada Lovelace", "Ludwig van Beethoven", "The Qwen Team"),
    organization="TIGER-Lab",
    categories=("cs.LG", "cs.CR"),
    keywords=("privacy", "tuning"),
    links=(
        Link(kind="abstract", url="https://arxiv.org/abs/2507.22565"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2507.22565"),
    ),
    summary="One sentence.",
)
BARE = Paper(id="a-title-2025", title="A Title", date=date(2025, 11, 25), author_count=5)
PUBLISHED = replace(
    PAPER,
    venue="Journal of Tests & Trials",
    links=(Link(kind="doi", url="https://doi.org/10.1002/(SICI)1097_4571(19%3C99)"),),
)
HOSTILE = (
    r"\input{/etc/passwd} and \write18{ls}",
    "100% & $5 #1 a_b {c} ~d^e \\f",
    "unbalanced { brace",
    "unbalanced } brace",
    "} , @misc{evil, title = {x}",
    '"quoted" @string{a="b"}',
    "TY  - JOUR\r\nER  - \nTI  - other",
    "</script><script>alert(1)</script>",
    "]]> <!-- \u2028\u2029 -->",
    "🦊 \u05e9\u05dc\u05d5\u05dd 中文 Émile",
    "a\x00b\x1bc\ufffe",
)


def read_bibtex(text: str) -> list[dict[str, Any]]:
    """Entries as bibtexparser reads them, key and type beside the fields."""
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks, library.failed_blocks
    assert len(library.blocks) == len(library.entries)
    return [
        {"key": entry.key, "type": entry.entry_type, **{f.key: f.value for f in entry.fields}}
        for entry in library.entries
    ]


def read_entry(paper: Paper) -> dict[str, Any]:
    (entry,) = read_bibtex(bibtex(paper, PAGE))
    return entry


def read_ris(text: str) -> list[dict[str, Any]]:
    return list(rispy.loads(text))


def printed(tex: str) -> str:
    """What TeX would print of a field's value."""
    return LatexNodes2Text(keep_comments=False, math_mode="verbatim").latex_to_text(tex)


def test_bibtex_of_a_preprint_says_where_it_is() -> None:
    assert read_entry(PAPER) == {
        "type": "misc",
        "key": "lovelace-2507.22565",
        "title": r"Efficient Fine-Tuning of {LLMs} at 50\% of the Cost",
        "author": "Ada Lovelace and Ludwig van Beethoven and {The Qwen Team}",
        "year": "2025",
        "month": "jul",
        "eprint": "2507.22565",
        "archivePrefix": "arXiv",
        "primaryClass": "cs.LG",
        "url": "https://arxiv.org/abs/2507.22565",
    }


def test_authors_who_are_only_counted_are_no_field_at_all() -> None:
    entry = read_entry(BARE)
    assert entry == {
        "type": "misc",
        "key": "a-title-2025",
        "title": "A Title",
        "year": "2025",
        "month": "nov",
        "url": PAGE,
    }
    assert "AU  -" not in ris(BARE, PAGE)
    assert not [name for name, _ in citation_tags(BARE) if name == "citation_author"]
    assert "author" not in json.loads(json_ld(BARE))


@pytest.mark.parametrize(
    ("venue", "kind", "field", "ris_type"),
    [
        ("Journal of Tests & Trials", "article", "journal", "JOUR"),
        ("Phys. Rev. B 84, 134501 (2011)", "article", "journal", "JOUR"),
        ("Proceedings of the National Academy of Sciences", "article", "journal", "JOUR"),
        ("NeurIPS 2025", "inproceedings", "booktitle", "CPAPER"),
        ("Proceedings of the 3rd Workshop on Tests", "inproceedings", "booktitle", "CPAPER"),
        ("Findings of ACL", "inproceedings", "booktitle", "CPAPER"),
        ("arXiv", "misc", "", "UNPB"),
        ("", "misc", "", "UNPB"),
    ],
)
def test_a_venue_decides_what_kind_of_publication_it_is(
    venue: str, kind: str, field: str, ris_type: str
) -> None:
    entry = read_entry(replace(PAPER, venue=venue))
    assert entry["type"] == kind
    assert {"journal", "booktitle"} & set(entry) == ({field} if field else set())
    if field:
        assert printed(entry[field]) == venue
    assert ris(replace(PAPER, venue=venue), PAGE).startswith(f"TY  - {ris_type}\r\n")


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Q-Learning with A* and L2", "{Q-Learning} with {A*} and {L2}"),
        ("GPT-4 and BERT for iOS", "{GPT-4} and {BERT} for {iOS}"),
        ("Deep Learning with Care", "Deep Learning with Care"),
        ("LLMs: The R&D of AI", r"{LLMs:} The {R\&D} of {AI}"),
        (r"Learning in $\mathcal{O}(n)$ Steps", r"Learning in {$\mathcal{O}(n)$} Steps"),
        ("$L_2$-Norms", "{$L_2$}-Norms"),
        ("From $5 to $6 a Day", r"From \$5 to \$6 a Day"),
        ("ÉCOLE Über Alles", "{ÉCOLE} Über Alles"),
    ],
)
def test_titles_keep_their_capitals_their_formulas_and_their_money(
    title: str, written: str
) -> None:
    assert read_entry(replace(PAPER, title=title))["title"] == written


@pytest.mark.parametrize(
    "formula",
    [
        r"\input{/etc/passwd}",
        r"\def\x{1}\x",
        r"\newcommand{\x}{1}\x",
        r"a%b",
        r"^^5cinput x",
        r"\write18{ls}",
        r"{x",
        r"\csname input\endcsname",
    ],
)
def test_no_formula_of_a_stranger_runs_when_the_file_is_typeset(formula: str) -> None:
    title = read_entry(replace(PAPER, title=f"On ${formula}$"))["title"]
    commands = set(re.findall(r"\\([a-zA-Z]+)", title))
    assert commands <= {"textbackslash", "lbrace", "rbrace", "textasciicircum", "textasciitilde"}
    assert "^^" not in title
    assert not re.search(r"(?<!\\)%", title)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_read_back_as_it_is_from_bibtex(text: str) -> None:
    paper = replace(PAPER, title=text, authors=(text,), venue=text, categories=(text,))
    entry = read_entry(paper)
    shown = " ".join(re.sub("[\x00-\x08\x0e-\x1f\ufffe]", "", text).split())
    for name in ("author", "journal", "booktitle"):
        if name in entry:
            assert printed(entry[name]).replace("ˆ", "^").replace("–", "--") == shown, name
    for value in entry.values():
        assert value.count("{") == value.count("}")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_at_all_gives_one_entry_one_record_and_safe_json(text: str) -> None:
    paper = replace(
        PAPER,
        title=f"T {text}",
        authors=(f"A {text}",),
        venue=text,
        keywords=(text,),
        abstract=text,
    )
    assert read_entry(paper)["key"] == citation_key(paper)
    assert re.fullmatch(r"[a-z0-9.-]+", citation_key(paper))
    assert len(read_ris(ris(paper, PAGE))) == 1
    assert not set("<>&\u2028\u2029") & set(json_ld(paper))
    assert all(value.strip() for _, value in citation_tags(paper))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ada Lovelace", "lovelace-x"),
        ("Émilie du Châtelet", "duchatelet-x"),
        ("Lovelace, Ada", "lovelace-x"),
        ("Martin Luther King Jr.", "king-x"),
        ("King, Jr.", "king-x"),
        ("Plato", "plato-x"),
        ("王小明", "x"),
        ("DeepSeek-AI", "deepseekai-x"),
    ],
)
def test_a_key_is_ascii_whatever_the_name(name: str, key: str) -> None:
    assert citation_key(replace(PAPER, id="x", authors=(name,))) == key


def test_a_key_outlives_a_corrected_title_and_date() -> None:
    corrected = replace(PAPER, title="Corrected", date=date(2024, 1, 1), venue="NeurIPS 2025")
    assert citation_key(corrected) == citation_key(PAPER)


def test_names_that_bibtex_would_split_wrongly_are_kept_whole() -> None:
    names = ("Lovelace, Ada", "Smith and Sons", "The ATLAS Collaboration", "a, b, c, d")
    library = bibtexparser.parse_string(
        bibtex(replace(PAPER, authors=names), PAGE), append_middleware=[SeparateCoAuthors()]
    )
    assert library.entries[0]["author"] == [
        "Lovelace, Ada",
        "{Smith and Sons}",
        "{The ATLAS Collaboration}",
        "{a, b, c, d}",
    ]


@pytest.mark.parametrize(
    ("id_", "url", "found"),
    [
        ("2507.22565", "", "2507.22565"),
        ("hep-th-9901001", "", "hep-th/9901001"),
        ("math.gt-0309136", "https://arxiv.org/abs/math.GT/0309136v2", "math.GT/0309136"),
        ("x", "https://arxiv.org/abs/2507.22565v3", "2507.22565"),
        ("x", "https://arxiv.org/pdf/2507.22565v1.pdf", "2507.22565"),
        ("x", "https://arxiv.org.example.org/abs/2507.22565", ""),
        ("a-title-2025", "https://example.org/", ""),
    ],
)
def test_an_arxiv_id_is_found_in_the_link_or_in_the_papers_own(
    id_: str, url: str, found: str
) -> None:
    links = (Link(kind="abstract", url=url),) if url else ()
    assert arxiv_id(replace(PAPER, id=id_, links=links)) == found


def test_a_doi_is_given_bare() -> None:
    assert doi(PUBLISHED) == "10.1002/(SICI)1097_4571(19<99)"
    assert doi(PAPER) == ""
    assert read_entry(PUBLISHED)["doi"] == "10.1002/(SICI)1097_4571(19<99)"
    assert read_ris(ris(PUBLISHED, PAGE))[0]["doi"] == "10.1002/(SICI)1097_4571(19<99)"


def test_ris_is_read_back_with_every_field() -> None:
    (record,) = read_ris(ris(PAPER, PAGE))
    assert record["type_of_reference"] == "UNPB"
    assert record["title"] == PAPER.title
    assert record["authors"] == ["Lovelace, Ada", "van Beethoven, Ludwig", "The Qwen Team"]
    assert (record["year"], record["date"]) == ("2025", "2025/07/30")
    assert record["abstract"] == "We show a < b. A second paragraph."
    assert record["keywords"] == ["privacy", "tuning"]
    assert record["urls"] == ["https://arxiv.org/abs/2507.22565"]
    assert record["id"] == citation_key(PAPER)
    assert ris(PAPER, PAGE).endswith("ER  - \r\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_ris_line(text: str) -> None:
    paper = replace(PAPER, title=text, abstract=text, venue=text, keywords=(text,))
    (record,) = read_ris(ris(paper, PAGE))
    assert record["type_of_reference"] in ("JOUR", "CPAPER")
    assert record["authors"] == ["Lovelace, Ada", "van Beethoven, Ludwig", "The Qwen Team"]
    for line in ris(paper, PAGE).removesuffix("\r\n").split("\r\n"):
        assert re.match(r"[A-Z][A-Z0-9]  - ", line)


def test_each_paper_has_its_two_files() -> None:
    files = {file.path: file.content.decode() for file in render_citations([PAPER, BARE], BASE)}
    assert list(files) == [
        "papers/2507.22565.bib",
        "papers/a-title-2025.bib",
        "papers/2507.22565.ris",
        "papers/a-title-2025.ris",
    ]
    assert files["papers/a-title-2025.bib"] == bibtex(BARE, BASE + "papers/a-title-2025/")


@pytest.mark.parametrize("papers", [(), (PAPER,), (PAPER, BARE, PUBLISHED)])
def test_a_listings_files_hold_all_its_papers_in_order(papers: Sequence[Paper]) -> None:
    members = [replace(paper, id=f"2507.{place:05}") for place, paper in enumerate(papers)]
    bib, records = bulk_citations("topics/robotics/papers", iter(members), BASE)
    keys = [citation_key(paper) for paper in members]
    assert (bib.path, records.path) == ("topics/robotics/papers.bib", "topics/robotics/papers.ris")
    assert [entry["key"] for entry in read_bibtex(bib.content.decode())] == keys
    assert [record["id"] for record in read_ris(records.content.decode())] == keys


def test_a_paper_is_written_once_for_all_the_files_it_is_in() -> None:
    kept: dict[str, tuple[str, str]] = {}
    first = list(render_citations([PAPER], BASE, kept=kept))
    again = list(render_citations([replace(PAPER, title="Not looked at")], BASE, kept=kept))
    bib, records = bulk_citations("x", [PAPER], BASE, kept=kept)
    assert again == first
    assert [bib.content, records.content] == [file.content for file in first]


def test_scholar_finds_its_tags_and_none_is_empty() -> None:
    assert citation_tags(PAPER) == (
        ("citation_title", PAPER.title),
        ("citation_author", "Ada Lovelace"),
        ("citation_author", "Ludwig van Beethoven"),
        ("citation_author", "The Qwen Team"),
        ("citation_publication_date", "2025/07/30"),
        ("citation_arxiv_id", "2507.22565"),
        ("citation_pdf_url", "https://arxiv.org/pdf/2507.22565"),
    )
    assert dict(citation_tags(PUBLISHED))["citation_journal_title"] == PUBLISHED.venue
    assert citation_tags(Paper(id="x", title="T")) == (("citation_title", "T"),)


def test_json_ld_describes_a_scholarly_article_without_empty_values() -> None:
    article = json.loads(json_ld(PAPER))
    assert (article["@context"], article["@type"]) == ("https://schema.org", "ScholarlyArticle")
    assert article["name"] == PAPER.title
    assert [author["name"] for author in article["author"]] == list(PAPER.authors)
    assert article["datePublished"] == "2025-07-30"
    assert article["sourceOrganization"]["name"] == "TIGER-Lab"
    bare = json.loads(json_ld(Paper(id="x", title="T")))
    assert set(bare) == {"@context", "@type", "name"}


class _Scripts(HTMLParser):
    """What a browser takes for the text of script elements, and for other elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_json_ld_cannot_leave_its_script_element(text: str) -> None:
    written = json_ld(replace(PAPER, authors=(text,)))
    page = _Scripts(f'<script type="application/ld+json">{written}</script>')
    assert page.tags == ["script"]
    shown = " ".join(re.sub("[\x00-\x08\x0e-\x1f\ufffe]", "", text).split())
    assert json.loads(page.text)["author"][0]["name"] == shown


def test_the_same_paper_gives_the_same_bytes() -> None:
    first = list(render_citations([PAPER, BARE, PUBLISHED], BASE))
    assert first == list(render_citations([PAPER, BARE, PUBLISHED], BASE))
