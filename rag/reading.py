"""Question and sentence → the arrays that the reader sees: words, tags, matches. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag.asked import FORMS, Asked
from rag.question import Kind, Question
from rag.rarity import rarity
from rag.tagging import tagged
from vectorstore.tokens import QUESTION_WORDS

TAGS = ("nr", "ns", "nt", "nz", "n", "m", "q", "t", "v", "vn", "a", "d", "p", "c", "u", "r", "f", "b", "x", "eng", "j")
_TAG_NUMBER = {tag: number for number, tag in enumerate(TAGS)}
TAG_COUNT = len(TAGS) + 1
FORM_COUNT = len(FORMS) + 1
_KIND_NUMBER = {kind: number for number, kind in enumerate(Kind)}
TOKEN_COLUMNS = 26
SENTENCE_COLUMNS = 9
QUESTION_COLUMNS = 5
# Longest sentence in words that the reader takes in; what follows is not read.
MOST_WORDS = 80
_date = re.compile(r"\d{2,4}年|\d+月|\d+日|世纪|年代")
_OPENERS, _CLOSERS = '《“「『"〈', '》”」』"〉'
_CUT = re.compile(r"\d[\d.,]*|[a-z]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reading:
    """A tagged text: words one after the other, `folded[starts[i]:ends[i]]`."""

    folded: str
    words: tuple[str, ...]
    tags: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def read(folded: str) -> Reading:
    """The words of folded text with their tags (indices into TAGS); blanks are words too."""
    words, tags, starts = [], [], []
    start = 0
    for word, tag in tagged(folded)[:MOST_WORDS]:
        words.append(word)
        tags.append(_TAG_NUMBER.get(tag, _TAG_NUMBER.get(tag[:2], _TAG_NUMBER.get(tag[:1], len(TAGS)))))
        starts.append(start)
        start += len(word)
    ends = [*starts[1:], start]
    return Reading(
        folded,
        tuple(words),
        np.array(tags, np.int16),
        np.array(starts, np.int32),
        np.array(ends[: len(words)], np.int32),
    )


def question_columns(question: Question, asked: Asked, reading: Reading) -> np.ndarray:
    """Columns of each question word, shape (words, QUESTION_COLUMNS)."""
    distance = np.maximum(np.maximum(asked.start - reading.ends, reading.starts - asked.end), 0)
    return np.column_stack(
        [
            np.exp(-distance / 4),
            (reading.starts >= asked.end).astype(float),
            [rarity(word) / 10 for word in reading.words],
            [float(word in asked.type) for word in reading.words],
            [float(word in QUESTION_WORDS) for word in reading.words],
        ]
    ).astype(np.float32)


def token_columns(
    question: Question, asked: Asked, reading: Reading, cosines: np.ndarray, to_type: np.ndarray
) -> np.ndarray:
    """Columns of each word of a sentence, shape (words, TOKEN_COLUMNS), float32.

    Args:
        cosines: nearest question word of each word, shape (words,).
        to_type: cosine of each word to the noun asked for, shape (words,).
    """
    text, words = reading.folded, reading.words
    asked_pairs = {pair for pair in pairwise(question.folded) if pair[0].isalnum() and pair[1].isalnum()}
    held = np.zeros(len(text) + 1)
    for i, pair in enumerate(pairwise(text)):
        if pair in asked_pairs:
            held[i] = held[i + 1] = 1.0
    cumulative = np.concatenate([[0.0], np.cumsum(held)])
    lengths = np.maximum(reading.ends - reading.starts, 1)
    share = (cumulative[reading.ends] - cumulative[reading.starts]) / lengths
    rare = np.array([rarity(word) if word[0].isalnum() else 0.0 for word in words]) / 10
    same = np.array([float(len(word) > 1 and word in question.folded) for word in words])
    single = np.array([float(len(word) == 1 and word in question.folded and word.isalnum()) for word in words])
    match = np.maximum(share, same) * rare
    left, right = _decayed(match), _decayed(match[::-1])[::-1]
    clause = np.array([float(word in ",，;；:：") for word in words])
    left_clause, right_clause = _decayed(match, clause), _decayed(match[::-1], clause[::-1])[::-1]
    ending = asked.type[-1:]
    quoted = np.zeros(len(words))
    bracket = np.zeros(len(words))
    inside = deep = 0
    for i, word in enumerate(words):
        inside = max(inside - (word in _CLOSERS), 0)
        deep = max(deep - (word in ")】]"), 0)
        quoted[i], bracket[i] = inside, deep
        inside = min(inside + (word in _OPENERS), 1)
        deep = min(deep + (word in "(【["), 1)
    dates = np.zeros(len(text) + 1)
    for found in _date.finditer(text):
        dates[found.start() : found.end()] = 1.0
    return np.column_stack(
        [
            share,
            same,
            single,
            rare,
            match,
            cosines,
            to_type,
            [float(bool(ending) and word.endswith(ending)) for word in words],
            [float(any(c.isdigit() for c in word)) for word in words],
            dates[reading.starts],
            quoted,
            bracket,
            clause,
            [float(word == "、") for word in words],
            np.minimum(lengths, 8) / 4,
            left,
            right,
            left_clause,
            right_clause,
            [float(word in _OPENERS) for word in words],
            [float(word in _CLOSERS) for word in words],
            [float(word in "是为称叫即") for word in words],
            [float(word in "的之") for word in words],
            [float(word.isascii() and word.isalpha()) for word in words],
            np.arange(len(words)) == 0,
            np.exp(-np.arange(len(words)) / 5),
        ]
    ).astype(np.float32)


def _decayed(match: np.ndarray, cut: np.ndarray | None = None) -> np.ndarray:
    """What was matched before each word, fading by a fifth a word; nothing from beyond a cut."""
    out = np.zeros(len(match))
    running = 0.0
    for i in range(len(match)):
        out[i] = running
        running = running * 0.8 + match[i]
        if cut is not None and cut[i]:
            running = 0.0
    return out
