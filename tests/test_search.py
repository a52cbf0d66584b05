"""The search: lunr's language and ranking from shards, and nothing a person types is an error."""

import json
import lzma
import random
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.library.memory import Notes
from generator.library.merge import classify
from generator.library.pages import parse_topic
from generator.library.wording import Reading, Words, read_texts, reading, texts_of, words_of
from generator.model import File, Library, Link, Paper, Topic
from generator.publish.inverting import (
    EMPTY,
    differences,
    invert,
    merge,
    pack,
    read_words,
    totals,
    unpack,
    with_others,
)
from generator.publish.letters import Change
from generator.publish.postings import (
    POSTING,
    columns,
    entries,
    replaced,
    unpacked_columns,
    with_gaps,
)
from generator.publish.search import LUNR_VERSION, render_search, search_documents
from generator.sources import Request, open_source
from generator.text.words import FIELDS, document_text, index_terms, normalize, text_terms
from tests.judges import REPOSITORY, ask

LISTING = REPOSITORY / "content/sources/daily-papers-2025-11-26.txt"
CORPUS = REPOSITORY.parent / "shared/corpora/papers-100k.jsonl.xz"

QUERIES = (
    "survey",
    "decay",
    "replay",
    "reinforcement learning",
    "vision language model reward policy gradient",
    "+reinforcement +learning",
    "+policy -reward",
    "+policy +reward gradient -diffusion",
    "+zzzzqqq learning",
    "zzzzqqq",
    "-learning",
    "-learning -model",
    "-title:model",
    "-zzzzqqq",
    "-model*",
    "title:learning",
    "title:diffusion abstract:model",
    "+title:learning -abstract:policy",
    "topics:reinforcement",
    "organization:tiger",
    "authors:smith",
    "venue:conference",
    "learn*",
    "a*",
    "gpt*",
    "*tion",
    "*ing",
    "*a*",
    "m*l",
    "gener*tion",
    "*o*e*l*",
    "title:learn*",
    "+title:*ing +abstract:*ed",
    "+gen* -title:gen*",
    "+model* +learn* -title:learning",
    "polcy~1",
    "reinforcment~2",
    "+critc~1",
    "title:flw~1",
    "llm~0",
    "q~1",
    "ab~2",
    "or*l~1",
    "transformers~1 attention",
    "attenton~2^3 title:vision^2",
    "learning^10 policy",
    "title:policy^5 reward^2",
    "learning~1^3",
    "policy^0",
    "agents^0 policy",
    "learning learning^2",
    "models model modeling",
    "the",
    "of and the",
    "+the",
    "-the",
    "+the learning",
    "fine-tuning",
    "+fine-tuning -self-supervised",
    "gpt2 3.5 1.5b",
    "x 5",
    "LEARNING Policy",
    "",
)
"""In lunr's language, understood alike with and without our normalisation."""

TYPED = (
    "attention:",
    "attention: is all you need",
    "c++",
    "C#",
    "+c++ -java",
    "~",
    "-",
    "+",
    "*",
    "a - b",
    "--flag",
    "+-x",
    "~1",
    "^2",
    "learning~",
    "learning~x",
    "learning^",
    "learning^^2",
    '"quoted phrase"',
    "'single'",
    "it's",
    "Schrödinger's cat",
    "Erdős–Rényi",
    "état naïve",
    "β-VAE",
    "α",
    "注意力机制",
    "어텐션",
    "внимание",
    "title:",
    "title: learning",
    "Title:Learning",
    "title:author:chen",
    "foo:learning",
    "+title:",
    "-title:+learning",
    "(learning OR policy)",
    "[reward]",
    "what is reinforcement learning?",
    "learning\\:policy",
    "http://arxiv.org/abs/2507.22565v1",
    "state–of–the–art",
    "**",
    "?",
    "\u200blearn\u00ading",
    "e.g., GPT-4.5.",
    "R² = 0.9",
    "100%",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
)

STRANGE = ["+", "-", "~", "^", ":", "*", "\\", '"', "'", "title:", "nosuch:", "learning", "c++",
           "~1", "^2", "~99", "^99999", "É", "β", "注", "🙂", "\x00", "\x01", "\ud800", "\u202e",
           ".", "3.5", " ", "\t", "\n", "(", "]", "{", "/", "|", "&", "%", "_", "constructor",
           "__proto__", "tostring", "ß", "ﬁ", "İ", "Σ"]  # fmt: skip


def topics_of_the_site() -> dict[str, Topic]:
    places = sorted((REPOSITORY / "content/topics").glob("*.md"))
    topics = [
        parse_topic(place.read_text("utf-8"), f"content/topics/{place.name}") for place in places
    ]
    return {topic.slug: topic for topic in topics}


