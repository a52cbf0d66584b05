"""Proceedings of Machine Learning Research: a volume's BibTeX, or one paper's page of its site.

https://proceedings.mlr.press/spec.html describes both. `volumes` are read from
https://proceedings.mlr.press/vNNN/assets/bib/bibliography.bib, all papers of a volume in one file;
a file or URL may also hold one Jekyll page of https://github.com/mlresearch (`_posts/…md`), whose
front matter is YAML in the manner of citeproc. The entry of the proceedings themselves is no paper.

TeX becomes plain text, formulas stay between dollars. A page has a date; an entry has a year and
the days of the meeting (`25--27 Jul`), whose first one counts, else the first of the month, else of
the year. Of two values of one field the last counts, as in BibTeX's successors. Pure.

Options: one of `volumes` (`[v235, v202]`), `path`, `url`; `since`, `until` (by date), `limit`,
`endpoint`.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import (
    parse_single_name_into_parts,
    split_multiple_persons_names,
)
from bibtexparser.model import Block, Entry, ParsingFailedBlock
from msgspec import Struct

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.answers import check_present, parse_text, remedy
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import (
    Period,
    PeriodRequest,
    is_wanted,
    printed_period,
    wanted_period,
)
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.sources.tex import plain_tex
from generator.text.front_matter import parse_mapping, split_page
from generator.text.plain import clean_line, clean_lines, clean_text

ENDPOINT = "https://proceedings.mlr.press"
GAP = 1.0
"""Seconds between two volumes. PMLR names no number; its pages are GitHub's."""

_VOLUME = re.compile(r"[vr]?\d{1,4}", re.ASCII)
_PAGE_ID = re.compile(r"[a-z0-9_-]{1,100}", re.ASCII | re.IGNORECASE)

logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it comments on strangers' BibTeX


class Pmlr(Struct, frozen=True, kw_only=True):
    """Some volumes, or one file."""

    volumes: tuple[str, ...]
    path: str
    url: str
    since: date | None
    until: date | None
    limit: int | None
    endpoint: str

    @property
    def offline(self) -> bool:
        return bool(self.path)

    def requests(self, window: Window) -> Iterator[Request]:
        """One for each volume, in the order of the option; or the file."""
        period = wanted_period(window, self.since, self.until)
        if self.path:
            yield PeriodRequest(path=self.path, period=period)
        elif self.url:
            yield PeriodRequest(url=self.url, period=period, gap=GAP)
        for volume in self.volumes:
            url = f"{self.endpoint}/{_volume_name(volume)}/assets/bib/bibliography.bib"
            yield PeriodRequest(url=url, period=period, gap=GAP)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The papers of a volume, or the one of a page, that lie in the period asked for."""
        check_present(payload, request, "BibTeX")
        text = parse_text(payload, request).replace("\r\n", "\n").replace("\r", "\n").lstrip()
        records: list[Record] = []
        problems: list[Problem] = []
        for where, fields in _papers(text, request, problems):
            record, period = _record(fields)
            if record is None:
                problems.append(left_out(where, f"the paper {shown(fields['key'])} has no title"))
            elif is_wanted(request, period):
                records.append(record)
        return Batch(records=tuple(records), problems=tuple(problems))


def open_pmlr(config: SourceConfig) -> Pmlr:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = Pmlr(
        volumes=options.texts("volumes"),
        path=options.path("path"),
        url=options.url("url"),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    for wrong in (each for each in source.volumes if not _VOLUME.fullmatch(each)):
        fact = f"'volumes' holds {shown(wrong)}, which is no volume of PMLR"
        options.wrong(fact, "as in v235, or r4 of the reissues")
    if sum(options.given(each) for each in ("volumes", "path", "url")) != 1:
        hint = "add volumes: [v235] to the source"
        options.wrong("it needs one of 'volumes', 'path' and 'url'", hint)
    options.finish()
    return source


def _volume_name(volume: str) -> str:
    return f"v{volume}" if volume.isdigit() else volume


def _papers(
    text: str, request: Request, problems: list[Problem]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The place and the fields of each paper, under the names that BibTeX has for them, with
    authors parted by line breaks. Raises BroadsheetError where the answer is neither format."""
    if text.startswith("---"):
        yield request.where, _page_fields(text, request)
        return
    blocks = parse_string(text, parse_stack=[]).blocks
    entries = [(block, _entry(block)) for block in blocks]
    if not any(entry or _is_broken(block) for block, entry in entries):
        raise refused(request, "holds no BibTeX entry", remedy(request))
    for block, entry in entries:
        where = f"{request.where}:{(block.start_line or 0) + 1}"
        if entry is None and _is_broken(block):
            problems.append(left_out(where, "is not BibTeX", "look for a missing brace or comma"))
        elif entry and entry.entry_type != "proceedings":
            yield where, _entry_fields(entry)


