"""How well a text covers the words of a question. Pure; folded text in, numbers out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from rag.question import Question
from rag.synonyms import synonyms
from vectorstore.tokens import QUESTION_WORDS

# A word counts as held from this share of it on.
HELD = 0.55
# (question words, sentence words) → cosines, shape (len(first), len(second))
Similarity = Callable[[Sequence[str], Sequence[str]], np.ndarray]

# Most that the subject's words count together, where the sentence itself is judged.
SUBJECT_SHARE = 1 / 3
# A lone character found alone may be part of any word: it counts half.
LONE_CHARACTER = 0.5
# 海归 for 海外归国: both characters, in order, close together.
ABBREVIATED = 0.7
# Another word for it (外籍 for 老外).
SYNONYMOUS = 0.75
# One wrong character among right ones (科学诚 for 科学城).
MISTYPED = 0.8
# Where one character makes another thing of it, nothing is forgiven: 第一 / 第二, 东 / 西, 2019 / 2021.
_TELLING = frozenset("0123456789一二三四五六七八九十百千万亿东西南北中上下左右前后内外新旧大小不非无未男女")
_unforgiving = re.compile(r"[^\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class _Sought:
    """What of a question is looked for in every text.

    Attributes:
        pairs: neighbouring characters that both count, with the place of the first.
        slips: place of a character that may be mistyped, with what may frame it: (before it, behind it).
        words: (text, start, end, its synonyms) of each word.
    """

    pairs: tuple[tuple[int, str], ...]
    slips: tuple[tuple[int, tuple[tuple[str, str], ...]], ...]
    words: tuple[tuple[str, int, int, tuple[str, ...]], ...]


@lru_cache(maxsize=64)
def _sought(question: Question) -> _Sought:
    """What to look for, worked out once a question."""
    asked = question.folded
    slips = []
    for index in range(2, len(asked)):
        before, after = asked[max(0, index - 3) : index], asked[index + 1 : index + 2]
        if asked[index] in _TELLING or _unforgiving.match(asked[index]):
            continue
        # at the end of a name three right characters before will do, but 科学院半导体 is no slip for 科学院物理
        at_end = not after.isalnum() or after in QUESTION_WORDS
        frames = [(before[-2:], after)] if after.isalnum() else []
        if at_end and len(before) == 3 and before.isalnum():
            frames.append((before, ""))
        if frames:
            slips.append((index, tuple(frames)))
    return _Sought(
        pairs=tuple((i, a + b) for i, (a, b) in enumerate(pairwise(asked)) if a.isalnum() and b.isalnum()),
        slips=tuple(slips),
        words=tuple(
            (word.text, word.start, word.start + len(word.text), synonyms(word.text)) for word in question.words
        ),
    )


@lru_cache(maxsize=512)  # one question asks this of the same passages in several places
def word_coverage(question: Question, folded: str) -> np.ndarray:
    """For each question word, the share of its characters that `folded` text holds, shape (W,), in [0, 1], read-only.

    A character counts when a pair of neighbouring question characters around it stands in the text, so the two sides
    need not be segmented alike (量子|院 against 量子院). Latin words and numbers match whole. One mistyped character,
    abbreviations and other words for the same count for less.

    >>> from rag.question import analyse
    >>> word_coverage(analyse("量子院的预算"), "量子院位于中关村").tolist()
    [1.0, 1.0, 0.0]
    """
    sought = _sought(question)
    held = _held_characters(len(question.folded), sought, folded)
    coverage = []
    for text, start, end, others in sought.words:
        if text.isascii():
            is_said = not _stands(text, folded) and any(_stands(other, folded) for other in others)
            coverage.append(SYNONYMOUS if is_said else float(_stands(text, folded)))
            continue
        share = sum(held[start:end]) / len(text)
        if share <= 0.5:
            if len(text) == 1 and text in folded:
                share = max(share, LONE_CHARACTER)
            elif len(text) == 2 and _abbreviates(text, folded):
                share = ABBREVIATED
            if others and share < SYNONYMOUS and any(_stands(other, folded) for other in others):
                share = SYNONYMOUS
        coverage.append(share)
    return _read_only(np.array(coverage, float))


def _held_characters(size: int, sought: _Sought, folded: str) -> list[float]:
    """How far each character of a question of that size stands in the text, in [0, 1]."""
    held = [0.0] * size
    for index, pair in sought.pairs:
        if pair in folded:
            held[index] = held[index + 1] = 1.0
    for index, frames in sought.slips:
        if held[index] or held[index - 1] < 1 or held[index - 2] < 1:
            continue
        if any(_frames(before, after, folded) for before, after in frames):
            held[index] = MISTYPED
    return held


def _frames(before: str, after: str, folded: str) -> bool:
    """Whether the text has exactly one character of a word between the two."""
    start = folded.find(before)
    while start >= 0:
        place = start + len(before)
        between = folded[place : place + 1]
        if (between.isalnum() or between == "_") and folded.startswith(after, place + 1):
            return True
        start = folded.find(before, start + 1)
    return False


def _read_only(array: np.ndarray) -> np.ndarray:
    """An array that several may share."""
    array.flags.writeable = False
    return array


def _abbreviates(word: str, folded: str) -> bool:
    """Whether a two-character word shortens something in the text: both characters in order, at most three between."""
    first, second = word[0], word[1]
    start = folded.find(first)
    while start >= 0:
        for between in range(1, 4):
            place = start + 1 + between
            if not folded[place - 1 : place].isalnum():
                break
            if folded.startswith(second, place):
                return True
        start = folded.find(first, start + 1)
    return False


def _stands(word: str, folded: str) -> bool:
    """Whether a word stands in the text; a Latin one as a word of its own (ev is no part of every)."""
    return word in folded and (not word.isascii() or word in latin_words(folded))


@lru_cache(maxsize=512)  # as many texts as `word_coverage` keeps
def latin_words(folded: str) -> frozenset[str]:
    """Runs of ASCII letters and digits, also without a trailing mark: hh-003, 2017, epicc-model."""
    runs = re.findall(r"[a-z0-9][a-z0-9.+\-]*", folded)
    return frozenset(part for run in runs for part in (run, run.rstrip(".+-"), *re.split(r"[.+\-]", run)))


def nearest(asked: Sequence[str], texts: Sequence[Sequence[str]], similarity: Similarity) -> np.ndarray:
    """Cosine of each text's nearest word to each word asked for, shape (len(texts), len(asked)); 0 without any word.

    Args:
        texts: the words of each text.
    """
    near = np.zeros((len(texts), len(asked)), np.float32)
    column = {word: i for i, word in enumerate(dict.fromkeys(word for words in texts for word in words))}
    if not asked or not column:
        return near
    cosines = similarity(asked, list(column))
    rows = [row for row, words in enumerate(texts) if words]
    starts = np.cumsum([0, *(len(texts[row]) for row in rows[:-1])])
    near[rows] = np.maximum.reduceat(cosines[:, [column[word] for words in texts for word in words]], starts, axis=1).T
    return near


@lru_cache(maxsize=64)
def weights(question: Question) -> np.ndarray:
    """The words' weights, shape (W,), summing to 1, read-only; empty for a question without content."""
    raw = np.array([word.weight for word in question.words])
    return _read_only(raw / raw.sum() if raw.size and raw.sum() else raw)


@lru_cache(maxsize=64)
def focus_weights(question: Question) -> np.ndarray:
    """As `weights`, with subject and dates at a third of the sum: a text names them once and goes on about them."""
    return _read_only(_focused(question))


def _focused(question: Question) -> np.ndarray:
    """The weights of `focus_weights`."""
    raw = weights(question)
    if not question.subject or not raw.size:
        return raw
    start = question.folded.find(question.subject)
    end = start + len(question.subject)
    is_type = np.array([word.is_type for word in question.words])
    if not is_type.all():
        raw = np.where(is_type, 0.0, raw)
        raw = raw / raw.sum() if raw.sum() else raw
    in_subject = np.array([start <= word.start < end or word.text.isdigit() for word in question.words]) & ~is_type
    if (in_subject | is_type).all() and in_subject.sum() > 1:
        # 天门冬分布 is one run of nouns: what comes last is asked of what comes first
        in_subject[np.flatnonzero(in_subject)[-1]] = False
    share = min(float(raw[in_subject].sum()), SUBJECT_SHARE)
    rest = float(raw[~in_subject].sum())
    if not share or not rest:
        return raw
    return np.where(in_subject, raw * share / raw[in_subject].sum(), raw * (1 - share) / rest)
