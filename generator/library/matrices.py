"""Which sparse vectors are near each other, by products of sparse matrices.

What `library/neighbours.py` finds, which also says how, several times as fast: this module is that
one written in numpy and scipy (the extra `related`), and the only one that imports them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from generator.library.neighbours import COMPARED, NEAR, NEAREST, SHARED, Vectors

_BATCH = 1_000
"""Vectors that are multiplied at once: some 30 MB."""
_PRODUCT, _NUMBER = 22, 31
"""Bits of a dot product and of a vector's number; ten are left for the rows of a batch."""

Numbers = NDArray[np.int64]


def nearest(vectors: Vectors) -> Iterator[list[int]]:
    """Of each vector in turn the numbers of its neighbours, the nearest first."""
    whole, looking, found_by = _matrices(vectors)
    for first in range(0, len(vectors), _BATCH):
        rows, others = _look(looking[first : first + _BATCH] @ found_by, first, len(vectors))
        rows, others = _compare(whole, first, rows, others)
        size = min(_BATCH, len(vectors) - first)
        ends = np.searchsorted(rows, np.arange(size + 1)).tolist()
        numbers = others.tolist()
        yield from (numbers[ends[row] : ends[row + 1]] for row in range(size))


def _matrices(vectors: Vectors) -> tuple[Any, Any, Any]:
    """A row a vector: all its terms, those it looks through; a row a term: who is found by it."""
    terms = np.frombuffer(vectors.terms, np.uint32).astype(np.int32)
    weights = np.frombuffer(vectors.weights, np.uint16).astype(np.int32)
    ends = np.frombuffer(vectors.ends, np.uint32).astype(np.int32)
    sizes = np.diff(ends)
    shape = (len(vectors), int(terms.max(initial=0)) + 1)

    def matrix(kept: NDArray[np.bool_]) -> Any:
        kept_ends = np.concatenate(([0], np.cumsum(kept)))[ends]
        return sparse.csr_matrix((weights[kept], terms[kept], kept_ends), shape=shape)

    place = np.arange(len(terms)) - np.repeat(ends[:-1], sizes)
    looks = place < np.repeat(np.frombuffer(vectors.looks, np.uint8), sizes)
    shown = np.frombuffer(vectors.shown, np.uint8).astype(np.bool_)
    whole = matrix(np.ones(len(terms), np.bool_))
    whole.sort_indices()
    return whole, matrix(looks), matrix(shown).T.tocsr()


def _look(products: Any, first: int, count: int) -> tuple[Numbers, Numbers]:
    """Rows of a batch, and whom each has seen; the batch's first row is the vector `first`."""
    rows = np.repeat(np.arange(products.shape[0], dtype=np.int64), np.diff(products.indptr))
    seen = (products.data >= NEAR) & (products.indices != rows + first)
    return _best(rows[seen], products.indices[seen], products.data[seen], COMPARED)


def _compare(whole: Any, first: int, rows: Numbers, others: Numbers) -> tuple[Numbers, Numbers]:
    """The nearest of those seen, by all their terms."""
    common = whole[rows + first].multiply(whole[others]).tocsr()
    products = np.asarray(common.sum(axis=1)).ravel()
    near = np.diff(common.indptr) >= SHARED
    return _best(rows[near], others[near], products[near], NEAREST)


def _best(rows: Numbers, others: Numbers, products: Numbers, most: int) -> tuple[Numbers, Numbers]:
    """Of each row the others with the largest products, the largest first, else by number: row,
    product and other as one number each, which sort in one go."""
    below = (1 << _PRODUCT) - 1 - products.astype(np.int64)
    keys = np.sort((((rows << _PRODUCT) | below) << _NUMBER) | others)
    rows = keys >> (_PRODUCT + _NUMBER)
    first = np.arange(len(rows)) - np.searchsorted(rows, rows) < most
    return rows[first], keys[first] & ((1 << _NUMBER) - 1)
