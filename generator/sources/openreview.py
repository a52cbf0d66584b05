"""OpenReview: the notes of a venue, from its API in both versions; and lists of them in files.

https://docs.openreview.net/reference/api-v2 and …/api-v1. The answer is `{notes: [...], count}`,
paged by `limit` and `offset`. A note's `content` holds plain values in version 1 and `{value: …}`
in version 2; either is read wherever it stands. Times are milliseconds. A file or URL may hold such
an answer, a list of notes, a crawler's list of venues with their `submissions`, or a list of flat
records as Paper Copilot makes them (https://github.com/papercopilot/paperlists), whose lists are
texts joined by `;`.

`venue` asks for the papers that a venue took (its `venueid`), `invitation` for all that were
submitted to it. Withdrawn and retracted ones are marked. Desk-rejected and deleted ones, and
replies (reviews, comments, decisions) are passed over. The date is that of publication, else of the
note; of a flat record 1 January of the year in its citation. `Anonymous` is no author. The comments
are the replies. OpenReview answers some clients with a page of HTML (a challenge) in place of a
list: then nothing is used. Pure.

Options: one of `venue` (`ICLR.cc/2024/Conference`), `invitation` (`TMLR/-/Submission`), `path`,
`url`; `since`, `until` (by date), `limit`, `endpoint` (https://api.openreview.net for venues of
version 1, as most were before 2023).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.answers import described, parse_json
from generator.sources.huggingface import first_sentence
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import (
    Period,
    PeriodRequest,
    is_wanted,
    printed_period,
    wanted_period,
)
from generator.sources.records import split_authors
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.sources.tex import plain_tex
from generator.sources.values import as_number, as_object, as_text
from generator.text.plain import clean_line, clean_lines, clean_text
from generator.text.safety import bare_urls, safe_url

ENDPOINT = "https://api2.openreview.net"
SITE = "https://openreview.net"
PAGE = 1000
"""Notes asked for at a time at most: what the API gives at most."""
GAP = 1.0
"""Seconds between two requests. OpenReview names no number; this stays far below what its own
client, which asks for page after page, takes."""

_GROUP = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*", re.ASCII)
_INVITATION = re.compile(rf"{_GROUP.pattern}/-/[\w.+-]+", re.ASCII)
_ID = re.compile(r"[\w-]{1,100}", re.ASCII)
_EPOCH = date(1970, 1, 1)
_TAKEN_BACK = re.compile(r"withdraw(?!al)|retract", re.IGNORECASE)
_NOT_LET_IN = re.compile(r"desk.?reject(?!ion)", re.IGNORECASE)
"""`Withdrawn_Submission`, `Desk Reject`; but not `Withdrawal_Reversion`, which takes it back."""
_SERIES = re.compile(
    r"\b(?:booktitle|journal)\s*=\s*\{((?:[^{}]|\{[^{}]{0,100}\}){1,300})\}", re.IGNORECASE
)
_YEAR = re.compile(r"\byear\s*=\s*[{\"]?(\d{4})\b", re.IGNORECASE | re.ASCII)
_NO_CODE = ("paperswithcode.com", "www.paperswithcode.com")
"""What Papers with Code knew is behind an address that is gone."""


class OpenReview(Struct, frozen=True, kw_only=True):
    """A venue, an invitation, or one file."""

    venue: str
    invitation: str
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
        """The first page, or the file."""
        period = wanted_period(window, self.since, self.until)
        if self.path:
            yield PeriodRequest(path=self.path, period=period)
        elif self.url:
            yield PeriodRequest(url=self.url, period=period, gap=GAP)
        else:
            asked = {"content.venueid": self.venue, "invitation": self.invitation}
            yield PeriodRequest(
                url=f"{self.endpoint}/notes",
                params={
                    **{key: value for key, value in asked.items() if value},
                    "details": "replyCount",
                    "limit": str(min(PAGE, window.limit or self.limit or PAGE)),
                    "offset": "0",
                },
                gap=GAP,
                period=period,
            )

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The papers of one page, and the request for the next while more are counted."""
        notes, total = _notes(payload, request)
        records: list[Record] = []
        problems: list[Problem] = []
        for number, note in enumerate(notes, 1):
            submission = _submission(note)
            if submission is None:
                fact = f"record {number} is {described(note)}, not a note"
                problems.append(left_out(request.where, fact))
            elif not submission.is_paper():
                continue
            elif not (record := submission.record()):
                fact = f"record {number} ({shown(submission.name[:40])}) has no title"
                problems.append(left_out(request.where, fact))
            elif is_wanted(request, submission.period()):
                records.append(record)
        if not notes and _offset(request) < total:
            problems.append(_ended(request, total))
        following = _next_page(request, len(notes), total)
        return Batch(records=tuple(records), problems=tuple(problems), following=following)


