"""Which papers are related: what is asked and what is told.

A paper is a vector of its strongest words (`library/weighing.py`). Its related papers are the
nearest five that share two words with it and have a cosine of 0.12; `library/neighbours.py` says
how they are found and which far-fetched ones are not looked at. The order of papers does not
matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from generator.library.memory import Memory, Notes
from generator.model import Paper

if TYPE_CHECKING:
    from generator.library.relating import Known, Texts
    from generator.library.wording import Reading


class Related(NamedTuple):
    """A paper near another."""

    id: str
    words: tuple[str, ...]
    """The words that bring them together, the strongest first, as the papers print them."""


class Relations(Mapping[str, tuple[Related, ...]]):
    """By id, the papers nearest to each, the nearest first; those near none are left out.

    They are kept as text, which is small and soon pickled, and read when somebody asks."""

    def __init__(self, told: Mapping[str, str]) -> None:
        """`told`: by id, of each paper its mark (`told`), and of each related one its id and the
        words, apart by spaces; all apart by tabs."""
        self._told = told

    def __getitem__(self, paper: str) -> tuple[Related, ...]:
        return read_line(self._told[paper].partition("\t")[2])

    def told(self, paper: str) -> str:
        """A text that is another when those near a paper are others, or their titles or abstracts;
        empty where there are none."""
        return self._told.get(paper, "")

    def line(self, paper: str) -> str:
        """Those near a paper as text, for `read_line`; empty where there are none."""
        return self.told(paper).partition("\t")[2]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)


def read_line(line: str) -> tuple[Related, ...]:
    """The related papers that a line of Relations tells."""
    told = (each.split(" ") for each in line.split("\t")) if line else ()
    return tuple([Related(id_, tuple(words)) for id_, *words in told])


def relate(
    papers: Iterable[Paper],
    memory: Memory | None = None,
    digests: Mapping[str, str] = MappingProxyType({}),
) -> Relations:
    """Find the papers nearest to each. What is found does not depend on `memory`, which holds what
    earlier calls found out; with it, only what changed since takes time. `digests`: by id, of all
    of a paper, as far as they are known: with them it is soon seen which papers are the same."""
    from generator.library.relating import Unread  # brings numpy, which takes a while

    return _relations(_found(Unread(papers), memory, digests))


def _found(texts: "Texts", memory: Memory | None, digests: Mapping[str, str]) -> "Known":
    from generator.library.relating import Relating
    from generator.library.remembered import ForgottenError, Remembered

    remembered = Remembered(Notes() if memory is None else memory)
    relating = Relating(texts, remembered.known, remembered, digests)
    try:
        known = relating.find()
    except ForgottenError:
        remembered.forget()
        relating = Relating(texts, remembered.known, remembered, digests)
        known = relating.find()
    if memory is not None and not relating.is_known:
        remembered.put(known, relating.left, dict(relating.stems()))
    return known


def _relations(known: "Known") -> Relations:
    marks = known.marks().tolist()
    told = zip(known.ids, marks, known.lines, strict=True)
    return Relations({paper: f"{mark}\t{line}" for paper, mark, line in told if line})


def relate_elsewhere(papers: Sequence[Paper], digests: Mapping[str, str]) -> Notes:
    """What `relate` puts into a memory that knows nothing, for `relations`."""
    notes = Notes()
    relate(papers, notes, digests)
    return notes


def relate_read(readings: "list[Reading]", digests: Mapping[str, str]) -> Notes:
    """Like `relate_elsewhere`, of papers that somebody has read, in any order. The list is emptied:
    it may be much."""
    from generator.library.relating import Read

    notes = Notes()
    _found(Read(readings), notes, digests)
    return notes


def relations(memory: Memory) -> Relations:
    """What the last call of `relate` found, which put it into this memory."""
    from generator.library.remembered import Remembered  # brings numpy, which takes a while

    return _relations(Remembered(memory).known)
