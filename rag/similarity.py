"""How near two words are in meaning, by the embedded model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vectorstore.embedding import Embedder

# Words and sentences whose vectors are kept, 512 bytes each: one question asks for the same ones several times, and
# the next question about the same documents for many of them again.
MOST_KEPT = 8192


def word_similarity(asked: Sequence[str], there: Sequence[str]) -> np.ndarray:
    """Cosines between two lists of words, shape (len(asked), len(there)), in [-1, 1]."""
    return word_vectors(asked) @ word_vectors(there).T


def word_vectors(words: Sequence[str]) -> np.ndarray:
    """Unit vectors of words, shape (len(words), dimension); 0 for a word without known pieces."""
    kept = _kept()
    found = {word: kept.get(word) for word in words}  # own copy: another thread may empty what is kept
    missing = [word for word, vector in found.items() if vector is None]
    if missing:
        made = dict(zip(missing, _embedder().embed(missing), strict=True))
        if len(kept) + len(made) > MOST_KEPT:
            kept.clear()
        kept.update(made)
        found.update(made)
    return np.array([found[word] for word in words], np.float32).reshape(len(words), _embedder().dimension)


@cache
def _kept() -> dict[str, np.ndarray]:
    """Vectors made so far."""
    return {}


@lru_cache(maxsize=1)
def _embedder() -> Embedder:
    """The embedded model, whatever the index was made with: it is always there, and fast enough for every word."""
    from vectorstore.embedding import EMBEDDED, load_embedder

    return load_embedder(EMBEDDED)
