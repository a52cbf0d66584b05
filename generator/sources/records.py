"""The `json` source: a JSON list or JSON Lines of records, from a file of the site or a URL.

Keys (all but `title` optional, null counts as missing): id, title, abstract, authors, date, venue,
url, pdf, code, doi, organization, topics, keywords, comments, upvotes; others are not looked at.
A record with anything of a wrong type is left out, with a Problem that says where. Pure.

Options: `path` or `url`; `map` (field: the key that holds it), `limit`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from generator.config import SourceConfig
from generator.errors import Problem
from generator.model import Record
from generator.sources.answers import check_present, described, parse_text, remedy
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.text.plain import clean_line, clean_text
from generator.text.safety import safe_url

FIELDS = (
    "id",
    "title",
    "abstract",
    "authors",
    "date",
    "venue",
    "url",
    "pdf",
    "code",
    "doi",
    "organization",
    "topics",
    "keywords",
    "comments",
    "upvotes",
)

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})([T ].*)?", re.ASCII)


class Records(Struct, frozen=True, kw_only=True):
    """One file, here or elsewhere."""

    path: str
    url: str
    keys: Mapping[str, str]
    """The key that holds a field, where it is not the field's own name."""
    limit: int | None

    @property
    def offline(self) -> bool:
        return bool(self.path)

    def requests(self, window: Window) -> Iterator[Request]:
        """The file, whatever the window's days: its records have no day of listing."""
        yield Request(path=self.path) if self.path else Request(url=self.url)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """Every record that can be used."""
        records: list[Record] = []
        problems: list[Problem] = []
        for where, value in _values(payload, request, problems):
            reader = _Reader(value, self.keys) if isinstance(value, dict) else None
            record = reader.record() if reader else None
            wrong = reader.wrong if reader else [(f"is {described(value)}, not an object", "")]
            problems.extend(left_out(where, fact, hint) for fact, hint in wrong)
            if record and not wrong:
                records.append(record)
        return Batch(records=tuple(records), problems=tuple(problems))


def open_records(config: SourceConfig) -> Records:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = Records(
        path=options.path("path"),
        url=options.url("url"),
        keys=options.renames("map", FIELDS),
        limit=options.limit(),
    )
    if options.given("path") == options.given("url"):
        hint = "give the file of the site as 'path', or an address as 'url'"
        options.wrong("it needs either 'path' or 'url'", hint)
    options.finish()
    return source


