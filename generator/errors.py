"""What can go wrong for a user, as values: a Problem has a place, a fact and a remedy."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing a person can mend."""

    where: str
    """The place: `path`, `path:line`, a URL, or the name of a source."""
    fact: str
    """What is wrong there, lower case, the offending value quoted."""
    hint: str = ""
    """The remedy, where one is known."""

    def __str__(self) -> str:
        text = f"{self.where}: {self.fact}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class BroadsheetError(Exception):
    """A stage found problems. `problems` holds all of them, `closing` says what was not changed."""

    def __init__(self, problems: Iterable[Problem], closing: str = "") -> None:
        self.problems = tuple(problems)
        self.closing = closing
        super().__init__("\n".join([*map(str, self.problems), closing]).rstrip())


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
