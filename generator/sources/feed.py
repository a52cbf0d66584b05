"""Any feed: RSS 0.9x, 1.0 and 2.0, Atom, and JSON Feed.

https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec,
https://www.rfc-editor.org/rfc/rfc4287, https://www.jsonfeed.org/version/1.1/. feedparser reads the
XML ones, whatever prefixes they have for their namespaces; before that they must be well-formed,
not deeply nested and without a DTD of their own (the public one of RSS 0.91 is cut off unread), so
that it neither guesses nor expands anything. A feed that names another encoding than it has is
UTF-8 if it can be. An item becomes a paper with

- its title; as the abstract what stands under a heading `Abstract`, else its description, or its
  content where that is missing or cut off: HTML as plain text, a line `Authors: …` taken out;
- the names of its authors, one by one or in a list; without any, those of the line `Authors: …`;
- its day as the day it was listed, and as the date of publication unless its arXiv id is of an
  earlier month: then the first of that month;
- arXiv id and DOI of its link and guid, else the only one its text links to; the guid as the key;
- categories: those of arXiv as such, others as keywords; prism:publicationName as the venue.

Options: `path` or `url`, `since`, `until` (by the day of an item), `limit`. Pure.
"""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from html.entities import html5
from typing import Any
from xml.parsers import expat

import feedparser  # type: ignore[import-untyped]
from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.sources.answers import check_present, described, parse_json, parse_text, remedy
from generator.sources.document import ENCODINGS, Document, Entry, Reading, take_document
from generator.sources.options import Options
from generator.sources.period import Period
from generator.sources.reference import (
    Reference,
    arxiv_month,
    arxiv_of,
    doi_of,
    split_names,
)
from generator.sources.source import Request, left_out, refused
from generator.sources.tex import plain_tex
from generator.sources.values import as_day, as_object, as_objects, as_text, as_texts
from generator.text import slug
from generator.text.markup import markup_line, markup_text
from generator.text.plain import clean_line, clean_lines

DEEPEST = 100
"""Elements within one another; feeds need ten."""
MOST_NAMESPACES = 100
"""Namespaces of one feed; feedparser looks through all of them at every element."""
LATE = timedelta(days=7)
"""How long after the month of its arXiv id a paper may be announced and still be new."""

_CODECS = {name: name for name in ENCODINGS} | {
    "iso-8859-1": "windows-1252",
    "us-ascii": "windows-1252",
    "iso-8859-15": "iso-8859-15",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5",
    "euc-jp": "euc-jp",
}
"""What a feed may say it is written in; as browsers do, Latin-1 is read as Windows has it."""
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_PROLOG = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[\]]*>", re.IGNORECASE)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_OF_XML = ("amp", "lt", "gt", "quot", "apos")
_CATEGORY = re.compile(
    r"(?:cs|math|physics|stat|econ|eess|q-bio|q-fin|cond-mat|astro-ph|nlin)\.[A-Za-z-]{2,20}"
    r"|hep-(?:ex|lat|ph|th)|nucl-(?:ex|th)|gr-qc|quant-ph|math-ph|astro-ph|cond-mat"
)
_ANNOUNCED = re.compile(r"\AarXiv:\S+ Announce Type: \S+\s+Abstract:\s*")
_IN_TITLE = re.compile(r"\s*\(arXiv:\S+ \[[^\[\]]+\](?: UPDATED)?\)\Z")
"""What arXiv's feeds had behind titles until 2023."""
_CUT_OFF = re.compile(r"(?:…|\.\.\.|\[&?#?\w*;?\])\s*\Z")
_ANOTHER = "the address of a feed often ends with feed.xml, atom.xml, feed.json or rss"
_MAILED = re.compile(r"[^\s@]+@[^\s@]+\s*\(([^()]+)\)")
_HEADING = re.compile(r"<h[1-6]\b[^<>]*>(.{0,300}?)</h[1-6]\s*>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"""<a\s[^<>]*?href\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)
_BYLINE = re.compile(
    r"(authors?|institutions?|affiliations?|organi[sz]ations?)\s*[:：]\s*(.+)", re.IGNORECASE
)


