"""A text capture of a page of Daily Papers, as a browser copies it.

After the page's head come records: a title, an abstract, and often a foot of three lines: who
(`• 5 authors`, or an organisation as `HANDLE FULL NAME`), a dot, and the day with the number of
comments behind it (`Jul 30 2`; a year only where it is not the page's). Blocks are separated by
empty lines. Parsed by this structure; what does not fit it is a located Problem. Text is kept as it
stands, links are taken from abstracts only where they are whole. Pure.

Captures whose links are references (`### [Title][32]`) are read too: see `linked_listing`.

Options: `path` (the capture), `date` (the day it was taken).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate, pairwise
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SITE_YML, SourceConfig
from generator.errors import Problem
from generator.model import Record
from generator.sources.answers import check_present, parse_text
from generator.sources.identifiers import paper_links
from generator.sources.linked_listing import entries, is_linked
from generator.sources.options import Options
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.text.plain import clean_line, clean_text
from generator.text.safety import bare_urls

CODE_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org")
"""Hosts where OWNER/REPO is a code repository."""

_HEAD = re.compile(
    r"new|Get trending papers in your email inbox!|Subscribe|(Daily|Weekly|Monthly)( Papers)?"
    r"|by\s?\S+ and the research community"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = re.compile(rf"({'|'.join(_MONTHS)}) (\d{{1,2}})(?:, (\d{{4}}))?(?: (\d{{1,9}}))?", re.ASCII)
_COUNT = re.compile(r"• (\d{1,6}) authors?", re.ASCII)
_BYLINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*) (\S.*)", re.ASCII)
_DOT = "·"
_REPOSITORY = re.compile(r"/[A-Za-z0-9][\w.-]*/[\w.-]+/?", re.ASCII)
_DAMAGED_LABEL = re.compile(r"(?!.*[a-z]{3}).*\d.*")


class Listing(Struct, frozen=True, kw_only=True):
    """One capture."""

    path: str
    day: date
    limit: int | None = None
    offline: bool = True

    def requests(self, window: Window) -> Iterator[Request]:
        """The file, whatever the window's days: it is in the site because it is wanted, and a
        clock that is wrong must not empty the site."""
        yield Request(path=self.path)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """Every paper of the capture, in its order."""
        check_present(payload, request, "a text capture")
        text = parse_text(payload, request)
        problems: list[Problem] = []
        read = self._linked if is_linked(text) else self._plain
        records = list(read(text, request.path, problems))
        if not records:
            hint = "a capture holds titles, abstracts and lines such as '• 5 authors'"
            raise refused(request, "holds no paper", hint)
        return Batch(records=tuple(records), problems=tuple(problems))

    def _linked(self, text: str, path: str, problems: list[Problem]) -> Iterator[Record]:
        for entry in entries(text):
            if not entry.abstract:
                problems.append(left_out(f"{path}:{entry.line}", "this paper has no abstract"))
                continue
            foot = [_Text(entry.line, line) for line in entry.foot]
            facts = _facts(foot, self.day, path, problems)
            title, abstract = _Text(entry.line, entry.title), _Text(entry.line, entry.abstract)
            yield replace(self._record(title, abstract, facts), upvotes=entry.upvotes)

    def _plain(self, text: str, path: str, problems: list[Problem]) -> Iterator[Record]:
        for texts, foot in _groups(_blocks(text)):
            pairs = _pairs(texts, path, problems)
            facts = _facts(foot, self.day, path, problems) if foot else _Facts()
            if foot and not pairs:
                where = f"{path}:{foot[0].number}"
                problems.append(left_out(where, "this foot has no title and abstract above it"))
            yield from (self._record(*pair, _Facts()) for pair in pairs[:-1])
            yield from (self._record(*pair, facts) for pair in pairs[-1:])

    def _record(self, title: "_Text", abstract: "_Text", facts: "_Facts") -> Record:
        return Record(
            title=clean_line(title.text),
            abstract=clean_text(abstract.text),
            date=facts.day,
            featured=self.day,
            author_count=facts.author_count,
            organization=facts.organization,
            comments=facts.comments,
            links=paper_links(
                code=code_url(abstract.text),
                project=project_url(abstract.text),
                organization=f"https://huggingface.co/{facts.handle}" if facts.handle else "",
            ),
        )


def open_listing(config: SourceConfig) -> Listing:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    path = options.path("path", required=True)
    day = options.day("date")
    limit = options.limit()
    if not options.given("date"):
        options.wrong("'date' is missing", "add 'date: YYYY-MM-DD', the day the capture was taken")
    options.finish()
    if day is None:
        raise AssertionError(f"{SITE_YML} was accepted without a date")
    return Listing(path=path, day=day, limit=limit)


class _Text(Struct, frozen=True):
    """A line, or lines without an empty one between them, joined."""

    number: int
    """Where it begins in the file, from 1."""
    text: str


class _Facts(Struct):
    """What a foot says."""

    author_count: int | None = None
    handle: str = ""
    organization: str = ""
    day: date | None = None
    comments: int | None = None


def _blocks(text: str) -> Iterator[list[_Text]]:
    """The blocks of the capture below the page's head."""
    block: list[_Text] = []
    in_head = True
    for number, line in enumerate([*text.splitlines(), ""], 1):
        stripped = line.strip()
        in_head = in_head and (not stripped or _is_head(stripped))
        if stripped and not in_head:
            block.append(_Text(number, stripped))
        elif block:
            yield block
            block = []


