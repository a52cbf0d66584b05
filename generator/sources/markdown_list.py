"""Awesome lists: Markdown whose list items and rows of tables are papers.

https://github.com/sindresorhus/awesome, https://github.com/Vincentqyw/cv-arxiv-daily. Read are

- items: `- **Title** (2016), A. Name and B. Name [[pdf]](url)`, `- [Title](url), CVPR 2020`,
  `- Title. Names. [[pdf]](url)`, with the lines that go on with them;
- tables whose headings say title or paper, and date, authors, PDF, code, venue, abstract …;
- cv-arxiv-daily's JSON: topic → arXiv id → row of such a table.

An item is a paper if it links to one (to arXiv, a DOI, a PDF, a publisher, or by a label such as
`pdf` or `paper`), or if a year in brackets or `et al.` stands behind a title; a row of a table, if
it links to one or names authors. Every other line is none and is passed over: contents, courses,
blogs. A paper without a title, or a row with other cells than its headings, is left out, located.

The title is what is bold, else the linked words an item begins with, else what stands before the
year in brackets, before names with initials, before a full stop. arXiv ids and DOIs come from
links. A year becomes the month of the arXiv id where that lies in it, else 1 January. Authors are
taken only where all of them are named: of `A. Name et al.` none. What stands in brackets with a
year, or looks like `CVPR 2020`, is the venue. The heading above (or the topic) is a keyword, unless
`ignore_headings`; a paper under several has them all.

Options: `path` or `url`, `ignore_headings`, `since`, `until`, `limit`, `encoding`. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.sources.answers import described, remedy
from generator.sources.document import Document, Entry, Reading, take_text
from generator.sources.options import Options
from generator.sources.period import Period, printed_period
from generator.sources.reference import (
    Reference,
    arxiv_of,
    day_of,
    doi_of,
    kind_of,
    split_names,
)
from generator.sources.source import Request, left_out, refused
from generator.text.markup import markup_line
from generator.text.math import split_math
from generator.text.plain import clean_line, clean_lines
from generator.text.safety import bare_urls, safe_url

LONGEST = 10_000
"""Characters of an item or a row; longer ones are no line of a list."""
LABELS = {
    "pdf": "pdf",
    "paper": "",
    "arxiv": "",
    "abs": "",
    "doi": "",
    "html": "",
    "link": "",
    "openreview": "",
    "code": "code",
    "github": "code",
    "official code": "code",
    "project": "project",
    "project page": "project",
    "website": "project",
    "homepage": "project",
    "page": "project",
    "web": "project",
}
"""What links of a paper are called, and their kind; none where the address shows it."""
COLUMNS = {
    "title": ("title", "paper title", "name"),
    "paper": ("paper", "papers"),
    "date": ("date", "publish date", "published", "year", "time"),
    "authors": ("authors", "author"),
    "venue": ("venue", "conference", "journal", "publication", "pub", "pub."),
    "abstract": ("abstract", "summary"),
    "keywords": ("keywords", "tags"),
}
"""The headings of columns; every other column is looked through for links."""
CV_ARXIV_DAILY = ("date", "title", "authors", "pdf", "code")
"""The cells of a row without headings above it."""

PUBLISHERS = (
    "aclanthology.org",
    "aclweb.org",
    "acm.org",
    "biorxiv.org",
    "cv-foundation.org",
    "ecva.net",
    "ieee.org",
    "isca-archive.org",
    "jmlr.org",
    "medrxiv.org",
    "mlr.press",
    "nature.com",
    "papers.nips.cc",
    "proceedings.neurips.cc",
    "openreview.net",
    "roboticsproceedings.org",
    "science.org",
    "sciencedirect.com",
    "semanticscholar.org",
    "springer.com",
    "ssrn.com",
    "thecvf.com",
    "usenix.org",
)
"""Hosts whose pages are papers."""

_PAPER_LABELS = ("pdf", "paper", "arxiv", "abs", "doi", "openreview")
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_WORDS = r"[A-Z][A-Za-z&-]{1,20}(?:[ '’-]+[A-Za-z&-]{1,20}){0,4}"
_VENUE_WORDS = rf"(?!{_MONTHS}\b){_WORDS}[ '’-]*(?:(?:19|20)\d\d|\d\d)"
_VENUE = re.compile(_VENUE_WORDS)
_VENUE_FIRST = re.compile(rf"\s*(?:\*\*|__)?[\[(]{_VENUE_WORDS}[\])](?:\*\*|__)?[\s:]*")
_STOP = re.compile(r"\.\s")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|^(```|~~~).*?(?:^\1|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,4}[.)])\s+(.*)")
_RULE = re.compile(r"\s*+\|?(?:\s*+:?-++:?\s*+\|)+(?:\s*+:?-++:?\s*+)?\s*+")
_IMAGE = re.compile(r"!\[[^\[\]]*\]\([^()]*\)")
_LINK = re.compile(
    r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\s?\(\s*<?((?:[^()\s<>]|\([^()\s<>]*\))*)>?(?:\s[^()]*)?\)"
)
_SHORTCODE = re.compile(r"(?<!\w):[a-z][a-z0-9_+-]{0,40}:(?!\w)")
_EMPHASIS = re.compile(r"\*\*|__|~~|`|(?<![\w*])[*_](?=\S)|(?<=\S)[*_](?![\w*])")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_BOLD = re.compile(r"(?P<lead>[^A-Za-z\ue000]*?)(?:\*\*|__)(?P<bold>.+?)(?:\*\*|__)")
_LINKED = re.compile(r"(?P<lead>[^A-Za-z\ue000]*)\ue000(?P<number>\d+)\ue001")
_MARK = re.compile("\ue000(\\d+)\ue001")
_YEAR = re.compile(
    r"\(\s*((?:[^\W\d_][\w&.'’-]{0,30},?[\s'’-]+){0,4})((?:19|20)\d\d)\b([^()]{0,30}?)(?:\)|\Z|(?=,))"
)
_PARTICLES = r"d[aeiou]s?|van|von|der|den|el|al|bin|la|le|y"
_CAPITAL = r"[^\W\d_a-zß-ÿ]"
_INITIALS = re.compile(
    rf",\s+(?=(?:{_CAPITAL}\.[-\s]?){{1,3}}\s?(?:(?:{_PARTICLES})\s){{0,3}}{_CAPITAL})"
)
_AND_OTHERS = re.compile(r"\bet\.?\s?al\b", re.IGNORECASE)
_WORD = rf"(?:{_CAPITAL}[\w.'’-]*|(?:{_PARTICLES})(?=\s))"
_NAME = re.compile(rf"{_WORD}(?:\s{_WORD}){{0,5}}")
_SENTENCE = re.compile(r"(?<=[^\W\d_]{2})\.\s")
_SHAPE = 'JSON is read as cv-arxiv-daily writes it: {"SLAM": {"2605.00001": "|2026-05-13|…|"}}'
_GENERIC = re.compile(
    r"(?:table of )?contents?|papers?|(?:paper|reading) list|updated on .*|(?:19|20)\d\d|overview"
    r"|introduction|resources|awesome .*|",
    re.IGNORECASE,
)


def open_markdown_list(config: SourceConfig) -> Document:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    headings = not options.flag("ignore_headings")
    document = take_text(options, "Markdown", partial(read_markdown_list, headings=headings))
    options.finish()
    return document


def read_markdown_list(text: str, request: Request, *, headings: bool) -> Reading:
    """Every paper, each once. Raises BroadsheetError where there is none."""
    found: dict[str, Entry] = {}
    problems: list[Problem] = []
    is_json = text.lstrip().startswith("{")
    for line in _json_lines(text, request) if is_json else _lines(text, request):
        reference = _row(line, problems) if line.columns else _item(line, problems)
        if reference:
            topic = line.topic if headings and not _GENERIC.fullmatch(line.topic) else ""
            _keep(found, reference.entry(), topic)
    if not found and not problems:
        hint = "a paper is a list item or a row of a table, with a link or a year in brackets"
        raise refused(request, "holds no paper", hint)
    return Reading(entries=list(found.values()), problems=problems)


def _keep(found: dict[str, Entry], entry: Entry, topic: str) -> None:
    """Adds a paper; one that is there already gets the topic besides its own."""
    record = entry.record
    name = record.arxiv or record.doi or f"{record.title.casefold()} {record.date}"
    known = found.setdefault(name, entry)
    keywords = dict.fromkeys((*known.record.keywords, *record.keywords, *filter(None, [topic])))
    found[name] = replace(known, record=replace(known.record, keywords=tuple(keywords)))


class _Line(Struct, frozen=True, kw_only=True):
    """An item, or a row of a table."""

    where: str
    topic: str
    """The heading above it."""
    text: str
    columns: tuple[str, ...] = ()
    """What the cells of a row are, lower-case; an item has none."""


def _lines(text: str, request: Request) -> Iterator[_Line]:
    """The items with the lines that go on with them, and the rows, outside comments and code."""
    lines = _HIDDEN.sub(lambda found: "\n" * found[0].count("\n"), text).split("\n")
    topic, number = "", 0
    while number < len(lines):
        where, line = f"{request.where}:{number + 1}", lines[number]
        number += 1
        if found := _HEADING.fullmatch(line):
            topic = _plain(_LINK.sub(r"\1", _IMAGE.sub("", found[1]))).strip(" #:")
        elif number < len(lines) and "|" in line and _RULE.fullmatch(lines[number]):
            columns = tuple(_plain(each).lower() for each in _cells(line))
            number += 1
            while number < len(lines) and "|" in lines[number]:
                where, row = f"{request.where}:{number + 1}", lines[number]
                yield _Line(where=where, topic=topic, text=row, columns=columns)
                number += 1
        elif found := _ITEM.fullmatch(line):
            more = number
            while more < len(lines) and _goes_on(lines[more]):
                more += 1
            parts = (found[1], *lines[number:more])
            number = more
            yield _Line(where=where, topic=topic, text=" ".join(map(str.strip, parts)))


def _goes_on(line: str) -> bool:
    """Whether a line below an item is part of it."""
    return bool(line.strip()) and not _ITEM.fullmatch(line) and not _HEADING.fullmatch(line)


def _json_lines(text: str, request: Request) -> Iterator[_Line]:
    """The rows of cv-arxiv-daily's JSON. Raises BroadsheetError where it is something else."""
    for topic, rows in _object(_parse(text, request), "topics", request).items():
        for name, row in _object(rows, "rows", request).items():
            where = f"{request.where}: {shown(topic)}, {shown(name)}"
            if not isinstance(row, str):
                raise refused(
                    request, f"holds {described(row)} where a row of a table is due", _SHAPE
                )
            columns = CV_ARXIV_DAILY if row.lstrip().startswith("|") else ()
            item = _ITEM.fullmatch(row.strip())
            text = row.strip() if columns or not item else item[1]
            yield _Line(where=where, topic=clean_line(topic), text=text, columns=columns)