def _values(payload: bytes, request: Request, problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """Each record with its place: `path: record 3` in a list, `path:3` in JSON Lines."""
    check_present(payload, request, "JSON")
    text = parse_text(payload, request)
    if text.lstrip().startswith("["):
        try:
            values = _parse(text)
        except ValueError as error:
            raise refused(request, f"is not JSON: {error}", remedy(request)) from None
        yield from ((f"{request.where}: record {n}", value) for n, value in enumerate(values, 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"{request.where}:{number}", _parse(line)
            except ValueError as error:
                hint = "write a JSON list, or one record on each line"
                problems.append(
                    left_out(f"{request.where}:{number}", f"is not JSON: {error}", hint)
                )


def _parse(text: str) -> Any:
    """A JSON value, fractions as they are written. Raises ValueError with the fact."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = (
            f"line {error.lineno}, column {error.colno}"
            if "\n" in text
            else f"column {error.colno}"
        )
        raise ValueError(f"{error.msg.removesuffix(' at')} at {place}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_constant(text: str) -> Any:
    raise ValueError(f"'{text}' is no JSON value")


class _Reader(Struct):
    """Reads the fields of one record and notes what is wrong with them, as (fact, hint)."""

    value: Mapping[str, Any]
    keys: Mapping[str, str]
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def record(self) -> Record | None:
        """The record, None without a title; only to be used while nothing is wrong."""
        title = clean_line(self._text("title"))
        if not title:
            self._note(
                "title", "it has no title", f"'{self._key('title')}' is where it is looked for"
            )
            return None
        name = self._id()
        url = self._url("url")
        arxiv = arxiv_id(name) or arxiv_id(url)
        doi = self._doi() or bare_doi(name)
        return Record(
            title=title,
            abstract=clean_text(self._text("abstract")),
            date=self._day(),
            authors=self._authors(),
            organization=clean_line(self._text("organization")),
            topics=self._topics(),
            arxiv=arxiv,
            doi=doi,
            key="" if arxiv_id(name) or bare_doi(name) else clean_line(name),
            links=paper_links(
                arxiv=arxiv, doi=doi, abstract=url, pdf=self._url("pdf"), code=self._url("code")
            ),
            upvotes=self._count("upvotes"),
            comments=self._count("comments"),
            venue=clean_line(self._text("venue")),
            keywords=self._list("keywords"),
        )

    def _key(self, name: str) -> str:
        return self.keys.get(name, name)

    def _get(self, name: str) -> Any:
        return self.value.get(self._key(name))

    def _note(self, name: str, fact: str, hint: str = "") -> None:
        if not any(known == fact for known, _ in self.wrong):
            self.wrong.append((fact, hint))

    def _mistyped(self, name: str, expected: str, value: object, hint: str = "") -> None:
        self._note(name, f"'{self._key(name)}' is {_written(value)}, not {expected}", hint)

    def _text(self, name: str) -> str:
        value = self._get(name)
        if value is None or isinstance(value, str):
            return value or ""
        self._mistyped(name, "a text", value)
        return ""

    def _id(self) -> str:
        value = self._get("id")
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            hint = f'put it in quotes: "{value}"; a number loses its last zeros'
            self._mistyped("id", "a text", value, hint)
            return ""
        return self._text("id").strip()

    def _url(self, name: str) -> str:
        text = self._text(name).strip()
        if text and not safe_url(text):
            self._mistyped(name, "an http(s) URL", text)
        return text

    def _doi(self) -> str:
        text = self._text("doi").strip()
        if text and not bare_doi(text):
            self._mistyped("doi", "a DOI", text, "a DOI begins with 10.")
        return bare_doi(text)

    def _day(self) -> date | None:
        text = self._text("date").strip()
        found = _DAY.fullmatch(text)
        if not text:
            return None
        try:
            return date.fromisoformat(found[1] if found else "")
        except ValueError:
            self._mistyped("date", "a date", text, "write it as YYYY-MM-DD")
            return None

    def _count(self, name: str) -> int | None:
        value = self._get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        self._mistyped(name, "a number of 0 or more", value)
        return None

    def _list(self, name: str, split: Callable[[str], list[str]] | None = None) -> tuple[str, ...]:
        """A list of texts, or a single text that holds several."""
        value = self._get(name)
        if isinstance(value, str):
            value = split(value) if split else value.split(",")
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._mistyped(name, "a list of texts", value)
            return ()
        return tuple(filter(None, map(clean_line, value)))

    def _topics(self) -> tuple[str, ...]:
        topics = self._list("topics")
        for wrong in (each for each in topics if not _SLUG.fullmatch(each)):
            hint = "topics are named as their pages are: reinforcement-learning"
            self._mistyped("topics", "a list of slugs", wrong, hint)
        return topics

    def _authors(self) -> tuple[str, ...]:
        """Names, from a list of texts, a list of objects with a `name`, or one text."""
        value = self._get("authors")
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            names = [each.get("name") for each in value]
            if all(isinstance(each, str) for each in names):
                return tuple(filter(None, map(clean_line, names)))
        return self._list("authors", split_authors)


def split_authors(text: str) -> list[str]:
    """Names in one text: parted by ` and ` or `;` where it holds one (`Lovelace, Ada and Turing,
    Alan`), else by commas."""
    parts = re.split(r"\s+and\s+|;", text)
    return parts if len(parts) > 1 else text.split(",")


def _written(value: object) -> str:
    if isinstance(value, bool):
        return f"the value {'true' if value else 'false'}"
    return f"the number {value}" if isinstance(value, int | Decimal) else described(value)
