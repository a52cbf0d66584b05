"""Rules find the papers they say they find; the bundled list is sorted as a reader would."""

import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from generator.config import SourceConfig
from generator.library.pages import parse_topic
from generator.library.topics import Match, Subject, match_topics, rule_in_words
from generator.model import Rule, Topic
from generator.sources import Window, open_source

ROOT = Path(__file__).parent.parent


def topic(slug: str = "topic", rule: Rule | None = None) -> Topic:
    return Topic(slug=slug, title=slug.title(), rule=rule)


def match(rule: Rule, title: str = "Untitled", abstract: str = "") -> Match | None:
    """What one rule says of one paper."""
    found = match_topics(Subject(title=title, abstract=abstract), [topic(rule=rule)])
    return found[0] if found else None


def why(rule: Rule, title: str = "Untitled", abstract: str = "") -> str:
    found = match(rule, title, abstract)
    return found.why if found else ""


@pytest.mark.parametrize(
    ("phrase", "title", "held"),
    [
        ("agent", "An Agent for the Web", True),
        ("agent", "Reagents in chemistry", False),
        ("agent", "Many agents", False),
        ("agent*", "Many agents", True),
        ("agent*", "An agentic web", True),
        ("agent*", "Reagents in chemistry", False),
        ("agent*", "An agent-based model", True),
        ("reward model*", "Reward Modeling at scale", True),
        ("reward model*", "Rewarding a model", False),
        ("tool use", "Tool-Use, Revisited", True),
        ("tool-use", "Learning tool use", True),
        ("actor critic", "Actor–Critic methods", True),
        ("actor-critic", "Actor‑Critic methods", True),
        ("fine-tuning", "Finetuning", False),
        ("fine tuning", "Fine- \n Tuning at scale", True),
        ("critic", "The critic's view", True),
        ("web agent*", "A web of agents", False),
        ("vla", "OpenVLA", False),
        ("istanbul", "İSTANBUL", True),
        ("c++", "Learning C++ by example", True),
        ("c++", "Learning C", False),
        ("c++", "Learning C++17", False),
        (".net", "Agents for .NET", True),
        (".net", "Agents for ASP.NET", False),
        ("a.b", "On axb", False),
        ("(r|l)", "On (R|L) and l", True),
        ("(r|l)", "On r", False),
        ("gpt-4*", "GPT-4o in the wild", True),
        ("*", "Anything", False),
        ("", "Anything", False),
        (" - ", "This - that", False),
    ],
)
def test_a_phrase_matches_whole_words_in_any_case(phrase: str, title: str, held: bool) -> None:
    assert (match(Rule(title=(phrase,)), title) is not None) is held
    assert (match(Rule(text=(phrase,), mentions=1), abstract=title) is not None) is held


def test_a_title_phrase_in_the_abstract_is_not_enough() -> None:
    assert match(Rule(title=("privacy",)), abstract="Privacy, privacy and privacy") is None


def test_a_text_phrase_in_the_title_is_enough() -> None:
    assert why(Rule(text=("privacy",), mentions=9), "On  Privacy") == "“Privacy” in the title"


def test_the_abstract_must_mention_the_phrases_as_often_as_asked_all_together() -> None:
    rule = Rule(text=("tool use", "web agent*"), mentions=3)
    assert match(rule, abstract="Tool use and tool-use.") is None
    assert why(rule, abstract="Tool use by web agents; tool-use again.") == (
        "“Tool use” and “web agents” 3 times in the abstract"
    )


def test_one_place_counts_once_however_many_phrases_name_it() -> None:
    rule = Rule(text=("agent*", "web agent*", "web agents"), mentions=2)
    assert match(rule, abstract="We train web agents.") is None
    assert match(rule, abstract="We train web agents and agents.") is not None


def test_of_two_phrases_that_begin_together_the_longer_is_quoted() -> None:
    assert why(Rule(title=("web", "web agents", "web a*")), "Web Agents") == (
        "“Web Agents” in the title"
    )


