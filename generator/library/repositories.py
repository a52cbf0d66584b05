"""Which repository of code an abstract names, if it is clear which. Pure.

Whatever is in doubt is no repository: a missing link costs a look, a wrong one costs trust. What
abstracts name at Hugging Face is no code: of 32 addresses in a year and a half of its daily papers,
28 led to weights, data or a demonstration.
"""

import re
from collections.abc import Iterator

from generator.text.safety import is_torn

_NESTED = "gitlab.com"
"""Has groups within groups."""
_HOSTS = ("github.com", _NESTED, "bitbucket.org", "codeberg.org")
_ADDRESS = re.compile(
    rf"(?<![\w.@/:%=?&#-])(?:https?://)?(?:www\.)?({'|'.join(map(re.escape, _HOSTS))})"
    r"/([A-Za-z0-9._~/+-]++)(?![\w\\^$%*@:&=|]|\{(?![A-Za-z]))",
    re.IGNORECASE | re.ASCII,
)
"""A host that stands by itself, a path, and behind it nothing that may be more of the path; in
braces may follow what a link in TeX was called."""
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._-]{0,99}[A-Za-z0-9_]", re.ASCII)
_RUN_ON = re.compile(r"\.[A-Z][a-z]")
"""A sentence that begins without a blank before it: `…/repo.We show`."""
_NOT_OWNERS = frozenset({
    "about", "account", "api", "apps", "blog", "dashboard", "explore", "features", "groups", "help",
    "join", "learn", "login", "marketplace", "organizations", "orgs", "pricing", "search",
    "settings", "site", "sponsors", "topics", "trending", "user", "users",
})  # fmt: skip
"""Pages of the hosts themselves."""
_NOT_PROJECTS = frozenset({"-", "tree", "blob", "raw"})
"""Where at GitLab the path within a project begins."""


def repository_in(text: str) -> str:
    """The address of the one repository that a text names, as its host writes it; "" where it names
    none, or several."""
    found: dict[str, str] = {}
    for host, owner_and_name in _repositories(text.replace("\\_", "_").replace("{_}", "_")):
        url = f"https://{host}/{owner_and_name}"
        found.setdefault(url.lower(), url)
    return next(iter(found.values())) if len(found) == 1 else ""


def _repositories(text: str) -> Iterator[tuple[str, str]]:
    for match in _ADDRESS.finditer(text):
        host = match[1].lower()
        if _goes_on(text, match):
            continue
        segments = match[2].rstrip(".").rstrip("/").split("/")
        place = _project(segments) if host == _NESTED else _two_segments(segments)
        if place:
            yield host, place


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Whether letters of another alphabet touch the address, or it was torn."""
    around = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
    torn = not match[2].endswith(".") and is_torn(text, match.end())
    return torn or any(map(str.isalnum, around))


def _two_segments(segments: list[str]) -> str:
    """Owner and name, of whatever is below them; "" where they are no repository."""
    owner, name = [*segments, "", ""][:2]
    name = name.rstrip(".").removesuffix(".git")
    known = _OWNER.fullmatch(owner) and owner.lower() not in _NOT_OWNERS
    clear = _NAME.fullmatch(name) and not _RUN_ON.search(name)
    return f"{owner}/{name}" if known and clear else ""


def _project(segments: list[str]) -> str:
    """A GitLab project, which groups within groups may hold."""
    ends = (number for number, each in enumerate(segments) if each in _NOT_PROJECTS)
    segments = segments[: next(ends, len(segments))]
    place = _two_segments(segments[-2:])
    groups = segments[:-2]
    if not place or not all(map(_OWNER.fullmatch, groups)) or segments[0].lower() in _NOT_OWNERS:
        return ""
    return "/".join([*groups, place])
