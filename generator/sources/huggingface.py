"""Hugging Face's Daily Papers: the listing of a day, week or month, what is trending, one paper.

`GET /api/daily_papers` with `date=YYYY-MM-DD`, `week=YYYY-Www`, `month=YYYY-MM` or `sort=trending`
answers with a JSON list of items `{paper: {...}, publishedAt, title, numComments, ...}`; what is
missing is left out, never null. Every shape since May 2024 is read: `ai_summary`, `organization`,
`githubRepo` and others came one by one. `GET /api/papers/ID` answers with the `paper` alone, with
`linkedModels`, `linkedDatasets` and `linkedSpaces` in it, of which the first become links. A value
of another type than documented counts as missing, except for the title, without which there is no
record. https://huggingface.co/docs/huggingface_hub/package_reference/hf_api names the parameters,
https://huggingface.co/docs/hub/rate-limits the limit: 500 requests in five minutes, told in headers
that the client heeds. Pure.

Options: `list` (day, week, month, trending) or `ids`; `since`, `until` (days; without `since` the
week up to `until`; weeks and months are asked for whole; not with trending or ids), `limit` (100
with trending, which has no end), `endpoint`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import Link, Record
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
LISTS = ("day", "week", "month", "trending")
LARGEST_COUNT = 2**53 - 1
"""Up to here a page may hold a count."""
LINKED = 3
"""Models, datasets and Spaces of a paper that become links, each."""

_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)
_PAPERS = "/api/papers/"
_LINKED_KINDS = (
    ("model", "linkedModels", ""),
    ("dataset", "linkedDatasets", "datasets/"),
    ("space", "linkedSpaces", "spaces/"),
)
_REPOSITORY = re.compile(rf"{_HANDLE.pattern}(?:/{_HANDLE.pattern})?", re.ASCII)
_SENTENCE = re.compile(r"[.!?](?=\s+[A-Z])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|e\.g|i\.e|etc|al|vs|cf|Fig|Eq|Sec|Dr|resp|approx)$"
)


class HuggingFace(Struct, frozen=True, kw_only=True):
    """A listing, or papers by their ids."""

    listing: str
    """One of LISTS."""
    ids: tuple[str, ...]
    since: date | None
    until: date | None
    limit: int | None
    endpoint: str
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """One a paper, or one a day, week or month, the newest first. The newest may not have been
        opened yet where the server is: 400 and 404 mean that it is empty, and a failure for any
        other. A paper that Hugging Face does not know is passed over."""
        if self.ids:
            for name in self.ids:
                yield Request(url=f"{self.endpoint}{_PAPERS}{name}", absent=(404,))
        elif self.listing == "trending":
            yield self._page({"sort": "trending"})
        else:
            for number, period in enumerate(self._periods(window)):
                yield self._page(period, absent=() if number else (400, 404))

    def _page(self, wanted: Mapping[str, str], absent: tuple[int, ...] = ()) -> Request:
        params = {**wanted, "limit": str(PAGE), "p": "0"}
        return Request(url=f"{self.endpoint}/api/daily_papers", params=params, absent=absent)

    def _periods(self, window: Window) -> Iterator[Mapping[str, str]]:
        """The days, weeks or months that hold a day of the window, as parameters, each once."""
        last = min(filter(None, (window.until, self.until)), default=None)
        if last is None:
            raise ValueError("a window of Daily Papers has a last day")
        first = window.since or self.since or last - timedelta(days=DAYS)
        seen: set[tuple[str, str]] = set()
        for back in range((last - first).days + 1):
            key, value = _period(self.listing, last - timedelta(days=back))
            if (key, value) not in seen:
                seen.add((key, value))
                yield {key: value}

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The records of one page; a full page may be followed by another. Or one paper."""
        alone = _PAPERS in request.url
        items = [_paper(payload, request)] if alone else _items(payload, request)
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
    listing = options.choice("list", LISTS, "day")
    ids = options.texts("ids")
    source = HuggingFace(
        listing=listing,
        ids=tuple(filter(None, map(arxiv_id, ids))),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(PAGE if listing == "trending" and not ids else None),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    for wrong in (each for each in ids if not arxiv_id(each) or "/" in arxiv_id(each)):
        fact = f"'ids' holds {shown(wrong)}, which is not the id of a paper there"
        options.wrong(fact, "as in 2507.22565")
    _check_mixture(options, listing)
    options.finish()
    return source


def _check_mixture(options: Options, listing: str) -> None:
    """Notes options that do not go together."""
    alone = "ids" if options.given("ids") else "list: trending" if listing == "trending" else ""
    others = ("list", "since", "until") if alone == "ids" else ("since", "until")
    for key in others if alone else ():
        if options.given(key):
            options.wrong(f"'{key}' does not go with '{alone}'", "make two sources of one")


def _period(listing: str, day: date) -> tuple[str, str]:
    """The parameter that asks for the day, or for the week or month it is in. The API knows weeks
    1 to 52 only: of a 53rd one the days are asked for."""
    year, week, _ = day.isocalendar()
    if listing == "month":
        return "month", f"{day:%Y-%m}"
    if listing == "week" and week < 53:
        return "week", f"{year}-W{week:02}"
    return "date", day.isoformat()


def _paper(payload: bytes, request: Request) -> Mapping[str, Any]:
    """The answer about one paper as an item of a listing. Raises BroadsheetError."""
    answer = _answer(payload, request)
    if not isinstance(answer, dict):
        raise refused(request, f"holds {described(answer)} where a paper is due")
    asked = request.url.rpartition("/")[2]
    return {"paper": {"id": asked, **answer}, "numComments": answer.get("numComments")}


def _answer(payload: bytes, request: Request) -> Any:
    """The value of an answer that is no error. Raises BroadsheetError."""
    answer = parse_json(payload, request)
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        raise refused(request, f"answered with the error {shown(answer['error'])}")
    return answer


def _items(payload: bytes, request: Request) -> list[Mapping[str, Any]]:
    """The items of an answer, all of them objects. Raises BroadsheetError."""
    answer = _answer(payload, request)
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
        featured=_listed(paper, item, request),
        authors=tuple(_authors(paper.get("authors"))),
        organization=clean_line(
            _text(organization.get("fullname")) or _text(organization.get("name"))
        ),
        arxiv=arxiv,
        key="" if arxiv else clean_line(_text(paper.get("id")))[:100].strip(),
        links=paper_links(
            arxiv=arxiv,
            huggingface=f"https://huggingface.co/papers/{arxiv}" if arxiv else "",
            code=_text(paper.get("githubRepo")),
            project=_text(paper.get("projectPage")),
            organization=_organization_url(organization),
        )
        + tuple(_linked(paper)),
        upvotes=_number(paper.get("upvotes")),
        comments=_number(item.get("numComments")),
        stars=_number(paper.get("githubStars")),
        keywords=tuple(filter(None, map(clean_line, _texts(paper.get("ai_keywords"))))),
        summary=first_sentence(clean_line(_text(paper.get("ai_summary")))),
    )


