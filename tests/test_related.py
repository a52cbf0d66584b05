"""Related papers share words that few others use, and the words are told."""

import datetime

from generator.library.related import NEAREST, relate
from generator.model import Paper

DAY = datetime.date(2025, 11, 26)
ROBOTS = "A gripper grasps a mug; the gripper learns grasping from demonstrations."
PROOFS = "A prover searches a lemma; the prover finds lemmas in a library of theorems."


def papers(*abstracts: str) -> list[Paper]:
    return [
        Paper(id=f"p{number}", title=f"Paper {number}", abstract=abstract, added=DAY)
        for number, abstract in enumerate(abstracts)
    ]


def fillers(count: int) -> list[str]:
    """Abstracts that share nothing with each other."""
    return [f"filler{n}a filler{n}b filler{n}c method" for n in range(count)]


def test_papers_that_share_rare_words_are_related_and_others_are_not() -> None:
    found = relate(papers(ROBOTS, ROBOTS + " Again.", PROOFS, PROOFS, *fillers(20)))
    assert [related.id for related in found["p0"]] == ["p1"]
    assert [related.id for related in found["p2"]] == ["p3"]
    assert "p5" not in found


def test_the_shared_words_are_the_reason_the_strongest_first() -> None:
    found = relate(papers(ROBOTS, ROBOTS, *fillers(20)))
    assert found["p0"][0].words[0] == "gripper"
    assert len(found["p0"][0].words) == 3


def test_one_common_word_is_no_relation() -> None:
    found = relate(papers("gripper alone here", "gripper elsewhere there", *fillers(20)))
    assert found == {}


def test_a_plural_counts_as_its_singular() -> None:
    found = relate(
        papers("gripper mug robot", "grippers mugs robots", "gripper mug robot", *fillers(20))
    )
    assert {related.id for related in found["p1"]} == {"p0", "p2"}
    assert set(found["p1"][0].words) == {"gripper", "mug", "robot"}


def test_there_are_a_few_at_most_and_never_the_paper_itself() -> None:
    found = relate(papers(*[ROBOTS] * (NEAREST + 3), *fillers(60)))
    assert all(len(related) == NEAREST for related in found.values())
    assert all(paper not in {r.id for r in related} for paper, related in found.items())


def test_one_more_paper_elsewhere_moves_no_relation() -> None:
    some = papers(ROBOTS, ROBOTS, PROOFS, PROOFS, *fillers(20))
    before, after = relate(some), relate([*some, *papers(*fillers(26))[25:]])
    assert {paper: after.get(paper) for paper in before} == before


def test_the_order_of_papers_does_not_matter() -> None:
    some = papers(ROBOTS, ROBOTS, ROBOTS, PROOFS, PROOFS, *fillers(20))
    assert relate(some) == relate(reversed(some))


def test_a_library_without_words_has_no_relations() -> None:
    assert relate([]) == {}
    assert relate(papers("", "", "")) == {}
