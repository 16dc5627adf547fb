"""Spans that may be the short answer → numbers: what the trained span ranker sees. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rag.asked import Asked
from rag.question import Kind, Question
from rag.rarity import rarity
from rag.reading import MOST_WORDS, TAGS, Reading
from rag.spans import find_short

# Longest span in words, spans kept of each sentence and of all, by the reader.
LONGEST = 24
PER_SENTENCE = 14
IN_ALL = 36
_KINDS = tuple(Kind)
_OPENERS, _CLOSERS = '《“「『"〈(', '》”」』"〉)'
_NEAR_WORDS = (
    "",
    ",",
    "。",
    "、",
    "的",
    "是",
    "为",
    "在",
    "于",
    "由",
    "和",
    "与",
    "被",
    "以",
    "称",
    "叫",
    "有",
    "了",
    "(",
    ")",
    "《",
    "》",
)
# Who reported, in brackets: (记者聂毅). No one else asked for is named there.
_BYLINE = re.compile(r"\([^()。]{0,12}(?:记者|通讯员)[^()。]{0,30}\)")
_ASKS_FOR_BYLINE = re.compile(r"记[者着]|通讯员|报道|采访|[写撰稿摄拍]|作者|消息|新闻")
_NEAR_NUMBER = {word: number for number, word in enumerate(_NEAR_WORDS)}
# No answer begins with these.
_NO_START = frozenset(" ,，。.、;；:：!！?？")


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """A sentence as the reader left it.

    Attributes:
        rank: place in the sentence ranking, best 0.
        gap: its ranking score less the best one's, ≤ 0.
        start, end: logits of each word.
    """

    reading: Reading
    rank: int
    gap: float
    start: np.ndarray
    end: np.ndarray


@dataclass(frozen=True, slots=True)
class SpanCandidate:
    """Words first..last of a sentence; `[begin:finish]` in its folded text."""

    sentence: int
    first: int
    last: int
    begin: int
    finish: int


def find_spans(question: Question, sentences: Sequence[ReadSentence]) -> list[SpanCandidate]:
    """The spans the reader thinks most of and those the rules would take, best first by the reader."""
    found: list[tuple[float, SpanCandidate]] = []
    for number, sentence in enumerate(sentences):
        reading = sentence.reading
        size = len(reading.words)
        total = sentence.start[:, None] + sentence.end[None]
        total = np.where(_spans_allowed(size), total, -np.inf).ravel()
        kept = np.argpartition(-total, min(PER_SENTENCE, total.size - 1))[:PER_SENTENCE]
        spans = {divmod(int(place), size) for place in kept if np.isfinite(total[place])}
        if short := find_short(question, reading.folded):
            first = int(np.searchsorted(reading.starts, short[0], "right")) - 1
            last = min(int(np.searchsorted(reading.ends, short[1], "left")), size - 1)
            if first <= last:
                spans.add((first, last))
        bylines = _bylines(question, reading.folded)
        for first, last in sorted(spans):
            if any(reading.starts[first] < end and start < reading.ends[last] for start, end in bylines):
                continue
            if not any(c.isalnum() for word in reading.words[first : last + 1] for c in word):
                continue
            if reading.words[first] in _NO_START:
                continue
            score = float(sentence.start[first] + sentence.end[last])
            begin, finish = int(reading.starts[first]), int(reading.ends[last])
            found.append((score, SpanCandidate(number, first, last, begin, finish)))
    found.sort(key=lambda item: (-item[0], item[1].sentence, item[1].first, item[1].last))
    return [span for _, span in found[:IN_ALL]]


def _bylines(question: Question, folded: str) -> list[tuple[int, int]]:
    """Where a sentence names who reported it, for a question that does not ask for that."""
    if question.kind is not Kind.PERSON or _ASKS_FOR_BYLINE.search(question.folded):
        return []
    return [found.span() for found in _BYLINE.finditer(folded)]


@lru_cache(maxsize=MOST_WORDS)
def _spans_allowed(size: int) -> np.ndarray:
    """Which (first, last) words make a span that is not too long, shape (size, size)."""
    every = np.ones((size, size), bool)
    return np.triu(every) & ~np.triu(every, LONGEST)


def span_features(
    question: Question, asked: Asked, sentences: Sequence[ReadSentence], spans: Sequence[SpanCandidate]
) -> dict[str, np.ndarray]:
    """Columns by name, each of shape (len(spans),); `spans` as `find_spans` gives them, best first by the reader."""
    start_total = np.logaddexp.reduce(np.concatenate([sentence.start for sentence in sentences]))
    end_total = np.logaddexp.reduce(np.concatenate([sentence.end for sentence in sentences]))
    shorts = [find_short(question, sentence.reading.folded) for sentence in sentences]
    texts = [sentences[span.sentence].reading.folded[span.begin : span.finish] for span in spans]
    rows = [
        _row(question, asked, sentences[span.sentence], span, shorts[span.sentence], start_total, end_total)
        for span in spans
    ]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    score = columns["reader.score"]
    weight = np.exp(score)
    columns["reader.gap"] = score - score.max()
    columns["reader.rank"] = np.arange(len(spans), dtype=float)
    columns["reader.share"] = weight / weight.sum()
    sentence_of = np.array([span.sentence for span in spans])
    firsts, lasts = (np.array([getattr(span, name) for span in spans]) for name in ("first", "last"))
    same = sentence_of[:, None] == sentence_of[None]
    holds = same & (firsts[:, None] <= firsts[None]) & (lasts[:, None] >= lasts[None])
    overlap = same & (firsts[:, None] <= lasts[None]) & (lasts[:, None] >= firsts[None])
    strict = holds & ~np.eye(len(spans), dtype=bool)
    columns["among.sentence"] = same @ weight / weight.sum()
    columns["among.same_start"] = (same & (firsts[:, None] == firsts[None])) @ weight / weight.sum()
    columns["among.same_end"] = (same & (lasts[:, None] == lasts[None])) @ weight / weight.sum()
    columns["among.inside"] = strict @ weight / weight.sum()
    columns["among.outside"] = strict.T @ weight / weight.sum()
    columns["among.overlap"] = overlap @ weight / weight.sum()
    number = {text: place for place, text in enumerate(texts)}
    numbers = np.array([number[text] for text in texts])
    columns["among.equal"] = (numbers[:, None] == numbers) @ weight / weight.sum()
    columns["among.best_in_sentence"] = score - np.where(same, score, -np.inf).max(axis=1)
    return columns


def _row(
    question: Question,
    asked: Asked,
    sentence: ReadSentence,
    span: SpanCandidate,
    short: tuple[int, int] | None,
    start_total: float,
    end_total: float,
) -> dict[str, float]:
    """The features of one span by itself."""
    reading = sentence.reading
    words, tags = reading.words, reading.tags
    first, last = span.first, span.last
    inside = words[first : last + 1]
    text = reading.folded[span.begin : span.finish]
    before = words[first - 1] if first else ""
    after = words[last + 1] if last + 1 < len(words) else ""
    before2 = words[first - 2] if first > 1 else ""
    after2 = words[last + 2] if last + 2 < len(words) else ""
    asked_text = question.folded
    own = [word for word in inside if word[0].isalnum()]
    rarities = [rarity(word) for word in own] or [0.0]
    ending = asked.type[-1:]
    covered = short is not None and short[0] < span.finish and span.begin < short[1]
    return {
        "reader.score": float(sentence.start[first] + sentence.end[last] - start_total - end_total),
        "reader.start": float(sentence.start[first] - start_total),
        "reader.end": float(sentence.end[last] - end_total),
        "reader.start_before": float(sentence.start[first - 1] - start_total) if first else -20.0,
        "reader.end_after": float(sentence.end[last + 1] - end_total) if last + 1 < len(words) else -20.0,
        "reader.start_after": float(sentence.start[first + 1] - start_total) if first + 1 < len(words) else -20.0,
        "reader.end_before": float(sentence.end[last - 1] - end_total) if last else -20.0,
        "sentence.rank": sentence.rank,
        "sentence.gap": sentence.gap,
        "shape.words": last - first + 1,
        "shape.characters": len(text),
        "shape.first_tag": tags[first],
        "shape.last_tag": tags[last],
        "shape.tag_before": tags[first - 1] if first else len(TAGS) + 1,
        "shape.tag_after": tags[last + 1] if last + 1 < len(words) else len(TAGS) + 1,
        "shape.word_before": _near(before),
        "shape.word_after": _near(after),
        "shape.quoted": float(before[-1:] in _OPENERS and after[:1] in _CLOSERS and bool(before) and bool(after)),
        "shape.unbalanced": float(sum(text.count(c) for c in "《“「『(") != sum(text.count(c) for c in "》”」』)")),
        "shape.commas": sum(text.count(mark) for mark in ",;。:"),
        "shape.enumerated": text.count("、"),
        "shape.de": text.count("的"),
        "shape.digits": sum(c.isdigit() for c in text),
        "shape.number_first": float(text[0].isdigit()),
        "shape.latin": float(text[0].isascii() and text[0].isalpha()),
        "shape.rarest": max(rarities),
        "shape.first_share": span.begin / max(len(reading.folded), 1),
        "asked.form": asked.form,
        "asked.kind": _KINDS.index(question.kind),
        "asked.ending": float(bool(ending) and text.endswith(ending)),
        "asked.unit": float(bool(question.unit) and text.endswith(question.unit)),
        "asked.unit_after": float(bool(question.unit) and after.startswith(question.unit)),
        "asked.known": sum(len(word) for word in own if len(word) > 1 and word in asked_text) / max(len(text), 1),
        "asked.whole_known": float(text in asked_text),
        "asked.before_known": float(len(before) > 1 and before in asked_text),
        "asked.after_known": float(len(after) > 1 and after in asked_text),
        "asked.before2_known": float(len(before2) > 1 and before2 in asked_text),
        "asked.after2_known": float(len(after2) > 1 and after2 in asked_text),
        "asked.follows": float(bool(after) and asked_text[asked.end :].startswith(after[:1])),
        "asked.precedes": float(bool(before) and asked_text[: asked.start].endswith(before[-1:])),
        "asked.unit_follows": float(bool(after) and after[:2] in asked_text[asked.end : asked.end + 6]),
        "rules.same": float(short == (span.begin, span.finish)),
        "rules.overlap": float(covered),
        "rules.any": float(short is not None),
    }


def _near(word: str) -> int:
    """A neighbouring word as a number: one of the few that frame answers, else another."""
    return _NEAR_NUMBER.get(word, len(_NEAR_WORDS))