def test_a_longer_phrase_that_fails_leaves_room_for_a_shorter_one() -> None:
    assert why(Rule(title=("web agent now", "web")), "Web agents") == "“Web” in the title"


@pytest.mark.parametrize(("mentions", "held"), [(0, False), (-1, False), (1, False)])
def test_no_mention_is_never_enough(mentions: int, held: bool) -> None:
    rule = Rule(text=("privacy",), mentions=mentions)
    assert (match(rule, abstract="Nothing of the kind") is not None) is held


def test_an_excluded_phrase_keeps_the_paper_out_wherever_it_stands() -> None:
    rule = Rule(title=("agent*",), exclude=("multi-agent reinforcement learning",))
    assert match(rule, "Agents that browse") is not None
    assert match(rule, "Agents and Multi-Agent Reinforcement Learning") is None
    assert match(rule, "Agents", "On multi-agent reinforcement-learning.") is None


def test_category_keyword_and_organization_are_each_enough_when_equal() -> None:
    subject = Subject(
        title="Untitled",
        categories=("cs.LG", "cs.RO"),
        keywords=("Deep learning", "Visual-Servoing"),
        organization="TIGER-Lab",
    )
    rules = {
        "category": Rule(categories=("cs.RO",)),
        "keyword": Rule(keywords=("visual servoing",)),
        "organization": Rule(organizations=("tiger-lab",)),
        "part-of-keyword": Rule(keywords=("learning",)),
        "part-of-category": Rule(categories=("cs",)),
        "part-of-organization": Rule(organizations=("TIGER",)),
        "nothing": Rule(),
        "blank": Rule(keywords=("",), organizations=("",), categories=("",)),
    }
    found = match_topics(subject, [topic(slug, rule) for slug, rule in rules.items()], limit=9)
    assert {match.slug: match.why for match in found} == {
        "category": "category cs.RO",
        "keyword": "keyword “Visual-Servoing”",
        "organization": "from TIGER-Lab",
    }


def test_an_author_is_enough_however_the_name_is_printed() -> None:
    rule = Rule(authors=("Emmy Noether", "Jürgen Schmidhuber"))
    for name in ("Schmidhuber, Jurgen", "JÜRGEN SCHMIDHUBER"):
        subject = Subject(title="Untitled", authors=("Ada Lovelace", name))
        (found,) = match_topics(subject, [topic(rule=rule)])
        assert found.why == "by Jürgen Schmidhuber"
    for name in ("J. Schmidhuber", "Schmidhuber", ""):
        subject = Subject(title="Untitled", authors=(name,))
        assert match_topics(subject, [topic(rule=rule)]) == ()
    assert match_topics(Subject(title="Untitled", authors=("",)), [topic(rule=Rule())]) == ()


def test_a_paper_that_names_no_organization_comes_from_none() -> None:
    assert match(Rule(organizations=("", "TIGER-Lab"))) is None


def test_a_topic_without_a_rule_is_never_matched() -> None:
    assert match_topics(Subject(title="Anything"), [topic()]) == ()


def test_the_strongest_come_first_and_at_most_the_limit() -> None:
    topics = [
        topic("d-category", Rule(categories=("cs.RO",))),
        topic("c-abstract", Rule(text=("critic",), mentions=2)),
        topic("b-title-and-abstract", Rule(text=("robot*",), mentions=1)),
        topic("a-title", Rule(title=("robots",))),
        topic("e-title", Rule(title=("robots",))),
    ]
    subject = Subject(title="Robots", abstract="A robot, critic, critic.", categories=("cs.RO",))
    order = ["b-title-and-abstract", "a-title", "e-title", "d-category", "c-abstract"]
    assert [match.slug for match in match_topics(subject, topics, limit=5)] == order
    assert [match.slug for match in match_topics(subject, topics)] == order[:4]
    assert match_topics(subject, reversed(topics)) == match_topics(subject, topics)
    assert match_topics(subject, topics, limit=0) == ()


