"""Which of arXiv's words mean that a paper was taken back, and which speak of something else."""

import pytest

from generator.sources.withdrawal import says_withdrawn


@pytest.mark.parametrize(
    "comment",
    [
        "This paper has been withdrawn",
        "This paper has been withdrawn by the author due to a sign error in (3)",
        "Withdrawn",
        "(withdrawn)",
        "Paper withdrawn; an error was found",
        "12 pages, 3 figures. Withdrawn due to a gap in Lemma 2",
        "Withdrawal due to a wrong constant",
        "The paper is withdrawn as Theorem 1 is false.",
        "This submission has been withdrawn by arXiv administrators due to disputed authorship",
        "arXiv admin note: submission has been withdrawn by arXiv administrators",
        "This version withdrawn by arXiv administrators because of its licence",
        "8 pages; this submission has been removed by arXiv administrators",
        "The current version is being withdrawn until the data are complete",
        "The authors have withdrawn this manuscript",
        "After careful thought we have decided to withdraw the paper",
        "I request the withdrawal of my submission",
        "This work has errors and therefore needs to be withdrawn",
        "This paper has been withdrawn. It was superseded by arXiv:2405.00001",
        "This paper was withdrawn from arXiv",
        "This article has been retracted",
    ],
)
def test_a_comment_that_takes_the_paper_back_is_understood(comment: str) -> None:
    assert says_withdrawn(comment)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "10 pages, 2 figures",
        "Replaces the withdrawn paper arXiv:1911.00001",
        "A corrected form of arXiv:2105.00001, which was withdrawn",
        "A previous version of this manuscript was withdrawn",
        "The earlier paper has been withdrawn",
        "v2: the second claim of v1 is withdrawn; constants fixed",
        "Section 6 is withdrawn. Lemma 6 is now stronger",
        "Rewritten. Withdrawn as erroneous: the definition of a bridge",
        "Accepted at a workshop; withdrawn from the proceedings",
        "This paper was withdrawn from ICML 2025",
        "It may be withdrawn once it is accepted",
        "With a data set of withdrawn samples",
        "Withdrawn samples are listed in the appendix",
        "We let a controller withdraw its help",
        "A merger of version 1 and the withdrawn paper arXiv:2407.00001",
    ],
)
def test_a_comment_about_another_withdrawal_is_not_a_withdrawal(comment: str) -> None:
    assert not says_withdrawn(comment)


@pytest.mark.parametrize(
    ("abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author.", True),
        ("Withdrawn.", True),
        ("[This submission has been withdrawn.]", True),
        ("arXiv admin note: This submission has been withdrawn by arXiv administrators.", True),
        ("We withdraw this paper because of a gap.", True),
        ("The drug was withdrawn from sale in 2011, which we study.", False),
        ("Agents withdraw help step by step. This paper is withdrawn from no venue.", False),
        ("We measure. Later this paper has been withdrawn.", False),
        ("Withdrawal from opioids is hard to predict.", False),
        ("Retraction to a subspace is continuous.", False),
        ("Energy withdrawn from a battery is bounded.", False),
    ],
)
def test_an_abstract_counts_only_where_it_begins_with_the_notice(
    abstract: str, withdrawn: bool
) -> None:
    assert says_withdrawn("8 pages", abstract) is withdrawn


def test_a_comment_without_end_is_read_quickly() -> None:
    assert not says_withdrawn("this the paper " * 100_000, "we " * 100_000)
