"""Hugging Face's Daily Papers: `GET /api/daily_papers?date=YYYY-MM-DD`, one request a day.

The answer is a JSON list of items `{paper: {...}, publishedAt, title, numComments, ...}`; what is
missing is left out, never null. Every shape since May 2024 is read: `ai_summary`, `organization`,
`githubRepo` and others came one by one. A value of another type than documented counts as missing,
except for the title, without which there is no record. Pure.

Options: `since`, `until` (days; without `since` the week up to `until`), `limit`, `endpoint`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from generator.config import SourceConfig, shown
from generator.errors import Problem
from generator.model import Record
from generator.sources.answers import described, parse_json
from generator.sources.identifiers import arxiv_id, paper_links
from generator.sources.options import Options
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.text.plain import clean_line, clean_text

ENDPOINT = "https://huggingface.co"
PAGE = 100
"""Records asked for at a time, the most the API gives."""
DAYS = 7
"""How far back a pull goes where nobody said `since`."""

_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)
_SENTENCE = re.compile(r"[.!?](?=\s+[A-Z])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|e\.g|i\.e|etc|al|vs|cf|Fig|Eq|Sec|Dr|resp|approx)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingFace:
    """The listing of each day."""

    since: date | None
    until: date | None
    limit: int | None
    endpoint: str
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """One a day, newest first. The newest day may not have been opened yet where the server
        is: 400 and 404 mean an empty day there, and a failure on any other."""
        last = min(filter(None, (window.until, self.until)), default=None)
        if last is None:
            raise ValueError("a window of Daily Papers has a last day")
        first = window.since or self.since or last - timedelta(days=DAYS)
        for back in range((last - first).days + 1):
            day = last - timedelta(days=back)
            yield Request(
                url=f"{self.endpoint}/api/daily_papers",
                params={"date": day.isoformat(), "limit": str(PAGE), "p": "0"},
                absent=() if back else (400, 404),
            )

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The records of one page; a full page may be followed by another."""
        items = _items(payload, request)
        records: list[Record] = []
        problems: list[Problem] = []
        for number, item in enumerate(items, 1):
            record = _record(item, request)
            if record is None:
                problems.append(left_out(request.where, _fact(number, item)))
            else:
                records.append(record)
        full = len(items) >= PAGE
        return Batch(
            records=tuple(records),
            problems=tuple(problems),
            following=_next_page(request) if full else None,
        )


def open_huggingface(config: SourceConfig) -> HuggingFace:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = HuggingFace(
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    options.finish()
    return source


def _items(payload: bytes, request: Request) -> list[Mapping[str, Any]]:
    """The items of an answer, all of them objects. Raises BroadsheetError."""
    answer = parse_json(payload, request)
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        raise refused(request, f"answered with the error {shown(answer['error'])}")
    if not isinstance(answer, list):
        raise refused(request, f"holds {described(answer)} where a list of papers is due")
    for number, item in enumerate(answer, 1):
        if not isinstance(item, dict):
            fact = f"holds {described(item)} as record {number} where an object is due"
            hint = "a list of texts is a list that was printed by a program, not one of the API"
            raise refused(request, fact, hint)
    return answer


def _next_page(request: Request) -> Request:
    page = int(request.params.get("p", "0")) + 1
    return replace(request, params={**request.params, "p": str(page)}, absent=())


def _fact(number: int, item: Mapping[str, Any]) -> str:
    name = _text(_object(item.get("paper")).get("id")) or "without an id"
    return f"record {number} ({name[:40]}) has no title"


def _record(item: Mapping[str, Any], request: Request) -> Record | None:
    """One paper, or None where it has no title."""
    paper = _object(item.get("paper"))
    title = clean_line(_text(paper.get("title")) or _text(item.get("title")))
    if not title:
        return None
    organization = _object(paper.get("organization")) or _object(item.get("organization"))
    arxiv = arxiv_id(_text(paper.get("id")))
    return Record(
        title=title,
        abstract=clean_text(_text(paper.get("summary")) or _text(item.get("summary"))),
        date=_day(paper.get("publishedAt")),
        featured=_listed(paper, request),
        authors=tuple(_authors(paper.get("authors"))),
        organization=clean_line(
            _text(organization.get("fullname")) or _text(organization.get("name"))
        ),
        arxiv=arxiv,
        key="" if arxiv else _text(paper.get("id"))[:100],
        links=paper_links(
            arxiv=arxiv,
            huggingface=f"https://huggingface.co/papers/{arxiv}" if arxiv else "",
            code=_text(paper.get("githubRepo")),
            project=_text(paper.get("projectPage")),
            organization=_organization_url(organization),
        ),
        upvotes=_number(paper.get("upvotes")),
        comments=_number(item.get("numComments")),
        stars=_number(paper.get("githubStars")),
        keywords=tuple(filter(None, map(clean_line, _texts(paper.get("ai_keywords"))))),
        summary=first_sentence(clean_line(_text(paper.get("ai_summary")))),
    )


def _listed(paper: Mapping[str, Any], request: Request) -> date | None:
    """The day that was asked for; without one, the day somebody proposed the paper."""
    return _day(request.params.get("date")) or _day(paper.get("submittedOnDailyAt"))


def _authors(value: object) -> Iterator[str]:
    """Names in order, without those marked as hidden."""
    for author in value if isinstance(value, list) else ():
        name = clean_line(_text(_object(author).get("name")))
        if name and _object(author).get("hidden") is not True:
            yield name


def _organization_url(organization: Mapping[str, Any]) -> str:
    handle = _text(organization.get("name"))
    return f"https://huggingface.co/{handle}" if _HANDLE.fullmatch(handle) else ""


def first_sentence(text: str) -> str:
    """The first sentence of a line, where its end is certain: a full stop before a blank and a
    capital, not after an abbreviation or inside brackets. Else all of it."""
    for end in _SENTENCE.finditer(text):
        sentence = text[: end.end()]
        balanced = sentence.count("(") == sentence.count(")") and sentence.count("$") % 2 == 0
        if balanced and not _ABBREVIATION.search(sentence[:-1]):
            return sentence
    return text


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _day(value: object) -> date | None:
    """The day of a time written YYYY-MM-DDTHH:MM:SS.mmmZ (UTC)."""
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        return None
