"""Train the span ranker: which of the spans that the reader likes is exactly the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from rag.asked import find_asked
from rag.question import analyse
from rag.reader import Embed, Net, read_sentences
from rag.span_features import ReadSentence, find_spans, span_features
from rag.train.data import Example
from rag.train.export import GROWTH, flatten
from rag.train.reader import Item, described
from rag.trees import Trees

ROUNDS = 220
PARAMETERS: Mapping[str, Any] = {**GROWTH, "objective": "cross_entropy"}
_silent = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Spans:
    """The candidate spans of one question.

    Attributes:
        names: of the columns.
        rows: shape (spans, columns), float32.
        sentence: which of the item's sentences each is in.
        exact: whether it is an answer, word for word, in an answering sentence.
        overlap: its F1 with the answer there; 0 in other sentences.
        weight: how much the question counts.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    sentence: np.ndarray
    exact: np.ndarray
    overlap: np.ndarray
    weight: float


def spans(example: Example, item: Item, embed: Embed, nets: Sequence[Net]) -> Spans | None:
    """The spans that a reader likes; None where it likes none."""
    question = analyse(example.text)
    asked = find_asked(question.folded)
    readings = [sentence.reading for sentence in item.sentences]
    logits, _ = read_sentences(question, asked, readings, described(item), embed, nets)
    sentences = [
        ReadSentence(sentence.reading, sentence.rank, sentence.gap, start, end)
        for sentence, (start, end) in zip(item.sentences, logits, strict=True)
    ]
    found = find_spans(question, sentences)
    if not found:
        return None
    columns = span_features(question, asked, sentences, found)
    overlaps = []
    for span in found:
        sentence = item.sentences[span.sentence]
        text = sentence.reading.folded
        right = [text[first:last] for first, last in sentence.answers]
        overlaps.append(max((overlap(text[span.begin : span.finish], one) for one in right), default=0.0))
    return Spans(
        tuple(columns),
        np.column_stack(list(columns.values())).astype(np.float32),
        np.array([span.sentence for span in found]),
        np.array(overlaps) == 1.0,
        np.array(overlaps),
        example.weight,
    )


def overlap(answer: str, right: str) -> float:
    """F1 of the longest common run of characters, punctuation aside, as CMRC 2018 scores answers.

    >>> overlap("约1.8万套", "1.8万套"), overlap("《红楼梦》", "红楼梦"), overlap("北京", "上海")
    (0.8888888888888888, 1.0, 0.0)
    """
    one, other = (_silent.sub("", text) for text in (answer, right))
    if not one or not other:
        return 0.0
    same = SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size
    return 2 * same / (len(one) + len(other))


def train(all_spans: Sequence[Spans]) -> Trees:
    """Trees whose sum is the log odds that a span is exactly the answer; near ones count by their overlap."""
    import lightgbm

    rows = np.concatenate([one.rows for one in all_spans])
    labels = np.concatenate([np.where(one.exact, 1.0, NEAR * one.overlap) for one in all_spans])
    weights = np.repeat([one.weight for one in all_spans], [len(one.rows) for one in all_spans])
    booster = lightgbm.train(dict(PARAMETERS), lightgbm.Dataset(rows, labels, weight=weights), ROUNDS)
    return flatten(booster.dump_model(), all_spans[0].names)


# What an overlapping span that is not the answer counts for, times its F1.
NEAR = 0.2