def open_feed(config: SourceConfig) -> Document:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    document = take_document(options, read_feed)
    options.finish()
    return document


def read_feed(payload: bytes, request: Request) -> Reading:
    """Every item. Raises BroadsheetError where the answer is no feed, or not all of one."""
    check_present(payload, request, "a feed")
    is_json = payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    items = _json_items(payload, request) if is_json else _xml_items(payload, request)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, item in enumerate(items, 1):
        entry = item and _entry(item)
        if entry:
            entries.append(entry)
        else:
            name = f" ({shown(clean_line(item.guid or item.link)[:60])})" if item else ""
            problems.append(left_out(request.where, f"item {number}{name} has no title"))
    return Reading(entries=entries, problems=problems)


class _Item(Struct, frozen=True, kw_only=True):
    """What a feed says of one thing, whatever its format."""

    title: str
    link: str = ""
    pdf: str = ""
    guid: str = ""
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    day: date | None = None
    doi: str = ""
    venue: str = ""


def _entry(item: _Item) -> Entry | None:
    """The paper an item is of, None without a title. It is wanted by the day it was listed."""
    title = _IN_TITLE.sub("", markup_line(item.title))
    if not title:
        return None
    arxiv, doi = _identifiers(item)
    abstract, byline = _abstract(item)
    authors = [name for text in item.authors for name in split_names(plain_tex(markup_line(text)))]
    terms = list(dict.fromkeys(map(markup_line, item.tags)))
    listed = Period(since=item.day, until=item.day) if item.day else None
    reference = Reference(
        title=title,
        abstract=abstract,
        authors=tuple(clean_lines(authors or split_names(byline.get("author", "")))),
        organization=byline.get("institution", ""),
        days=_published(item.day, arxiv),
        featured=item.day,
        venue=markup_line(item.venue),
        keywords=tuple(each for each in terms if each and not _CATEGORY.fullmatch(each)),
        categories=tuple(each for each in terms if _CATEGORY.fullmatch(each)),
        addresses=(("", item.link), ("pdf", item.pdf)),
        arxiv=arxiv,
        doi=doi,
        key="" if _is_identifier(item.guid) else clean_line(item.guid)[:500],
    )
    return replace(reference.entry(), days=listed)


def _published(day: date | None, arxiv: str) -> Period | None:
    month = arxiv_month(arxiv)
    if day and (not month or not month.until or day <= month.until + LATE):
        return Period(since=day, until=day)
    return month


def _identifiers(item: _Item) -> tuple[str, str]:
    """arXiv id and DOI: of the item itself, else the only one its text links to."""
    own = (item.link, item.guid, item.pdf)
    linked = [*_linked(item.summary), *_linked(item.content)]
    arxiv = next(filter(None, map(arxiv_of, own)), "") or _guid_arxiv(item.guid)
    doi = slug.doi(item.doi) or next(filter(None, map(doi_of, own)), "")
    return arxiv or _only(map(arxiv_of, linked)), doi or _only(map(doi_of, linked))


def _is_identifier(guid: str) -> bool:
    return bool(arxiv_of(guid) or doi_of(guid) or _guid_arxiv(guid))


def _guid_arxiv(guid: str) -> str:
    """The id in `oai:arXiv.org:2508.13167v1` or `arXiv:2508.13167`."""
    return slug.arxiv_id(guid) if guid.lower().startswith(("oai:arxiv.org:", "arxiv:")) else ""


def _only(found: Iterator[str]) -> str:
    names = set(filter(None, found))
    return names.pop() if len(names) == 1 else ""


