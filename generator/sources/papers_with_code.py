"""Papers with Code, which closed in July 2025, from what was saved of it.

What it gave: https://github.com/paperswithcode/paperswithcode-data and the API's description in
https://github.com/paperswithcode/paperswithcode-client. Read are pages of the API
(`{count, next, results: [paper, …]}`), a single paper, and three of the dumps: papers with
abstracts, links between papers and code (a row for each repository; the paper's official one counts
before others), and evaluation tables (tasks with their leaderboards, whose rows name papers). The
task of a leaderboard becomes a keyword. Rows of one paper are one record, and a page of its site is
its key. Two dumps of the same papers are two sources: a paper is one page all the same. Dates are
days. Pure.

Options: `path` (a file of the site, unpacked) or `url` (one on a server); `since`, `until` (by
publication), `limit`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct, field

from generator.config import SourceConfig
from generator.model import Link, Record
from generator.sources.answers import described, parse_json
from generator.sources.identifiers import bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import Period, PeriodRequest, wanted_period
from generator.sources.source import Batch, Request, Window, refused
from generator.sources.values import as_day, as_list, as_object, as_objects, as_text, as_texts
from generator.sources.works import (
    check_ways,
    named,
    paper_names,
    period_of,
    read_works,
    refuse_error,
)
from generator.text.plain import clean_line, clean_lines, clean_text
from generator.text.safety import safe_url

_GZIP = b"\x1f\x8b"
_OWN_PAGE = re.compile(r"https?://(?:www\.)?paperswithcode\.com/paper/([^/?#\s]{1,200})/?")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_CITED = re.compile(r".+ ['’]\d\d[a-z]?")
"""`Jihun Choi et al. '17`, as leaderboards name a paper now and then."""
_MONTH = re.compile(r"(.*\b(?:19|20)\d\d) (?:0?[1-9]|1[0-2])", re.ASCII)
_VERSION = re.compile(
    r"https?://(?:[a-z.]+\.)?arxiv\.org/\w+/\S+?v([1-9]\d{0,3})(?:\.pdf)?", re.ASCII
)


class PapersWithCode(Struct, frozen=True, kw_only=True):
    """One saved file."""

    path: str
    url: str
    since: date | None
    until: date | None
    limit: int | None

    @property
    def offline(self) -> bool:
        return bool(self.path)

    def requests(self, window: Window) -> Iterator[Request]:
        """The file."""
        days = wanted_period(window, self.since, self.until)
        yield PeriodRequest(path=self.path, url=self.url, period=days)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """Every paper of the file. The next page of the API, which it may name, is gone."""
        if payload.startswith(_GZIP):
            hint = "unpack it first: gunzip, and name the file without .gz"
            raise refused(request, "is packed with gzip", hint)
        answer = parse_json(payload, request)
        return read_works(_papers(answer, request), request, _record, period=_period)


def open_papers_with_code(config: SourceConfig) -> PapersWithCode:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = PapersWithCode(
        path=options.path("path"),
        url=options.url("url"),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(),
    )
    check_ways(options, ("path",), ("url",))
    options.finish()
    return source


def _papers(answer: Any, request: Request) -> list[Any]:
    """The papers of an answer, rows of one paper gathered. Raises BroadsheetError."""
    refuse_error(answer, request, "detail", "error")
    listed = answer if isinstance(answer, list) else as_object(answer).get("results")
    if as_object(answer).keys() & {"title", "paper_title", "datasets"}:
        listed = [answer]
    if not isinstance(listed, list):
        raise refused(request, f"holds {described(answer)} where papers are due")
    gathered = _Gathered()
    for each in listed:
        value = as_object(each)
        if "paper_title" in value and "repo_url" in value:
            gathered.add_link(value)
        elif "datasets" in value or "subtasks" in value:
            gathered.add_task(value)
        else:
            gathered.papers.append(each)
    return gathered.papers


class _Gathered(Struct):
    """Papers in the order they came, those of several rows once, all in the keys of the API."""

    papers: list[Any] = field(default_factory=list)
    _known: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def add_link(self, row: Mapping[str, Any]) -> None:
        """A row of the links between papers and code."""
        paper = self._paper(row, row.get("paper_url"))
        paper["arxiv_id"] = row.get("paper_arxiv_id")
        paper["url_abs"] = row.get("paper_url_abs")
        paper["url_pdf"] = row.get("paper_url_pdf")
        official = row.get("is_official") is True
        paper["official" if official else "repositories"].append({"url": row.get("repo_url")})

    def add_task(self, task: Mapping[str, Any]) -> None:
        """All rows of a task's leaderboards, and of those of the tasks inside it."""
        waiting = [task]
        while waiting:
            task = waiting.pop()
            for table in _tables(as_objects(task.get("datasets"))):
                for row in as_objects(as_object(table.get("sota")).get("rows")):
                    self._add_row(row, as_text(task.get("task")))
            waiting.extend(reversed(as_objects(task.get("subtasks"))))

    def _add_row(self, row: Mapping[str, Any], task: str) -> None:
        paper = self._paper(row, row.get("paper_url"))
        url = as_text(row.get("paper_url"))
        paper["url_pdf" if url.lower().endswith(".pdf") else "url_abs"] = url
        paper["published"] = paper.get("published") or row.get("paper_date")
        paper["repositories"] += as_objects(row.get("code_links"))
        paper["tasks"].append(task)

    def _paper(self, row: Mapping[str, Any], url: object) -> dict[str, Any]:
        """The paper of a row."""
        name = (as_text(url), as_text(row.get("paper_title")))
        if name not in self._known:
            self._known[name] = {
                "title": row.get("paper_title"),
                "paper_url": url,
                "official": [],
                "repositories": [],
                "tasks": [],
            }
            self.papers.append(self._known[name])
        return self._known[name]