def _parse(text: str, request: Request) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        fact = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise refused(request, fact, remedy(request)) from None


def _object(value: Any, wanted: str, request: Request) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise refused(request, f"holds {described(value)} where an object of {wanted} is due", _SHAPE)


def _cells(line: str) -> list[str]:
    """The cells of a row; `\\|` does not part them."""
    cells = [each.replace("\\|", "|").strip() for each in re.split(r"(?<!\\)\|", line.strip())]
    if cells and not cells[0]:
        cells = cells[1:]
    return cells[:-1] if cells and not cells[-1] else cells


def _row(line: _Line, problems: list[Problem]) -> Reference | None:
    """The paper in a row of a table, None where it is none, or one with a problem."""
    columns = [_column(each) for each in line.columns]
    if "title" not in columns:
        columns = ["title" if each == "paper" else each for each in columns]
    cells = _cells(line.text) if len(line.text) <= LONGEST else []
    if "title" not in columns or not any(cells):
        return None
    if len(cells) != len(columns):
        fact = f"the row has {len(cells)} cells where the headings are {len(columns)}"
        problems.append(left_out(line.where, fact, r"write \| for a line within a cell"))
        return None
    texts = dict(zip(reversed(columns), reversed(cells), strict=True))
    links = [
        link
        for name, cell in zip(line.columns, cells, strict=True)
        for link in _links(cell, LABELS.get(name))
    ]
    authors = split_names(_plain(texts.get("authors", "")))
    if not (texts.get("authors") or any(map(_is_paper, links))):
        return None
    title = _title(_LINK.sub(r"\1", texts["title"]))
    if not title:
        problems.append(left_out(line.where, "the row has no title"))
        return None
    keywords = _plain(texts.get("keywords", ""))
    return Reference(
        title=title,
        abstract=_plain(texts.get("abstract", "")),
        authors=tuple(authors),
        days=_period(_plain(texts.get("date", ""))),
        venue=_plain(_LINK.sub(r"\1", texts.get("venue", ""))),
        keywords=tuple(clean_lines(re.split("[,;]", keywords))),
        addresses=tuple((link.kind, link.url) for link in links),
    )


