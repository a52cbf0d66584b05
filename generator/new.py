"""The story of a new site: the starter's files, filled in, in a folder of their own."""

import importlib.metadata
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from generator import __version__
from generator.errors import BroadsheetError, Problem, nearest
from generator.storage.tree import bundled, decode, entry_names, list_files, read_bytes, write_file
from generator.text.front_matter import format_mapping
from generator.text.plain import clean_line

DISTRIBUTION = "broadsheet"
UNKNOWN_ORIGIN = f"{DISTRIBUTION} @ git+https://github.com/OWNER/REPOSITORY"
"""Stands in requirements.txt where nobody but the user knows what to install."""
_PLACES = {
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "pages.yml": ".github/workflows/pages.yml",
    "requirements.txt": "requirements.txt",
    "site.yml": "content/site.yml",
    "submit-paper.yml": ".github/ISSUE_TEMPLATE/submit-paper.yml",
    "submit.yml": ".github/workflows/submit.yml",
    "zizmor.yml": ".github/zizmor.yml",
}
"""Where the starter's files go."""
_ALLOWED = (".git",)
"""What may already lie in the folder: a repository that holds nothing yet."""


class Created(Struct, frozen=True, kw_only=True):
    """A new site."""

    folder: Path
    paths: tuple[str, ...]
    """Its files."""
    origin_known: bool
    """Whether requirements.txt names the Broadsheet that made it; else the user has to."""


def create_site(
    folder: Path, *, title: str = "", sources: Sequence[str] = (), topics: Sequence[str] = ()
) -> Created:
    """Write a small site that builds at once into an empty folder.

    `title`: from the folder's name where empty. `sources`: `huggingface` (also where there are
    none) or `arxiv:QUERY`. `topics`: slugs of the topics that come with Broadsheet; all where
    empty. Raises BroadsheetError with everything that is wrong; then nothing is written."""
    problems = _folder_problems(folder)
    configs = _configs(sources or ("huggingface",), problems)
    pages = _topic_pages(topics, problems)
    if problems:
        raise BroadsheetError(problems, "Nothing was written.")
    requirement = _requirement()
    name = clean_line(title) or folder.resolve().name.replace("-", " ").capitalize()
    words = {
        "NAME": name,
        "TITLE": json.dumps(name, ensure_ascii=False),
        "DESCRIPTION": json.dumps(f"{name}, kept with Broadsheet.", ensure_ascii=False),
        "SOURCES": "\n".join(map(_list_item, configs)),
        "REQUIREMENT": requirement,
    }
    files = {**_starter_files(words), **pages}
    for path, content in sorted(files.items()):
        write_file(folder, path, content)
    known = requirement != UNKNOWN_ORIGIN
    return Created(folder=folder, paths=tuple(sorted(files)), origin_known=known)


def _folder_problems(folder: Path) -> list[Problem]:
    held = [name for name in entry_names(folder) if name not in _ALLOWED]
    if not held:
        return []
    hint = "name a folder that is empty or not there yet"
    return [Problem(where=f"{folder}/", fact=f"is not empty: it holds '{held[0]}'", hint=hint)]


def _configs(sources: Iterable[str], problems: list[Problem]) -> list[dict[str, Any]]:
    """Entries of site.yml; a second one of a type gets a number behind its name."""
    configs: list[dict[str, Any]] = []
    for text in sources:
        config = _config(text)
        if config is None:
            hint = "known are huggingface and arxiv:QUERY, such as arxiv:cat:cs.RO"
            fact = f"'{text}' is no source that a site can start with"
            problems.append(Problem(where="--source", fact=fact, hint=hint))
            continue
        same = sum(1 for other in configs if other["type"] == config["type"])
        number = f"-{same + 1}" if same else ""
        configs.append({**config, "name": f"{config['name']}{number}"})
    return configs


def _config(text: str) -> dict[str, Any] | None:
    kind, _, query = text.strip().partition(":")
    if (kind, query) == ("huggingface", ""):
        return {"name": "daily", "type": "huggingface"}
    if kind == "arxiv" and query.strip():
        return {"name": "arxiv", "type": "arxiv", "query": clean_line(query), "limit": 50}
    return None


def _list_item(config: Mapping[str, Any]) -> str:
    lines = format_mapping(config).splitlines()
    return "  - " + "\n    ".join(lines)


def _topic_pages(slugs: Sequence[str], problems: list[Problem]) -> dict[str, bytes]:
    """The chosen topics' pages by path in the new site."""
    known = {
        path.removeprefix("topics/").removesuffix(".md"): (home, path)
        for home in bundled("starter")
        for path in list_files(home, "topics")
    }
    problems += [
        Problem(where="--topics", fact=f"there is no topic '{slug}'", hint=nearest(slug, known))
        for slug in slugs
        if slug not in known
    ]
    chosen = [slug for slug in (slugs or known) if slug in known]
    return {f"content/topics/{slug}.md": read_bytes(*known[slug]) for slug in chosen}


def _starter_files(words: Mapping[str, str]) -> dict[str, bytes]:
    (home,) = bundled("starter")
    files = {}
    for name, place in _PLACES.items():
        text = decode(read_bytes(home, name), name)
        files[place] = re.sub(r"@([A-Z]+)@", lambda mark: words[mark[1]], text).encode()
    return files


def _requirement() -> str:
    """What pip has to install to get this very Broadsheet: the commit or archive it was installed
    from (PEP 610), else the release. A folder of this machine is of no use elsewhere."""
    try:
        record = importlib.metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN_ORIGIN
    if record is None:
        return f"{DISTRIBUTION}=={__version__}"
    origin = json.loads(record)
    if origin["url"].startswith("file:"):
        return UNKNOWN_ORIGIN
    if commit := origin.get("vcs_info", {}).get("commit_id"):
        return f"{DISTRIBUTION} @ git+{origin['url']}@{commit}"
    return f"{DISTRIBUTION} @ {origin['url']}"