def test_an_abstract_that_repeats_itself_is_weaker_than_a_title() -> None:
    topics = [
        topic("repeated", Rule(text=("critic",), mentions=1)),
        topic("title", Rule(title=("robots",))),
    ]
    found = match_topics(Subject(title="Robots", abstract="critic " * 500), topics)
    assert [match.slug for match in found] == ["title", "repeated"]


def test_a_reason_quotes_the_paper_and_its_commonest_wordings() -> None:
    rule = Rule(text=("self-correct*", "critique*", "reflect*", "refine*"), mentions=2)
    abstract = "Refine. Critique, critique! Self \n correction; reflecting on critique."
    assert why(rule, abstract=abstract) == (
        "“Critique”, “Refine” and “Self correction” 6 times in the abstract"
    )
    assert why(Rule(text=("dpo",)), abstract="İ ẞ DPO, DPO") == "“DPO” twice in the abstract"
    assert why(Rule(text=("dpo",), mentions=1), abstract="DPO") == "“DPO” once in the abstract"


def test_a_rule_reads_as_sentences() -> None:
    rule = Rule(
        title=("agent", "web agent*"),
        text=("tool use", "a", "b"),
        mentions=3,
        categories=("cs.RO", "cs.SY"),
        keywords=("agents",),
        organizations=("TIGER-Lab",),
        authors=("Ada Lovelace", "Emmy Noether"),
        exclude=("reagent*",),
    )
    assert rule_in_words(rule) == (
        "The title says “agent” or “web agent…”.",
        "The title says “tool use”, “a” or “b”, or the abstract does so at least 3 times in all.",
        "A keyword of the paper is “agents”.",
        "Its category is cs.RO or cs.SY.",
        "It comes from TIGER-Lab.",
        "It is by Ada Lovelace or Emmy Noether.",
        "A paper whose title or abstract says “reagent…” is left out.",
    )
    assert rule_in_words(Rule(text=("code",), mentions=1)) == (
        "The title says “code”, or the abstract does so at least once.",
    )
    assert rule_in_words(Rule()) == ()


