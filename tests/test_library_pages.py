"""Pages of content/: their text to values and back."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.errors import BroadsheetError
from generator.library.pages import (
    PAPER_KEYS,
    edit_paper,
    format_paper,
    paper_path,
    parse_note,
    parse_paper,
    parse_topic,
)
from generator.model import LINK_KINDS, Link, Paper
from generator.text.plain import clean_line, clean_text, markdown_from_plain

PATH = "content/papers/2025/a-paper.md"
HAND_EDITED = """---
# the curator's favourite
title: "A paper"   # corrected
authors:
  - Ada Lovelace   # first
  - Blaise Pascal
added:    2025-11-26

# my own
my_rating: 5
topics: [ robotics ]
---
The abstract.

Still the abstract.

## Notes

Mine.
"""

lines = st.text(min_size=1, max_size=60).map(clean_line).filter(bool)
days = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1))
counts = st.none() | st.integers(0, 10**9)
names = st.lists(lines, max_size=4).map(tuple)
papers = st.builds(
    lambda links, days, added, **rest: Paper(
        id="a-paper",
        path=PATH,
        added=added,
        featured=tuple(sorted({added, *days})),
        links=tuple(Link(kind=kind, url=f"https://example.org/{kind}") for kind in links),
        **rest,
    ),
    links=st.sets(st.sampled_from(LINK_KINDS)).map(
        lambda kinds: sorted(kinds, key=LINK_KINDS.index)
    ),
    days=st.lists(days, max_size=2),
    added=days,
    title=lines,
    abstract=st.text(max_size=200).map(clean_text).map(markdown_from_plain),
    date=st.none() | days,
    authors=names,
    author_count=counts,
    organization=st.just("") | lines,
    topics=st.lists(lines, max_size=3, unique=True).map(tuple),
    upvotes=counts,
    comments=counts,
    stars=counts,
    venue=st.just("") | lines,
    keywords=names,
    summary=st.just("") | lines,
    draft=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(paper=papers)
def test_a_paper_survives_its_page(paper: Paper) -> None:
    assert parse_paper(format_paper(paper), PATH) == paper


def test_what_stands_below_the_first_heading_is_the_curators() -> None:
    paper = parse_paper(HAND_EDITED, PATH)
    assert paper.abstract == "The abstract.\n\nStill the abstract."
    assert paper.notes == "## Notes\n\nMine."


def test_a_key_the_schema_does_not_know_is_kept() -> None:
    assert parse_paper(HAND_EDITED, PATH).extra == {"my_rating": 5}


def test_an_edit_touches_only_what_it_changes() -> None:
    edited = edit_paper(HAND_EDITED, {"title": "Another: paper"}, None, PATH)
    expected = HAND_EDITED.replace(
        'title: "A paper"   # corrected', "title: 'Another: paper'   # corrected"
    )
    assert edited == expected


def test_an_edit_of_a_list_in_lines_keeps_the_lines_that_stay() -> None:
    authors = ["Ada Lovelace", "Grace Hopper"]
    edited = edit_paper(HAND_EDITED, {"authors": authors}, None, PATH)
    assert edited == HAND_EDITED.replace("- Blaise Pascal", "- Grace Hopper")


def test_a_new_key_goes_where_the_order_of_keys_puts_it() -> None:
    edited = edit_paper(HAND_EDITED, {"date": datetime.date(2025, 7, 30), "upvotes": 3}, None, PATH)
    keys = [line.partition(":")[0] for line in edited.splitlines() if ":" in line]
    assert keys.index("date") == keys.index("title") + 1
    assert keys.index("upvotes") == keys.index("topics") + 1
    assert parse_paper(edited, PATH).upvotes == 3


def test_a_new_abstract_leaves_the_notes_as_they_are() -> None:
    edited = edit_paper(HAND_EDITED, {}, "Anew.", PATH)
    assert edited.endswith("---\nAnew.\n\n## Notes\n\nMine.\n")
    assert edited.startswith(HAND_EDITED.split("The abstract")[0])


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("id: 2401.10020", "'id' is not a text: '2401.10020'"),
        ("date: 2025-02-30", "'date' is not a date: '2025-02-30'"),
        ("comments: -1", "'comments' is too small: '-1'"),
        ("comments: 1.5", "'comments' is not a whole number: '1.5'"),
        ("draft: yes", "'draft' is neither true nor false: 'yes'"),
        ("authors: Ada", "'authors' is not a list: 'Ada'"),
        ("links: {pdf: 'javascript:x'}", "'links.pdf' is not a web address: 'javascript:x'"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(line: str, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse_paper(f"---\ntitle: A paper\nadded: 2025-11-26\n{line}\n---\n", PATH)
    assert [(found.where, found.fact) for found in caught.value.problems] == [(f"{PATH}:4", fact)]
    assert caught.value.problems[0].hint


def test_words_that_yaml_would_turn_into_something_else_stay_words() -> None:
    text = "---\ntitle: no\nvenue: 12:30:45\nsummary: 1_000\nadded: 2025-11-26\n---\n"
    paper = parse_paper(text, PATH)
    assert (paper.title, paper.venue, paper.summary) == ("no", "12:30:45", "1_000")


def test_a_topic_page_gives_its_rule_and_introduction() -> None:
    text = "---\ntitle: Robots\nrule: {title: ['robot*'], mentions: 3}\n---\nAbout robots.\n"
    topic = parse_topic(text, "content/topics/robots.md")
    assert (topic.slug, topic.title, topic.introduction) == ("robots", "Robots", "About robots.")
    assert topic.rule is not None
    assert (topic.rule.title, topic.rule.mentions) == (("robot*",), 3)


def test_an_unknown_key_of_a_rule_is_told_with_the_nearest() -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse_topic("---\ntitle: R\nrule:\n  titel: [x]\n---\n", "content/topics/r.md")
    found = caught.value.problems[0]
    assert found.where == "content/topics/r.md:4"
    assert (found.fact, found.hint) == ("unknown key 'titel'", "did you mean 'title'?")


def test_a_page_of_the_curators_needs_no_front_matter() -> None:
    note = parse_note("# About\n\nText.\n", "content/pages/about.md")
    assert (note.title, note.body) == ("About", "Text.")


def test_a_page_with_windows_line_ends_and_a_byte_order_mark_is_read() -> None:
    from generator.storage.tree import decode

    text = decode(b"\xef\xbb\xbf" + HAND_EDITED.replace("\n", "\r\n").encode(), PATH)
    assert parse_paper(text, PATH).title == "A paper"


def test_a_paper_without_a_date_is_undated() -> None:
    assert paper_path("x", None) == "content/papers/undated/x.md"
    assert paper_path("x", datetime.date(2025, 1, 1)) == "content/papers/2025/x.md"


def test_the_order_of_keys_is_that_of_the_schema() -> None:
    paper = Paper(id="a-paper", title="T", added=datetime.date(2025, 1, 1), upvotes=1, venue="V")
    written = [line.partition(":")[0] for line in format_paper(paper).splitlines()[1:-1]]
    assert written == [key for key in PAPER_KEYS if key in written]


@pytest.mark.parametrize("text", ["[" * 40, "{[" * 40, "- " * 40, "? - " * 40, '"]' * 3 + "[" * 40])
def test_a_text_may_hold_any_number_of_brackets_and_dashes(text: str) -> None:
    paper = Paper(id="a-paper", title=text.strip(), added=datetime.date(2025, 11, 26), path=PATH)
    assert parse_paper(format_paper(paper), PATH).title == text.strip()


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "-  ", "? ", "- ? "])
def test_values_nested_too_deeply_are_refused_before_they_are_read(opening: str) -> None:
    text = f"---\ntitle: A paper\nadded: 2025-11-26\nmine:\n  {opening * 100_000}\n---\n"
    with pytest.raises(BroadsheetError, match=r"2025/a-paper\.md:2: lists are nested too deeply"):
        parse_paper(text, PATH)


def test_what_a_page_shows_as_it_is_written_holds_no_control_characters() -> None:
    values = (
        'authors: ["\\eA \\u202e\\nda"]\nvenue: "\\eV"\nkeywords: ["\\e[2Jk"]\nsummary: "\\0s"\n'
    )
    kinds = 'links: {"\\esource": "https://a.example/"}\n'
    paper = parse_paper(f"---\ntitle: A\nadded: 2025-11-26\n{values}{kinds}---\n", PATH)
    assert paper.authors == ("A da",)
    assert (paper.venue, paper.keywords, paper.summary) == ("V", ("[2Jk",), "s")
    assert paper.links[0].kind == "source"
    with pytest.raises(BroadsheetError, match=r"a-paper\.md:4: 'authors' is empty: '\\x1b'"):
        parse_paper('---\ntitle: A\nadded: 2025-11-26\nauthors: ["\\e"]\n---\n', PATH)
