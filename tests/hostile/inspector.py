"""What a page of the default theme may hold, and nothing else: whatever a stranger's text adds to
it is found, whether a browser would run it or not."""

import re
from html.parser import HTMLParser

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; require-trusted-types-for 'script'"
)
TEXT = (
    "a blockquote br code em h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul "
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow "
    "mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover img"
)
"""Elements that strangers' Markdown and formulas may make."""
FRAME = (
    "html head meta title link script body header footer main nav section article aside div span "
    "h1 form input button label select option fieldset legend svg circle path time dl dt dd "
    "details summary noscript kbd"
)
"""Elements that the theme's templates write themselves."""
ELEMENTS = frozenset(f"{TEXT} {FRAME}".split())
IDS = frozenset({"main", "bibtex", "lookup"}) | {
    f"search-{part}" for part in ("q", "form", "empty", "help", "keys", "more", "results", "status")
}
LINKS = frozenset({"stylesheet", "icon", "manifest", "search", "alternate", "canonical", "preload"})
LINKED_DATA = "application/ld+json"

_SCRIPT = re.compile(r"(?:\.\./|/some/papers/)*(?:(?:assets|search)/)?[a-z0-9]+\.js\?v=[0-9a-f]{8}")
_ACTING = re.compile(
    r"on.*|style|srcdoc|srcset|formaction|ping|background|target|xlink:.*|manifest|is|nonce"
    r"|autofocus|accesskey|contenteditable|itemprop|slot|popover.*|command.*|http-equiv"
)
_ADDRESSES = ("href", "src", "action", "data", "cite", "poster")
_IGNORED = re.compile(r"[\t\n\r]|^[\x00-\x20]+")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")


class Inspector(HTMLParser):
    """Reads a page. `wrong` lists what should not be there, `words` is its text, `linked_data`
    the JSON in it, `scripts` and `policies` are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.words: list[str] = []
        self.linked_data: list[str] = []
        self.doctypes = self.scripts = self.policies = 0
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in ELEMENTS:
            self.wrong.append(f"<{tag}>")
        if len(values) != len(attrs):
            self.wrong.append(f"<{tag}> with an attribute twice")
        if tag == "meta" and "http-equiv" in values:
            self._read_policy(values)
        else:
            self.wrong += (f"{n}={v}" for n, v in values.items() if _ACTING.fullmatch(n))
        for name in _ADDRESSES:
            if name in values and not is_harmless(values[name]):
                self.wrong.append(f"{name}={values[name]}")
        if not set(values.get("id", "main").split()) <= IDS:
            self.wrong.append(f"id={values['id']}")
        if tag == "link" and not set(values["rel"].split()) <= LINKS:
            self.wrong.append(f"rel={values['rel']}")
        if tag == "script":
            self._read_script(values)
        self._inside = values.get("type", tag) if tag in ("script", "style") else ""

    def _read_policy(self, values: dict[str, str]) -> None:
        expected = {"http-equiv": "Content-Security-Policy", "content": POLICY}
        if values != expected or self.scripts:
            self.wrong.append(f"the policy {values} after {self.scripts} scripts")
        self.policies += 1

    def _read_script(self, values: dict[str, str]) -> None:
        own = _SCRIPT.fullmatch(values.get("src", "")) and values.get("type", "module") == "module"
        if not own and values != {"type": LINKED_DATA}:
            self.wrong.append(f"<script {values}>")
        self.scripts += 1

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)
        elif self._inside == LINKED_DATA:
            self.linked_data.append(data)
        elif data.strip():
            self.wrong.append(f"a script that says {data}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"the comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.doctypes += 1
        if decl != "doctype html":
            self.wrong.append(f"the declaration {decl}")

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(f"the declaration {data}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"the instruction {data}")

    @property
    def text(self) -> str:
        """All words of the page, one blank between."""
        return " ".join("".join(self.words).split())


def is_harmless(address: str) -> bool:
    """Whether a browser would go to the site, to the web or to a mailbox: read as browsers do,
    who drop tabs, line breaks and leading control characters."""
    read = _IGNORED.sub("", address)
    scheme = _SCHEME.match(read)
    if scheme:
        return scheme[1].lower() in ("http", "https", "mailto")
    return not read.startswith(("//", "\\", "/\\"))


def inspect(page: str) -> Inspector:
    """What a whole page holds."""
    inspector = Inspector()
    inspector.feed(page)
    inspector.close()
    for name, count in (("doctype", inspector.doctypes), ("policy", inspector.policies)):
        if count != 1:
            inspector.wrong.append(f"{count} times a {name}")
    return inspector


def inspect_fragment(fragment: str) -> list[str]:
    """What is wrong with HTML inside a feed: only text may be there."""
    inspector = Inspector()
    inspector.feed(fragment)
    inspector.close()
    frame = set(FRAME.split())
    return [*inspector.wrong, *(tag for tag in re.findall(r"<(\w+)", fragment) if tag in frame)]
