"""Question and sentence → the arrays that the reader sees: words, tags, matches. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, repeat

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
QUESTION_COLUMNS = 5
# Longest sentence in words that the reader takes in; what follows is not read. The nets were taught on 80, which would
# hide the end of one sentence in twenty-five.
MOST_WORDS = 200
_date = re.compile(r"\d{2,4}年|\d+月|\d+日|世纪|年代")
_OPENERS, _CLOSERS = '《“「『"〈', '》”」』"〉'
_EARLY = np.exp(-np.arange(MOST_WORDS) / 5)


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


@dataclass(frozen=True, slots=True)
class Asking:
    """A question about to be looked for in sentences.

    Attributes:
        vectors: of its words, unit rows, shape (words, dimension).
        type_vector: of the noun asked for, shape (dimension,).
    """

    question: Question
    asked: Asked
    reading: Reading
    vectors: np.ndarray
    type_vector: np.ndarray


def describe(
    asking: Asking, reading: Reading, extra: np.ndarray, vectors: np.ndarray, cosines: np.ndarray
) -> np.ndarray:
    """Columns of each word of a sentence, shape (words, TOKEN_COLUMNS + len(extra)), float32.

    Args:
        extra: what the ranker says of the sentence.
        vectors: of its words, unit rows, shape (words, dimension).
        cosines: of its words with the question's, shape (words, question's words).
    """
    tells = np.array([word[0].isalnum() and word != "的" for word in asking.reading.words])
    nearest = np.where(tells, cosines, 0.0).max(axis=1)
    columns = token_columns(asking.question, asking.asked, reading, nearest, vectors @ asking.type_vector)
    return np.concatenate([columns, np.broadcast_to(extra, (len(columns), len(extra)))], axis=1)


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
    known = np.array([word in question.folded for word in words])
    own = np.array([_word_columns(word) for word in words]).T
    rare, clause, is_long, is_single = own[0] / 10, own[1], own[2], own[3]
    same, single = is_long * known, is_single * known
    match = np.maximum(share, same) * rare
    left, right = _decayed(match), _decayed(match[::-1])[::-1]
    left_clause, right_clause = _decayed(match, clause), _decayed(match[::-1], clause[::-1])[::-1]
    ending = asked.type[-1:]
    quoted, bracket = _inside(words)
    dates = np.zeros(len(text) + 1)
    for found in _date.finditer(text):
        dates[found.start() : found.end()] = 1.0
    columns = np.empty((len(words), TOKEN_COLUMNS), np.float32)
    for number, column in enumerate(
        (
            share,
            same,
            single,
            rare,
            match,
            cosines,
            to_type,
            [bool(ending) and word.endswith(ending) for word in words],
            own[4],
            dates[reading.starts],
            quoted,
            bracket,
            clause,
            own[5],
            np.minimum(lengths, 8) / 4,
            left,
            right,
            left_clause,
            right_clause,
            *own[6:],
            np.arange(len(words)) == 0,
            _EARLY[: len(words)],
        )
    ):
        columns[:, number] = column
    return columns


@lru_cache(maxsize=16384)
def _word_columns(word: str) -> tuple[float, ...]:
    """What a word has of itself: rarity, and whether it is this or that."""
    return (
        rarity(word) if word[0].isalnum() else 0.0,
        word in ",，;；:：",
        len(word) > 1,
        len(word) == 1 and word.isalnum(),
        any(c.isdigit() for c in word),
        word == "、",
        word in _OPENERS,
        word in _CLOSERS,
        word in "是为称叫即",
        word in "的之",
        word.isascii() and word.isalpha(),
    )


def _inside(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Whether each word stands in quotation or title marks, and whether in brackets."""
    quoted, bracket = np.zeros(len(words)), np.zeros(len(words))
    inside = deep = 0
    for i, word in enumerate(words):
        inside = max(inside - (word in _CLOSERS), 0)
        deep = max(deep - (word in ")】]"), 0)
        quoted[i], bracket[i] = inside, deep
        inside = min(inside + (word in _OPENERS), 1)
        deep = min(deep + (word in "(【["), 1)
    return quoted, bracket


def _decayed(match: np.ndarray, cut: np.ndarray | None = None) -> np.ndarray:
    """What was matched before each word, fading by a fifth a word; nothing from beyond a cut."""
    faded = []
    running = 0.0
    for value, ends in zip(match.tolist(), repeat(False) if cut is None else cut.tolist(), strict=False):
        faded.append(running)
        running = 0.0 if ends else running * 0.8 + value
    return np.array(faded)
