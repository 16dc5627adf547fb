"""Nearest passages by cosine, in FAISS: exact in memory, and for many passages by saved lists (`inverted.py`).

An index is never changed: an update gives a new one that shares the old one's parts, so a search that runs meanwhile
sees one state. Parts grow like the digits of a counter: a new part swallows its smaller neighbours, which keeps their
number at the logarithm of the size and the cost of many small additions low.

Vectors are held as float16, as the catalog keeps them: half the memory of float32, a cosine off by less than 0.001,
and twice the speed, since an exact search is bound by memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from vectorstore.allowed import Allowed
from vectorstore.change import Removed
from vectorstore.inverted import InvertedFile

SLACK = 16  # hits fetched beyond k, so that a tie at the border is seen whole
MOST_TIES = 1024  # beyond so many equal scores at the border, which of them come back is left open
MOST_DEAD = 0.2  # share of removed vectors above which they are cleared out


@dataclass(frozen=True, slots=True)
class _Part:
    """Some vectors with their passage keys, ascending.

    Attributes:
        vectors: shape (n, dimension), float16; None where only FAISS holds them.
        alive: which positions were not removed, shape (n,), bool; `bits` is the same, packed as FAISS reads it.
        probes: how many of its inverted lists a search looks at; None for an exact part.
    """

    keys: np.ndarray
    vectors: np.ndarray | None
    index: Any
    alive: np.ndarray
    bits: np.ndarray | None
    probes: int | None = None

    @staticmethod
    def of(keys: np.ndarray, vectors: np.ndarray) -> _Part:
        faiss: Any = import_module("faiss")
        vectors = np.ascontiguousarray(vectors, np.float16)
        index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index.is_trained = True  # float16 has nothing to learn
        index.add_sa_codes(vectors.view(np.uint8))
        own = faiss.rev_swig_ptr(index.codes.data(), vectors.nbytes).view(np.float16).reshape(vectors.shape)
        return _Part(keys, own, index, np.ones(len(keys), bool), None)

    @property
    def dead(self) -> int:
        """How many were removed."""
        return len(self.alive) - int(np.count_nonzero(self.alive))

    def without(self, removed: Sequence[Removed]) -> _Part:
        """The same part with these key ranges dead."""
        first = np.fromiter((gone.first for gone in removed), np.int64, len(removed))
        last = np.fromiter((gone.last for gone in removed), np.int64, len(removed))
        lows, highs = np.searchsorted(self.keys, first), np.searchsorted(self.keys, last, side="right")
        alive = self.alive.copy()
        for low, high in zip(lows, highs, strict=True):
            alive[low:high] = False
        return replace(self, alive=alive, bits=np.packbits(alive, bitorder="little"))

    def rows(self, positions: np.ndarray) -> np.ndarray:
        """Vectors at some positions that are alive, shape (len(positions), dimension), float32."""
        if self.vectors is None:
            return np.asarray(self.index.reconstruct_batch(positions.astype(np.int64)))
        return self.vectors[positions].astype(np.float32)

    def search(self, vector: np.ndarray, k: int, allowed: Allowed | None) -> tuple[np.ndarray, np.ndarray]:
        """Up to k scores and keys of those that are alive and allowed, best first."""
        faiss: Any = import_module("faiss")  # untyped: its stubs know less than it takes
        options, bits = None, self.bits
        if allowed is not None:
            bits = np.packbits(self.alive & allowed.mask(self.keys), bitorder="little")
        chosen = None if bits is None else faiss.IDSelectorBitmap(bits)
        if self.probes is not None:
            # The best of a few documents lie anywhere: all lists are looked at, and only those documents in them.
            probes = self.probes if allowed is None else self.index.nlist
            options = faiss.SearchParametersIVF(nprobe=probes, sel=chosen) if chosen else _looking_at(probes)
        elif chosen:
            options = faiss.SearchParameters(sel=chosen)
        # One question has no work for a second thread, and waiting for one cost 6 ms instead of 0.3 on a busy machine.
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # for the calling thread only
        try:
            scores, positions = self.index.search(vector[None, :], min(k, len(self.keys)), params=options)
        finally:
            faiss.omp_set_num_threads(threads)
        found = positions[0] >= 0
        return scores[0][found], self.keys[positions[0][found]]


class DenseIndex:
    """Vectors by passage key, as of one generation of the catalog.

    Attributes:
        generation: the catalog's generation this index stands at.
        dimension: length of every vector.
    """

    def __init__(self, dimension: int, generation: int = 0, parts: Iterable[_Part] = ()) -> None:
        self.dimension = dimension
        self.generation = generation
        self._parts = tuple(parts)

    @classmethod
    def over(cls, file: InvertedFile) -> DenseIndex:
        """The index that was saved, at the generation it was saved at."""
        keys = np.asarray(file.keys)  # mapped still, without what numpy's memmap does at each access
        part = _Part(keys, None, file.index, np.ones(len(file.keys), bool), None, file.about.probes)
        return cls(int(file.index.d), file.about.generation, [part])

    def __len__(self) -> int:
        return sum(len(part.keys) - part.dead for part in self._parts)

    def updated(self, generation: int, removed: Sequence[Removed], keys: np.ndarray, vectors: np.ndarray) -> DenseIndex:
        """This index at a later generation; it stays as it is itself.

        Args:
            removed: documents that went since this index's generation.
            keys: shape (n,), int64, ascending, each above every key here.
            vectors: shape (n, dimension), float16.
        """
        parts = [part.without(removed) for part in self._parts] if removed else list(self._parts)
        if len(keys):
            parts.append(_Part.of(keys, vectors))
        return DenseIndex(self.dimension, generation, _tidied(parts))

    def search(self, vector: np.ndarray, k: int, allowed: Allowed | None = None) -> list[tuple[int, float]]:
        """At least k (passage key, cosine) where there are as many, best first, and all that tie with the k-th.

        Args:
            vector: shape (dimension,), float32, unit length; one of zeros finds nothing.
            allowed: the passages to look among; None for all.
        """
        if k < 1 or not np.any(vector):
            return []
        wanted = k + SLACK
        while True:
            found = [part.search(vector, wanted, allowed) for part in self._parts]
            scores = np.concatenate([score for score, _ in found] or [np.empty(0, np.float32)])
            keys = np.concatenate([key for _, key in found] or [np.empty(0, np.int64)])
            order = np.lexsort((keys, -scores))
            scores, keys = scores[order], keys[order]
            # A part that gave all we asked for may hold more of the score on the border.
            border = scores[k - 1] if len(scores) >= k else -np.inf
            cut_off = any(len(score) == wanted and score[-1] >= border for score, _ in found)
            if not cut_off or wanted > k + MOST_TIES:
                keep = scores >= border
                return list(zip(keys[keep].tolist(), np.clip(scores[keep], -1, 1).tolist(), strict=True))
            wanted *= 2

    def scores(self, vector: np.ndarray, keys: Sequence[int]) -> np.ndarray:
        """Cosine of a unit vector with each passage, shape (len(keys),), float32; 0 for keys that are not here."""
        wanted = np.asarray(keys, np.int64)
        scores = np.zeros(len(wanted), np.float32)
        for part in self._parts:
            positions = np.searchsorted(part.keys, wanted)
            positions[positions == len(part.keys)] = 0
            here = (part.keys[positions] == wanted) & part.alive[positions]
            if here.any():
                scores[here] = part.rows(positions[here]) @ vector
        return np.clip(scores, -1, 1)


@lru_cache(maxsize=16)
def _looking_at(probes: int) -> Any:
    """What tells FAISS to look at so many lists; making it takes a twentieth of a search."""
    faiss: Any = import_module("faiss")
    return faiss.SearchParametersIVF(nprobe=probes)


def _tidied(parts: list[_Part]) -> list[_Part]:
    """The parts with small neighbours joined, and rebuilt where too many of their vectors are dead."""
    lists = [part for part in parts if part.probes is not None]  # changed on disk, by whoever writes
    exact = [part for part in parts if part.probes is None]
    exact = [_joined([part]) if part.dead > MOST_DEAD * len(part.keys) else part for part in exact]
    exact = [part for part in exact if len(part.keys)]
    while len(exact) > 1 and 2 * len(exact[-1].keys) >= len(exact[-2].keys):
        exact[-2:] = [_joined(exact[-2:])]
    return lists + exact


def _joined(parts: Sequence[_Part]) -> _Part:
    """One part with the living vectors of several, in key order."""
    keys = np.concatenate([part.keys[part.alive] for part in parts])
    vectors = np.concatenate([part.vectors[part.alive] for part in parts if part.vectors is not None])
    return _Part.of(keys, vectors)