HOSTILE = {
    "spaces": "reward" + " " * 200_000 + "x",
    "dashes": ("reward" + "-" * 500) * 400,
    "one word": "agent" * 40_000,
    "near misses": "reward mode " * 20_000,
    "endings": "agent" + "s" * 200_000 + " web " * 10_000,
    "every kind": "".join(map(chr, range(0xD800))) * 4,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_read_in_the_time_of_a_long_one(name: str) -> None:
    rule = Rule(text=("reward model*", "reward - model", "web agent*", "agent"), mentions=2)
    text = HOSTILE[name] + " reward model, reward model"
    started = time.process_time()
    assert match(rule, text, text) is not None
    assert time.process_time() - started < 1.0


def bundled_topics() -> list[Topic]:
    pages = sorted((ROOT / "content/topics").glob("*.md"))
    return [parse_topic(page.read_text("utf-8"), f"content/topics/{page.name}") for page in pages]


def bundled_matches() -> dict[str, tuple[Match, ...]]:
    """The bundled list through its source and the rules: title -> topics, without a limit."""
    path = "content/sources/daily-papers-2025-11-26.txt"
    options = {"path": path, "date": date(2025, 11, 26)}
    source = open_source(SourceConfig(name="bundled", type="listing", options=options))
    [request] = source.requests(Window())
    records = source.parse((ROOT / path).read_bytes(), request).records
    topics = bundled_topics()
    return {
        record.title: match_topics(
            Subject(
                title=record.title,
                abstract=record.abstract,
                categories=record.categories,
                keywords=record.keywords,
                organization=record.organization,
            ),
            topics,
        )
        for record in records
    }


@pytest.fixture(scope="module")
def sorted_list() -> dict[str, tuple[Match, ...]]:
    return bundled_matches()


def test_every_paper_of_the_bundled_list_has_one_to_four_topics(
    sorted_list: dict[str, tuple[Match, ...]],
) -> None:
    assert len(sorted_list) == 92
    assert [title for title, found in sorted_list.items() if not 1 <= len(found) <= 4] == []


def test_every_bundled_topic_has_some_of_the_papers_and_none_has_most(
    sorted_list: dict[str, tuple[Match, ...]],
) -> None:
    sizes = Counter(match.slug for found in sorted_list.values() for match in found)
    assert set(sizes) == {topic.slug for topic in bundled_topics()}
    assert {slug: size for slug, size in sizes.items() if not 2 <= size <= 30} == {}


def test_every_bundled_topic_introduces_itself() -> None:
    topics = bundled_topics()
    assert 15 <= len(topics) <= 25
    for each in topics:
        assert 80 <= len(each.introduction.split()) <= 160, each.path
        assert each.summary.endswith("."), each.path
        assert each.rule is not None, each.path


JUDGED = """
Game On: Towards | agents-and-tool-use reinforcement-learning-methods robotics
Training Language Models to Critique With | critics-and-self-correction multi-agent-systems \
reinforcement-fine-tuning supervised-fine-tuning
Understanding Catastrophic Forgetting | catastrophic-forgetting few-shot-and-prompting
Actor-Critics Can Achieve | reinforcement-learning-methods
Fine-Tuning Vision-Language-Action | robotics
LoRA vs Full Fine-tuning | interpretability parameter-efficient-fine-tuning
Preference Fine-Tuning of LLMs | preference-and-reward-models
Composable Sparse Fine-Tuning | compression-and-sparsity parameter-efficient-fine-tuning
BrowserAgent | agents-and-tool-use
LEVI: Generalizable | generalisation-and-robustness
Masked Thought | mathematical-reasoning
Reinforcement Fine-Tuning Naturally | catastrophic-forgetting reinforcement-fine-tuning \
supervised-fine-tuning
Fine-tuning Done Right in Model Editing | model-merging-and-editing
HFT: Half Fine-Tuning | catastrophic-forgetting
Learning to Generate Research Idea | science
Critique-Coder | code critics-and-self-correction reinforcement-fine-tuning
Supervised Learning-enhanced Multi-Group | reinforcement-learning-methods
Parameter-Efficient Transfer Learning of Audio | parameter-efficient-fine-tuning
Enhancing LLM Reasoning via Critique Models | critics-and-self-correction \
mathematical-reasoning self-improvement test-time-compute
OpenThinkIMG | agents-and-tool-use reinforcement-fine-tuning vision-language
LiNeS | catastrophic-forgetting model-merging-and-editing
FGAIF | preference-and-reward-models reinforcement-fine-tuning vision-language
TuCo | interpretability safety-and-privacy
Self-Play Fine-Tuning | self-improvement
Balancing Label Quantity | training-data
Implicit Reward as the Bridge | preference-and-reward-models supervised-fine-tuning
LeTI | code
LiST: Lite Prompted | few-shot-and-prompting parameter-efficient-fine-tuning self-improvement
RoSTE | compression-and-sparsity supervised-fine-tuning
Customize Multi-modal RAI Guardrails | safety-and-privacy vision-language
DiWA | diffusion-and-flow reinforcement-learning-methods robotics
SaRA | compression-and-sparsity diffusion-and-flow parameter-efficient-fine-tuning
Stochastic Parrots | safety-and-privacy
A Practitioner's Guide | agents-and-tool-use reinforcement-fine-tuning surveys-and-guides
"""


@pytest.mark.parametrize("judgement", JUDGED.strip().splitlines())
def test_a_paper_is_sorted_as_a_reader_sorted_it(
    judgement: str, sorted_list: dict[str, tuple[Match, ...]]
) -> None:
    start, topics = judgement.split(" | ")
    [found] = [found for title, found in sorted_list.items() if title.startswith(start)]
    assert sorted(match.slug for match in found) == topics.split()
