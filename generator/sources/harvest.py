"""OAI-PMH 2.0: lists of records that a server gives page by page, each with a token for the next.

https://www.openarchives.org/OAI/openarchivesprotocol.html. Owns the request for a list, the frame
around the records (headers, deletions, tokens) and the protocol's errors; what a record's metadata
mean is its source's business. Names count without their namespaces, as some servers forget them.

A token is an exclusive argument: the following request consists of it, so a list can be taken up
again at any of its requests, for as long as the server keeps the token. Pure.
"""

from collections.abc import Callable, Iterator
from datetime import date
from xml.etree.ElementTree import Element

from msgspec import Struct
from msgspec.structs import replace

from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.source import Batch, Request, left_out, refused
from generator.sources.xml import child, child_text, children, name_of, parse_tree, text_of
from generator.text.plain import clean_line

LONGEST_TOKEN = 2_000
"""Characters; with a longer one the URL would not be one."""
SET = r"[A-Za-z0-9_.!~*'()-]+(?::[A-Za-z0-9_.!~*'()-]+)*"
"""A set's name, as the protocol allows it (section 2.6)."""

_LISTS = ("ListRecords", "GetRecord")
_HINTS = {
    "badResumptionToken": "a token lives hours or days: pull again, which begins the list anew",
    "badArgument": "look at the set and the days of this source in content/site.yml",
    "cannotDisseminateFormat": "the server does not have records of this kind",
    "noSetHierarchy": "the server has no sets: take the set out of content/site.yml",
    "badVerb": "look at the address of this source in content/site.yml",
}


class Listed(Struct, frozen=True, kw_only=True):
    """One record of a list."""

    number: int
    """From 1, on its page."""
    identifier: str
    """Its name at this server; empty where the server forgot it."""
    metadata: Element | None
    """The one element that holds its metadata, if there is one."""


def list_request(
    url: str,
    prefix: str,
    *,
    set_name: str = "",
    since: date | None = None,
    until: date | None = None,
    gap: float,
) -> Request:
    """The first page of the records that were made, changed or deleted in these days."""
    params = {
        "verb": "ListRecords",
        "metadataPrefix": prefix,
        "set": set_name,
        "from": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
    }
    given = {key: value for key, value in params.items() if value}
    return Request(url=url, params=given, gap=gap)


def read_page(
    payload: bytes, request: Request, read: Callable[[Listed, Element], Record | str | None]
) -> Batch:
    """A page. `read` makes of a record's metadata a record, a word about what it lacks, or None
    where it is not wanted. Deleted records are passed over: a paper that leaves a list stays.
    Raises BroadsheetError for an answer that is no page, and for the protocol's errors."""
    page = _page(payload, request)
    if page is None:
        return Batch()
    records: list[Record] = []
    problems: list[Problem] = []
    for listed in _records(page):
        found = "no metadata" if listed.metadata is None else read(listed, listed.metadata)
        if isinstance(found, Record):
            records.append(found)
        elif found:
            name = listed.identifier[:60] or "without an identifier"
            problems.append(left_out(request.where, f"record {listed.number} ({name}) has {found}"))
    token = _token(page, request)
    if token and token == request.params.get("resumptionToken"):
        fact = "repeats its resumption token: stopped there"
        problems.append(Problem(where=request.where, fact=fact, hint="the list may be longer"))
        token = ""
    following = _following(request, token) if token else None
    return Batch(records=tuple(records), problems=tuple(problems), following=following)


def _page(payload: bytes, request: Request) -> Element | None:
    """The element that holds the records; None where the server says that nothing matches."""
    root = parse_tree(payload, request, "an OAI-PMH answer")
    if name_of(root) != "OAI-PMH":
        hint = "the address should be the one that '?verb=Identify' is appended to"
        raise refused(request, f"is not an OAI-PMH answer: its root is {shown(root.tag)}", hint)
    for error in children(root, "error"):
        code = error.get("code", "")
        if code == "noRecordsMatch":
            return None
        said = clean_line(text_of(error))[:200]
        fact = f"answered with the error {shown(code)}" + (f": {shown(said)}" if said else "")
        raise refused(request, fact, _HINTS.get(code, ""))
    for name in _LISTS:
        if (page := child(root, name)) is not None:
            return page
    raise refused(request, "holds neither records nor an error", _HINTS["badVerb"])


def _records(page: Element) -> Iterator[Listed]:
    """The records that are not deleted."""
    for number, record in enumerate(children(page, "record"), 1):
        header = child(record, "header")
        if header is not None and header.get("status") == "deleted":
            continue
        identifier = "" if header is None else clean_line(child_text(header, "identifier"))
        metadata = child(record, "metadata")
        held = None if metadata is None else next(iter(metadata), None)
        yield Listed(number=number, identifier=identifier, metadata=held)


def _token(page: Element, request: Request) -> str:
    """The token of the next page; empty at the list's end."""
    token = child_text(page, "resumptionToken").strip()
    if len(token) > LONGEST_TOKEN:
        raise refused(request, f"has a resumption token of {len(token)} characters")
    return token


def _following(request: Request, token: str) -> Request:
    return replace(request, params={"verb": "ListRecords", "resumptionToken": token}, absent=())
