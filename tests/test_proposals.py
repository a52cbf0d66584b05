"""topics: what papers without a topic share is proposed, and what each rule catches is told."""

import random
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.content import load_library
from generator.library.pages import parse_topic
from generator.library.proposals import Proposal, log_likelihood, propose
from generator.library.topics import Subject, match_topics
from generator.model import Rule, Topic
from generator.topics import suggest
from tests.command import REPOSITORY, broadsheet, tree

FILLER = [f"filler{number}" for number in range(24)]


def subject(title: str, abstract: str = "", seed: int = 0) -> Subject:
    """A paper whose abstract says the same things as all papers do, and these."""
    words = random.Random(f"{title}{seed}").choices(FILLER, k=40)
    return Subject(title=title, abstract=f"{' '.join(words)}. {abstract}")


def splats(count: int) -> list[Subject]:
    return [
        subject(
            f"S{number} by Gaussian Splatting, not NeRFs",
            "We use 3D Gaussian splatting; Gaussian splatting is fast. NeRFs are slow NeRFs.",
        )
        for number in range(count)
    ]


def speech(count: int) -> list[Subject]:
    return [
        subject(f"T{number} of speech synthesis", "Speech synthesis is fun. Speech synthesis.")
        for number in range(count)
    ]


def plain(count: int) -> list[Subject]:
    return [subject(f"U{number}") for number in range(count)]


def proposed(lacking: list[Subject], others: list[Subject], most: int = 10) -> list[Proposal]:
    return list(propose(lacking, others, most))


def test_what_papers_without_a_topic_share_and_others_do_not_is_proposed() -> None:
    lacking = splats(12) + speech(8) + plain(10)
    found = proposed(lacking, plain(100))
    assert [each.title for each in found] == ["Gaussian splatting", "Speech synthesis"]
    assert found[0].phrases == ("Gaussian splatting", "NeRFs")


def test_what_other_papers_say_as_often_is_not_proposed() -> None:
    assert proposed(speech(10) + plain(10), speech(50) + plain(50)) == []


def test_what_few_papers_share_is_not_proposed() -> None:
    assert proposed(splats(2) + plain(30), plain(100)) == []


def test_a_way_of_speaking_is_not_proposed() -> None:
    lacking = [subject(f"Towards W{n}", "Towards it, we go towards it.") for n in range(3)]
    lacking += [subject(f"W{n}", "We step towards it.") for n in range(3, 30)]
    assert "Towards" not in {each.title for each in proposed(lacking, plain(300))}


def test_without_other_papers_phrases_of_several_words_are_proposed() -> None:
    found = proposed(splats(8) + speech(8) + plain(50), [])
    assert {each.title for each in found} == {"Gaussian splatting", "Speech synthesis"}


def test_no_more_are_proposed_than_were_asked_for() -> None:
    assert len(proposed(splats(12) + speech(8), plain(100), most=1)) == 1
    assert proposed([], plain(10)) == proposed(plain(3), []) == []


def test_a_proposed_rule_catches_the_papers_it_was_made_of_and_spares_the_others() -> None:
    for each in proposed(splats(12) + speech(8) + plain(10), plain(100)):
        topic = Topic(slug="t", title="T", rule=Rule(text=each.phrases))
        caught = [paper for paper in splats(12) + speech(8) if match_topics(paper, [topic])]
        assert len(caught) >= 8
        assert not any(match_topics(paper, [topic]) for paper in plain(100))


def test_a_phrase_is_printed_as_papers_print_it_in_their_sentences() -> None:
    lacking = [
        subject(
            f"Vision-Language Model V{n}", "Vision-language models and vision-language\nmodels."
        )
        for n in range(8)
    ]
    (found,) = proposed(lacking + plain(30), plain(100))
    assert found == Proposal(title="Vision-language models", phrases=("vision-language models",))


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=200)), max_size=12))
def test_any_text_is_read(texts: list[tuple[str, str]]) -> None:
    papers = [Subject(title=title, abstract=abstract) for title, abstract in texts * 3]
    for each in proposed(papers, papers[:1]):
        assert all(phrase.strip() for phrase in each.phrases)


def test_the_log_likelihood_is_that_of_the_literature() -> None:
    """Ten of twenty beside none: 2 (10 ln 2 + 10 ln (2/3) + 20 ln (4/3)), and 0 for no more."""
    assert log_likelihood(10, 100, 10, 100) == 0
    assert log_likelihood(5, 100, 10, 100) == 0
    assert log_likelihood(10, 20, 0, 20) == pytest.approx(17.26, abs=0.01)


# -- on a site ------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The toy site and forty papers, ten of them about something that has no topic."""
    folder = tmp_path / "site"
    shutil.copytree(REPOSITORY / "tests/toy", folder)
    for number, paper in enumerate(splats(10) + plain(30)):
        (folder / f"content/papers/2025/p-{number:02}.md").write_text(
            f"---\ntitle: {paper.title}\ndate: 2025-01-01\n---\n{paper.abstract}\n"
        )
    return folder


