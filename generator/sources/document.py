"""A document: a whole list of papers in one file, of the site or on a server.

Owns what the formats have in common that come as such a file: where it lies, how its bytes become
text, and which of its entries are wanted. What stands in it is a format's own function. Pure.

A document is a choice somebody made, so all of it counts: only the source's own `since` and `until`
leave entries out, and never one whose printed date (`2022`) may lie within them. The days of a pull
do not, for an old paper may be new in a list; nor does a clock that is wrong empty a site.

Options: `path` or `url`; `since`, `until` (by date of publication), `limit`; `encoding` of text.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.answers import check_present, parse_text, remedy
from generator.sources.options import Options
from generator.sources.period import Period
from generator.sources.source import Batch, Request, Window, refused
from generator.text.safety import safe_url

ENCODINGS = (
    "utf-8",
    "utf-16",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "iso-8859-1",
    "iso-8859-2",
    "koi8-r",
    "gb18030",
    "shift_jis",
    "euc-kr",
)
"""What a file may be written in. None of them can do more than become text."""

_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""The marks by which UTF-16 gives itself away."""


class Entry(Struct, frozen=True, kw_only=True):
    """One paper of a document."""

    record: Record
    days: Period | None = None
    """The days its date can mean; None without a date."""


class Reading(Struct, frozen=True, kw_only=True):
    """What a document says."""

    entries: Sequence[Entry]
    problems: Sequence[Problem] = ()
    """Parts that were left out."""


class Document(Struct, frozen=True, kw_only=True):
    """One file, here or elsewhere, and how it is read."""

    path: str
    url: str
    wanted: Period
    """The days of the options `since` and `until`."""
    limit: int | None
    read: Callable[[bytes, Request], Reading]
    """The format. Raises BroadsheetError where the bytes are something else."""

    @property
    def offline(self) -> bool:
        return bool(self.path)

    def requests(self, window: Window) -> Iterator[Request]:
        """The file, whatever the window's days."""
        yield Request(path=self.path) if self.path else Request(url=self.url)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """Every entry that is wanted, in the document's order. A key that several entries share is
        the name of none of them."""
        reading = self.read(payload, request)
        keys = Counter(entry.record.key for entry in reading.entries)
        records = (
            replace(entry.record, key="") if keys[entry.record.key] > 1 else entry.record
            for entry in reading.entries
            if entry.days is None or self.wanted.meets(entry.days)
        )
        return Batch(records=tuple(records), problems=tuple(reading.problems))


def take_document(options: Options, read: Callable[[bytes, Request], Reading]) -> Document:
    """The document that the options describe; what is wrong with them is noted there."""
    if options.given("path") == options.given("url"):
        hint = "give the file of the site as 'path', or an address as 'url'"
        options.wrong("it needs either 'path' or 'url'", hint)
    return Document(
        path=options.path("path"),
        url=_address(options),
        wanted=Period(since=options.day("since"), until=options.day("until")),
        limit=options.limit(),
        read=read,
    )


def take_text(options: Options, wanted: str, read: Callable[[str, Request], Reading]) -> Document:
    """The document of a format that is text; `wanted` is its name for messages."""
    encoding = options.choice("encoding", ENCODINGS, "utf-8")
    return take_document(options, partial(_read_text, encoding, wanted, read))


def _address(options: Options) -> str:
    """The option `url`, which may have a query, as exports of other programs do."""
    written = options.text("url")
    if written and not safe_url(written):
        fact = f"'url' is not an http(s) URL: {shown(written)}"
        options.wrong(fact, "write it whole: https://…, without a name or password")
    return safe_url(written)


def _read_text(
    encoding: str,
    wanted: str,
    read: Callable[[str, Request], Reading],
    payload: bytes,
    request: Request,
) -> Reading:
    """What the text says, its lines ended by line feeds alone."""
    check_present(payload, request, wanted)
    text = _decode(payload, request, "utf-16" if payload[:2] in _WIDE else encoding)
    return read(text.replace("\r\n", "\n").replace("\r", "\n"), request)


def _decode(payload: bytes, request: Request, encoding: str) -> str:
    if encoding == "utf-8":
        return parse_text(payload, request)
    try:
        return payload.decode(encoding)
    except UnicodeDecodeError as error:
        fact = f"is not {encoding}: byte {error.start} cannot be read"
        raise refused(request, fact, remedy(request)) from None