def _column(heading: str) -> str:
    """The field a column holds; the heading itself where it is none."""
    return next((field for field, names in COLUMNS.items() if heading in names), heading)


def _period(text: str) -> Period | None:
    """`2026-05-13`, `2026.05`, `2016`, `May 2026`."""
    year = re.search(r"\b(?:19|20)\d\d\b", text)
    return day_of(text) or (printed_period(year[0], text.replace(year[0], " ")) if year else None)


class _Link(Struct, frozen=True):
    label: str
    """Lower-case, without brackets."""
    url: str
    kind: str
    """As its label or its column says; empty where the address shows it."""


def _links(text: str, kind: str | None = None) -> list[_Link]:
    """The links of a text: those written as such, else the addresses that stand in it."""
    found = [(_plain(each[1]).strip("[]() ").lower(), each[2]) for each in _LINK.finditer(text)]
    found = found or [("", each.url) for each in bare_urls(text)]
    return [
        _Link(label, url, LABELS.get(label, "") if kind is None else kind) for label, url in found
    ]


def _is_paper(link: _Link) -> bool:
    """Whether a link leads to a paper."""
    url = safe_url(link.url)
    if not url:
        return False
    named = link.label in _PAPER_LABELS or bool(arxiv_of(url) or doi_of(url))
    return named or kind_of(url) == "pdf" or _is_publishers(url)


