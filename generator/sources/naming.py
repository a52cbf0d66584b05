"""What people name a paper by: an arXiv id, a DOI, an address. Pure.

An address of arXiv, of doi.org, of Hugging Face's papers or of a publisher that shows the DOI says
as much as the bare id; of any other the page has to be asked.
"""

import re
from urllib.parse import urlsplit

from msgspec import Struct

from generator.sources.identifiers import arxiv_id, bare_doi
from generator.text import slug
from generator.text.safety import safe_url

_ARXIV_HOSTS = ("arxiv.org", "alphaxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org")
_TAIL = re.compile(
    r"(?:/(?:full|abstract|summary|references|e?pdf|html|meta)|(?<=\d)v\d+(?:\.full)?(?:\.pdf)?"
    r"|(?:\.full)?\.pdf)+$"
)
"""What publishers write behind a DOI in the address of a page."""


class Name(Struct, frozen=True, kw_only=True):
    """What somebody wrote of one paper; exactly one of the three is known."""

    arxiv: str = ""
    doi: str = ""
    url: str = ""
    """An http(s) address that says nothing by itself."""

    @property
    def address(self) -> str:
        """The name as an address, whatever it was written as."""
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}"
        return f"https://doi.org/{self.doi}" if self.doi else self.url


def read_name(text: str) -> Name | None:
    """The paper that a text names; None where it is neither an id nor an address."""
    text = text.strip()
    arxiv = slug.arxiv_id(arxiv_id(text)) or _arxiv_of(text)
    if arxiv:
        return Name(arxiv=arxiv)
    doi = bare_doi(text) or _doi_of(text)
    if doi:
        return Name(doi=doi)
    url = safe_url(text) if "://" in text else ""
    return Name(url=url) if url else None


def _arxiv_of(text: str) -> str:
    """The id in the DOI that arXiv gives, or in the address of a paper's page."""
    doi = bare_doi(text)
    if doi:
        return slug.arxiv_id(doi) if doi.startswith("10.48550/") else ""
    host, path = _host_and_path(text)
    if host in _ARXIV_HOSTS or (host == "huggingface.co" and path.startswith("/papers/")):
        return slug.arxiv_id(path)
    return ""


def _doi_of(text: str) -> str:
    """The DOI in the path of an address."""
    _, path = _host_and_path(text)
    return _TAIL.sub("", slug.doi(path)) if path else ""


def _host_and_path(text: str) -> tuple[str, str]:
    """Of an http(s) address; two empty texts for anything else."""
    url = safe_url(text) if "://" in text else ""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("export.")
    return host, parts.path
