"""Every file of real samples through its source, a real pull and a build: each record is a page,
each broken file a message that says where. `pytest -s` shows the table."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from generator.content import load_library
from generator.errors import BroadsheetError
from generator.pull import Wanted, pull
from generator.sources.catalogue import TYPES
from tests.command import broadsheet
from tests.impatient import QUICK
from tests.loopback import Call, serve

SAMPLES = Path(__file__).parents[2] / "shared/samples"
TODAY = date(2026, 8, 31)
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")


def here(kind: str, options: str = "") -> str:
    """A source that reads the file."""
    return f"type: {kind}, path: 'content/sources/NAME'" + (f", {options}" if options else "")


def asked(kind: str, options: str, key: str = "endpoint") -> str:
    """A source that gets the file from a server."""
    return f"type: {kind}, {key}: 'URL', {options}"


WAYS = {
    "acl_anthology/*.xml": here("acl_anthology"),
    "*/*.bib": here("bibtex"),
    "ris/*.ris": here("ris"),
    "arxiv_atom/2016*.xml": asked("arxiv", "query: testing, limit: 10"),
    "arxiv_atom/*.xml": asked("arxiv", "query: testing"),
    "arxiv_oai/*.xml": asked("arxiv", "archive: hep-th"),
    "arxiv_rss/*.xml": asked("arxiv", "feed: cs.AI"),
    "*/*.md": here("markdown_list"),
    "crossref/*": here("crossref"),
    "cv_arxiv_daily/*.json": here("markdown_list"),
    "daily_arxiv_jsonl/*.jsonl": here("json", "map: {abstract: summary, url: abs}"),
    "dblp/*.json": asked("dblp", "query: x, limit: 1"),
    "feeds/*.xml": here("feed"),
    "hf_daily_papers/*.json": asked("huggingface", "since: 2026-08-30, until: 2026-08-30"),
    "hf_pages/*.txt": here("listing", "date: 2026-06-29"),
    "hf_pages/*": here("feed"),
    "oai_dc/*.xml": asked("oai", "limit: 1000", key="url"),
    "openalex/*.json": here("openalex"),
    "openreview/*.json": here("openreview"),
    "papers_with_code/*.json": here("papers_with_code"),
    "semantic_scholar/*.json": here("semantic_scholar"),
}
"""How a file is read, by its path; the first that fits. Volumes of PMLR before other Markdown."""
WAYS = {"pmlr/*.md": here("pmlr"), **WAYS}
LAST_PAGE = "oai_dc/ListRecords4.xml"
EMPTY = {
    "arxiv_atom/id_0000.0000_empty.xml",
    "arxiv_rss/rss_cs.CL_2026-08-01_weekend_empty.xml",
    "oai_dc/noRecordsMatch.xml",
}
BROKEN = {
    "arxiv_atom/id_abc_error_http400.xml": "the error 'incorrect id format for abc'",
    "arxiv_rss/atom_cs.AI_2025_cut_off.xml": "/cs.AI: is not whole: no element found at line 26",
    "crossref/works_not_found_404.txt": ".txt: is not JSON: unexpected character",
    "hf_daily_papers/2024-12-13.json": "holds the text '{'paper': {'id': '2412.09596'",
    "hf_daily_papers/2025-01-10.json": "holds an object with the keys 'status', 'date', 'count'",
    "hf_pages/azuresilent_date_2026-03-12.html": ".html: is a page of HTML where a feed is due",
    "hf_pages/hiwei93_20230926.md": ".md: holds no paper",
    "oai_dc/badResumptionToken.xml": "answered with the error 'badResumptionToken'",
    "ris/example_bom.ris": ".ris:1: the record has no title: left out",
    "semantic_scholar/not_found_404.json": "with the error 'Paper with id 0 not found'",
    "semantic_scholar/paper_with_null_values.json": "record 1 (2d5673caa9e6",
}
"""Files without a paper that can be used, and what is said of each."""
PARTLY = {"papers_with_code/sota_snli.json": (4, 37)}
"""Leaderboards name most of their papers by author and year: records, and what is left out."""
FEWER = {
    "oai_dc/ListRecords.xml": 1,
    "openreview/papercopilot_iclr2018_withdrawn_sample.json": 79,
    "ris/example_urls.ris": 1,
}
"""Pages where several records are of one paper: on two pages of a list, handed in twice, or of one
title without anything else."""
COUNTED = {
    "awesome_lists/terryum_awesome-deep-learning-papers_README.md": 222,
    "oai_dc/ListRecords4.xml": 1,
}
"""Records where the README of the samples counts links to talks, blogs and repeated papers, or
deleted records, too."""


@dataclass(frozen=True)
class Outcome:
    """What came of a file."""

    file: str
    kind: str
    records: int
    pages: int
    problems: tuple[str, ...]

    def __str__(self) -> str:
        first = re.sub(r"\?\S+:", ":", self.problems[0].split("\n")[0]) if self.problems else ""
        counts = f"{self.records} | {self.pages} | {len(self.problems)}"
        return f"{self.file} | {self.kind} | {counts} {first[:140]}".rstrip()


def files() -> list[str]:
    found = (place.relative_to(SAMPLES).as_posix() for place in sorted(SAMPLES.rglob("*.*")))
    return [file for file in found if "/" in file]


def way_of(file: str) -> str:
    return next(way for pattern, way in WAYS.items() if Path(file).match(pattern))


def kind_of(file: str) -> str:
    return way_of(file).split(",")[0].removeprefix("type: ")


@contextmanager
def site_of(folder: Path, file: str) -> Iterator[Path]:
    """A site whose only source is the file."""
    payload = (SAMPLES / file).read_bytes()

    def answer(call: Call) -> None:
        call.send((SAMPLES / LAST_PAGE).read_bytes() if call.number > 1 else payload)

    place = folder / "content/sources" / Path(file).name
    place.parent.mkdir(parents=True)
    place.write_bytes(payload)
    (folder / "content/topics").mkdir()
    (folder / "content/topics/all.md").write_text("---\ntitle: All\n---\n")
    with serve(answer) as server:
        source = way_of(file).replace("NAME", place.name).replace("URL", server.url)
        (folder / "content/site.yml").write_text(
            f"title: Papers\nsources:\n  - {{name: sample, {source}}}\n"
        )
        yield folder


def pulled(root: Path, file: str) -> Outcome:
    """A pull of the file, and of all that stands in the pages after it."""
    kind = kind_of(file)
    try:
        done = pull(root, Wanted(), today=TODAY, politeness=QUICK)
    except BroadsheetError as error:
        return Outcome(file, kind, 0, 0, tuple(map(str, error.problems)))
    papers = load_library(root).papers
    assert done.new == len(papers)
    for paper in papers.values():
        assert not re.search(r"[\n\x00-\x1f]|</?(i|b|p|jats)\b", paper.title), paper.path
    return Outcome(file, kind, done.fetched["sample"], len(papers), tuple(map(str, done.problems)))


def records_by_the_readme() -> dict[str, int]:
    """How many records each file holds, according to who gathered them."""
    rows, folder = {}, ""
    for line in (SAMPLES / "README.md").read_text().split("\n"):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if line.startswith("## "):
            folder = line[3:]
        elif line.startswith("| `") and cells[4].isdigit():
            rows[f"{folder}/{cells[1].strip('`')}"] = int(cells[4])
    return rows


def check(outcome: Outcome, counted: int | None) -> None:
    """The counts and messages of a file are what they should be."""
    file, said = outcome.file, "\n".join(outcome.problems)
    assert not said or re.match(r"(sample, http://127\.|content/sources/)\S+: ", said), said
    if file in EMPTY:
        assert (outcome.records, said) == (0, "")
    elif file in BROKEN:
        assert BROKEN[file] in said
        assert (outcome.records, len(outcome.problems)) == (0, 1)
    elif file in PARTLY:
        assert (outcome.records, len(outcome.problems)) == PARTLY[file]
    else:
        assert said == ""
        assert outcome.pages == FEWER.get(file, outcome.records) > 0
        assert counted is None or outcome.records == counted, counted


def test_every_sample_becomes_pages_or_a_message(tmp_path: Path, subtests: pytest.Subtests) -> None:
    counted, union = {**records_by_the_readme(), **COUNTED}, tmp_path / "union"
    print("\nfile | source | records | pages | problems")
    for number, file in enumerate(files()):
        with site_of(tmp_path / str(number), file) as root, subtests.test(file):
            outcome = pulled(root, file)
            print(outcome)
            check(outcome, counted.get(file))
            shutil.copytree(root / "content", union / "content", dirs_exist_ok=True)
    done = broadsheet("build", site=union)
    assert done.returncode == 0, done.stderr
    pages = list((union / "content/papers").rglob("*.md"))
    built = [union / "output/papers" / page.stem / "index.html" for page in pages]
    assert len(pages) > 2_000
    assert all(place.exists() for place in built)
    unused = sorted(set(TYPES) - {kind_of(file) for file in files()})
    print(f"{len(pages)} pages built; types without a sample: {', '.join(unused)}")
