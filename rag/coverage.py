"""How well a text covers the words of a question. Pure; folded text in, numbers out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from rag.question import Question

# (question words, sentence words) → cosines, shape (len(first), len(second))
Similarity = Callable[[Sequence[str], Sequence[str]], np.ndarray]

# A lone character found alone may be part of any word: it counts half.
LONE_CHARACTER = 0.5


def word_coverage(question: Question, folded: str) -> np.ndarray:
    """For each question word, the share of its characters that `folded` text holds, shape (W,), in [0, 1].

    A character counts when a pair of neighbouring question characters around it stands in the text, so the two sides
    need not be segmented alike (量子|院 against 量子院). Latin words and numbers match whole.

    >>> from rag.question import analyse
    >>> word_coverage(analyse("量子院的预算"), "量子院位于中关村").tolist()
    [1.0, 1.0, 0.0]
    """
    pairs = set(pairwise(folded))
    text_words = None
    asked = question.folded
    held = [False] * len(asked)
    for index, pair in enumerate(pairwise(asked)):
        if pair in pairs and pair[0].isalnum() and pair[1].isalnum():
            held[index] = held[index + 1] = True
    coverage = np.zeros(len(question.words))
    for index, word in enumerate(question.words):
        if word.text.isascii():
            text_words = text_words if text_words is not None else _latin_words(folded)
            coverage[index] = float(word.text in text_words)
            continue
        end = word.start + len(word.text)
        coverage[index] = sum(held[word.start : end]) / len(word.text)
        if len(word.text) == 1 and not coverage[index] and word.text in folded:
            coverage[index] = LONE_CHARACTER
    return coverage


def _latin_words(folded: str) -> set[str]:
    """Runs of ASCII letters and digits, also without a trailing mark: hh-003, 2017, epicc-model."""
    runs = re.findall(r"[a-z0-9][a-z0-9.+\-]*", folded)
    return {part for run in runs for part in (run, run.rstrip(".+-"), *re.split(r"[.+\-]", run))}


def weights(question: Question) -> np.ndarray:
    """The words' weights, shape (W,), summing to 1; empty for a question without content."""
    raw = np.array([word.weight for word in question.words])
    return raw / raw.sum() if raw.size and raw.sum() else raw