def test_suggested_topics_are_printed_as_pages_to_copy(site: Path) -> None:
    before = tree(site)
    done = broadsheet("topics", "suggest", site=site)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "Gaussian splatting: 10 papers\n"
        + "".join(f"  S{number} by Gaussian Splatting, not NeRFs\n" for number in range(5))
        + "content/topics/gaussian-splatting.md:\n"
        "---\n"
        "title: Gaussian splatting\n"
        "rule: {text: [Gaussian splatting, NeRFs]}\n"
        "---\n"
    )
    assert "41 of them without a topic; 1 new topic suggested." in done.stderr
    assert tree(site) == before
    assert broadsheet("topics", "suggest", site=site).stdout == done.stdout
    page = done.stdout.partition(".md:\n")[2]
    assert parse_topic(page, "content/topics/gaussian-splatting.md").rule


def test_a_suggested_topic_is_written_and_then_catches_its_papers(site: Path) -> None:
    done = broadsheet("topics", "suggest", "--write", "gaussian-splatting", site=site)
    assert done.returncode == 0, done.stderr
    assert "wrote content/topics/gaussian-splatting.md" in done.stderr
    told = broadsheet("topics", "show", "gaussian-splatting", site=site).stdout
    assert told == (
        "Gaussian splatting (gaussian-splatting): 10 papers\n"
        "  S0 by Gaussian Splatting, not NeRFs: “Gaussian Splatting” in the title\n"
        "  S1 by Gaussian Splatting, not NeRFs: “Gaussian Splatting” in the title\n"
        "  S2 by Gaussian Splatting, not NeRFs: “Gaussian Splatting” in the title\n"
        "  caught by this rule only: 10\n"
        "    S0 by Gaussian Splatting, not NeRFs\n"
        "    S1 by Gaussian Splatting, not NeRFs\n"
        "    S2 by Gaussian Splatting, not NeRFs\n"
        "    …\n"
    )
    assert suggest(site, 10).topics == ()


def test_a_topic_that_is_not_suggested_is_not_written(site: Path) -> None:
    before = tree(site)
    done = broadsheet("topics", "suggest", "--write", "gausian-splatting", site=site)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "--write: no topic 'gausian-splatting' is suggested\n"
        "  hint: did you mean 'gaussian-splatting'?\n"
        "Nothing was written.\n"
    )
    assert tree(site) == before


def test_a_suggested_topic_takes_no_other_topics_page(site: Path) -> None:
    place = site / "content/topics/gaussian-splatting.md"
    place.write_text("---\ntitle: Mine\n---\n")
    assert (
        broadsheet("topics", "suggest", "--write", "gaussian-splatting-2", site=site).returncode
        == 0
    )
    assert place.read_text() == "---\ntitle: Mine\n---\n"
    assert "gaussian-splatting-2" in load_library(site).topics


def test_a_paper_whose_page_names_a_topic_lacks_none(site: Path) -> None:
    for place in (site / "content/papers/2025").glob("p-*.md"):
        place.write_text(place.read_text().replace("date:", "topics: [trains]\ndate:"))
    assert suggest(site, 10).topics == ()


def test_what_rules_catch_alone_and_together_is_told(site: Path) -> None:
    (site / "content/topics/nothing.md").write_text(
        "---\ntitle: Nothing\nrule: {text: [zzz]}\n---\n"
    )
    (site / "content/topics/hand.md").write_text("---\ntitle: Hand\n---\n")
    done = broadsheet("topics", "show", site=site)
    assert done.returncode == 0
    hand, learning, nothing, trains = done.stdout.split("\n\n")
    assert hand == "Hand (hand) has no rule; no page of a paper names it"
    assert learning.startswith("Learning (learning): 2 papers\n")
    assert "\n  caught by this rule only: 1\n" in learning
    assert learning.endswith("\n  shared with Trains 1")
    assert nothing == "Nothing (nothing): its rule catches nothing; no page of a paper names it"
    assert "\n  each of them is caught by another rule, too\n" in trains


def test_an_unknown_topic_is_told_with_the_nearest(site: Path) -> None:
    done = broadsheet("topics", "show", "train", site=site)
    assert done.returncode == 1
    assert done.stderr == (
        "topics show: there is no topic 'train'\n  hint: did you mean 'trains'?\n"
    )


def test_hostile_titles_do_not_steer_the_terminal(site: Path) -> None:
    for place in (site / "content/papers/2025").glob("p-0*.md"):
        place.write_text(re.sub(r"title: (.*)", r'title: "\\e[2J\1"', place.read_text()))
    done = broadsheet("topics", "suggest", site=site)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