def library_of(papers: Sequence[Paper], topics: Mapping[str, Topic]) -> Library:
    return Library(papers={paper.id: paper for paper in papers}, topics=topics, days={}, pages={})


@pytest.fixture(scope="module")
def bundled() -> Library:
    """The 92 papers of the bundled list, with their topics."""
    options = {"path": "list.txt", "date": date(2025, 11, 26)}
    source = open_source(SourceConfig(name="bundled", type="listing", options=options))
    topics = topics_of_the_site()
    papers = []
    for number, record in enumerate(source.parse(LISTING.read_bytes(), Request(path="x")).records):
        paper = Paper(
            id=f"paper-{number}",
            title=record.title,
            abstract=record.abstract,
            date=record.date,
            added=date(2025, 11, 26),
            author_count=record.author_count,
            organization=record.organization,
            links=record.links,
        )
        papers.append(replace(paper, topics=tuple(classify(paper, topics))))
    assert len(papers) == 92
    return library_of(papers, topics)


@pytest.fixture(scope="module")
def corpus() -> Library:
    """The first 2,000 real papers of the shared corpus."""
    if not CORPUS.is_file():
        pytest.skip("needs ../shared/corpora, real papers for tests")
    papers = []
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        for number, line in zip(range(2_000), lines, strict=False):
            record = json.loads(line)
            paper = Paper(
                id=f"p{number}",
                title=record["title"],
                abstract=record["abstract"],
                authors=tuple(record["authors"]),
                date=date.fromisoformat(record["date"][:10]),
                venue=record["venue"] or "",
            )
            papers.append(paper)
    return library_of(papers, {})


@pytest.fixture(scope="module")
def corpus_files(corpus: Library) -> list[File]:
    return list(render_search(corpus))


def write(files: Iterable[File], folder: Path) -> Path:
    for file in files:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    return folder


@pytest.fixture(scope="module")
def site(bundled: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(render_search(bundled), tmp_path_factory.mktemp("site"))


def answers(site: Path, *questions: dict[str, Any]) -> list[dict[str, Any]]:
    return ask("answers.js", site=str(site), questions=questions)


def found(site: Path, query: str, **options: Any) -> list[str]:
    """The ids of the papers found, best first."""
    [given] = answers(site, {"query": query, "options": options})
    return [result["id"] for result in given["answer"]["results"]]


def nasty_texts(number: int) -> list[str]:
    chance = random.Random(11)
    return ["".join(chance.choices(STRANGE, k=chance.randint(1, 9))) for _ in range(number)]


# -- exactness ------------------------------------------------------------------------------------


def test_every_answer_over_the_bundled_list_is_lunrs(bundled: Library, site: Path) -> None:
    documents = list(search_documents(bundled))
    judged = ask("judge.js", site=str(site), documents=documents, queries=QUERIES, typed=TYPED)
    assert judged["version"] == LUNR_VERSION
    assert judged["asked"] >= 100
    assert judged["faults"] == []


def test_every_answer_over_2000_real_papers_is_lunrs(
    corpus: Library, corpus_files: list[File], tmp_path: Path
) -> None:
    documents = list(search_documents(corpus))
    folder = write(corpus_files, tmp_path)
    judged = ask("judge.js", site=str(folder), documents=documents, queries=QUERIES, typed=TYPED)
    assert judged["faults"] == []


def test_words_and_fields_that_two_bytes_cannot_count_weigh_as_in_lunr(tmp_path: Path) -> None:
    papers = [
        Paper(id="long", title="A", abstract="zq " * 66_000 + "注" * 60_000 + " robots"),
        Paper(id="short", title="zq robots", abstract="zq zq"),
        Paper(id="none", title="Robots"),
    ]
    library = library_of(papers, {})
    site, documents = write(render_search(library), tmp_path), list(search_documents(library))
    queries = ["zq", "zq robots", "+zq -title:zq", "robots"]
    judged = ask("judge.js", site=str(site), documents=documents, queries=queries, typed=[])
    assert judged["faults"] == []


def test_200_nasty_texts_are_answered_as_lunr_answers_their_words(
    bundled: Library, site: Path
) -> None:
    texts = [text for text in nasty_texts(260) if "~99" not in normalize(text)][:200]
    assert len(texts) == 200
    documents = list(search_documents(bundled))
    judged = ask("judge.js", site=str(site), documents=documents, queries=[], typed=texts)
    assert judged["faults"] == []


def test_nothing_a_person_types_is_an_error(site: Path) -> None:
    given = answers(site, *({"query": text} for text in [*nasty_texts(260), *TYPED]))
    assert [answer["error"] for answer in given if "error" in answer] == []


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Erdős–Rényi", "erdos renyi"),
        ("Schrödinger’s", "schrodingers"),
        ("Łódź straße Ærø", "lodz strasse aero"),
        ("C++ and C# or F#", "cplusplus and csharp or fsharp"),
        ("β-VAE, TGFβ1", "beta vae tgf beta 1"),
        ("注意力 model", "xjrvm xjcbw xhdnq model"),
        ("кот", "xgfpxgfvxggd"),
        ("GPT-3.5.", "gpt 3.5"),
        ("pass@1 layer_norm", "pass 1 layer norm"),
        ("“quoted” (text)", "quoted text"),
        ("soft\u00adhyphen", "softhyphen"),
        ("ﬁne x²", "fine x2"),
        ("attention: x", "attention x"),
        ("foo:bar", "foo bar"),
        ("+must -not wild* fuzzy~1 boost^2", "+must -not wild* fuzzy~1 boost^2"),
        ("+title:Été*", "+title:ete*"),
        ("a - b + c ~ d", "a b c d"),
        ("--x ++y", "x y"),
        ("+β", "+beta"),
    ],
)
def test_words_are_normalised_so_that_lunr_finds_them(text: str, words: str) -> None:
    assert normalize(text) == words


