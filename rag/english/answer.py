"""English questions answered from English passages: the sentence that answers, quoted, or why there is none. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from rag.answerable import chance, row
from rag.english.evidence import describe
from rag.english.features import Looked, look
from rag.english.held import Embed
from rag.english.question import NUMERIC, Question, Wanted, analyse
from rag.english.quote import cut
from rag.english.words import tokens
from rag.quote import Quote
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
_NOTHING = "Nothing related was found in the documents."
_EMPTY = "The question names nothing to look for; please be more specific."
_KIND_MISSING = {
    Wanted.PERSON: "The documents touch on this but don't say who.",
    Wanted.PLACE: "The documents touch on this but don't say where.",
    Wanted.REASON: "The documents touch on this but give no reason.",
    Wanted.METHOD: "The documents touch on this but don't say how.",
}
_WHEN = {Wanted.DATE, Wanted.YEAR, Wanted.CLOCK}
CAUTION = "Not certain: this is the nearest the documents come; please check the source."


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one question.

    Attributes:
        quotes: none where it is refused.
        reason: why there is none.
        score: how likely the passages hold the answer, in [0, 1].
        notice: a caution, or "".
    """

    quotes: tuple[Quote, ...]
    reason: str
    score: float
    notice: str = ""


def readable(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that are English sentences."""
    return [one for one in candidates if not _HAN.search(one.folded)]


def answer(text: str, candidates: Sequence[Candidate], embed: Embed) -> Found:
    """Answer one English question from English sentences.

    Args:
        text: the question.
        candidates: sentences of the passages found; see `readable`.
        embed: texts → unit rows, the static embedder.
    """
    question = analyse(text)
    if not question.words:
        return Found((), _EMPTY, 0.0)
    if not candidates:
        return Found((), _NOTHING, 0.0)
    ranked, scores = rank(question, look(question, candidates, embed))
    likely = probability(question, ranked, scores)
    if likely < LEAST_LIKELY:
        return Found((), _missing(question, ranked), likely)
    is_sure = likely >= SURE_ENOUGH
    chosen = [ranked[0], *_torn(ranked, scores)]
    shows = is_sure and len(chosen) == 1
    quotes = tuple(cut(question, one, shows=shows) for one in chosen)
    return Found(quotes, "", likely, "" if is_sure else CAUTION)


def _torn(ranked: Sequence[Looked], scores: np.ndarray) -> list[Looked]:
    """The second sentence, where it is nearly as good and of the same document: to be quoted too."""
    if len(ranked) < 2 or scores[0] - scores[1] >= CLEAR:
        return []
    one, other = (item.candidate.hit.passage.document_id for item in ranked[:2])
    return [ranked[1]] if one == other else []


def rank(question: Question, looked: Sequence[Looked]) -> tuple[list[Looked], np.ndarray]:
    """The sentences, the one that answers best first, and their scores in that order."""
    trees = _ranker()
    scores = trees.predict(np.concatenate([row(one.columns, trees.names) for one in looked]))
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
        return f"The documents don't mention “{question.text[token.start : token.end]}”."
    if not ranked[0].things:
        if question.wanted in _WHEN:
            return "The documents touch on this but don't say when."
        if question.wanted in NUMERIC:
            return "The documents touch on this but give no such figure."
        if question.wanted in _KIND_MISSING:
            return _KIND_MISSING[question.wanted]
    return "The documents come near this but don't answer it."
