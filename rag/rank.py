"""Which sentence answers, by the trained ranker. Pure but for reading its weights once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from rag.coverage import Similarity
from rag.features import sentence_features
from rag.question import Question
from rag.score import Candidate, Scored, score_sentences
from rag.trees import Trees, load

WEIGHTS = Path(__file__).parent / "model" / "sentences.safetensors"
# What a point of the hand-set score is worth beside the trees. They learned on encyclopaedia articles; news, lists and
# jargon keep what the hand-set score knows.
PRIOR_WEIGHT = 1.0
# What a heading or a question loses: encyclopaedia articles taught the trees nothing about them.
NOT_A_STATEMENT = 3.0
# Features that go on to the reader, after the score's distance to the best, its rank and its odds.
PASSED_ON = ("pairs.recall", "pairs.near", "neighbours.before", "place.share", "neighbours.gain")


@cache
def _trees() -> Trees:
    """The shipped ranker."""
    return load(WEIGHTS)


def rank_sentences(question: Question, candidates: Sequence[Candidate], similarity: Similarity | None) -> list[Scored]:
    """Score every candidate for one question, best first, ties by place.

    The score has no unit: it orders the sentences of one question.

    Args:
        question: analysed question with at least one word.
        candidates: as `find_candidates` gives them: each passage's together and in order.
        similarity: cosines between two lists of texts, for paraphrases; None matches by characters only.
    """
    if not candidates:
        return []
    scored = in_order(score_sentences(question, candidates, similarity), candidates)
    columns = sentence_features(question, scored, similarity)
    scores = _trees().predict(matrix(columns))
    told = tell(columns, scores)
    ranked = [
        replace(item, score=_blend(item, float(score)), told=tuple(row))
        for item, score, row in zip(scored, scores, told.tolist(), strict=True)
    ]
    return sorted(ranked, key=lambda item: (-item.score, item.candidate.hit.passage.id, item.candidate.start))


def _blend(item: Scored, score: float) -> float:
    """The trees' score with what they could not learn."""
    return score + PRIOR_WEIGHT * item.prior - NOT_A_STATEMENT * (not item.candidate.is_statement)


def in_order(scored: Sequence[Scored], candidates: Sequence[Candidate]) -> list[Scored]:
    """The scored candidates in the order of the candidates."""
    place = {id(candidate): number for number, candidate in enumerate(candidates)}
    return sorted(scored, key=lambda item: place[id(item.candidate)])


def matrix(columns: dict[str, np.ndarray]) -> np.ndarray:
    """The features of every sentence as the trees take them, shape (sentences, columns), float32."""
    return np.column_stack(list(columns.values())).astype(np.float32)


def tell(columns: dict[str, np.ndarray], scores: np.ndarray) -> np.ndarray:
    """What the reader learns of each sentence: distance to the best score, rank, odds, features passed on.

    Shape (sentences, 3 + len(PASSED_ON)).
    """
    gap = scores - scores.max()
    rank = np.empty(len(scores))
    rank[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return np.column_stack([gap, rank / 4, np.exp(gap), *(columns[name] for name in PASSED_ON)])