def _is_head(line: str) -> bool:
    return bool(_HEAD.fullmatch(line) or _DAY.fullmatch(line))


def _groups(blocks: Iterator[list[_Text]]) -> Iterator[tuple[list[_Text], list[_Text]]]:
    """Texts up to a foot, and the foot; at the end perhaps texts without one."""
    texts: list[_Text] = []
    for block in blocks:
        start = _foot_start(block)
        if start:
            texts.append(_Text(block[0].number, " ".join(line.text for line in block[:start])))
        if start < len(block):
            yield texts, block[start:]
            texts = []
    if texts:
        yield texts, []


def _foot_start(block: Sequence[_Text]) -> int:
    """The position of the first line of a foot in a block; its length where it holds none."""
    for position, line in enumerate(block):
        above_dot = position + 1 < len(block) and block[position + 1].text == _DOT
        if above_dot or line.text == _DOT or _COUNT.fullmatch(line.text):
            return position
    return len(block)


def _pairs(texts: Sequence[_Text], path: str, problems: list[Problem]) -> list[tuple[_Text, _Text]]:
    """Titles with their abstracts. Of an odd number of texts one cannot be either: the one without
    which every abstract is longest beside its title."""
    if len(texts) % 2:
        odd = _odd_one(texts)
        where = f"{path}:{texts[odd].number}"
        fact = f"is neither a title nor an abstract: '{texts[odd].text[:60]}'"
        hint = "a paper is a title, an empty line and its abstract"
        problems.append(left_out(where, fact, hint))
        texts = [*texts[:odd], *texts[odd + 1 :]]
    return list(zip(texts[::2], texts[1::2], strict=True))


def _odd_one(texts: Sequence[_Text]) -> int:
    """Which of an odd number of texts to leave out, so that the least ratio of an abstract's length
    to its title's is greatest."""
    lengths = [len(each.text) for each in texts]
    ratios = [after / before for before, after in pairwise(lengths)]
    before = [*accumulate(ratios[::2], min, initial=float("inf"))]
    after = [*accumulate(ratios[:0:-2], min, initial=float("inf"))][::-1]
    return 2 * max(range(len(before)), key=lambda half: min(before[half], after[half]))


def _facts(foot: Sequence[_Text], taken: date, path: str, problems: list[Problem]) -> _Facts:
    """What the lines of a foot say; those that say nothing known become problems."""
    facts = _Facts()
    for position, line in enumerate(foot):
        if line.text == _DOT:
            continue
        known = (
            _read_count(line.text, facts)
            or _read_day(line.text, taken, facts)
            or (position == 0 and _read_organization(line.text, facts))
        )
        if not known:
            fact = f"is not understood: '{line.text[:60]}'"
            hint = "below an abstract stand '• 5 authors', '·' and a day such as 'Jul 30, 2024'"
            problems.append(left_out(f"{path}:{line.number}", fact, hint))
    return facts


def _read_count(line: str, facts: _Facts) -> bool:
    found = _COUNT.fullmatch(line)
    if found:
        facts.author_count = int(found[1])
    return found is not None


def _read_day(line: str, taken: date, facts: _Facts) -> bool:
    found = _DAY.fullmatch(line)
    day = found and _day(_MONTHS.index(found[1]) + 1, int(found[2]), found[3], taken)
    if not found or not day:
        return False
    facts.day = day
    facts.comments = int(found[4]) if found[4] else None
    return True


def _day(month: int, day: int, year: str | None, taken: date) -> date | None:
    """The day; without a year the last such day that is not after the capture."""
    for candidate in [int(year)] if year else [taken.year, taken.year - 1]:
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year or found <= taken:
            return found
    return None


def _read_organization(line: str, facts: _Facts) -> bool:
    found = _BYLINE.fullmatch(line)
    if found:
        facts.handle, facts.organization = found[1], clean_line(found[2])
    return found is not None


def code_url(abstract: str) -> str:
    """The code repository of an abstract: where its whole links to code hosts are one, and that
    one is OWNER/REPO. Else empty."""
    urls = {url for url in _whole_urls(abstract) if _host(url) in CODE_HOSTS}
    found = urls.pop() if len(urls) == 1 else ""
    return found if _REPOSITORY.fullmatch(urlsplit(found).path) else ""


def project_url(abstract: str) -> str:
    """The project page of an abstract: where its whole links elsewhere are one. Else empty. A host
    whose first label is digits and scraps (`b-61j`) has been through something: not taken."""
    urls = {url for url in _whole_urls(abstract) if _host(url) not in CODE_HOSTS}
    found = urls.pop() if len(urls) == 1 else ""
    return "" if _DAMAGED_LABEL.fullmatch(_host(found).partition(".")[0]) else found


def _whole_urls(text: str) -> Iterator[str]:
    return (each.url for each in bare_urls(text))


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