def _abstract(item: _Item) -> tuple[str, Mapping[str, str]]:
    """The abstract, and what a line such as `Institution: A Lab | Authors: Ada Lovelace` says."""
    byline: dict[str, str] = {}
    texts = [_parted(text, byline) for text in (item.summary, item.content)]
    for text in texts:
        headed = [line for heading, line in text if heading.rstrip(":").lower() == "abstract"]
        if headed:
            return "\n\n".join(headed), byline
    summary, content = ("\n\n".join(line for _, line in text) for text in texts)
    summary = _ANNOUNCED.sub("", summary)
    return (content if content and _is_cut_off(summary) else summary), byline


def _is_cut_off(summary: str) -> bool:
    return not summary or bool(_CUT_OFF.search(summary))


def _parted(text: str, byline: dict[str, str]) -> list[tuple[str, str]]:
    """The paragraphs with their headings; those that only name people go into `byline`."""
    kept: list[tuple[str, str]] = []
    for heading, line in _paragraphs(text):
        said = [_BYLINE.fullmatch(part.strip()) for part in line.split("|")]
        if not all(said):
            kept.append((heading, line))
        for found in said if all(said) else ():
            if found:
                kind = "author" if found[1].lower().startswith("author") else "institution"
                byline.setdefault(kind, found[2])
    return kept


def _paragraphs(text: str) -> Iterator[tuple[str, str]]:
    """The paragraphs of HTML or plain text, each with the heading above it."""
    heading, *parts = "", *_HEADING.split(text)
    for number, part in enumerate(parts):
        if number % 2:
            heading = markup_line(part)
        else:
            yield from ((heading, line) for line in markup_text(part).split("\n\n") if line)


def _linked(text: str) -> Iterator[str]:
    """The addresses that HTML links to, in order."""
    return (html.unescape(found[1] or found[2] or "") for found in _HREF.finditer(text))


