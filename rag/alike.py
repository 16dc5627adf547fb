"""Question × sentences → numbers: what a sentence means that the others of its document do not. Pure.

All sentences of a document speak of its topic, in the question's words or others. What tells them apart is how much
nearer one comes to the question than its neighbours do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from rag.coverage import Similarity, focus_weights, nearest, weights
from rag.question import Question
from rag.score import Scored
from rag.tagging import tagged

# What a word of the sentence before is worth beside one of the sentence itself.
BEFORE = 0.85


def likeness(question: Question, scored: Sequence[Scored], similarity: Similarity) -> dict[str, np.ndarray]:
    """Columns by name, each of shape (S,), S = len(scored).

    Args:
        question: analysed question with W > 0 words.
        scored: sentences with their coverage, each passage's together and in order; not empty.
        similarity: cosines between two lists of texts.
    """
    share, focus = weights(question), focus_weights(question)
    document = np.unique([item.candidate.hit.passage.document_id for item in scored], return_inverse=True)[1]
    near = _nearest(question, scored, similarity)
    mean, best = (_by_document(near, document, how) for how in (np.mean, np.max))
    beyond, spread = near - mean, best - mean
    passages = [item.candidate.hit.passage.id for item in scored]
    goes_on = np.array([False, *(one == other for one, other in pairwise(passages))])
    before = np.vstack([np.zeros_like(near[:1]), near[:-1]]) * goes_on[:, None]
    return {
        "alike.share": near @ share,
        "alike.focus": near @ focus,
        "alike.beyond": beyond @ share,
        "alike.beyond_focus": beyond @ focus,
        "alike.telling": (beyond * spread) @ share / max(1e-6, float((spread**2 @ share).max())),
        "alike.telling_focus": (beyond * spread) @ focus / max(1e-6, float((spread**2 @ focus).max())),
        "alike.with_before": np.maximum(near, BEFORE * before) @ share,
        "alike.cosine": _centred(question, scored, document, similarity),
    }


def _nearest(question: Question, scored: Sequence[Scored], similarity: Similarity) -> np.ndarray:
    """How near the nearest word of each sentence comes to each question word, shape (S, W)."""
    near = np.array([item.local for item in scored]).reshape(len(scored), -1)
    asked = [number for number, word in enumerate(question.words) if len(word.text) > 1]
    there = [[word for word, _ in tagged(item.candidate.folded) if word.isalnum() and len(word) > 1] for item in scored]
    cosines = nearest([question.words[number].text for number in asked], there, similarity)
    near[:, asked] = np.maximum(near[:, asked], cosines)
    return near


def _centred(question: Question, scored: Sequence[Scored], document: np.ndarray, similarity: Similarity) -> np.ndarray:
    """Cosine of question and sentence, both less the mean sentence c of the document: the topic taken away.

    Computed from the cosines alone: (q - c)(s - c) = qs - qc - sc + cc.
    """
    texts = [item.candidate.folded for item in scored]
    between = similarity(texts, texts)
    asked = similarity([question.folded], texts)[0]
    found = np.zeros(len(texts))
    for number in range(document.max() + 1):
        own = document == number
        qs, ss = asked[own], between[np.ix_(own, own)]
        qc, sc, cc = qs.mean(), ss.mean(axis=1), ss.mean()
        lengths = np.sqrt(np.maximum(1 - 2 * qc + cc, 1e-6) * np.maximum(np.diag(ss) - 2 * sc + cc, 1e-6))
        found[own] = (qs - qc - sc + cc) / np.maximum(lengths, 1e-3)
    return found


def _by_document(values: np.ndarray, document: np.ndarray, how: Callable[..., np.ndarray]) -> np.ndarray:
    """For each row, what `how` makes of all rows of its document, column by column."""
    return np.array([how(values[document == number], axis=0) for number in range(document.max() + 1)])[document]