def _is_publishers(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return any(host == each or host.endswith(f".{each}") for each in PUBLISHERS)


def _item(line: _Line, problems: list[Problem]) -> Reference | None:
    """The paper a list item is, None where it is none, or one with a problem."""
    links = _links(line.text[:LONGEST])
    text = _SHORTCODE.sub("", _IMAGE.sub("", line.text))
    words = _LINK.sub("", text[:LONGEST])
    if not any(map(_is_paper, links)) and not _YEAR.search(words) and not _AND_OTHERS.search(words):
        return None
    if len(text) > LONGEST:
        problems.append(left_out(line.where, f"the item has {len(text):,} characters"))
        return None
    lead, title, rest = _parted(text)
    if not title:
        hint = "write it bold, or as the words of a link: - **Title** (2016), Names [[pdf]](url)"
        problems.append(left_out(line.where, "the item has no title", hint))
        return None
    year = _YEAR.search(rest)
    venue = _venue(lead, rest, year)
    days = day_of(lead.strip(" -,[](")) or _period(f"{year[0]}" if year else venue)
    return Reference(
        title=title,
        authors=_authors(rest, year),
        days=days,
        venue=venue,
        addresses=tuple((link.kind, link.url) for link in links),
    )


def _parted(text: str) -> tuple[str, str, str]:
    """What stands before the title, the title, and what comes behind it, links as marks."""
    labels = [each[1] for each in _LINK.finditer(text)]
    numbers = iter(range(len(labels)))
    marked = _LINK.sub(lambda _: f"\ue000{next(numbers)}\ue001", _without_marks(text))
    lead = _VENUE_FIRST.match(marked)
    if lead:
        marked = marked[lead.end() :]
    before = lead[0] if lead else ""
    bold, linked = _BOLD.match(marked), _LINKED.match(marked)
    if bold:
        named = _MARK.sub(lambda found: labels[int(found[1])], bold["bold"])
        return before + bold["lead"], _title(named), marked[bold.end() :]
    if linked and _plain(labels[int(linked["number"])]).strip("[]() ").lower() not in LABELS:
        title = _title(labels[int(linked["number"])])
        return before + linked["lead"], title, marked[linked.end() :]
    end = _title_end(marked)
    return before, _title(marked[:end]), marked[end:]


def _title_end(marked: str) -> int:
    """Where a title ends that nothing marks: before a year in brackets, names with initials, a full
    stop, or the first link."""
    link = _MARK.search(marked)
    text = marked[: link.start()] if link else marked
    for pattern in (_YEAR, _INITIALS, _STOP):
        if found := pattern.search(text):
            return found.start()
    return len(text)


def _venue(lead: str, rest: str, year: re.Match[str] | None) -> str:
    """`CVPR 2020` before the title, or in brackets or between commas behind it."""
    texts = [lead, year[0] if year else "", *re.split("[,.|]", _MARK.sub(",", rest))]
    plain = (_plain(each).strip(" ()[]*_:-") for each in texts)
    return next((each for each in plain if _VENUE.fullmatch(each)), "")


def _authors(rest: str, year: re.Match[str] | None) -> tuple[str, ...]:
    """The names behind a title, where there is nothing but names up to the first link."""
    text = rest[: year.start()] + rest[year.end() :] if year else rest
    if re.match(r"\s*[-–—:|]", text):
        return ()
    text = _plain(_SENTENCE.split(_MARK.split(text)[0].lstrip(" .,;"))[0]).strip(" ,.;()")
    names = split_names(text.removeprefix("by "))
    several = len(names) > 1
    named = all(_NAME.fullmatch(name) and (several or " " in name) for name in names)
    return tuple(names) if named else ()


def _title(text: str) -> str:
    """A title without marks, quotation marks around it and what parts it from the rest."""
    plain = _plain(text).strip(" ,;:-–—")
    plain = plain[1:-1] if len(plain) > 2 and plain[0] in '“"' and plain[-1] in '”"' else plain
    plain = plain.removesuffix(".")
    return plain if any(c.isalnum() for c in plain) else ""


def _plain(text: str) -> str:
    """Markdown on one line without its marks, formulas as they are."""
    pieces = split_math(markup_line(text))
    return clean_line(
        "".join(
            each.source if each.tex else _ESCAPED.sub(r"\1", _EMPHASIS.sub("", each.source))
            for each in pieces
        )
    )


def _without_marks(text: str) -> str:
    return text.replace("\ue000", "").replace("\ue001", "")
