"""people.yml: names that stand for others count as one, namesakes as two, and pages say what they
said."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.check import check
from generator.content import load_library, load_pages
from generator.errors import BroadsheetError
from generator.library.people import (
    authors_of,
    fold_name,
    organization_of,
    parse_people,
    resolve_rule,
)
from generator.library.topics import match_topics, subject_of
from generator.model import Library, Paper, People, Rule, Topic
from generator.site.groups import gather_organizations
from tests.command import REPOSITORY, broadsheet, tree

WHERE = "content/people.yml"
TELL_MORE = "\n  hint: give the other one a name that tells more: 'A (Edinburgh)'"
TAKEN = "\n  hint: a name leads to one person or group: take it out of one of the two"
PEOPLE = """\
authors:
  Ada Lovelace: [A. Lovelace, Augusta Ada King]
organizations:
  TIGER-Lab: [TIGER AI Lab]
namesakes:
  Wei Wang (Edinburgh): {name: Wei Wang, papers: [2507.22565]}
"""


def paper(slug: str = "p", organization: str = "", authors: tuple[str, ...] = ()) -> Paper:
    return Paper(id=slug, title="Untitled", organization=organization, authors=authors)


def known_as(name: str, people: People, slug: str = "p") -> str:
    """What an author's name stands for in a paper."""
    return authors_of(paper(slug, authors=(name,)), people)[0]


