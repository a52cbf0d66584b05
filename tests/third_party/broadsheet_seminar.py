"""The papers of a reading seminar: a line each of day, title and address, apart by tabs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from generator.config import SourceConfig
from generator.errors import Problem
from generator.model import Record
from generator.sources import Batch, Request, Source, Window
from generator.sources.answers import check_present, parse_text
from generator.sources.identifiers import arxiv_id, paper_links
from generator.sources.options import Options
from generator.sources.source import left_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Seminar:
    """One list on a server."""

    url: str
    limit: int | None
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        yield Request(url=self.url, gap=1.0)

    def parse(self, payload: bytes, request: Request) -> Batch:
        check_present(payload, request, "a list of papers")
        records: list[Record] = []
        problems: list[Problem] = []
        for number, line in enumerate(parse_text(payload, request).splitlines(), 1):
            try:
                records.append(_record(line))
            except ValueError as error:
                problems.append(left_out(f"{request.where}: line {number}", str(error)))
        return Batch(records=tuple(records), problems=tuple(problems))


def open_seminar(config: SourceConfig) -> Source:
    """The source as site.yml describes it."""
    options = Options(config)
    source = Seminar(url=options.url("url"), limit=options.limit())
    if not options.given("url"):
        options.wrong("'url' is missing", "add the address of the list")
    options.finish()
    return source


def _record(line: str) -> Record:
    day, title, url = line.split("\t") if line.count("\t") == 2 else ("", "", "")
    if not title.strip():
        raise ValueError("is not a day, a title and an address")
    arxiv = arxiv_id(url)
    return Record(
        title=title,
        featured=date.fromisoformat(day),
        arxiv=arxiv,
        key="" if arxiv else url,
        links=paper_links(arxiv=arxiv, abstract=url),
    )