def test_every_character_is_normalised_alike_in_python_and_javascript() -> None:
    points = (chr(point) for point in range(0x110000))
    texts = [f"a{c}b {c}s 2{c}" for c in points if unicodedata.category(c) != "Cn"]
    given = ask("words.js", texts=texts)["normalized"]
    pairs = zip(texts, given, strict=True)
    assert [(text, theirs) for text, theirs in pairs if normalize(text) != theirs] == []


def test_texts_are_normalised_alike_in_python_and_javascript() -> None:
    texts = [*nasty_texts(4_000), *LISTING.read_text("utf-8").splitlines(), *TYPED, *QUERIES]
    given = ask("words.js", texts=texts)["normalized"]
    assert given == [normalize(text) for text in texts]


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
    assert once.isascii()


@given(st.text())
def test_a_documents_text_holds_words_only(text: str) -> None:
    words = document_text(text).split()
    assert words == re.findall(r"[a-z0-9.]+", normalize(text))
    assert all(word.replace(".", "").isalnum() for word in words)
    assert len(index_terms(" ".join(words))) <= len(words)


@given(
    st.lists(st.sampled_from([*STRANGE, "a", "ing", "models", "\u00a0", "\u3000", "\u0301"])).map(
        "".join
    )
)
def test_remembered_terms_are_those_of_the_whole_text(text: str) -> None:
    assert text_terms(text) == index_terms(document_text(text))


# -- files ----------------------------------------------------------------------------------------


def test_the_same_library_gives_the_same_bytes_in_any_order(bundled: Library) -> None:
    shuffled = library_of(list(bundled)[::-1], dict(reversed(bundled.topics.items())))
    first = {file.path: file.content for file in render_search(bundled)}
    again = {file.path: file.content for file in render_search(shuffled)}
    manifests = [json.loads(files.pop("search/manifest.json")) for files in (first, again)]
    assert manifests[0] == manifests[1]
    assert first == again