def _tables(datasets: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The tables of datasets, and of the parts that a dataset may have."""
    waiting = datasets[::-1]
    while waiting:
        table = waiting.pop()
        yield table
        waiting.extend(reversed(as_objects(table.get("subdatasets"))))


def _record(paper: Mapping[str, Any]) -> Record | str:
    """One paper, or what it lacks."""
    title = clean_line(as_text(paper.get("title")))
    own = _OWN_PAGE.fullmatch(as_text(paper.get("paper_url")))
    name = own[1] if own else as_text(paper.get("id"))
    if not title:
        return named("has no title", paper.get("arxiv_id"), name)
    if _CITED.fullmatch(title):
        return named("is named by its authors and year, not by its title", title)
    pages = [as_text(paper.get(key)) for key in ("arxiv_id", "url_abs", "url_pdf")]
    doi = next(filter(None, map(bare_doi, pages[1:])), "")
    arxiv, doi = paper_names(doi, *pages)
    return Record(
        title=title,
        abstract=clean_text(as_text(paper.get("abstract"))),
        date=as_day(paper.get("published")) or as_day(paper.get("date")),
        authors=tuple(clean_lines(as_texts(paper.get("authors")))),
        arxiv=arxiv,
        doi=doi,
        key="" if arxiv or doi else clean_line(name),
        links=_links(paper, arxiv, doi),
        venue=_venue(paper),
        keywords=tuple(dict.fromkeys(clean_lines(map(_task, as_list(paper.get("tasks")))))),
        version=_version(pages) if arxiv else None,
    )


def _period(paper: Mapping[str, Any]) -> Period | None:
    return period_of(paper.get("published")) or period_of(paper.get("date"))


def _links(paper: Mapping[str, Any], arxiv: str, doi: str) -> tuple[Link, ...]:
    """arXiv's pages where it is there; else those that the site, which is gone, linked to."""
    page, pdf = as_text(paper.get("url_abs")), as_text(paper.get("url_pdf"))
    repositories = as_list(paper.get("official")) + as_list(paper.get("repositories"))
    code = (as_text(each.get("url")) for each in as_objects(repositories))
    is_page = not (arxiv or bare_doi(page) or _OWN_PAGE.fullmatch(page))
    return paper_links(
        arxiv=arxiv,
        doi=doi,
        abstract=page if is_page else "",
        pdf="" if arxiv or pdf == page else pdf,
        code=next(filter(None, map(safe_url, code)), ""),
    )


def _venue(paper: Mapping[str, Any]) -> str:
    """The proceedings, as the dump prints them less the month at their end (`IJCNLP 2013 10`). The
    API gives only a name for URLs, which is none to print."""
    names = (clean_line(as_text(paper.get(key))) for key in ("proceeding", "conference"))
    name = next((name for name in names if name and not _SLUG.fullmatch(name)), "")
    found = _MONTH.fullmatch(name)
    return found[1] if found else name


def _task(task: object) -> str:
    """A task's name, written as it is or as an object."""
    return as_text(task) or as_text(as_object(task).get("name"))


def _version(pages: list[str]) -> int | None:
    """The version of the arXiv page that it was linked to."""
    return next((int(found[1]) for found in map(_VERSION.fullmatch, pages) if found), None)
