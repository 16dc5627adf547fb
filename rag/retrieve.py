"""Question → passages: the keyword and the dense leg, fused into one ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vectorstore.base import Store
from vectorstore.records import Hit

# Candidates taken from each leg before fusing. A passage beyond this in both legs does not reach the top ten.
CANDIDATES = 60


def fuse(keyword: Mapping[str, float], dense: Mapping[str, float], weight: float) -> list[tuple[str, float]]:
    """Merge BM25 scores and cosines of the same passages by a weighted sum.

    fused = (bm25 / highest bm25 + weight · cosine) / (1 + weight). BM25 is divided by the query's own best score so
    that one weight suits every question; cosines are in one scale already. Equal reciprocal ranks would let the weaker
    leg outvote the stronger.

    Args:
        keyword: passage id → BM25, ≥ 0.
        dense: passage id → cosine in [-1, 1]; both maps name the same passages.
        weight: of the dense leg, ≥ 0.

    Returns:
        (id, fused) best first, ties by id; fused is in [-1, 1].

    Raises:
        ValueError: the maps name different passages, or the weight is negative.

    >>> fuse({"甲": 4.0, "乙": 2.0}, {"甲": 0.1, "乙": 0.9}, 0.0)
    [('甲', 1.0), ('乙', 0.5)]
    >>> [name for name, _ in fuse({"甲": 4.0, "乙": 2.0}, {"甲": 0.1, "乙": 0.9}, 1.0)]
    ['乙', '甲']
    """
    if keyword.keys() != dense.keys():
        raise ValueError(f"both legs must score the same passages; differing: {sorted(keyword.keys() ^ dense.keys())}")
    if weight < 0:
        raise ValueError(f"weight is {weight}, it must be ≥ 0")
    best = max(keyword.values(), default=0.0) or 1.0
    scored = ((name, (score / best + weight * dense[name]) / (1 + weight)) for name, score in keyword.items())
    return sorted(scored, key=lambda item: (-item[1], item[0]))


def retrieve(store: Store, question: str, k: int, dense_weight: float) -> list[Hit]:
    """The k best passages for a standalone question, best first; deterministic.

    Args:
        store: where to search.
        question: in words; may be of any script or width.
        k: how many, ≥ 1.
        dense_weight: weight of the cosine against normalised BM25; 0 leaves the dense leg out altogether.

    Raises:
        ValueError: k < 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}, it must be ≥ 1")
    try:
        return _search(store, question, k, dense_weight)
    except KeyError:  # a passage was removed between search and reading: what is there now answers
        return _search(store, question, k, dense_weight)


def _search(store: Store, question: str, k: int, dense_weight: float) -> list[Hit]:
    """Both legs, fused. Raises KeyError when a found passage is gone by the time it is read."""
    keyword = dict(store.search_keyword(question, CANDIDATES))
    dense = dict(store.search_dense(question, CANDIDATES)) if dense_weight else {}
    only_dense = [name for name in dense if name not in keyword]
    only_keyword = [name for name in keyword if name not in dense]
    keyword |= _scores(only_dense, store.keyword_scores(question, only_dense) if only_dense else ())
    if dense_weight:
        dense |= _scores(only_keyword, store.dense_scores(question, only_keyword) if only_keyword else ())
    else:
        dense = dict.fromkeys(keyword, 0.0)
    ranking = fuse(keyword, dense, dense_weight)[:k]
    passages = store.passages([name for name, _ in ranking])
    return [
        Hit(passage, score, keyword[name], dense[name])
        for passage, (name, score) in zip(passages, ranking, strict=True)
    ]


def _scores(names: Sequence[str], scores: Sequence[float] | np.ndarray) -> dict[str, float]:
    """Names with their scores as plain floats."""
    return {name: float(score) for name, score in zip(names, scores, strict=True)}
