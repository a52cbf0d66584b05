"""Names that are safe in a path and a URL on every system: of topics and people, and the identity
of papers (contract, section 4)."""

import hashlib
import re

from slugify import slugify as _slugify

MAX_LENGTH = 100
"""Characters of any slug."""

_PAPER = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.))*(?<!\.)")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
_ARXIV_CONTEXT = r"(?:\A|(?<=[/:\s(\[]))"
_ARXIV_END = r"(?:v[0-9]+)?(?:\.pdf)?(?=[\s?#,;)\]/]|\.?\Z)"
_ARXIV = re.compile(
    _ARXIV_CONTEXT
    + r"([0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}"
    + r"|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3})"
    + _ARXIV_END
)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.", re.IGNORECASE)
_DOI = re.compile(r"(?:\A|(?<=[/:\s(]))(10\.[0-9]{4,9}(?:\.[0-9]+)*/[^\s\"<>\\{}^`|]+)")


def slugify(text: str, max_length: int = MAX_LENGTH) -> str:
    """The text as lower-case `a-z0-9-`, cut at a word; `x-` and eight hex digits of its BLAKE2b
    digest where nothing of it can be written so."""
    slug = _slugify(text[:2_000], max_length=max_length, word_boundary=True)
    if not slug:
        return f"x-{_digest(text)}"
    return f"{slug}-x" if _RESERVED.match(slug) else slug


def paper_slug(
    *, arxiv: str = "", doi: str = "", key: str = "", title: str = "", year: int | None = None
) -> str:
    """A paper's identity: of its arXiv id, else its DOI, else the source's key, else its title
    and year. Where writing it so loses more than case and slashes, eight hex digits of a digest
    follow, so that two papers do not share it."""
    if arxiv:
        return _from_id(arxiv_id(arxiv) or arxiv)
    if doi:
        return _from_id(doi)
    if key:
        return _from_id(key)
    return _from_title(title, year)


def with_suffix(slug: str, number: int) -> str:
    """The slug for the `number`th paper that came to it: `x` → `x-2`; at most 100 characters."""
    suffix = f"-{number}"
    return slug[: MAX_LENGTH - len(suffix)].rstrip(".-") + suffix


def is_paper_slug(text: str) -> bool:
    """Whether the text may stand as a paper's id and as the name of its file."""
    return (
        len(text) <= MAX_LENGTH
        and _PAPER.fullmatch(text) is not None
        and _RESERVED.match(text) is None
    )


def arxiv_id(text: str) -> str:
    """The first arXiv id in an id, a URL, a DOI or `arXiv:…`, without version; "" without one.

    `2507.22565` (since 2007-04) and `hep-th/9901001`, `math.GT/0309136` (before)."""
    match = _ARXIV.search(_ARXIV_DOI.sub("arxiv:", text[:4_000]).replace("arXiv.", "arXiv:"))
    return match[1] if match else ""


def doi(text: str) -> str:
    """The first DOI in a text or URL, bare and in lower case; "" without one. The punctuation
    that ends a sentence, and a bracket not opened inside, are not part of it."""
    match = _DOI.search(text[:4_000].replace("%2F", "/").replace("%2f", "/"))
    if not match:
        return ""
    found = match[1].rstrip(".,;:'")
    while found.endswith(")") and found.count(")") > found.count("("):
        found = found[:-1].rstrip(".,;:'")
    return found.lower()


def _from_id(identifier: str) -> str:
    """An identifier with its slashes as hyphens; with a digest where more than that was lost."""
    wanted = identifier.strip().lower().replace("/", "-")
    slug = re.sub(r"\.{2,}", ".", re.sub(r"[^a-z0-9.-]+", "-", wanted)).strip(".-")
    if slug == wanted and is_paper_slug(slug):
        return slug
    return _with_digest(slug, identifier)


def _from_title(title: str, year: int | None) -> str:
    """`training-language-models-…-2024`: as many whole words as fit."""
    end = f"-{year}" if year else ""
    whole = _slugify(title[:2_000])
    slug = f"{_cut(whole, MAX_LENGTH - len(end))}{end}" if whole else ""
    if whole and len(whole) + len(end) <= MAX_LENGTH and is_paper_slug(slug) and _is_latin(title):
        return slug
    return _with_digest(_cut(whole, MAX_LENGTH - 9 - len(end)), title, end)


def _is_latin(title: str) -> bool:
    """Whether a title's slug tells it from others: most of its letters survive in it."""
    letters = [c for c in title if c.isalpha()]
    return sum(c < "\u0250" for c in letters) * 2 > len(letters)


def _with_digest(slug: str, text: str, end: str = "") -> str:
    """`slug-1a2b3c4d` and `end`, at most 100 characters, whatever the slug is."""
    kept = slug[: MAX_LENGTH - 9 - len(end)].strip(".-")
    if not kept or _RESERVED.match(kept):
        kept = f"x-{kept}".rstrip("-")[: MAX_LENGTH - 9 - len(end)]
    return f"{kept}-{_digest(text)}{end}"


def _cut(slug: str, length: int) -> str:
    """The slug's first words that fit."""
    if len(slug) <= length:
        return slug
    return slug[: length + 1].rpartition("-")[0] or slug[:length]


def _digest(text: str) -> str:
    """Eight hex digits of a text's BLAKE2b digest."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
