"""What arXiv writes alike in all its services: versions, categories, abstracts, ids with a month.

https://info.arxiv.org/help/arxiv_identifier.html. Pure.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from generator.text.plain import clean_line, clean_text

LAG = timedelta(days=7)
"""Papers of a month's last days are announced in the next month's first."""

_VERSION = re.compile(r"v([1-9]\d{0,3})", re.ASCII)
_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[A-Za-z-]+)?", re.ASCII)
_MONTH = re.compile(r"(?:.*/)?(\d\d)(0[1-9]|1[0-2])[\d.]+", re.ASCII)
_PARAGRAPHS = re.compile(r"\n\s*\n|\n {2,}")


def version_of(identifier: str) -> int | None:
    """The version at the end of an id or URL: 3 for `2604.00001v3`; None where there is none."""
    found = _VERSION.fullmatch(identifier.strip().rpartition("v")[2].join(("v", "")))
    return int(found[1]) if found else None


def own_categories(terms: Iterable[str]) -> tuple[str, ...]:
    """arXiv's own categories, each once; MSC and ACM classes are left out."""
    return tuple(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term)))


def abstract_text(abstract: str) -> str:
    """An abstract as paragraphs: lines are joined, two blanks begin a new paragraph."""
    return clean_text("\n\n".join(map(clean_line, _PARAGRAPHS.split(abstract.strip()))))


def author_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names on one line each, without the colons that end the name of a collaboration."""
    lines = (clean_line(name) for name in names)
    return tuple(line for line in lines if any(map(str.isalnum, line)))


def first_published(arxiv: str, day: date | None) -> date | None:
    """When a paper first came out: the day a service gives with it, unless the paper's id is older.
    Then that is the day of something later (another version, a cross-listing), and all that is
    known is the month in the id: its first day."""
    found = _MONTH.fullmatch(arxiv)
    if not found:
        return day
    years = int(found[1])
    month = date(1900 + years if years > 90 else 2000 + years, int(found[2]), 1)
    following = (month + timedelta(days=32)).replace(day=1)
    return day if day and day < following + LAG else month
