"""Addresses that leave the site: absolute URLs for feeds, JSON, citations and the sitemap.

Links between pages are relative and belong to the pages; nothing here is for them.
"""

import re
from urllib.parse import quote

_KEPT = "/:?#[]@!$&'()*+,;=%-._~"
"""What RFC 3986 allows in a URL besides letters and digits, and the percent sign of what is
encoded already."""
_as_it_is = re.compile(f"[{re.escape(_KEPT)}a-zA-Z0-9]*").fullmatch


def absolute_url(base_url: str, url: str) -> str:
    """The absolute URL of `url` (`/papers/2507.22565/`, `/feed.xml`) on the site at `base_url`.

    The site may lie under a sub-path: `url` is counted from the site's root, not the host's.
    Characters that may not stand in a URL (RFC 3986) are percent-encoded as UTF-8.
    """
    path = url.lstrip("/")
    return f"{base_url.rstrip('/')}/{path if _as_it_is(path) else quote(path, safe=_KEPT)}"
