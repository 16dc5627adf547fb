"""How near two words are in meaning, by the embedded model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from vectorstore.embedding import Embedder


def word_similarity(asked: Sequence[str], there: Sequence[str]) -> np.ndarray:
    """Cosines between two lists of words, shape (len(asked), len(there)), in [-1, 1]."""
    embedder = _embedder()
    return embedder.embed(asked) @ embedder.embed(there).T


def word_vectors(words: Sequence[str]) -> np.ndarray:
    """Unit vectors of words, shape (len(words), dimension); 0 for a word without known pieces."""
    return _embedder().embed(words)


@lru_cache(maxsize=1)
def _embedder() -> Embedder:
    """The embedded model, whatever the index was made with: it is always there, and fast enough for every word."""
    from vectorstore.embedding import EMBEDDED, load_embedder

    return load_embedder(EMBEDDED)