def named(files: Mapping[str, bytes]) -> set[str]:
    """The paths of all shards that a manifest names, directly or through a stretch's list."""
    manifest = json.loads(files["search/manifest.json"])
    kinds = {kind: manifest[kind] for kind in ("terms", "common", "words", "endings", "facets")}
    kinds["stretches"] = manifest["stretches"]["files"]
    size, shard = manifest["stretches"]["size"], manifest["stretches"]["shard"]
    kinds["records"] = []
    for stretch, name in enumerate(kinds["stretches"]):
        digests = zlib.decompress(files[f"search/stretches/{name}.bin"]).decode()
        for place in range(len(digests) // 7):
            number = stretch * size // shard + place
            kinds["records"].append(f"{number}-{digests[7 * place : 7 * place + 7]}")
    return {f"search/{kind}/{name}.bin" for kind, names in kinds.items() for name in names}


def contents(library: Library) -> dict[str, bytes]:
    return {file.path: file.content for file in render_search(library)}


def test_the_manifest_names_every_shard_and_no_other(bundled: Library, corpus: Library) -> None:
    for library in (bundled, corpus):
        files = contents(library)
        assert named(files) == files.keys() - {"search/manifest.json"}
        manifest = json.loads(files["search/manifest.json"])
        assert manifest["lunr"] == "2.3.9"
        assert {field["name"]: field["boost"] for field in manifest["fields"]} == FIELDS
        assert manifest["documents"] == len(library.papers)


def test_no_shard_grows_without_bound(corpus_files: list[File]) -> None:
    sizes = [len(file.content) for file in corpus_files if file.path.endswith(".bin")]
    assert len(sizes) > 300
    assert max(sizes) < 20_000


def test_processes_give_the_same_files(corpus: Library, corpus_files: list[File]) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        assert list(render_search(corpus, pool)) == corpus_files


def touched(before: Library, after: Library) -> Counter[str]:
    """How many shards of each kind differ between the indexes of two libraries, new ones too."""
    old, new = (set(contents(library).items()) for library in (before, after))
    return Counter(path.split("/")[1] for path, _ in new - old)


def test_one_more_paper_leaves_the_records_of_others_and_most_terms(corpus: Library) -> None:
    title, abstract = "A new paper on pruning", "We prune what a quixotic model learned."
    new = Paper(id="new", title=title, abstract=abstract, added=date(2030, 1, 1))
    changed = touched(corpus, library_of([*corpus, new], {}))
    assert changed.pop("manifest.json") == 1
    assert changed["records"] == changed["stretches"] == changed["facets"] == 1
    assert changed["terms"] + changed["common"] <= 7
    assert changed["words"] + changed["endings"] <= 4


def test_one_corrected_title_leaves_all_that_does_not_hold_its_words(corpus: Library) -> None:
    first, *others = corpus
    corrected = replace(first, title=f"{first.title} corrected")
    changed = touched(corpus, library_of([corrected, *others], {}))
    assert changed["records"] == changed["stretches"] == 1
    assert changed["facets"] == 0
    # The length of a field stands with each of its terms, and a title has few.
    assert changed["terms"] + changed["common"] <= len(text_terms(corrected.title)) + 1


def test_an_empty_library_can_be_searched(tmp_path: Path) -> None:
    folder = write(render_search(library_of([], {})), tmp_path)
    for query in ("", "model", "mod*", "*el", "modle~1", "-model", "+model"):
        assert found(folder, query) == []
    [given] = answers(folder, {"query": "", "options": {"facets": True, "sort": "date"}})
    assert given["answer"]["total"] == 0


# -- from one build to the next --------------------------------------------------------------------


def many(size: int) -> list[Paper]:
    """Short papers, oldest first, of words as common as those of a language; one is in all."""
    chance, papers = random.Random(1), []
    for number in range(size):
        words = " ".join(f"w{int(chance.paretovariate(0.6))}" for _ in range(8))
        papers.append(
            Paper(
                id=f"p{number:05}",
                title=f"Everywhere {chance.choice(['ing', 'ed', ''])}",
                abstract=f"everywhere {words}",
                authors=(f"A{number % 700} B{number % 300}",),
                added=date(2020, 1, 1) + timedelta(days=number),
            )
        )
    return papers


def edited(papers: list[Paper], chance: random.Random) -> list[Paper]:
    """The papers after somebody added, removed or rewrote some."""
    papers = list(papers)
    for _ in range(chance.choice([1, 1, 3])):
        place = chance.choice([len(papers) - 1, chance.randrange(len(papers))])
        paper, word = papers[place], f"w{chance.randrange(400)}{chance.choice(['s', 'ing', 'x'])}"
        match chance.randrange(7):
            case 0:
                new = chance.randrange(10**6)
                papers.append(replace(paper, id=f"q{new}", added=papers[-1].added, title=word))
            case 1:
                papers.pop(place)
            case 2:
                papers[place] = replace(paper, abstract=f"{word} {paper.abstract} new{word}")
            case 3:
                papers[place] = replace(paper, abstract=paper.abstract.partition(" ")[2])
            case 4:
                words = [f"{w}s" if w[-1].isdigit() else w for w in paper.abstract.split()]
                papers[place] = replace(paper, abstract=" ".join(words))
            case 5:
                papers[place] = replace(paper, authors=(*paper.authors, f"Zz{word}"))
            case _:
                papers[place] = replace(paper, title=word, topics=("robots",))
    return papers


def rendered(library: Library, memory: Notes, previous: dict[str, bytes]) -> dict[str, bytes]:
    """The files of an index by path, those that are told by name from the ones before."""
    files = list(render_search(library, None, memory, previous))
    assert len({file.path for file in files}) == len(files)
    return {f.path: f.content if isinstance(f, File) else previous[f.path] for f in files}


def test_after_edits_the_index_is_the_one_made_from_nothing() -> None:
    chance, papers, memory, files = random.Random(7), many(2_990), Notes(), dict[str, bytes]()
    for _ in range(40):
        library = library_of(papers, {"robots": Topic(slug="robots", title="Robots")})
        files = rendered(library, memory, files)
        assert files == contents(library)
        papers = edited(papers, chance)


def test_whoever_wants_the_words_is_told_them_once_and_the_files_are_the_same() -> None:
    library, memory, told = library_of(many(2_500), {}), Notes(), list[list[Reading]]()
    made = list(render_search(library, None, memory, told=told.append))
    assert {file.path: file.content for file in made if isinstance(file, File)} == contents(library)
    (readings,) = told
    assert sorted(paper for reading in readings for paper in reading.ids) == sorted(library.papers)
    for each in readings:
        alone = reading(texts_of([library.papers[paper] for paper in each.ids]))
        assert (each.line, each.told.tolist()) == (alone.line, alone.told.tolist())
    before = {file.path: file.content for file in made if isinstance(file, File)}
    again = list(render_search(library, None, memory, before, told=told.append))
    assert len(told) == 1
    assert {file.path for file in again} == before.keys()


def test_a_word_in_another_form_may_be_the_one_that_stands_for_its_term() -> None:
    papers = [Paper(id=f"p{number}", title="A gripper", abstract="") for number in range(3)]
    memory = Notes()
    files = rendered(library_of(papers, {}), memory, {})
    papers = [replace(paper, title="Grippers") for paper in papers]
    assert rendered(library_of(papers, {}), memory, files) == contents(library_of(papers, {}))


class Asked(Notes):
    """Notes that note what is asked for, too."""

    def __init__(self) -> None:
        self.read, self.used = set[str](), set[str]()

    def __contains__(self, key: object) -> bool:
        self.used.add(str(key))
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def put(self, key: str, value: bytes) -> None:
        self.used.add(key)
        super().put(key, value)


def test_one_corrected_abstract_leaves_most_files_by_name_and_most_stretches_unread() -> None:
    papers, memory = many(5_000), Asked()
    files = rendered(library_of(papers, {}), memory, {})
    memory.read, memory.used = set(), set()
    papers[700] = replace(papers[700], abstract="everywhere quixotic w1 w2")
    new = render_search(library_of(papers, {}), None, memory, files)
    assert sum(isinstance(file, File) for file in new) < 25
    stretches = {key for key in memory if key.startswith("search ") and "," not in key}
    assert len(memory.read & stretches) <= 2
    assert memory.keys() <= memory.read | memory.used


@pytest.mark.parametrize(
    "lost", ["all", "a stretch", "what tells of a letter", "shards of terms", "records"]
)
def test_what_is_lost_is_made_again(lost: str) -> None:
    papers, memory = many(2_100), Notes()
    files = rendered(library_of(papers, {}), memory, {})
    papers[3] = replace(papers[3], abstract="everywhere quixotic w1 w2")
    keys = {"all": "", "a stretch": "search ", "what tells of a letter": "search index, "}
    if lost in keys:
        for key in [key for key in memory if key.startswith(keys[lost])]:
            if lost != "a stretch" or "index" not in key:
                del memory[key]
    elif lost == "records":
        files = {path: content for path, content in files.items() if "/records/" not in path}
    else:
        files |= {path: files[path][:-9] for path in files if path.startswith("search/terms/")}
        files.pop(next(path for path in files if path.startswith("search/terms/e")))
    whole, made = contents(library_of(papers, {})), rendered(library_of(papers, {}), memory, files)
    assert made.keys() == whole.keys()
    assert {path for path in made if made[path] != whole[path]} <= files.keys()
    assert lost == "shards of terms" or made == whole


COUNTS = st.one_of(st.integers(1, 9), st.integers(1, 2**20 - 1))
POSTINGS = st.dictionaries(st.integers(0, 2**24 - 1), st.tuples(COUNTS, COUNTS), min_size=1)


def listed(postings: Mapping[int, tuple[int, int]]) -> bytes:
    """Postings by document, each the length of a field and a frequency, as a list."""
    told = [(document, *postings[document]) for document in sorted(postings)]
    return entries(*np.array(told, np.int64).reshape(-1, 3).T).tobytes()


@given(st.lists(POSTINGS))
def test_postings_that_are_taken_out_of_a_shard_are_those_that_went_in(
    lists: list[dict[int, tuple[int, int]]],
) -> None:
    told = with_gaps([listed(postings) for postings in lists])
    assert unpacked_columns(b"before" + columns(told), 6, len(told) // POSTING) == told


@given(POSTINGS, st.integers(0, 40), st.integers(0, 40))
def test_postings_of_some_documents_are_replaced(
    postings: dict[int, tuple[int, int]], first: int, size: int
) -> None:
    documents = range(first, first + size)
    others = dict.fromkeys(documents[::3], (9, 2))
    kept = {document: told for document, told in postings.items() if document not in documents}
    found = replaced(with_gaps([listed(postings)]), documents, listed(others))
    assert found == with_gaps([listed(kept | others)])


WORDS = st.lists(st.sampled_from(["all", "able", "learn", "learned", "zebra", "c++", "注"]))
DOCUMENTS = st.lists(st.lists(WORDS.map(" ".join), min_size=len(FIELDS), max_size=len(FIELDS)))


def titles_and_abstracts(documents: list[list[str]]) -> Words:
    return read_texts((text for each in documents for text in (each[0], each[-1])), words_of)


def between(documents: list[list[str]]) -> list[list[str]]:
    return [each[1:-1] for each in documents]


def words_in(documents: list[list[str]]) -> Words:
    return read_words(titles_and_abstracts(documents), between(documents))


@given(DOCUMENTS, st.integers(1, 5))
def test_the_postings_of_stretches_are_those_of_each_text(
    documents: list[list[str]], size: int
) -> None:
    starts = range(0, len(documents), size)
    stretches = [invert(words_in(documents[first : first + size]), first) for first in starts]
    for letter in {letter for runs in stretches for letter in runs}:
        postings = merge([runs[letter] for runs in stretches if letter in runs])
        for place, lists in enumerate(postings.fields):
            texts = [Counter(text_terms(document[place])) for document in documents]
            for term in postings.held:
                told = {n: (sum(t.values()), t[term]) for n, t in enumerate(texts) if t[term]}
                assert lists.get(term, b"") == (listed(told) if told else b"")


@given(DOCUMENTS, DOCUMENTS, st.data())
def test_words_of_which_some_documents_are_others_are_those_of_all_documents(
    documents: list[list[str]], others: list[list[str]], data: st.DataObject
) -> None:
    places = data.draw(st.lists(st.integers(0, len(documents)), max_size=len(others), unique=True))
    told = dict(zip(places, others, strict=False))
    now = [told.get(place, each) for place, each in enumerate([*documents, *others[:1]])]
    now = now[: max([len(documents), *(place + 1 for place in told)])]
    read = titles_and_abstracts([*told.values()])
    before = unpack(pack(words_in(documents)))
    again = with_others(before, [*told], read, between([*told.values()]))
    whole = words_in(now)
    assert totals(again) == totals(whole)
    runs = [invert(words, 3) for words in (again, whole)]
    assert runs[0].keys() == runs[1].keys()
    for letter in runs[0]:
        assert merge([runs[0][letter]]) == merge([runs[1][letter]])


@given(DOCUMENTS, st.data())
def test_what_two_runs_tell_differently_is_what_their_postings_do(
    documents: list[list[str]], data: st.DataObject
) -> None:
    others = [data.draw(st.sampled_from([each, each[::-1], each[:-1] * 2])) for each in documents]
    others = [[*each, *[""] * len(FIELDS)][: len(FIELDS)] for each in others]
    old, new = (invert(words_in(some), 0) for some in (documents, others))
    for letter in old.keys() | new.keys():
        runs = [side.get(letter, EMPTY) for side in (old, new)]
        whole = Change(range(9), *(merge([run]) for run in runs))
        told = Change(range(9), *differences(*runs))
        assert (told.terms, told.counted) == (whole.terms, whole.counted)
        for term, place in product(whole.terms, range(len(FIELDS))):
            sides = [
                [c.old.fields[place].get(term), c.new.fields[place].get(term)]
                for c in (whole, told)
            ]
            assert sides[0] == sides[1] or sides[0][0] == sides[0][1]
        held, some = (Counter(c.new.held) for c in (whole, told))
        held.subtract(whole.old.held)
        some.subtract(told.old.held)
        assert all(held[term] == some[term] for term in held.keys() | some.keys())
        assert all(whole.new.stems[word] == stem for word, stem in told.new.stems.items())
        assert told.counted & whole.new.words.keys() <= told.new.stems.keys()


# -- the reader -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four papers that differ in what results are filtered by."""
    topics = {slug: Topic(slug=slug, title=slug.title()) for slug in ("robots", "privacy")}
    code = (Link(kind="code", url="https://example.org/code"),)
    papers = [
        Paper(id="old", title="Model A", date=date(2023, 5, 1), topics=("robots",)),
        Paper(id="mid", title="Model B", date=date(2024, 5, 1), topics=("robots", "privacy"),
              organization="Ministry of Models", links=code),
        Paper(id="new", title="Model Model", date=date(2025, 5, 1), authors=tuple("ABCDEFGHIJKL"),
              organization="Ministry of Models",
              abstract="A *model* of $\\alpha$ " + "and more words " * 60),
        Paper(id="undated", title="Model C", author_count=7, organization="constructor"),
    ]  # fmt: skip
    return write(render_search(library_of(papers, topics)), tmp_path_factory.mktemp("shelf"))


def test_results_are_narrowed_by_each_filter_and_all_together(shelf: Path) -> None:
    assert set(found(shelf, "model")) == {"old", "mid", "new", "undated"}
    assert set(found(shelf, "model", topic="robots")) == {"old", "mid"}
    assert found(shelf, "model", topic=["robots", "privacy"]) == ["mid"]
    assert found(shelf, "model", topic="nosuch") == []
    assert found(shelf, "model", year=2023) == found(shelf, "model", year="2023") == ["old"]
    assert set(found(shelf, "model", organization="ministry of MODELS")) == {"mid", "new"}
    assert found(shelf, "model", hasCode=True) == ["mid"]
    assert found(shelf, "model", hasCode=True, year=2023) == []


def test_results_stand_by_score_or_by_date_the_newest_first(shelf: Path) -> None:
    assert found(shelf, "model")[0] == "new"
    assert found(shelf, "model", sort="date") == ["new", "mid", "old", "undated"]
    assert found(shelf, "", limit=2) == ["new", "mid"]


def test_the_total_counts_what_the_limit_leaves_out(shelf: Path) -> None:
    [given] = answers(shelf, {"query": "model", "options": {"limit": 1}})
    assert given["answer"]["total"] == 4
    assert len(given["answer"]["results"]) == 1


def test_facets_count_what_each_value_would_give_beside_the_other_filters(shelf: Path) -> None:
    [given] = answers(shelf, {"query": "model", "options": {"topic": "robots", "facets": True}})
    facets = given["answer"]["facets"]
    assert facets["topic"] == {"robots": 2, "privacy": 1}
    assert facets["year"] == {"2023": 1, "2024": 1}
    assert facets["organization"] == {"Ministry of Models": 1}
    assert facets["code"] == 1
    [given] = answers(shelf, {"query": "model", "options": {"facets": True}})
    assert given["answer"]["facets"]["organization"] == {"Ministry of Models": 2, "constructor": 1}


def test_a_result_says_what_a_list_shows(shelf: Path) -> None:
    [given] = answers(shelf, {"query": "alpha"}, {"query": "model c"})[:1]
    [result] = given["answer"]["results"]
    assert result["id"] == "new"
    assert result["url"] == "papers/new/"
    assert result["title"] == "Model Model"
    assert result["authors"] == "A, B, C, D, E, F, G, H, I, J and 2 more"
    assert result["date"] == "2025-05-01"
    assert result["hasCode"] is False
    assert result["excerpt"].startswith("A model of α and more words")
    assert result["excerpt"].endswith("…")
    assert len(result["excerpt"]) < 320
    assert given["answer"]["terms"] == ["alpha"]


def kinds(answer: Mapping[str, Any]) -> Counter[str]:
    """How many shards of each kind a search fetched."""
    return Counter(path.split("/")[1] for path in answer["fetched"])


def test_a_query_fetches_what_it_needs_and_only_once(site: Path) -> None:
    word, again, fuzzy = answers(
        site,
        {"query": "reinforcement", "options": {"limit": 3}},
        {"query": "+reinforcement -zebra", "options": {"limit": 3}},
        {"query": "reinforcemnt~1", "options": {"limit": 3}},
    )
    assert kinds(word).keys() == {"terms", "stretches", "records"}
    assert kinds(word)["terms"] == kinds(word)["stretches"] == 1
    assert not set(word["fetched"]) & set(again["fetched"])
    assert kinds(fuzzy).keys() <= {"terms", "words", "endings"}


def test_facets_are_fetched_only_for_filters_counts_and_dates(site: Path) -> None:
    ways: list[dict[str, Any]] = [{"limit": 3}, {"year": 2025}, {"facets": True}, {"sort": "date"}]
    for options in ways:
        [given] = answers(site, {"query": "model", "options": options})
        assert ("facets" in kinds(given)) == (options != {"limit": 3})


def test_a_search_that_failed_offline_works_again_online(site: Path) -> None:
    lost, back = answers(site, {"query": "diffusion", "offline": True}, {"query": "diffusion"})
    assert "fetch failed" in lost["error"]
    assert back["answer"]["total"] > 0


def test_a_search_goes_on_when_the_site_is_published_anew(
    site: Path, bundled: Library, tmp_path: Path
) -> None:
    new = Paper(id="new", title="Quixotic rewards", added=date(2030, 1, 1))
    published = write(render_search(library_of([*bundled, new], bundled.topics)), tmp_path)
    before, after, gone = answers(
        site,
        {"query": "reward"},
        {"query": "quixotic", "published": str(published)},
        {"query": "penguin zebra", "published": str(tmp_path / "nowhere")},
    )
    assert before["answer"]["total"] > 1
    assert [result["id"] for result in after["answer"]["results"]] == ["new"]
    assert "search/manifest.json" in after["fetched"]
    assert "HTTP 404" in gone["error"]


def test_a_stale_search_ends_and_stops_what_only_it_was_fetching(site: Path) -> None:
    given = ask("stale.js", site=str(site), stale="diffusion", fresh="reinforcement")
    assert given["error"] == "AbortError"
    assert given["stopped"] == given["fetching"] == 1
    assert given["shared"] > 0
    assert given["again"] > 0


# -- what helps people ----------------------------------------------------------------------------


def test_all_the_words_makes_musts_of_words_but_not_of_stop_words(shelf: Path) -> None:
    assert set(found(shelf, "model words")) == {"old", "mid", "new", "undated"}
    assert found(shelf, "model words", all=True) == ["new"]
    assert found(shelf, "the model of words", all=True) == ["new"]
    assert found(shelf, "model -words", all=True) == found(shelf, "+model -words")
    assert found(shelf, "model nosuch", all=True) == []


def test_papers_with_all_the_words_can_come_first(tmp_path: Path) -> None:
    words = {"both": "A long title about a graph that is deep", "graph": "Graph graph graph"}
    papers = [Paper(id=key, title=title, date=date(2025, 1, 1)) for key, title in words.items()]
    folder = write(render_search(library_of(papers, {})), tmp_path)
    assert found(folder, "deep graphs")[0] == "both"
    assert found(folder, "graphs^50 deep") == ["graph", "both"]
    assert found(folder, "graphs^50 deep", allFirst=True) == ["both", "graph"]
    assert found(folder, "the graphs^50 deep", allFirst=True) == ["both", "graph"]
    assert found(folder, "graphs^50 -deep", allFirst=True) == ["graph"]
    assert found(folder, "graphs^50 title:deep", allFirst=True) == ["both", "graph"]
    assert found(folder, "graphs^50 abstract:deep", allFirst=True) == ["graph", "both"]


def test_papers_with_all_the_words_in_one_field_or_side_by_side_lead(tmp_path: Path) -> None:
    papers = [
        Paper(id="spread", title="Wang Wang", authors=("Kaiwen Li",), date=date(2025, 1, 1)),
        Paper(id="apart", title="X", authors=("Kaiwen Li", "Wang Wang"), date=date(2025, 1, 1)),
        Paper(id="name", title="Y", authors=("A B", "C D", "Kaiwen Wang"), date=date(2025, 1, 1)),
    ]
    folder = write(render_search(library_of(papers, {})), tmp_path)
    assert found(folder, "kaiwen wang")[0] != "name"
    assert found(folder, "kaiwen wang", allFirst=True) == ["name", "apart", "spread"]
    assert found(folder, "+kaiwen wang", allFirst=True)[-1] == "spread"


def test_a_word_that_is_half_typed_counts_as_its_most_frequent_completion(shelf: Path) -> None:
    typed, whole, other = answers(
        shelf,
        {"query": "mod", "options": {"typing": True}},
        {"query": "mod"},
        {"query": "mod ", "options": {"typing": True}},
    )
    assert typed["answer"]["completed"] == "model"
    assert typed["answer"]["total"] == 4
    assert whole["answer"]["total"] == other["answer"]["total"] == 0
    assert "completed" not in whole["answer"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("reinforcemnt lerning", "reinforcement learning"),
        ("reinforcement lraening", "reinforcement learning"),
        ("+title:polciy^2 -modle", "+title:policy^2 -models"),
        ("eward", "reward"),
        ("rewrad", "reward"),
        ("reinforcement learning", ""),
        ("the zzzzqqqq", ""),
        ("", ""),
        ("attention:", ""),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest_known_one(
    site: Path, typed: str, meant: str
) -> None:
    [given] = answers(site, {"suggest": typed})
    assert given["answer"] == meant


def test_the_passage_of_an_abstract_holds_most_of_what_was_found(site: Path) -> None:
    filler = "Nothing of it is here, and there is more of nothing to come in this long sentence. "
    summary = f"{filler * 5}At last models learn rewards. {filler * 5}A model is named. {filler}"
    place = site / "api/papers/made.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({"paper": {"summary": summary}}))
    both, none, lost = answers(
        site,
        {"passage": "made", "terms": ["model", "reward"]},
        {"passage": "made", "terms": ["zebra"]},
        {"passage": "nosuch", "terms": ["model"]},
    )
    assert "At last models learn rewards." in both["answer"]
    assert both["answer"].startswith("… ")
    assert both["answer"].endswith(" …")
    assert len(both["answer"]) <= 264
    assert none["answer"] == lost["answer"] == ""
