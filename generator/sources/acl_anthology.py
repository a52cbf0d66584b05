"""The ACL Anthology: the XML of its collections, one file for all volumes of an event or journal.

https://github.com/acl-org/acl-anthology, folder data/xml; the format is described by its schema.rnc
and https://aclanthology.org/info/development/. `<collection id>` holds `<volume id>`s, each with
`<meta>` and `<paper id>`s. Read are files of all years: ids old (`J89-1001`) and new
(`2022.naloma-1.1`), volumes with and without a month, papers without abstract or author, PDFs on
other hosts. Elements nobody knows are passed over, but for their text inside a title or abstract.
The proceedings' own front matter (an element of its own, or paper 0) is no paper.

Title and abstract lose their mark-up, `<tex-math>` comes between dollars. The venue is the volume's
title. The date is the first day of the month, of the year where no month is printed; the day
listed is the day of ingestion. The highest `<revision>` is the version; `<retracted>` and
`<removed>` papers are marked as withdrawn. Pure.

Options: one of `collections` (`[2024.acl, J89]`), `path`, `url`; `since`, `until` (days of listing,
else dates), `limit`, `endpoint` (the folder of the XML files).
"""

import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from msgspec import Struct

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.identifiers import bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import (
    Period,
    PeriodRequest,
    is_wanted,
    printed_period,
    wanted_period,
)
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.sources.xml import parse_tree
from generator.text.plain import clean_line, clean_text

ENDPOINT = "https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml"
SITE = "https://aclanthology.org"
GAP = 1.0
"""Seconds between two files. GitHub names no number for raw files; of its API it asks as much:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api."""

_COLLECTION = re.compile(r"[A-Z]\d{2}|\d{4}\.[a-z0-9_]+", re.ASCII)
_ID = re.compile(r"[A-Z]\d{2}-\d{4,5}|\d{4}\.[a-z0-9_]+-[A-Za-z0-9_]+\.\d+", re.ASCII)
_MATHS = "tex-math"
_BREAKS = {"p": "\n\n", "br": " "}


class AclAnthology(Struct, frozen=True, kw_only=True):
    """Some collections, or one file."""

    collections: tuple[str, ...]
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
        """One for each collection, in the order of the option; or the file."""
        period = wanted_period(window, self.since, self.until)
        if self.path:
            yield PeriodRequest(path=self.path, period=period)
        elif self.url:
            yield PeriodRequest(url=self.url, period=period, gap=GAP)
        for collection in self.collections:
            url = f"{self.endpoint}/{collection}.xml"
            yield PeriodRequest(url=url, period=period, gap=GAP)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The papers of all volumes that lie in the period asked for."""
        records: list[Record] = []
        problems: list[Problem] = []
        for volume in _volumes(payload, request):
            for paper in volume.papers():
                record, fact = volume.record(paper)
                if record is None:
                    problems.append(left_out(request.where, fact))
                elif is_wanted(request, volume.period(paper, record)):
                    records.append(record)
        return Batch(records=tuple(records), problems=tuple(problems))


def open_acl_anthology(config: SourceConfig) -> AclAnthology:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = AclAnthology(
        collections=options.texts("collections"),
        path=options.path("path"),
        url=options.url("url"),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    for wrong in (each for each in source.collections if not _COLLECTION.fullmatch(each)):
        fact = f"'collections' holds {shown(wrong)}, which is no collection of the Anthology"
        options.wrong(fact, "as in 2024.acl or J89: the part of a paper's id before the first '-'")
    if sum(options.given(each) for each in ("collections", "path", "url")) != 1:
        hint = "add collections: [2024.acl] to the source"
        options.wrong("it needs one of 'collections', 'path' and 'url'", hint)
    options.finish()
    return source


def _volumes(payload: bytes, request: Request) -> Iterator["_Volume"]:
    """The volumes of a collection. Raises BroadsheetError where the answer is none."""
    root = parse_tree(payload, request, "XML")
    if root.tag != "collection":
        fact = f"is not a collection of the Anthology: its root is {shown(root.tag)}"
        raise refused(request, fact, "the files are in data/xml of acl-org/acl-anthology")
    for volume in root.findall("volume"):
        yield _Volume(collection=root.get("id", ""), element=volume)


class _Volume(Struct, frozen=True, kw_only=True):
    """One volume, and how its papers are read."""

    collection: str
    element: Element

    def papers(self) -> Iterator[Element]:
        """Its papers without the front matter."""
        return (paper for paper in self.element.findall("paper") if paper.get("id") != "0")

    def record(self, paper: Element) -> tuple[Record | None, str]:
        """One paper; without a title or an id None, and the fact."""
        name, title = self._id(paper), clean_line(_marked_up(paper.find("title")))
        if not title or not name:
            number = shown(f"{self.collection}, {self.element.get('id')}, {paper.get('id')}")
            return None, f"the paper {name or number} has no {'id' if title else 'title'}"
        doi = bare_doi(_text(paper, "doi"))
        days, listed = self._printed(paper), self._listed(paper)
        record = Record(
            title=title,
            abstract=clean_text(_marked_up(paper.find("abstract"))),
            date=days.since if days else None,
            featured=listed,
            authors=tuple(_authors(paper)),
            doi=doi,
            key=name,
            links=paper_links(
                doi=doi, abstract=f"{SITE}/{name}/", pdf=_pdf(paper, name), code=_code(paper)
            ),
            venue=self._venue(paper),
            version=_version(paper),
            withdrawn=any(paper.find(mark) is not None for mark in ("retracted", "removed")),
        )
        return record, ""

    def period(self, paper: Element, record: Record) -> Period | None:
        """The days by which a paper is in what was asked for or not."""
        if record.featured:
            return Period(since=record.featured, until=record.featured)
        return self._printed(paper)

    def _id(self, paper: Element) -> str:
        """The Anthology's id: the one the paper's file is named after, else put together."""
        named = _text(paper, "url")
        if _ID.fullmatch(named):
            return named
        volume, number = self.element.get("id", ""), paper.get("id", "")
        if _ID.fullmatch(name := f"{self.collection}-{volume}.{number}"):
            return name
        short = all(re.fullmatch(r"\d{1,3}", each, re.ASCII) for each in (volume, number))
        name = _old_id(self.collection, int(volume), int(number)) if short else ""
        return name if _ID.fullmatch(name) else ""

    def _printed(self, paper: Element) -> Period | None:
        """The days its month and year can mean: its own, else the volume's."""
        meta = self._meta()
        year, month = (_text(paper, tag) or _text(meta, tag) for tag in ("year", "month"))
        return printed_period(year, month)

    def _listed(self, paper: Element) -> date | None:
        """The day the Anthology took it in."""
        name = "ingest-date"
        try:
            return date.fromisoformat(paper.get(name, "") or self.element.get(name, ""))
        except ValueError:
            return None

    def _venue(self, paper: Element) -> str:
        meta = self._meta()
        titles = (meta.find("booktitle"), meta.find("journal-title"), paper.find("booktitle"))
        return next(filter(None, (clean_line(_marked_up(each)) for each in titles)), "")

    def _meta(self) -> Element:
        meta = self.element.find("meta")
        return Element("meta") if meta is None else meta


