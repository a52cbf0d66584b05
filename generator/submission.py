"""The story of a submission: a reader's issue form becomes a paper in content/, or an answer.

All of the form is a stranger's. It is read from the file that GitHub gives a workflow, as strictly
as the form is filled in, and of it only an id or an address and slugs of topics are used. Whatever
is written for the issue and the pull request stands in a fence of code, where no name is told, no
link leads anywhere and no mark-up is rendered.
"""

import datetime
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from generator.add import Added, Wish, add
from generator.errors import BroadsheetError, Problem, problem
from generator.sources import Politeness
from generator.sources.naming import Name, read_name
from generator.sources.values import as_object
from generator.storage.tree import file_size, read_bytes, write_file

COMMENT, PULL_REQUEST = "comment.md", "pull-request.md"
ADDED, HERE, REFUSED = "added", "here", "refused"
"""What becomes of a submission."""
MOST_BYTES = 2_000_000
"""Of an event: an issue has at most 65,536 characters, and its repository comes with it."""
MOST_OF_A_FORM = 10_000
MOST_OF_A_LINE = 400
MOST_TOPICS = 8
MOST_TOLD = 4_000
"""Characters of messages in a comment."""

_FORM = re.compile(
    r"### Paper\n\n(?P<paper>[^\n]*)\n\n### Topics\n\n(?P<topics>[^\n]*)\n\n### Note\n\n.*",
    re.DOTALL,
)
_NOTHING = "_No response_"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", re.ASCII)
_PRIVATE = ("local", "localhost", "internal", "intranet", "lan", "home", "corp", "test", "arpa")
"""Last parts of names that lead nowhere in public."""

_SAID = {
    ADDED: "Thank you. A pull request adds this paper; a curator of the site decides about it.",
    HERE: "Thank you. This paper is on the site already.",
    REFUSED: "This could not be added. Edit the form above, and it is read again.",
}
_PROPOSED = (
    "Closes #{number}.\n\n"
    "A reader submitted this paper. Title, abstract and links come from the service or the page "
    "that was named; look at them before you merge. An edit of the issue renews this branch until "
    "somebody else commits to it.\n"
)


class Submission(Struct, frozen=True, kw_only=True):
    """What a reader asks for."""

    name: Name
    topics: tuple[str, ...]


def answer_submission(
    root: Path,
    event: Path,
    folder: Path,
    *,
    today: datetime.date,
    politeness: Politeness | None = None,
) -> str:
    """Add what the issue of a GitHub event asks for to the site at `root`, and write the answer to
    the issue, and the text of a pull request, into `folder`. Returns one of ADDED, HERE, REFUSED.

    Raises BroadsheetError where the event is not one of an issue, or nothing can be written."""
    number, body = _read_issue(event)
    try:
        asked = parse_submission(body)
        wish = Wish(whats=(asked.name.address,), topics=asked.topics)
        done = add(root, wish, today=today, politeness=politeness)
    except BroadsheetError as error:
        state, told = REFUSED, "\n".join(map(str, map(_of_the_form, error.problems)))
    else:
        state, told = ADDED if done.new else HERE, _told(done)
    _write(folder, COMMENT, f"{_SAID[state]}\n\n{fenced(told)}")
    _write(folder, PULL_REQUEST, f"{_PROPOSED.format(number=number)}\n{fenced(told)}")
    return state


def _read_issue(event: Path) -> tuple[int, str]:
    """The number and the text of the issue that an event is of. Raises BroadsheetError."""
    if file_size(event) > MOST_BYTES:
        raise problem(str(event), f"is larger than {MOST_BYTES} bytes")
    try:
        value = json.loads(read_bytes(event.parent, event.name))
    except (ValueError, RecursionError):
        raise problem(str(event), "is not JSON") from None
    issue: Any = as_object(as_object(value).get("issue"))
    number, body = issue.get("number"), issue.get("body") or ""
    if type(number) is not int or not isinstance(body, str):
        raise problem(str(event), "is no event of an issue", "the workflow runs on 'issues'")
    return number, body


def parse_submission(body: str) -> Submission:
    """What a form asks for. Raises BroadsheetError with everything that is wrong with it."""
    found = _FORM.fullmatch(body.replace("\r\n", "\n"))
    if len(body) > MOST_OF_A_FORM or not found:
        fact = "is too long" if found or len(body) > MOST_OF_A_FORM else "is not as it was given"
        raise problem("the form", fact, "open a new issue with the form 'Submit a paper'")
    problems: list[Problem] = []
    name = _read_paper(_answer(found["paper"]), problems)
    topics = _read_topics(_answer(found["topics"]), problems)
    if problems or not name:
        raise BroadsheetError(problems)
    return Submission(name=name, topics=topics)


def _answer(line: str) -> str:
    return "" if line.strip() == _NOTHING else line.strip()


def _read_paper(line: str, problems: list[Problem]) -> Name | None:
    name = read_name(line) if len(line) <= MOST_OF_A_LINE else None
    if name and (not name.url or _is_public(name.url)):
        return name
    fact = "is not one arXiv id, DOI or https address"
    hint = "write one alone, as in 2507.22565 or https://doi.org/10.1145/3292500.3330701"
    problems.append(Problem(where="Paper", fact=fact, hint=hint))
    return None


def _is_public(url: str) -> bool:
    """Whether an address can be a public one by its looks. What a private network has behind such a
    name shows no certificate for it, and the client follows no redirect into one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    plain = parts.scheme == "https" and parts.netloc.lower() == host
    return plain and bool(_HOST.fullmatch(host)) and host.rpartition(".")[2] not in _PRIVATE


def _read_topics(line: str, problems: list[Problem]) -> tuple[str, ...]:
    """Slugs, parted by commas; whether there are such topics, `add` knows."""
    slugs = tuple(dict.fromkeys(filter(None, (part.strip() for part in line.split(",")))))
    if len(slugs) > MOST_TOPICS:
        fact = f"are more than {MOST_TOPICS}"
    elif not all(_SLUG.fullmatch(slug) and len(slug) <= 100 for slug in slugs):
        fact = "are not slugs with commas between them"
    else:
        return slugs
    hint = "write them as in the addresses of their pages: reinforcement-learning, robotics"
    problems.append(Problem(where="Topics", fact=fact, hint=hint))
    return ()


def _of_the_form(found: Problem) -> Problem:
    """A problem whose place is named as the form has it."""
    return replace(found, where="Topics") if found.where == "--topic" else found


def _told(done: Added) -> str:
    papers = [f"{paper.path}: {paper.title}" for paper in (*done.new, *done.here)]
    return "\n".join([*papers, *map(str, done.problems)])


def fenced(text: str) -> str:
    """A text as a block of code that nothing in it can end."""
    text = text if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD]} …"
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def _write(folder: Path, name: str, text: str) -> None:
    write_file(folder, name, text.encode())
