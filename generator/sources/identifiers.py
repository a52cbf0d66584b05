"""The names papers have elsewhere: arXiv ids and DOIs, and the links that follow from them.

arXiv: https://info.arxiv.org/help/arxiv_identifier.html. DOI: the pattern Crossref recommends.
"""

import re

from generator.model import LINK_KINDS, Link
from generator.text.safety import safe_url

_NEW_STYLE = r"\d{4}\.\d{4,5}"
_OLD_STYLE = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7}"
_ARXIV = re.compile(
    rf"(?:arxiv:|https?://(?:[a-z.]+\.)?arxiv\.org/(?:abs|pdf)/)?({_NEW_STYLE}|{_OLD_STYLE})"
    r"(?:v\d+)?(?:\.pdf)?",
    re.IGNORECASE | re.ASCII,
)
_DOI = re.compile(
    r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/[^\s\"<>]+)", re.IGNORECASE
)


def arxiv_id(text: str) -> str:
    """The arXiv id without version in an id or an arxiv.org URL; empty where it is neither."""
    found = _ARXIV.fullmatch(text.strip())
    return found[1] if found else ""


def bare_doi(text: str) -> str:
    """The DOI, bare and lower case, in a DOI or a doi.org URL; empty where it is neither."""
    found = _DOI.fullmatch(text.strip())
    return found[1].lower() if found else ""


def paper_links(*, arxiv: str = "", doi: str = "", **urls: str) -> tuple[Link, ...]:
    """Links in the order of LINK_KINDS: those given by kind (an unsafe or empty URL is left out),
    and those that follow from the arXiv id and the DOI where no other was given."""
    known = {
        "abstract": f"https://arxiv.org/abs/{arxiv}" if arxiv else "",
        "pdf": f"https://arxiv.org/pdf/{arxiv}" if arxiv else "",
        "doi": f"https://doi.org/{doi}" if doi else "",
    }
    safe = {
        kind: safe_url(urls.get(kind, "")) or safe_url(known.get(kind, "")) for kind in LINK_KINDS
    }
    return tuple(Link(kind=kind, url=url) for kind, url in safe.items() if url)
