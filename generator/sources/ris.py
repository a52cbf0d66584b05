"""RIS: a file as databases, publishers and reference managers export it.

https://en.wikipedia.org/wiki/RIS_(file_format) lists the tags; the maker's specification is kept at
https://web.archive.org/web/20120526103719/http://refman.com/support/risformat_intro.asp. A record
goes from `TY  - ` to `ER  - `, a line is a tag of two signs and a value, a line without a tag goes
on with the value before. Files with one blank for two (`TY - `) are read, too, and lines between
records (`Record #1 of 2`) passed over. Read are

- TI or T1 (else CT, BT of a book, ST) as the title, AB or N2 as the abstract, KW;
- AU and A1: `Family, Given, Suffix`; A2 and on are editors, not authors;
- DA, PY or Y1: `2020/05/17/`, the most precise of them; a year alone is 1 January, or the month of
  the arXiv id where that lies in the year;
- JF, JO, T2, JA or J2 as the venue, unless it only says arXiv; DO, UR (several, or parted by `;`),
  L1 (a PDF), L2, and arXiv ids in DO, UR, AN and M3; ID as the key, if only one record has it.

A record that another begins in is whole without its ER. The last one of a file is taken for cut off
without it, if the others have theirs. Read here and not by rispy, which says no lines and loses
records without an end; the tests hold it to rispy. Options: `path` or `url`, `since`, `until`,
`limit`, `encoding` (a byte order mark decides by itself). Pure.
"""

import re
from collections.abc import Iterator

from msgspec import Struct, field

from generator.config import SourceConfig
from generator.errors import Problem
from generator.sources.answers import remedy
from generator.sources.document import Document, Entry, Reading, take_text
from generator.sources.identifiers import arxiv_id
from generator.sources.options import Options
from generator.sources.period import Period, printed_period
from generator.sources.reference import Reference, day_of, full_name
from generator.sources.source import Request, left_out, refused
from generator.text import slug
from generator.text.plain import clean_line, clean_lines, clean_text

_WIDE = re.compile(r"([A-Z][A-Z0-9])  -(?: ?(.*))?")
_NARROW = re.compile(r"([A-Z][A-Z0-9]) ?- ?(.*)")
_START = re.compile(r"^\s{0,3}TY  -", re.MULTILINE)
_ADDRESSES = re.compile(r";\s*(?=https?:)|\s+(?=https?:)")
_BOOKS = ("BOOK", "EBOOK", "EDBOOK")


def open_ris(config: SourceConfig) -> Document:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    document = take_text(options, "RIS", read_ris)
    options.finish()
    return document


def read_ris(text: str, request: Request) -> Reading:
    """Every record. Raises BroadsheetError where the text holds none."""
    found = list(_records(text))
    if not found:
        raise refused(request, "holds no RIS record: none begins with 'TY  - '", remedy(request))
    entries: list[Entry] = []
    problems: list[Problem] = []
    cut_off = len(found) > 1 and not found[-1].ended and any(each.ended for each in found)
    for each in found:
        where = f"{request.where}:{each.line}"
        reference = each.reference()
        if cut_off and each is found[-1]:
            fact = "the last record has no 'ER  - ', as if the file were cut off"
            problems.append(left_out(where, fact, remedy(request)))
        elif reference is None:
            hint = "a title stands behind 'TI  - ' or 'T1  - '"
            problems.append(left_out(where, "the record has no title", hint))
        else:
            entries.append(reference.entry())
    return Reading(entries=entries, problems=problems)


def _records(text: str) -> Iterator["_Tagged"]:
    """The records with the lines they begin on."""
    pattern = _WIDE if _START.search(text) else _NARROW
    record: _Tagged | None = None
    for number, line in enumerate(text.split("\n"), 1):
        found = pattern.fullmatch(line.lstrip())
        tag, value = (found[1], found[2] or "") if found else ("", line)
        if tag == "TY":
            if record:
                yield record
            record = _Tagged(line=number, kind=value.strip())
        elif record and tag == "ER":
            record.ended = True
            yield record
            record = None
        elif record:
            record.add(tag, value)
    if record:
        yield record


class _Tagged(Struct):
    """The tags of one record and their values, in order."""

    line: int
    kind: str
    ended: bool = False
    values: list[tuple[str, list[str]]] = field(default_factory=list)

    def add(self, tag: str, line: str) -> None:
        """A value's first line, or, without a tag, one more of the value before."""
        if tag:
            self.values.append((tag, [line]))
        elif self.values:
            self.values[-1][1].append(line)

    def reference(self) -> Reference | None:
        """The paper, None without a title."""
        title = self._first("TI", "T1", "CT", *(("BT",) if self.kind in _BOOKS else ()), "ST")
        if not title:
            return None
        named = next((doi for text in self._all("DO") if (doi := slug.doi(text))), "")
        return Reference(
            title=title,
            abstract=self._text("AB") or self._text("N2"),
            authors=tuple(clean_lines(map(full_name, self._all("AU", "A1")))),
            days=self._days(),
            venue=self._venue(),
            keywords=tuple(clean_lines(self._keywords())),
            addresses=tuple(self._addresses()),
            arxiv=self._arxiv(),
            doi=named,
            key=self._first("ID"),
        )

    def _all(self, *tags: str) -> list[str]:
        """The values of the tags, each on one line, in the record's order."""
        return [clean_line(" ".join(lines)) for tag, lines in self.values if tag in tags]

    def _first(self, *tags: str) -> str:
        """The first value there is, tried tag by tag."""
        return next((value for tag in tags for value in self._all(tag) if value), "")

    def _text(self, tag: str) -> str:
        """The values of a tag as paragraphs; within one, an empty line begins another."""
        values = ("\n".join(lines) for name, lines in self.values if name == tag)
        return clean_text("\n\n".join(values))

    def _venue(self) -> str:
        venue = self._first("JF", "JO", "T2", "JA", "J2")
        return "" if re.match(r"arxiv\b", venue, re.IGNORECASE) else venue

    def _days(self) -> Period | None:
        """The first date with a day, else with a month, else any."""
        dates = [_period(value) for tag in ("DA", "PY", "Y1") for value in self._all(tag)]
        known = [each for each in dates if each]
        return min(known, key=_length, default=None)

    def _keywords(self) -> Iterator[str]:
        for value in self._all("KW"):
            yield from value.split(";")

    def _addresses(self) -> Iterator[tuple[str, str]]:
        for tag, kind in (("UR", ""), ("L1", "pdf"), ("L2", "")):
            for value in self._all(tag):
                yield from ((kind, each.strip(" ;")) for each in _ADDRESSES.split(value))

    def _arxiv(self) -> str:
        texts = self._all("AN", "M3")
        return next(filter(None, map(arxiv_id, texts)), "")


def _period(value: str) -> Period | None:
    """The days of `2020/05/17/`, `1948/07//`, `2009`, `2020///Spring`."""
    if day := day_of(value):
        return day
    year, _, rest = value.replace("-", "/").partition("/")
    return printed_period(year, rest.partition("/")[0])


def _length(period: Period) -> int:
    """How many days it has: the fewer, the more precise."""
    if period.since is None or period.until is None:
        raise AssertionError("a printed date has a first and a last day")
    return (period.until - period.since).days