def _listed(paper: Mapping[str, Any], item: Mapping[str, Any], request: Request) -> date | None:
    """The day that was asked for; without one, the day somebody proposed the paper. Until March
    2025 that was the item's own day, which has another meaning since: it counts in the week or
    month that was asked for."""
    asked = request.params
    if day := _day(asked.get("date")) or _day(paper.get("submittedOnDailyAt")):
        return day
    day = _day(item.get("publishedAt"))
    listing = "week" if "week" in asked else "month"
    return day if day and asked.get(listing) == _period(listing, day)[1] else None


def _linked(paper: Mapping[str, Any]) -> Iterator[Link]:
    """Models, datasets and Spaces: `model`, `model-2`, `model-3`, as a page has one link a kind."""
    for kind, key, folder in _LINKED_KINDS:
        listed = paper.get(key)
        items = listed if isinstance(listed, list) else []
        names = (_text(_object(item).get("id")) for item in items)
        whole = [name for name in names if _REPOSITORY.fullmatch(name)]
        for number, name in enumerate(whole[:LINKED], 1):
            numbered = f"{kind}-{number}" if number > 1 else kind
            yield Link(kind=numbered, url=f"https://huggingface.co/{folder}{name}")


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
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def _day(value: object) -> date | None:
    """The day of a time written YYYY-MM-DDTHH:MM:SS.mmmZ (UTC)."""
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        return None
