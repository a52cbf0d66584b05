"""Text as XML 1.0 allows it, for feeds, the sitemap and the OpenSearch description."""

import re
from collections.abc import Mapping
from html import escape

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0's production `Char` leaves out, and the C1 controls it discourages."""
_IN_ATTRIBUTE = str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
"""What an attribute cannot hold as it is: its end, and white space that a reader makes blanks."""


def xml_text(text: str) -> str:
    """`text` without the characters XML 1.0 forbids, even as references, or discourages."""
    return _FORBIDDEN.sub("", text)


def format_element(name: str, text: str = "", attributes: Mapping[str, str] | None = None) -> str:
    """One element holding only text, everything escaped: `<loc>https://…</loc>`."""
    shown = "".join(
        f' {key}="{escape(xml_text(value), quote=False).translate(_IN_ATTRIBUTE)}"'
        for key, value in (attributes or {}).items()
    )
    content = escape(xml_text(text), quote=False)
    return f"<{name}{shown}>{content}</{name}>" if text else f"<{name}{shown}/>"
