"""The one place for HTML escaping outside Jinja, for the characters that may stand in text, and
for the addresses a page may link to. Everything here treats its input as written by a stranger."""

import html
import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

SCHEMES = ("http", "https")
MAX_URL = 4_000
"""Characters. Longer addresses are taken for an accident or an attack."""
REL = "noopener nofollow"
"""What links to other sites say of themselves."""

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_NEVER_IN_URL = re.compile(
    r"""[\x00-\x20\x7f-\xa0\\"<>{}`\s\u200b-\u200f\u2028-\u202e\u2060-\u2069]"""
    r"""|[\ufeff\ufff9-\uffff\ud800-\udfff]"""
)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LABEL = re.compile(r"(?!-)[^\W_](?:[\w-]{0,61}[^\W_])?", re.ASCII)
_MAIL = re.compile(r"mailto:[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}", re.IGNORECASE)
_BARE_URL = re.compile(r"(?<![A-Za-z0-9+.-])https?://\S+", re.IGNORECASE)
_TORN = re.compile(r"[ \n][A-Z][\w-]{0,50}[./]{0,4}\s{0,4}(?:\n\n|\Z)")
_TRAILING = ".,;:!?'\"”’…*_"
_PAIRS = {")": "(", "]": "["}
_KEEP = "%/:?#@!$&'()*+,;=~-._"


class BareUrl(NamedTuple):
    """An address standing in running text."""

    start: int
    end: int
    url: str
    """As `safe_url` gives it; `text[start:end]` is how it was written."""


def escape(text: str) -> str:
    """The text as HTML, for content and for quoted attribute values alike."""
    return html.escape(text, quote=True)


def escape_content(text: str) -> str:
    """The text as HTML between tags, never in an attribute: quotation marks stay as they are."""
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\u00a0", "&nbsp;")
    )


def printable(text: str) -> str:
    """The text without what no page, feed or file may hold: control characters other than white
    space, bidirectional overrides, embeddings and isolates, lone surrogates, U+FFFE and U+FFFF."""
    return text if text.isprintable() else _UNPRINTABLE.sub("", text)


def safe_url(url: str) -> str:
    """The address as a normalised absolute http or https URL, or "" where it is anything else.

    Scheme and host come out lower-case, non-ASCII characters of path and query percent-encoded
    (RFC 3987, section 3.1). Refused: other schemes, control characters, white space inside,
    backslashes, braces, quotes, credentials, a missing or malformed host or port, a `%` that
    encodes nothing. White space around it is not part of an address and is dropped."""
    url = url.strip()
    if not url or len(url) > MAX_URL or _NEVER_IN_URL.search(url) or _BAD_PERCENT.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host = _host(parts)
    except ValueError:
        return ""
    if parts.scheme not in SCHEMES or not host:
        return ""
    return f"{parts.scheme}://{host}{_tail(parts)}"


def safe_href(url: str) -> str:
    """An address inside a curator's Markdown: what `safe_url` allows, `mailto:` with one plain
    address, a path or a fragment within the site (`/topics/`, `../`, `#x`); else ""."""
    url = url.strip()
    if absolute := safe_url(url):
        return absolute
    if _MAIL.fullmatch(url):
        return "mailto:" + url[7:]
    return _relative(url)


def bare_urls(text: str) -> Iterator[BareUrl]:
    """The intact http(s) addresses in running text, in order.

    An address is the whole run of characters up to the next white space, less the punctuation
    that ends it. A run that is no valid URL as it stands is passed over, never repaired: half an
    address would be a broken link. So is one followed by a single capitalised word that ends
    the paragraph (`https://host/PETL AST.`): there the run lost a character."""
    for match in _BARE_URL.finditer(text) if "://" in text else ():
        if found := _intact(text, match):
            yield found


def bare_url_at(text: str, start: int) -> BareUrl | None:
    """The intact address that begins at `start`, as `bare_urls` would give it."""
    match = _BARE_URL.match(text, start)
    return _intact(text, match) if match else None


def is_torn(text: str, end: int) -> bool:
    """Whether an address that ends there lost a character: one capitalised word follows, and with
    it the paragraph ends."""
    return _TORN.match(text, end) is not None


def is_external(href: str) -> bool:
    """Whether an address already found safe leads out of the site."""
    return href.startswith(("http://", "https://"))


def _intact(text: str, match: re.Match[str]) -> BareUrl | None:
    """The address a run of characters is, where it is one and nothing is missing from it."""
    written = _without_punctuation(match[0]) if len(match[0]) <= MAX_URL else ""
    url = safe_url(written)
    if not url or is_torn(text, match.end()):
        return None
    return BareUrl(match.start(), match.start() + len(written), url)


def _host(parts: SplitResult) -> str:
    """Host and port in lower case; "" when missing, malformed or with credentials."""
    if "@" in parts.netloc or parts.netloc.endswith(":"):
        return ""
    name = parts.hostname or ""
    port = "" if parts.port is None else f":{parts.port}"
    if parts.netloc.startswith("["):
        return f"[{ipaddress.IPv6Address(name)}]{port}"
    return name + port if _is_host_name(name) else ""


def _is_host_name(name: str) -> bool:
    if not 0 < len(name) <= 253 or unicodedata.normalize("NFKC", name) != name:
        return False
    labels = name.removesuffix(".").split(".")
    if labels[-1].isdecimal():
        return bool(ipaddress.IPv4Address(name))
    return all(map(_is_label, labels))


def _is_label(label: str) -> bool:
    if label.isascii():
        return _LABEL.fullmatch(label) is not None
    letters = (c.isalnum() or c == "-" or unicodedata.category(c)[0] == "M" for c in label)
    return len(label) <= 63 and all(letters) and "-" not in (label[0], label[-1])


def _tail(parts: SplitResult) -> str:
    """Path, query and fragment, percent-encoded where a URL must be."""
    path = quote(parts.path, safe=_KEEP) or "/"
    query = "?" + quote(parts.query, safe=_KEEP) if parts.query else ""
    fragment = "#" + quote(parts.fragment, safe=_KEEP) if parts.fragment else ""
    return path + query + fragment


def _relative(url: str) -> str:
    """A path or fragment within the site, percent-encoded; else ""."""
    if not url or len(url) > MAX_URL or _NEVER_IN_URL.search(url) or _BAD_PERCENT.search(url):
        return ""
    if url.startswith("//") or ":" in re.split("[/?#]", url, maxsplit=1)[0]:
        return ""
    return quote(url, safe=_KEEP)


def _without_punctuation(run: str) -> str:
    """A run of characters less what ends a sentence or closes a bracket opened before it."""
    while run:
        last = run[-1]
        closes = last in _PAIRS and run.count(last) > run.count(_PAIRS[last])
        if last not in _TRAILING and not closes:
            break
        run = run[:-1]
    return run
