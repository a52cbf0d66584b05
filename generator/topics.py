"""The story of `topics`: what the rules of a site catch, and which topics would catch the rest."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from generator.content import load_library
from generator.errors import BroadsheetError, Problem, closing, counted, nearest
from generator.library.proposals import Proposal, propose
from generator.library.topics import Match, Subject, match_topics, subject_of
from generator.model import Library, Paper, Rule, Topic
from generator.storage.tree import write_text
from generator.text.front_matter import format_page
from generator.text.plain import plain_title
from generator.text.slug import slugify, with_suffix

_EXAMPLES = 5
"""Titles that stand for a proposal's papers."""
_SHOWN = 3
"""Titles that stand for a topic's papers, and topics that share most of them."""


class Suggestion(Struct, frozen=True, kw_only=True):
    """A topic that some papers without one would make."""

    slug: str
    title: str
    papers: int
    """Papers without a topic that its rule would catch."""
    others: int
    """Papers of other topics that it would catch as well."""
    examples: tuple[str, ...]
    page: str
    """The text of its page, for a person to go on with."""

    @property
    def path(self) -> str:
        """Where its page goes."""
        return f"content/topics/{self.slug}.md"


class Suggested(Struct, frozen=True, kw_only=True):
    """What a site's papers without a topic have in common."""

    papers: int
    """All papers, drafts counted."""
    lacking: int
    """Those that no rule catches and whose pages name no topic."""
    topics: tuple[Suggestion, ...]


def suggest(root: Path, most: int) -> Suggested:
    """At most so many new topics for the site. Raises BroadsheetError where content/ is wrong."""
    library = load_library(root, drafts=True)
    lacking, others = _parted(library)
    proposals = list(propose(lacking, others, most))
    return Suggested(
        papers=len(lacking) + len(others),
        lacking=len(lacking),
        topics=tuple(_suggestions(proposals, library, lacking, others)),
    )


def _parted(library: Library) -> tuple[list[Subject], list[Subject]]:
    """The papers that lack a topic and those that have one, the newest first."""
    lacking: list[Subject] = []
    others: list[Subject] = []
    for paper in library:
        subject = subject_of(paper, library.people)
        caught = paper.topics or match_topics(subject, library.topics.values(), limit=1)
        (others if caught else lacking).append(subject)
    return lacking, others


def _suggestions(
    proposals: Sequence[Proposal],
    library: Library,
    lacking: Sequence[Subject],
    others: Sequence[Subject],
) -> Iterator[Suggestion]:
    topics = list(_topics(proposals, library))
    caught = [_caught(topics, subjects) for subjects in (lacking, others)]
    for topic in topics:
        inside, outside = (found.get(topic.slug, []) for found in caught)
        fields = {
            "title": topic.title,
            "rule": {"text": list(topic.rule.text if topic.rule else ())},
        }
        yield Suggestion(
            slug=topic.slug,
            title=topic.title,
            papers=len(inside),
            others=len(outside),
            examples=tuple(plain_title(subject.title) for subject in inside[:_EXAMPLES]),
            page=format_page(fields, ""),
        )


def _topics(proposals: Sequence[Proposal], library: Library) -> Iterator[Topic]:
    """The proposals as topics, under slugs that are free."""
    used = set(library.topics)
    for proposal in proposals:
        slug, number = slugify(proposal.title), 2
        while slug in used:
            slug, number = with_suffix(slugify(proposal.title), number), number + 1
        used.add(slug)
        yield Topic(slug=slug, title=proposal.title, rule=Rule(text=proposal.phrases))


def _caught(topics: Sequence[Topic], subjects: Sequence[Subject]) -> dict[str, list[Subject]]:
    """By topic, what its rule catches."""
    found: dict[str, list[Subject]] = {}
    for subject in subjects:
        for match in match_topics(subject, topics, limit=len(topics)):
            found.setdefault(match.slug, []).append(subject)
    return found


def write_topics(root: Path, suggested: Suggested, slugs: Sequence[str]) -> tuple[Suggestion, ...]:
    """Write the pages of some of the suggested topics; gives these. Raises BroadsheetError, before
    anything is written, with every slug that is not suggested."""
    by_slug = {topic.slug: topic for topic in suggested.topics}
    with closing("Nothing was written."):
        _check_known(slugs, by_slug, "--write", "no topic '{}' is suggested")
    chosen = tuple(topic for slug, topic in by_slug.items() if slug in slugs)
    for topic in chosen:
        write_text(root, topic.path, topic.page)
    return chosen


