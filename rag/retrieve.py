"""Question → passages: the keyword and the dense leg, fused into one ranking whose head is read again.

A document often names what it is about at its head alone: the clause of a contract that answers does not say whose
contract it is. So passages beside those found are read with them, each under the opening of its document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np

from rag.rerank import Rarities, lexical_scores
from rag.synonyms import synonyms
from vectorstore.base import Store
from vectorstore.filters import Filter
from vectorstore.records import Hit
from vectorstore.tokens import bigrams, fold, words

# Candidates taken from each leg before fusing. A passage beyond this in both legs does not reach the top ten.
CANDIDATES = 60
# How often a search is made again while documents keep being removed under it: a writer that never rests can do so
# more than once.
TRIES = 20
# The best of them are reranked; on development data 99.6 % of the answering passages are among so many.
RERANKED = 20
# How much more than the lowest BM25 found another may have: it is rounded to five digits.
BARELY_MORE = 1.0001
# So many documents, those of the best passages, are opened: so many of their other passages are reranked too, those no
# further than REACH from the best. On held-out office documents R@1 rose from 52 to 71, R@5 from 83 to 97; on news by 2
# and 1. Three or five documents, or more passages, brought no more.
OPENED = 2
ADDED = 8
REACH = 40
# Characters of a document's opening that count as title of its other passages.
OPENING = 100
# An English word is asked for in Chinese too where those words stand in more than so many times as many passages.
FAR_RARER = 20
# What the reranker's scores are divided by, to stand beside a cosine as BM25's share of the best does.
LEXICAL_SCALE = 16.0


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


def retrieve(
    store: Store,
    question: str,
    k: int,
    dense_weight: float,
    *,
    filter: Filter | None = None,
    reranked: int = RERANKED,
) -> list[Hit]:
    """The k best passages for a standalone question, best first; deterministic.

    The best candidates of both legs are reranked: the trained model's score takes the place of BM25, with 1 for the
    best, beside the same cosine with the same weight. `Hit.score` falls with the final ranking; for passages behind
    the reranked ones it is their fused score, or that of the last reranked one if lower.

    Args:
        store: where to search.
        question: in words; may be of any script or width.
        k: how many, ≥ 1.
        dense_weight: weight of the cosine against normalised BM25; 0 leaves the dense leg out altogether.
        filter: which documents to look in; None for all. Both legs search only those, so a narrow one gets its k too.
        reranked: how many of the best are reranked; 0 leaves the fused ranking as it is, to compare with.

    Raises:
        ValueError: k < 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}, it must be ≥ 1")
    for _ in range(TRIES):
        with suppress(KeyError):  # a passage was removed between search and reading: what is there now answers
            return _search(store, question, k, dense_weight, filter, reranked)
    return _search(store, question, k, dense_weight, filter, reranked)


def _search(
    store: Store, question: str, k: int, dense_weight: float, filter: Filter | None, reranked: int
) -> list[Hit]:
    """Both legs, fused and reranked. Raises KeyError when a found passage is gone by the time it is read."""
    asked = in_words_there(store, question)
    found = _fused(store, question, asked, max(k, reranked), dense_weight, filter)
    if not reranked:
        return found[:k]
    sight = [*found[:reranked], *beside(store, question, asked, found[:reranked], dense_weight)]
    head = rerank(question, sight, headings(store, sight), dense_weight, partial(rarities, store))
    lowest = min((hit.score for hit in head), default=1.0)
    seen = {hit.passage.id for hit in head}
    rest = [replace(hit, score=min(hit.score, lowest)) for hit in found[reranked:] if hit.passage.id not in seen]
    return [*head, *rest][:k]


def in_sight(store: Store, question: str, dense_weight: float) -> list[Hit]:
    """What the reranker gets to see of a store, with scores before it: for training."""
    asked = in_words_there(store, question)
    found = _fused(store, question, asked, RERANKED, dense_weight, None)
    return [*found, *beside(store, question, asked, found, dense_weight)]


def _fused(
    store: Store, question: str, asked: str, count: int, dense_weight: float, filter: Filter | None
) -> list[Hit]:
    """The best `count` of both legs."""
    keyword = dict(store.search_keyword(asked, CANDIDATES, filter))
    dense = dict(store.search_dense(question, CANDIDATES, filter)) if dense_weight else {}
    if dense_weight:
        only_keyword = [name for name in keyword if name not in dense]
        dense |= _scores(only_keyword, store.dense_scores(question, only_keyword) if only_keyword else ())
    else:
        dense = dict.fromkeys(keyword, 0.0)
    only_dense = within_reach(keyword, dense, dense_weight, count)
    keyword |= _scores(only_dense, store.keyword_scores(asked, only_dense) if only_dense else ())
    ranking = fuse(keyword, {name: dense[name] for name in keyword}, dense_weight)
    passages = store.passages([name for name, _ in ranking[:count]])
    return [
        Hit(passage, score, keyword[name], dense[name])
        for passage, (name, score) in zip(passages, ranking, strict=False)
    ]