def problems(text: str) -> list[str]:
    with pytest.raises(BroadsheetError) as caught:
        parse_people(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lovelace", "ADA  LOVELACE"),
        ("Ada Lovelace", "Lovelace, Ada"),
        ("Jürgen Schmidhuber", "Schmidhuber, Jurgen"),
        ("Łukasz Kaiser", "lukasz kaiser"),
        ("Jean-Luc Godard", "Jean Luc Godard"),
        ("J. R. Tolkien", "J R Tolkien"),
        ("Robert Downey Jr.", "Downey, Robert, Jr."),
        ("Robert Downey Jr.", "Downey, Jr., Robert"),
        ("Robert Downey Jr.", "Robert Downey, Jr."),
        ("O’Brien, Tim", "Tim O'Brien"),
        ("王伟", "王伟 "),
    ],
)
def test_names_compare_without_accents_case_and_order(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada Lovelace", "A. Lovelace"), ("Wei Wang", "Wang Wei"), ("王伟", "王芳"), ("?", "!")],
)
def test_names_that_differ_in_more_are_two(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


@given(st.text())
def test_a_folded_name_folds_to_itself(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


def test_every_name_of_a_person_stands_for_one() -> None:
    people = parse_people(PEOPLE)
    names = ["Augusta Ada King", "King, Augusta Ada", "a lovelace", "LOVELACE, ADA"]
    assert {known_as(name, people) for name in names} == {"Ada Lovelace"}
    assert known_as("Emmy Noether", people) == "Emmy Noether"


def test_every_name_of_a_group_stands_for_one() -> None:
    people = parse_people(PEOPLE)
    for name in ("TIGER AI Lab", "tiger-ai-lab", "Tiger Lab"):
        assert organization_of(paper(organization=name), people) == "TIGER-Lab"
    assert organization_of(paper(), people) == ""


def test_a_namesake_is_meant_in_the_papers_that_are_named_and_in_no_other() -> None:
    people = parse_people(PEOPLE)
    assert known_as("Wang, Wei", people, "2507.22565") == "Wei Wang (Edinburgh)"
    assert known_as("Wei Wang", people, "2507.00001") == "Wei Wang"
    assert known_as("Emmy Noether", people, "2507.22565") == "Emmy Noether"


def test_a_namesake_is_told_from_a_person_of_several_names() -> None:
    people = parse_people(
        "authors: {Wei Wang: [W. Wang]}\n"
        "namesakes: {Wei Wang (Edinburgh): {name: W. Wang, papers: [a-1]}}\n"
    )
    for name in ("Wei Wang", "W. Wang"):
        assert known_as(name, people, "a-1") == "Wei Wang (Edinburgh)"
        assert known_as(name, people, "a-2") == "Wei Wang"


@pytest.mark.parametrize(
    ("written", "slug"),
    [
        ("2507.22560", "2507.22560"),
        ('"2507.22560"', "2507.22560"),
        ("0704.0010", "0704.0010"),
        ("hep-th/9901001", "hep-th-9901001"),
        ("10.1000/toy.1", "10.1000-toy.1"),
        ("learning-to-stack-2025", "learning-to-stack-2025"),
    ],
)
def test_a_paper_may_be_named_as_it_is_known(written: str, slug: str) -> None:
    people = parse_people(f"namesakes: {{B: {{name: A, papers: [{written}]}}}}")
    assert people.namesakes == {("a", slug): "B"}


def test_nothing_is_said_by_an_empty_file() -> None:
    assert parse_people("") == parse_people("authors:\nnamesakes: {}\n") == People()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("author: {A: [B]}", "1: unknown key 'author'\n  hint: did you mean 'authors'?"),
        (
            "namesakes:\n  B:\n    name: A\n    paper: [x]\n    papers: [x]",
            "4: unknown key 'paper'\n  hint: did you mean 'papers'?",
        ),
        (
            "authors:\n  A: B",
            "2: 'authors.A' is not a list: 'B'\n  hint: write it in brackets: [one, two]",
        ),
        (
            "namesakes:\n  B: {papers: [x]}",
            "2: 'name' is missing\n  hint: add a line 'name: …'",
        ),
        ("namesakes:\n  B: {name: A, papers: []}", "2: 'namesakes.B.papers' is empty: '[]'"),
        (
            "namesakes:\n  B:\n    name: A\n    papers:\n    - x\n    - 13.14",
            "6: 'namesakes.B.papers' is not a text: '13.14'\n  hint: put it in double quotes",
        ),
        (
            "authors:\n  A: [C]\n  B:\n  - D\n  - c",
            f"5: 'c' is a name of 'A' already{TAKEN}",
        ),
        (
            "organizations:\n  A Lab: []\n  a-lab: []",
            f"3: 'a-lab' is a name of 'A Lab' already{TAKEN}",
        ),
        (
            "namesakes:\n  B: {name: A, papers: [x]}\n  C: {name: a, papers: [y, x]}",
            f"3: the a of 'x' is 'B' already{TAKEN}",
        ),
        (
            "namesakes:\n  A.: {name: A, papers: [x]}",
            f"2: 'A.' is told from nobody: 'name' is the same{TELL_MORE}",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    assert problems(text) == [f"{WHERE}:{told}"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = "authors: {A: [X], B: [X]}\norganizations: {A: [X], B: [X]}\n"
    assert [told.split(" ")[0] for told in problems(text)] == [f"{WHERE}:1:", f"{WHERE}:2:"]


def test_papers_of_a_group_with_several_names_stand_on_one_page() -> None:
    papers = [
        paper("a", "TIGER AI Lab"),
        paper("b", "TIGER AI Lab"),
        paper("c", "tiger lab"),
        paper("d", "Others"),
    ]
    library = Library(
        papers={each.id: each for each in papers},
        topics={},
        days={},
        pages={},
        people=parse_people(PEOPLE),
    )
    found = gather_organizations(library)
    assert {slug: group.papers for slug, group in found.items()} == {
        "tiger-lab": ("a", "b", "c"),
        "others": ("d",),
    }
    assert found["tiger-lab"].name == "TIGER-Lab"


@pytest.mark.parametrize("wanted", ["Ada Lovelace", "Lovelace, A.", "Augusta Ada King"])
def test_a_rule_by_any_name_of_a_person_finds_the_papers_under_all(wanted: str) -> None:
    people = parse_people(PEOPLE)
    topic = Topic(slug="t", title="T", rule=resolve_rule(Rule(authors=(wanted,)), people))
    for name in ("A. Lovelace", "King, Augusta Ada"):
        (match,) = match_topics(subject_of(paper(authors=("Emmy Noether", name)), people), [topic])
        assert match.why == "by Ada Lovelace"
    assert match_topics(subject_of(paper(authors=("Emmy Noether",)), people), [topic]) == ()


def test_a_rule_by_a_person_leaves_out_the_namesakes() -> None:
    people = parse_people(PEOPLE)
    topics = [
        Topic(slug=slug, title=slug, rule=Rule(authors=(name,)))
        for slug, name in (("one", "Wei Wang"), ("other", "Wei Wang (Edinburgh)"))
    ]
    found = {
        slug: [match.slug for match in match_topics(subject_of(each, people), topics)]
        for slug in ("2507.22565", "2507.00001")
        for each in [paper(slug, authors=("Wei Wang",))]
    }
    assert found == {"2507.22565": ["other"], "2507.00001": ["one"]}


def test_a_rule_by_any_name_of_a_group_finds_the_papers_under_all() -> None:
    people = parse_people(PEOPLE)
    rule = resolve_rule(Rule(organizations=("TIGER AI Lab",)), people)
    topic = Topic(slug="t", title="T", rule=rule)
    (match,) = match_topics(subject_of(paper(organization="tiger lab"), people), [topic])
    assert match.why == "from TIGER-Lab"


# -- a whole site ---------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The toy site with two papers of one group under two names."""
    folder = tmp_path / "site"
    shutil.copytree(REPOSITORY / "tests/toy", folder)
    for number, group in enumerate(("Toy Works", "The Toy Works, Inc."), start=1):
        (folder / f"content/papers/2025/group-{number}.md").write_text(
            f"---\ntitle: Group {number}\ndate: 2025-01-0{number}\n"
            f"authors: ['King, Augusta']\norganization: {group}\n---\nA toy.\n"
        )
    (folder / WHERE).write_text(
        "authors: {Ada Lovelace: [Augusta King]}\n"
        "organizations: {Toy Works: ['The Toy Works, Inc.']}\n"
    )
    return folder


def test_a_site_with_people_builds_and_every_link_to_a_group_leads_to_its_one_page(
    site: Path,
) -> None:
    before = tree(site / "content")
    done = broadsheet("build", site=site)
    assert done.returncode == 0, done.stderr
    output = site / "output"
    groups = sorted(p.name for p in (output / "organizations").iterdir() if p.is_dir())
    assert "toy-works" in groups
    assert "the-toy-works-inc" not in groups
    listed = (output / "months/2025-01/index.html").read_text()
    assert '../../organizations/toy-works/">The Toy Works, Inc.</a>' in listed
    assert check(site).problems == ()
    assert tree(site / "content") == before


def test_a_topic_by_an_author_says_why_under_the_name_of_people_yml(site: Path) -> None:
    (site / "content/topics/ada.md").write_text(
        "---\ntitle: Ada\nrule: {authors: [Augusta King]}\n---\n"
    )
    place = site / "content/papers/2025/group-1.md"
    place.write_text(place.read_text().replace("date:", "topics: [ada]\ndate:"))
    assert broadsheet("build", site=site).returncode == 0
    assert "by Ada Lovelace" in (site / "output/papers/group-1/index.html").read_text()
    assert load_pages(site)[1]["ada"].rule == Rule(authors=("Ada Lovelace",))


def test_a_broken_people_yml_stops_a_build_beside_all_other_problems(site: Path) -> None:
    (site / WHERE).write_text("authors: {A: [X], B: [X]}\n")
    (site / "content/topics/new.md").write_text("no front matter")
    with pytest.raises(BroadsheetError) as caught:
        load_library(site)
    assert [problem.where for problem in caught.value.problems] == [
        f"{WHERE}:1",
        "content/topics/new.md:1",
    ]


def test_a_namesake_in_a_paper_that_is_not_there_is_a_warning(site: Path) -> None:
    (site / WHERE).write_text(
        "namesakes:\n  B:\n    name: A\n    papers:\n    - hidden-toy\n    - group-3\n    - zzz\n"
    )
    told = [str(found) for found in check(site).warnings if found.where.startswith(WHERE)]
    assert told == [
        f"{WHERE}:6: there is no paper 'group-3'\n  hint: did you mean 'group-2'?",
        f"{WHERE}:7: there is no paper 'zzz'",
    ]
