"""English questions answered from English passages: the sentence that answers, quoted, or why there is none. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from rag import refuse
from rag.answerable import chance, row, rows
from rag.english.evidence import describe
from rag.english.features import Looked, look
from rag.english.question import NUMERIC, Question, Wanted, analyse
from rag.english.quote import cut
from rag.english.words import tokens
from rag.extract import Extract
from rag.question import Kind
from rag.reader import Embed
from rag.score import Candidate
from rag.trees import Trees, load

MODELS = Path(__file__).parent.parent / "model"
RANKER, ANSWERABLE = MODELS / "english_sentences.safetensors", MODELS / "english_answerability.safetensors"
# Least probability that the evidence answers, and the least at which it is quoted without a caution. Of 3,339 questions
# of our own, about documents that the models had not seen, 0.3, 0.35, 0.4 and 0.45 refuse 12, 15, 17 and 20 % of those
# with an answer and 53, 59, 63 and 68 % of the near misses.
LEAST_LIKELY = 0.45
SURE_ENOUGH = 0.6
# A second sentence is quoted where its score is no further behind: of 900 questions it holds the answer that the first
# lacks in 6 of 100, for one reply in five with two sentences.
CLEAR = 0.5
_HAN = re.compile("[\u3400-\u9fff]")
_WHEN = {Wanted.DATE, Wanted.YEAR, Wanted.CLOCK}
# What is said to be missing where the best sentence has nothing of the kind.
_MISSING = {
    **dict.fromkeys(NUMERIC - _WHEN, refuse.KIND_MISSING[Kind.NUMBER]),
    **dict.fromkeys(_WHEN, refuse.KIND_MISSING[Kind.DATE]),
    Wanted.PERSON: refuse.KIND_MISSING[Kind.PERSON],
    Wanted.REASON: refuse.REASON_MISSING,
    Wanted.PLACE: ("文中谈到了这件事，但没有说在哪里。", "The documents touch on this but don't say where."),
    Wanted.METHOD: ("文中谈到了这件事，但没有说怎么做。", "The documents touch on this but don't say how."),
}


def readable(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that are English sentences."""
    return [one for one in candidates if not _HAN.search(one.folded)]


def answer(text: str, candidates: Sequence[Candidate], embed: Embed) -> Extract:
    """Answer one English question from English sentences.

    Args:
        text: the question.
        candidates: sentences of the passages found; see `readable`.
        embed: texts → unit rows, the static embedder.
    """
    question = analyse(text)
    if not question.words:
        return Extract((), refuse.empty(question), "", 0.0)
    if not candidates:
        return Extract((), refuse.nothing(question), "", 0.0)
    ranked, scores = rank(look(question, candidates, embed), _ranker())
    likely = probability(question, ranked, scores)
    if likely < LEAST_LIKELY:
        return Extract((), _missing(question, ranked), "", likely)
    caution = refuse.hedge(question, likely, SURE_ENOUGH)
    chosen = [ranked[0], *_torn(ranked, scores)]
    shows = not caution and len(chosen) == 1
    quotes = tuple(cut(question, one, shows=shows) for one in chosen)
    return Extract(quotes, "", "", likely, caution)


def _torn(ranked: Sequence[Looked], scores: np.ndarray) -> list[Looked]:
    """The second sentence, where it is nearly as good and of the same document: to be quoted too."""
    if len(ranked) < 2 or scores[0] - scores[1] >= CLEAR:
        return []
    one, other = (item.candidate.hit.passage.document_id for item in ranked[:2])
    return [ranked[1]] if one == other else []


def rank(looked: Sequence[Looked], trees: Trees) -> tuple[list[Looked], np.ndarray]:
    """The sentences, the one that answers best first, and their scores in that order."""
    scores = trees.predict(rows((one.columns for one in looked), trees.names))
    order = np.argsort(-scores, kind="stable")
    return [looked[place] for place in order], scores[order]


def probability(question: Question, ranked: Sequence[Looked], scores: np.ndarray) -> float:
    """How likely the best sentence, or another of its document, answers; in [0, 1]."""
    trees = _answerable()
    return chance(float(trees.predict(row(describe(question, ranked, scores), trees.names))[0]))


@cache
def _ranker() -> Trees:
    """The shipped ranker of sentences."""
    return load(RANKER)


@cache
def _answerable() -> Trees:
    """The shipped model that tells whether there is an answer."""
    return load(ANSWERABLE)


def _missing(question: Question, ranked: Sequence[Looked]) -> str:
    """The most telling true thing to say of evidence that comes near without answering."""
    texts = [near.opening for near in (one.candidate.evidence for one in ranked)]
    texts += [one.candidate.evidence.around for one in ranked]
    there = {token.stem for text in dict.fromkeys(texts) for token in tokens(text)}
    lacking = [
        (share, word.token)
        for word, share in zip(question.words, ranked[0].share, strict=True)
        if word.is_name and word.token.stem not in there
    ]
    if lacking:
        _, token = max(lacking, key=lambda item: item[0])
        return refuse.not_mentioned(question, [question.text[token.start : token.end]])
    if not ranked[0].things and question.wanted in _MISSING:
        return refuse.say(question, *_MISSING[question.wanted])
    return refuse.say(question, *refuse.NEAR)