def _old_id(collection: str, volume: int, paper: int) -> str:
    """Before 2020: volume and paper in one number. Collections of workshops have many volumes."""
    many = collection[:1] == "W" or collection == "C69" or (collection == "D19" and volume >= 5)
    return f"{collection}-{volume:02}{paper:02}" if many else f"{collection}-{volume}{paper:03}"


def _authors(paper: Element) -> Iterator[str]:
    for author in paper.findall("author"):
        name = clean_line(f"{_text(author, 'first')} {_text(author, 'last')}")
        if name:
            yield name


def _pdf(paper: Element, name: str) -> str:
    """The file: the Anthology's own, or elsewhere."""
    named = _text(paper, "url")
    return f"{SITE}/{name}.pdf" if named and "://" not in named else named


def _code(paper: Element) -> str:
    """The repository that Papers with Code knew of."""
    code = paper.find("pwccode")
    return "" if code is None else code.get("url", "")


def _version(paper: Element) -> int | None:
    """The number of the latest revision, where there was one."""
    numbers = (each.get("id", "") for each in paper.findall("revision"))
    known = (int(each) for each in numbers if re.fullmatch(r"[1-9]\d?", each, re.ASCII))
    return max(known, default=None)


def _text(element: Element, tag: str) -> str:
    """The text of a child, empty where there is none."""
    return (element.findtext(tag) or "").strip()


def _marked_up(element: Element | None) -> str:
    """The text of a title or abstract without its mark-up, formulas as TeX between dollars. A walk
    with a stack of its own: strangers may nest deeper than Python calls."""
    if element is None:
        return ""
    pieces: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            pieces.append(each)
        elif each.tag == _MATHS:
            pieces.append(_formula("".join(each.itertext()).strip()))
        else:
            pieces += [_BREAKS.get(each.tag, ""), each.text or ""]
            for child in reversed(each):
                waiting += [child.tail or "", child]
    return "".join(pieces)


def _formula(tex: str) -> str:
    """A formula in dollars, or in brackets where it holds a dollar itself."""
    if not tex:
        return ""
    return rf"\({tex}\)" if "$" in tex else f"${tex}$"
