"""Who goes by which names: content/people.yml, and how the names of people and groups compare.

Owns the schema of people.yml. Pages keep the names that they print; where papers are grouped, and
where a topic's rule is applied, a name stands for the person or the group that goes by it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from generator.errors import BroadsheetError, Problem, nearest
from generator.model import Paper, People, Rule
from generator.text import schema
from generator.text.front_matter import line_of, parse_mapping
from generator.text.slug import arxiv_id, is_paper_slug, paper_slug, slugify
from generator.text.words import document_text

PEOPLE_YML = "content/people.yml"

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_TAKEN = "a name leads to one person or group: take it out of one of the two"
_SAME = "give the other one a name that tells more: '{} (Edinburgh)'"


@lru_cache(maxsize=1 << 16)
def fold_name(name: str) -> str:
    """A person's name for comparing: without accents, case and punctuation, `Family, Given` in the
    order of `Given Family`."""
    family, *parts = name.split(",")
    suffixes = [part for part in parts if document_text(part) in _SUFFIXES]
    given = [part for part in parts if part not in suffixes]
    return document_text(" ".join([*given, family, *suffixes])) or name.casefold()


def authors_of(paper: Paper, people: People) -> tuple[str, ...]:
    """The authors of a paper, each under the name that the person goes by."""
    if not people.authors and not people.namesakes:
        return paper.authors
    return tuple(_author(name, paper.id, people) for name in paper.authors)


def _author(name: str, paper: str, people: People) -> str:
    known = people.authors.get(fold_name(name), name)
    return people.namesakes.get((fold_name(known), paper), known)


def organization_of(paper: Paper, people: People) -> str:
    """The group that a paper comes from, under the name that it goes by; "" where unknown."""
    return known_organization(paper.organization, people)


def known_organization(name: str, people: People) -> str:
    """The name that stands for all of an organisation's, by one of them."""
    return people.organizations.get(slugify(name), name) if people.organizations else name


def resolve_rule(rule: Rule, people: People) -> Rule:
    """A rule whose people and groups stand under the names that they go by."""
    return replace(
        rule,
        authors=tuple(people.authors.get(fold_name(name), name) for name in rule.authors),
        organizations=tuple(known_organization(name, people) for name in rule.organizations),
    )


def _read_paper(value: object) -> object:
    """A paper's id however it is written: YAML takes `2507.22565` without quotes for a number."""
    if isinstance(value, float):
        written = f"{value:010.5f}" if value >= 1500 else f"{value:09.4f}"
        return written if arxiv_id(written) == written else value
    if isinstance(value, str) and value.strip() and not is_paper_slug(value):
        return paper_slug(key=value)
    return value


_NAMES = schema.dict_of(schema.name(), schema.list_of(schema.name()))
_PAPER = schema.read_by(_read_paper, schema.text(min_length=1))
_NAMESAKE = schema.mapping({"name": schema.name(), "papers": schema.list_of(_PAPER, min_length=1)})
_PEOPLE = schema.Schema(
    {
        "authors": schema.optional(_NAMES, {}),
        "organizations": schema.optional(_NAMES, {}),
        "namesakes": schema.optional(schema.dict_of(schema.name(), _NAMESAKE), {}),
    }
)


def parse_people(text: str, where: str = PEOPLE_YML) -> People:
    """What the text of people.yml says. Raises BroadsheetError with every problem in it."""
    written = _read(text, where)
    problems = _Problems(text, where)
    authors = _names("authors", written["authors"], fold_name, problems)
    organizations = _names("organizations", written["organizations"], slugify, problems)
    namesakes = _namesakes(written["namesakes"], authors, problems)
    if problems.found:
        raise BroadsheetError(problems.found)
    return People(authors=authors, organizations=organizations, namesakes=namesakes)


def unknown_papers(text: str, ids: Collection[str]) -> Iterator[Problem]:
    """Where the text of people.yml names papers that are not among `ids`."""
    for name, namesake in _read(text, PEOPLE_YML)["namesakes"].items():
        for place, paper in enumerate(namesake["papers"]):
            if paper not in ids:
                line = line_of(text, ["namesakes", name, "papers", place])
                hint = nearest(paper, ids)
                yield Problem(
                    where=f"{PEOPLE_YML}:{line}",
                    fact=f"there is no paper '{paper}'",
                    hint=hint if hint.startswith("did") else "",
                )


def _read(text: str, where: str) -> dict[str, Any]:
    """The checked text; a key without a value counts as absent."""
    values = {str(k): value for k, value in parse_mapping(text, where).items() if value is not None}
    return _PEOPLE.read(values, text, where)


class _Problems:
    """Collects what is wrong with a text, with its lines."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where
        self.found: list[Problem] = []

    def add(self, path: Sequence[str | int], fact: str, hint: str) -> None:
        where = f"{self._where}:{line_of(self._text, path)}"
        self.found.append(Problem(where=where, fact=fact, hint=hint))


def _names(
    key: str,
    written: Mapping[str, Sequence[str]],
    fold: Callable[[str], str],
    problems: _Problems,
) -> dict[str, str]:
    """By folded name, the name that goes for it: a name goes for itself, too."""
    found: dict[str, str] = {}
    for name, others in written.items():
        for place, other in enumerate([name, *others]):
            taken = found.setdefault(fold(other), name)
            if taken != name:
                path: list[str | int] = [key, name, place - 1] if place else [key, name]
                problems.add(path, f"'{other}' is a name of '{taken}' already", _TAKEN)
    return found


def _namesakes(
    written: Mapping[str, Mapping[str, Any]], authors: Mapping[str, str], problems: _Problems
) -> dict[tuple[str, str], str]:
    """By folded name and paper, which person is meant."""
    found: dict[tuple[str, str], str] = {}
    for name, namesake in written.items():
        shared = fold_name(authors.get(fold_name(namesake["name"]), namesake["name"]))
        if shared == fold_name(name):
            fact = f"'{name}' is told from nobody: 'name' is the same"
            problems.add(["namesakes", name], fact, _SAME.format(namesake["name"]))
        for place, paper in enumerate(namesake["papers"]):
            taken = found.setdefault((shared, paper), name)
            if taken != name:
                fact = f"the {namesake['name']} of '{paper}' is '{taken}' already"
                problems.add(["namesakes", name, "papers", place], fact, _TAKEN)
    return found