def _entry(block: Block) -> Entry | None:
    """The entry a block is, also where its key or a field of it came before."""
    inner = block.ignore_error_block if isinstance(block, ParsingFailedBlock) else block
    return inner if isinstance(inner, Entry) else None


def _is_broken(block: Block) -> bool:
    return isinstance(block, ParsingFailedBlock)


def _entry_fields(entry: Entry) -> dict[str, str]:
    fields = {each.key.lower(): _bare(str(each.value)) for each in entry.fields}
    names = split_multiple_persons_names(fields.get("author", ""))
    return {**fields, "author": "\n".join(map(_full_name, names)), "key": entry.key}


def _bare(value: str) -> str:
    """A field's value without the braces or quotation marks around it."""
    value = value.strip()
    enclosed = len(value) > 1 and (value[0], value[-1]) in (("{", "}"), ('"', '"'))
    return value[1:-1] if enclosed else value


def _full_name(name: str) -> str:
    """`van der Schaar, Mihaela` → `Mihaela van der Schaar`; `others` is nobody."""
    if name == "others":
        return ""
    whole = parse_single_name_into_parts(name, strict=False).merge_first_name_first
    return clean_line(plain_tex(whole))


def _page_fields(text: str, request: Request) -> dict[str, str]:
    """The front matter of a page. Raises BroadsheetError, located."""
    page = split_page(text, request.where)
    values = parse_mapping(page.front_matter, request.where, first_line=2)
    fields = {str(key).lower(): _text(value) for key, value in values.items()}
    volume, name = fields.get("volume", ""), fields.get("id", "")
    known = _VOLUME.fullmatch(volume) and _PAGE_ID.fullmatch(name)
    return fields | {
        "author": "\n".join(_page_authors(values.get("author"))),
        "booktitle": fields.get("container-title") or fields.get("booktitle", ""),
        "key": f"pmlr-{_volume_name(volume)}-{name}" if known else "",
        "url": f"{ENDPOINT}/{_volume_name(volume)}/{name}.html" if known else "",
    }


def _page_authors(value: object) -> Iterator[str]:
    for author in value if isinstance(value, list) else ():
        if isinstance(author, dict):
            parts = (_text(author.get(part)) for part in ("given", "prefix", "family", "suffix"))
            yield clean_line(plain_tex(" ".join(parts)))


def _text(value: Any) -> str:
    """A scalar as text; YAML takes `22` for a number."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _record(fields: Mapping[str, str]) -> tuple[Record | None, Period | None]:
    """One paper, None without a title, and the days it can be of."""
    title = clean_line(plain_tex(fields.get("title", "")))
    if not title:
        return None, None
    period = _period(fields)
    arxiv = arxiv_id(fields.get("arxiv", "")) or arxiv_id(fields.get("eprint", ""))
    doi = bare_doi(fields.get("doi", ""))
    record = Record(
        title=title,
        abstract=clean_text(plain_tex(fields.get("abstract", ""))),
        date=period.since if period else None,
        authors=tuple(clean_lines(fields["author"].split("\n"))),
        arxiv=arxiv,
        doi=doi,
        key=clean_line(fields["key"])[:100],
        links=paper_links(
            arxiv=arxiv,
            doi=doi,
            abstract=fields.get("url", ""),
            pdf=fields.get("pdf", ""),
            code=fields.get("software") or fields.get("code", ""),
        ),
        venue=clean_line(plain_tex(fields.get("booktitle", ""))),
        keywords=tuple(clean_lines(plain_tex(fields.get("keywords", "")).split(","))),
    )
    return record, period


def _period(fields: Mapping[str, str]) -> Period | None:
    try:
        day = date.fromisoformat(fields.get("date", "")[:10])
    except ValueError:
        return printed_period(fields.get("year", ""), fields.get("month", ""))
    return Period(since=day, until=day)
