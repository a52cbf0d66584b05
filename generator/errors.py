"""What can go wrong for a user, as values: a Problem has a place, a fact and a remedy."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import force_setattr

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line breaks, what turns the direction of text, and lone surrogates."""


def visible(text: str) -> str:
    """The text with control characters and the like as escapes (`\\x1b`), so that what a stranger
    wrote can neither steer a terminal nor pass for another line."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Problem(Struct, frozen=True, kw_only=True, order=True):
    """One thing a person can mend. What it quotes may be a stranger's: all of it is `visible`."""

    where: str
    """The place: `path`, `path:line`, a URL, or the name of a source."""
    fact: str
    """What is wrong there, lower case, the offending value quoted."""
    hint: str = ""
    """The remedy, where one is known."""

    def __post_init__(self) -> None:
        for name in ("where", "fact", "hint"):
            force_setattr(self, name, visible(getattr(self, name)))

    def __str__(self) -> str:
        text = f"{self.where}: {self.fact}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class BroadsheetError(Exception):
    """A stage found problems. `problems` holds all of them, `closing` says what was not changed."""

    def __init__(self, problems: Iterable[Problem], closing: str = "") -> None:
        self.problems = tuple(problems)
        self.closing = closing
        super().__init__("\n".join([*map(str, self.problems), closing]).rstrip())

    def __reduce__(self) -> tuple[object, ...]:
        """Problems come back whole from another process."""
        return BroadsheetError, (self.problems, self.closing)


def problem(where: str, fact: str, hint: str = "") -> BroadsheetError:
    """An error of a single problem, for stages that cannot go on."""
    return BroadsheetError([Problem(where=where, fact=fact, hint=hint)])


@contextmanager
def closing(line: str) -> Iterator[None]:
    """Problems that come out of the block end with a line that says what was not changed."""
    try:
        yield
    except BroadsheetError as error:
        raise BroadsheetError(error.problems, error.closing or line) from None


def counted(number: int, one: str) -> str:
    """`1 paper`, `1,234 papers`: a number and its noun, whose plural takes an s."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def size_in_words(size: int) -> str:
    """`9.4 MB`, in powers of 1,000 as GitHub counts."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to a mistyped one, or all of them."""
    import difflib  # only where something went wrong

    words = list(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(words)}"


def shown(value: object) -> str:
    """A value of the user's, quoted and cut for a message."""
    text = "true" if value is True else "false" if value is False else str(value)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"