def _xml_items(payload: bytes, request: Request) -> Iterator[_Item]:
    """The items of RSS or Atom. Raises BroadsheetError."""
    text = _well_formed(_decode(payload, request), request)
    try:
        feed = feedparser.parse(_Stream(text), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # it has bugs that strangers' values find, in dates above all
        fact = f"makes feedparser fail: {clean_line(str(error))[:100]}"
        raise refused(request, fact, remedy(request)) from None
    if feed.bozo:
        fact = f"is not whole: {clean_line(str(feed.bozo_exception))[:100]}"
        raise refused(request, fact, remedy(request))
    if not feed.version:
        raise refused(request, "is not a feed, though it is XML", _ANOTHER)
    return map(_xml_item, feed.entries)


class _Stream:
    """Stands for a file: feedparser takes anything else for the name of one."""

    def __init__(self, text: str) -> None:
        self._content = text.encode()

    def read(self) -> bytes:
        return self._content


def _decode(payload: bytes, request: Request) -> str:
    """The text: UTF-16 by its mark, UTF-8 if it can be, else what the feed says it is."""
    if payload[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return payload.decode("utf-16", errors="replace")
    declared = _DECLARED.match(payload)
    codec = _CODECS.get(declared[1].decode().lower(), "") if declared else ""
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        if codec in ("", "utf-8"):
            return parse_text(payload, request)
        return payload.decode(codec, errors="replace")


def _well_formed(text: str, request: Request) -> str:
    """The feed without its declaration and what XML forbids, entities of HTML as what they mean.
    Raises BroadsheetError where that is not well-formed."""
    text = _FORBIDDEN.sub("", _DECLARATION.sub("", text, count=1)).lstrip()
    root = _PROLOG.match(text)
    start = root.end() if root else 0
    if text[start : start + 9].upper() == "<!DOCTYPE":
        doctype = _DOCTYPE.match(text, start)
        if not doctype:
            raise refused(request, "declares a DOCTYPE of its own, which is not read", _ANOTHER)
        text = text[doctype.end() :].lstrip()
    text = _ENTITY.sub(_meant, text)
    try:
        _check_xml(text)
    except expat.ExpatError as error:
        fact = f"is not whole: {expat.errors.messages[error.code]} at line {error.lineno}"
        raise refused(request, fact, remedy(request)) from None
    except _LimitError as error:
        raise refused(request, str(error), _ANOTHER) from None
    return text


class _LimitError(Exception):
    """The feed has more of something than feeds have."""


def _check_xml(text: str) -> None:
    """Raises ExpatError or _LimitError."""
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0
    namespaces: set[tuple[str | None, str | None]] = set()

    def declare(prefix: str | None, uri: str | None) -> None:
        namespaces.add((prefix, uri))
        if len(namespaces) > MOST_NAMESPACES:
            raise _LimitError(f"declares more than {MOST_NAMESPACES} namespaces")

    def begin(name: str, attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _LimitError(f"nests more than {DEEPEST} elements")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.Parse(text.encode(), True)


def _meant(entity: re.Match[str]) -> str:
    """The character an entity of HTML stands for, where XML does not know it."""
    return entity[0] if entity[1] in _OF_XML else html5.get(f"{entity[1]};", entity[0])


def _xml_item(entry: Any) -> _Item:
    """What feedparser found; `dict.get` keeps it from giving one date for another."""
    links = as_objects(entry.get("links"))
    pdfs = (as_text(each.get("href")) for each in links if each.get("type") == "application/pdf")
    contents = (as_text(each.get("value")) for each in as_objects(entry.get("content")))
    tags = as_objects(entry.get("tags"))
    return _Item(
        title=as_text(entry.get("title")),
        link=as_text(entry.get("link")),
        pdf=next(pdfs, ""),
        guid=as_text(entry.get("id")),
        summary=as_text(entry.get("summary")),
        content=next(filter(None, contents), ""),
        authors=tuple(_xml_authors(entry)),
        tags=tuple(as_text(each.get("label")) or as_text(each.get("term")) for each in tags),
        day=_day(entry.get("published_parsed")) or _day(dict.get(entry, "updated_parsed")),
        doi=as_text(entry.get("prism_doi")) or as_text(entry.get("dc_identifier")),
        venue=as_text(entry.get("prism_publicationname")),
    )


def _xml_authors(entry: Any) -> Iterator[str]:
    """Names; behind an address (`ada@toys.example (Ada Lovelace)`), which feedparser parts wrongly
    where it ends with a long domain, the one in brackets."""
    mailed = _MAILED.fullmatch(as_text(entry.get("author")).strip())
    authors = as_objects(entry.get("authors"))
    if mailed and len(authors) == 1:
        yield mailed[1]
    else:
        yield from (as_text(each.get("name")) for each in authors)


def _day(parts: Any) -> date | None:
    """The day of a time that feedparser understood (UTC)."""
    try:
        return date(*parts[:3]) if parts else None
    except (TypeError, ValueError, OverflowError):
        return None


def _json_items(payload: bytes, request: Request) -> Iterator[_Item | None]:
    """The items of a JSON Feed, None for one that is no object. Raises BroadsheetError."""
    feed = parse_json(payload, request)
    items = as_object(feed).get("items")
    if not isinstance(items, list):
        raise refused(request, f"holds {described(feed)} where a JSON Feed is due", _ANOTHER)
    return (_json_item(each) if isinstance(each, dict) else None for each in items)


def _json_item(item: Mapping[str, Any]) -> _Item:
    authors = as_objects(item.get("authors")) or [as_object(item.get("author"))]
    return _Item(
        title=as_text(item.get("title")),
        link=as_text(item.get("external_url")) or as_text(item.get("url")),
        guid=as_text(item.get("id")),
        summary=as_text(item.get("summary")),
        content=as_text(item.get("content_text")) or as_text(item.get("content_html")),
        authors=tuple(as_text(each.get("name")) for each in authors),
        tags=tuple(as_texts(item.get("tags", []))),
        day=as_day(item.get("date_published")) or as_day(item.get("date_modified")),
    )