def open_openreview(config: SourceConfig) -> OpenReview:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = OpenReview(
        venue=options.text("venue"),
        invitation=options.text("invitation"),
        path=options.path("path"),
        url=options.url("url"),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    if source.venue and not _GROUP.fullmatch(source.venue):
        options.wrong(f"'venue' is no id: {shown(source.venue)}", "as in ICLR.cc/2024/Conference")
    if source.invitation and not _INVITATION.fullmatch(source.invitation):
        fact = f"'invitation' is no id: {shown(source.invitation)}"
        options.wrong(fact, "as in TMLR/-/Submission")
    if sum(options.given(each) for each in ("venue", "invitation", "path", "url")) != 1:
        hint = "add venue: ICLR.cc/2024/Conference to the source"
        options.wrong("it needs one of 'venue', 'invitation', 'path' and 'url'", hint)
    options.finish()
    return source


def _notes(payload: bytes, request: Request) -> tuple[Sequence[Any], int]:
    """The notes of an answer, and how many the service counts in all (0 where it does not).
    Raises BroadsheetError."""
    answer = parse_json(payload, request)
    if isinstance(answer, list):
        return [each for one in answer for each in _unwrapped(one)], 0
    if isinstance(answer, dict) and isinstance(answer.get("notes"), list):
        return answer["notes"], as_number(answer.get("count")) or 0
    if isinstance(answer, dict) and (said := _error(answer)):
        raise refused(request, f"answered with the error {shown(said)}")
    raise refused(request, f"holds {described(answer)} where a list of notes is due")


def _unwrapped(value: Any) -> Sequence[Any]:
    """The submissions of a crawler's venue; anything else as it is."""
    inside = value.get("submissions") if isinstance(value, dict) else None
    return inside if isinstance(inside, list) else [value]


def _error(answer: Mapping[str, Any]) -> str:
    """What went wrong, as both versions say it; empty where they say nothing."""
    errors = answer.get("errors")
    first = as_object(errors[0]) if isinstance(errors, list) and errors else answer
    told = first.get("message") or first.get("name") or first.get("type") or first.get("error")
    return clean_line(as_text(told))


def _next_page(request: Request, found: int, total: int) -> Request | None:
    """The page after one of `found` notes: by the service's count, else after every full one."""
    if not found or "offset" not in request.params:
        return None
    offset = _offset(request) + found
    full = found >= int(request.params.get("limit", str(PAGE)))
    if offset >= total if total else not full:
        return None
    return replace(request, params={**request.params, "offset": str(offset)})


def _ended(request: Request, total: int) -> Problem:
    fact = f"is empty though {total} notes are announced: stopped there"
    return Problem(where=request.where, fact=fact, hint="the rest may not be public")


def _offset(request: Request) -> int:
    return int(request.params.get("offset", "0"))


def _submission(value: Any) -> "_Note | _Flat | None":
    """A record in its shape: a note has its `content` in an object of its own."""
    if not isinstance(value, dict):
        return None
    content = value.get("content")
    if isinstance(content, dict):
        plain = {str(key): _value(each) for key, each in content.items()}
        return _Note(note=value, content=plain)
    return None if "content" in value else _Flat(fields=value)


class _Note(Struct, frozen=True, kw_only=True):
    """A note of either version."""

    note: Mapping[str, Any]
    content: Mapping[str, Any]
    """Its values without their wrapping."""

    @property
    def name(self) -> str:
        """The id of the forum it opens."""
        return as_text(self.note.get("forum")) or as_text(self.note.get("id"))

    def is_paper(self) -> bool:
        """Whether it opens a forum, and is neither deleted nor desk-rejected."""
        reply = isinstance(self.note.get("replyto"), str)
        deleted = as_number(self.note.get("ddate")) is not None
        return not (reply or deleted or any(map(_NOT_LET_IN.search, self._marks())))

    def record(self) -> Record | None:
        """The paper, None without a title."""
        title = clean_line(self._say("title"))
        if not title:
            return None
        pdf, page = self._say("pdf"), self._say("html")
        doi = bare_doi(self._say("doi")) or bare_doi(page)
        arxiv = arxiv_id(pdf) or arxiv_id(page)
        cited = self._say("_bibtex")
        period = self.period()
        return Record(
            title=title,
            abstract=clean_text(self._say("abstract")),
            date=period.since if period else None,
            authors=tuple(_people(self.content.get("authors"))),
            arxiv=arxiv,
            doi=doi,
            key=_key(self.name),
            links=paper_links(
                arxiv=arxiv,
                doi=doi,
                abstract=_forum(self.name),
                pdf=pdf if safe_url(pdf) else _file(self.name if pdf else ""),
                code=_address(self._say("code")),
                project=_address(self._say("project_page", "website", "project")),
            ),
            comments=as_number(as_object(self.note.get("details")).get("replyCount")),
            venue=clean_line(self._say("venue")) or _series(cited),
            keywords=_words(self.content.get("keywords")),
            summary=first_sentence(clean_line(self._say("TLDR", "TL;DR", "tldr"))),
            withdrawn=any(map(_TAKEN_BACK.search, self._marks())),
        )

    def period(self) -> Period | None:
        """Its day: published, else put online, else written."""
        days = (_day(self.note.get(key)) for key in ("pdate", "odate", "cdate", "tcdate"))
        day = next(filter(None, days), None)
        return Period(since=day, until=day) if day else None

    def _say(self, *keys: str) -> str:
        """The first of the content's texts."""
        return next(filter(None, (as_text(self.content.get(key)).strip() for key in keys)), "")

    def _marks(self) -> list[str]:
        """Where its state is written: the venue it is filed under; without one, as in version 1,
        what it answers to and what its authors have confirmed."""
        if filed := self._say("venueid"):
            return [filed.rpartition("/")[2]]
        invitations = self.note.get("invitations")
        answers = [self.note.get("invitation")]
        answers += invitations if isinstance(invitations, list) else []
        confirmed = "withdrawn" if self.content.get("withdrawal") == "Confirmed" else ""
        return [*(as_text(each).rpartition("/-/")[2] for each in answers), confirmed]


class _Flat(Struct, frozen=True, kw_only=True):
    """A record of Paper Copilot."""

    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        return as_text(self.fields.get("id"))

    def is_paper(self) -> bool:
        return not _NOT_LET_IN.search(self._say("status"))

    def record(self) -> Record | None:
        """The paper, None without a title."""
        title = clean_line(self._say("title"))
        if not title:
            return None
        period = self.period()
        return Record(
            title=title,
            abstract=clean_text(self._say("abstract")),
            date=period.since if period else None,
            authors=tuple(_people(_parts(self._say("author")))),
            organization=self._organization(),
            key=_key(self.name),
            links=paper_links(
                abstract=self._say("openreview") or self._say("site"),
                pdf=self._say("pdf"),
                code=_address(self._say("github")),
                project=_address(self._say("project")),
            ),
            venue=_series(self._say("bibtex")),
            keywords=tuple(clean_lines(_parts(self._say("keywords")))),
            summary=first_sentence(clean_line(self._say("tldr"))),
            withdrawn=bool(_TAKEN_BACK.search(self._say("status"))),
        )

    def period(self) -> Period | None:
        """The year of its citation."""
        found = _YEAR.search(self._say("bibtex"))
        return printed_period(found[1]) if found else None

    def _say(self, key: str) -> str:
        return as_text(self.fields.get(key)).strip()

    def _organization(self) -> str:
        """The one organisation of all its authors."""
        names = dict.fromkeys(clean_lines(_parts(self._say("aff_unique_norm"))))
        return next(iter(names)) if len(names) == 1 else ""


def _people(value: object) -> Iterator[str]:
    """Names: texts, or profiles that have one."""
    people = split_authors(value) if isinstance(value, str) else value
    for person in people if isinstance(people, list) else ():
        name = clean_line(as_text(person) or as_text(as_object(person).get("fullname")))
        if name and name != "Anonymous":
            yield name


def _words(value: object) -> tuple[str, ...]:
    """Keywords: a list, or one text that joins them."""
    if isinstance(value, str):
        value = _parts(value) if ";" in value else value.split(",")
    return tuple(clean_lines(map(as_text, value))) if isinstance(value, list) else ()


def _parts(text: str) -> list[str]:
    return text.split(";")


def _key(name: str) -> str:
    return name if _ID.fullmatch(name) else ""


def _forum(name: str) -> str:
    return f"{SITE}/forum?id={name}" if _key(name) else ""


def _file(name: str) -> str:
    """The PDF by the paper's id: the name of the file itself changes with each revision."""
    return f"{SITE}/pdf?id={name}" if _key(name) else ""


def _address(text: str) -> str:
    """The first intact address in a text, which may be Markdown with badges."""
    found = (each.url for each in bare_urls(text[:4_000]))
    return next((url for url in found if url.split("/")[2] not in _NO_CODE), "")


def _series(citation: str) -> str:
    """The proceedings or journal that a BibTeX entry names."""
    found = _SERIES.search(citation[:20_000])
    return clean_line(plain_tex(found[1])) if found else ""


def _day(value: object) -> date | None:
    """The day (UTC) of a time in milliseconds."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        return None


def _value(value: object) -> object:
    """A value of version 1 as it is, of version 2 without its wrapping."""
    return value.get("value") if isinstance(value, dict) and "value" in value else value