def _check_known(slugs: Sequence[str], known: Mapping[str, object], where: str, fact: str) -> None:
    problems = [
        Problem(where=where, fact=fact.format(slug), hint=nearest(slug, known) if known else "")
        for slug in slugs
        if slug not in known
    ]
    if problems:
        raise BroadsheetError(problems)


def format_suggestion(topic: Suggestion) -> str:
    """A suggestion for people, its page at the end; without a line break there."""
    also = f", and {topic.others:,} that have another topic" if topic.others else ""
    lines = [f"{topic.title}: {counted(topic.papers, 'paper')}{also}"]
    lines += [f"  {title}" for title in topic.examples]
    return "\n".join([*lines, f"{topic.path}:", topic.page.removesuffix("\n")])


class Catch(Struct, frozen=True, kw_only=True):
    """What a topic's rule catches."""

    topic: Topic
    papers: int
    named: int
    """Papers whose pages name the topic."""
    examples: tuple[tuple[str, str], ...]
    """Titles of its strongest papers, each with why it is one."""
    alone: tuple[str, ...]
    """Titles of all papers that no other rule catches, the newest first."""
    shared: tuple[tuple[str, int], ...]
    """Titles of other topics with the number of papers they catch too, most first."""


def show(root: Path, slugs: Sequence[str] = ()) -> tuple[Catch, ...]:
    """What the rules of these topics catch, of all where none is named. Raises BroadsheetError
    where content/ is wrong or there is no such topic."""
    library = load_library(root, drafts=True)
    _check_known(slugs, library.topics, "topics show", "there is no topic '{}'")
    named = Counter(slug for paper in library for slug in paper.topics)
    matches = [(paper, _matches(paper, library)) for paper in library]
    return tuple(
        _catch(topic, library, matches, named[slug])
        for slug, topic in library.topics.items()
        if not slugs or slug in slugs
    )


def _matches(paper: Paper, library: Library) -> dict[str, Match]:
    topics = library.topics.values()
    found = match_topics(subject_of(paper, library.people), topics, limit=len(topics))
    return {match.slug: match for match in found}


def _catch(
    topic: Topic,
    library: Library,
    matches: Sequence[tuple[Paper, Mapping[str, Match]]],
    named: int,
) -> Catch:
    caught = [(paper, found) for paper, found in matches if topic.slug in found]
    strongest = sorted(caught, key=lambda entry: -entry[1][topic.slug].weight)
    shared = Counter(slug for _, found in caught for slug in found if slug != topic.slug)
    return Catch(
        topic=topic,
        papers=len(caught),
        named=named,
        examples=tuple(
            (plain_title(paper.title), found[topic.slug].why) for paper, found in strongest[:_SHOWN]
        ),
        alone=tuple(plain_title(paper.title) for paper, found in caught if len(found) == 1),
        shared=tuple(
            (library.topics[slug].title, count)
            for slug, count in sorted(shared.items(), key=lambda entry: (-entry[1], entry[0]))
        ),
    )


def format_catch(catch: Catch) -> str:
    """What a rule catches, for people, without a line break at its end."""
    return "\n".join(_lines(catch))


def _lines(catch: Catch) -> Iterator[str]:
    topic = catch.topic
    if topic.rule is None:
        yield f"{topic.title} ({topic.slug}) has no rule; {_named(catch.named)}"
        return
    if not catch.papers:
        yield f"{topic.title} ({topic.slug}): its rule catches nothing; {_named(catch.named)}"
        return
    yield f"{topic.title} ({topic.slug}): {counted(catch.papers, 'paper')}"
    yield from (f"  {title}: {why}" for title, why in catch.examples)
    yield from _alone(catch.alone)
    if catch.shared:
        told = ", ".join(f"{title} {count:,}" for title, count in catch.shared[:_SHOWN])
        yield f"  shared with {told}{' …' if len(catch.shared) > _SHOWN else ''}"


def _alone(titles: Sequence[str]) -> Iterator[str]:
    if not titles:
        yield "  each of them is caught by another rule, too"
        return
    yield f"  caught by this rule only: {len(titles):,}"
    yield from (f"    {title}" for title in titles[:_SHOWN])
    if len(titles) > _SHOWN:
        yield "    …"


def _named(count: int) -> str:
    return "no page of a paper names it" if not count else f"pages that name it: {count:,}"
