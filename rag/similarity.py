"""How near two words are in meaning, by the embedded model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vectorstore.embedding import Embedder

# Words and sentences whose vectors are kept, 512 bytes each: one question asks for the same ones several times, and
# the next question for many of them again. Of a question about news some 70 are new when so many are kept.
MOST_KEPT = 16384


def word_similarity(asked: Sequence[str], there: Sequence[str]) -> np.ndarray:
    """Cosines between two lists of words, shape (len(asked), len(there)), in [-1, 1]."""
    return word_vectors(asked) @ word_vectors(there).T


def word_vectors(words: Sequence[str]) -> np.ndarray:
    """Unit vectors of words, shape (len(words), dimension); 0 for a word without known pieces."""
    return _kept().of(words)


class _Kept:
    """Vectors made so far. Safe in threads: a row of the table is written once, before its word is known."""

    def __init__(self) -> None:
        self._adding = Lock()
        self._places: tuple[dict[str, int], np.ndarray] = {}, np.empty((0, _embedder().dimension), np.float32)

    def __len__(self) -> int:
        return len(self._places[0])

    def of(self, words: Sequence[str]) -> np.ndarray:
        """Vectors of words, shape (len(words), dimension)."""
        rows, table = self._places
        if any(word not in rows for word in words):
            rows, table = self._with(list(dict.fromkeys(words)))
        return table.take([rows[word] for word in words], axis=0)

    def _with(self, words: list[str]) -> tuple[dict[str, int], np.ndarray]:
        """Rows of at least these words, and the table; all others are dropped when it is full."""
        with self._adding:
            rows, table = self._places
            new = [word for word in words if word not in rows]
            if len(rows) + len(new) > len(table):
                new, rows = words, {}
                table = np.empty((max(MOST_KEPT, len(words)), table.shape[1]), np.float32)
            first = len(rows)
            table[first : first + len(new)] = _embedder().embed(new)
            rows.update(zip(new, range(first, first + len(new)), strict=True))
            self._places = rows, table
            return self._places


@cache
def _kept() -> _Kept:
    """What all questions share."""
    return _Kept()


@lru_cache(maxsize=1)
def _embedder() -> Embedder:
    """The embedded model, whatever the index was made with: it is always there, and fast enough for every word."""
    from vectorstore.embedding import EMBEDDED, load_embedder

    return load_embedder(EMBEDDED)
