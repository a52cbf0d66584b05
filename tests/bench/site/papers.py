"""What everybody's site is made of: papers of the corpus, listed 25 a day."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from generator.model import Paper
from generator.text.plain import clean_text, plain_text
from tests.bench.documents import paper_of, papers_file, read_lines

TITLE = "Papers"
DESCRIPTION = "A list of papers."
BASE_URL = "https://example.org/papers/"
LAST = date(2025, 12, 31)
"""The day that the first papers are listed on."""
A_DAY = 25
EXCERPT = 240
"""Letters of an abstract in a list, at most."""
NAMES = 3
"""Authors in a list, at most."""


def papers(size: int) -> list[Paper]:
    """The first `size` papers of the corpus."""
    return [listed(paper_of(line), place) for place, line in enumerate(_lines(size))]


def _lines(size: int) -> Iterator[dict[str, object]]:
    return read_lines(papers_file(size))


def listed(paper: Paper, place: int) -> Paper:
    """The paper with the day that its place in the corpus gives it."""
    added = LAST - timedelta(days=place // A_DAY)
    return replace(paper, added=added, featured=(added,))


def organizations(among: Sequence[Paper]) -> list[str]:
    """The names of all organisations."""
    return sorted({paper.organization for paper in among if paper.organization})


# -- what Broadsheet works out for its lists; the others are given it ------------------------------


def excerpt(paper: Paper) -> str:
    """The beginning of the abstract as plain text in one line, cut between words."""
    text = " ".join(clean_text(plain_text(paper.abstract)).split())
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rpartition(' ')[0]} …"


def byline(paper: Paper) -> str:
    """The first authors and how many there are besides."""
    first, more = paper.authors[:NAMES], len(paper.authors) - NAMES
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")


def day(paper: Paper) -> date:
    """The day it is listed on."""
    return paper.added or LAST


def week(paper: Paper) -> str:
    """The ISO week of that day: `2025-W52`."""
    year, number, _ = day(paper).isocalendar()
    return f"{year}-W{number:02}"


def month(paper: Paper) -> str:
    """The month of that day: `2025-12`."""
    return f"{day(paper):%Y-%m}"