def beside(store: Store, question: str, asked: str, found: Sequence[Hit], dense_weight: float) -> list[Hit]:
    """The best other passages of the documents of the best found, with their fused scores.

    None where no passage found shares a word with the question: nothing says that its document is meant.
    """
    best = max((hit.keyword for hit in found), default=0.0)
    if not best:
        return []
    first: dict[str, int] = {}  # document → ordinal of its best passage
    for hit in found:
        first.setdefault(hit.passage.document_id, hit.passage.ordinal)
    known = {hit.passage.id for hit in found}
    others = [
        passage
        for document_id, ordinal in islice(first.items(), OPENED)
        for passage in store.document_passages(document_id, max(0, ordinal - REACH), ordinal + REACH + 1)
        if passage.id not in known
    ]
    names = [passage.id for passage in others]
    if not names:
        return []
    keyword = store.keyword_scores(asked, names).tolist()
    dense = store.dense_scores(question, names).tolist() if dense_weight else [0.0] * len(names)
    scored = [
        Hit(passage, (bm25 / best + dense_weight * cosine) / (1 + dense_weight), bm25, cosine)
        for passage, bm25, cosine in zip(others, keyword, dense, strict=True)
    ]
    return sorted(scored, key=lambda hit: (-hit.score, hit.passage.id))[:ADDED]


def headings(store: Store, hits: Sequence[Hit]) -> list[str]:
    """What stands over each passage: the title of its document, and its opening if that is another passage.

    Raises KeyError when a document is gone.
    """
    lacking = list(dict.fromkeys(hit.passage.document_id for hit in hits if hit.passage.ordinal))
    openings = {
        passage.document_id: passage.text[:OPENING]
        for passage in store.passages([f"{document_id}:0" for document_id in lacking])
    }
    return [
        f"{hit.passage.title}\n{openings[hit.passage.document_id]}" if hit.passage.ordinal else hit.passage.title
        for hit in hits
    ]


def within_reach(keyword: Mapping[str, float], dense: Mapping[str, float], weight: float, wanted: int) -> list[str]:
    """The passages without a BM25 that may be among the `wanted` best of both legs, once they have one.

    The keyword leg did not find them, so their BM25 is at most the lowest it found; mostly that is too little, and the
    search for it is spared.

    Args:
        keyword: passage id → BM25, of the best by keywords.
        dense: passage id → cosine, of all of those and others.
        weight: of the dense leg, ≥ 0.

    >>> within_reach({"甲": 4.0, "乙": 3.0}, {"甲": 0.1, "乙": 0.1, "丙": 0.9, "丁": -0.9}, 0.5, 2)
    ['丙']
    """
    best = max(keyword.values(), default=0.0) or 1.0
    most = BARELY_MORE * min(keyword.values(), default=0.0) / best
    least = sorted((keyword.get(name, 0.0) / best + weight * cosine for name, cosine in dense.items()), reverse=True)
    border = least[wanted - 1] if len(least) >= wanted else -np.inf
    return [name for name, cosine in dense.items() if name not in keyword and most + weight * cosine >= border]


def in_words_there(store: Store, question: str) -> str:
    """The question, followed by other words for those that no passage holds; as it is where it has none such.

    An English word need not be missing for that, only rare beside its Chinese ones: *price* stands somewhere in any
    large folder.
    """
    replaceable = [word for word in dict.fromkeys(words(fold(question))) if len(word) > 1 and synonyms(word)]
    if not replaceable:
        return question
    held = dict(zip(replaceable, store.document_frequency(replaceable).tolist(), strict=True))
    wanted = [(word, other) for word in replaceable if not held[word] or word.isascii() for other in synonyms(word)]
    # every pair of characters of 欧洲央行, which the index holds as 欧洲 and 央行 and 洲央
    cuts = {other: bigrams(other) or words(other) for _, other in wanted}
    parts = list(dict.fromkeys(part for cut in cuts.values() for part in cut))
    there = dict(zip(parts, store.document_frequency(parts).tolist(), strict=True)) if parts else {}
    added = (
        other
        for word, other in wanted
        if min((there[part] for part in cuts[other]), default=0) > FAR_RARER * held[word]
    )
    return " ".join([question, *dict.fromkeys(added)])


def rerank(
    question: str, hits: Sequence[Hit], titles: Sequence[str], dense_weight: float, rarity: Rarities
) -> list[Hit]:
    """The same hits in the order of the trained model and the cosine, with their new scores; ties by id.

    Args:
        titles: what stands over each, as `headings` gives it.

        dense_weight: weight of the cosine against the model's score.

    score = (1 + (lexical - highest lexical) / LEXICAL_SCALE + weight · cosine) / (1 + weight). Hits of which none
    shares a word with the question stay as they are: the model judges words.
    """
    bm25 = np.array([hit.keyword for hit in hits])
    if not bm25.any():
        return list(hits)
    texts = [hit.passage.text for hit in hits]
    lexical = lexical_scores(question, titles, texts, bm25, rarity)
    shares = 1 + (lexical - lexical.max()) / LEXICAL_SCALE
    scores = (shares + dense_weight * np.array([hit.dense for hit in hits])) / (1 + dense_weight)
    again = [Hit(hit.passage, score, hit.keyword, hit.dense) for hit, score in zip(hits, scores.tolist(), strict=True)]
    return sorted(again, key=lambda hit: (-hit.score, hit.passage.id))


def rarities(store: Store, terms: Sequence[str]) -> np.ndarray:
    """Inverse document frequency of index terms in this store, as in BM25, shape (len(terms),), > 0."""
    passages = len(store)
    held = np.minimum(store.document_frequency(terms), passages)
    return np.log1p((passages - held + 0.5) / (held + 0.5))


def _scores(names: Sequence[str], scores: Sequence[float] | np.ndarray) -> dict[str, float]:
    """Names with their scores as plain floats."""
    return {name: float(score) for name, score in zip(names, scores, strict=True)}
