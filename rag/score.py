"""Which sentence answers: every sentence of the retrieved passages, scored for one question. Pure.

A sentence is scored by how much of the question it covers, weighted by how rare each word is: in the sentence itself,
in its scope (the sentences before it that share its subject), in its passage, and in the opening of its document. One
that holds a thing of the asked kind (a number, a date, a person) is preferred.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rag.coverage import Similarity, focus_weights, nearest, weights, word_coverage
from rag.question import Question, is_named, subject
from rag.refuse import Evidence
from rag.sentences import split_sentences
from rag.spans import kind_fit
from rag.tagging import tagged
from rag.types import Hit
from vectorstore.tokens import fold

# How much a question word counts where it is found, the sentence itself being 1. Chosen on the dev split of
# eval/questions/seeds.jsonl; flat around these values.
IN_SCOPE = 0.85
IN_PASSAGE = 0.6
IN_OPENING = 0.6
# Share of the score that comes from the sentence alone; the rest from sentence and surroundings together.
LOCAL_SHARE = 0.55
KIND_BONUS = 0.25
SUBJECT_BONUS = 0.1
NOT_A_STATEMENT = 0.25
RETRIEVAL_BONUS = 0.08
# Word vectors nearer than this stand for the same thing (搬家 / 搬迁).
SAME_MEANING = 0.45
PARAPHRASED = 0.75


# 项目联系人:仇亦凡; 6天至15天 | 分管副总经理
_ROW = re.compile(r"[^:：]{1,20}[:：]\s*[^\s:：]|\S\s*[|｜\t]\s*\S|\S {3,}\S|^\s*[-•·*●]\s*\S{4}")
_LIST_NUMBER = re.compile(r"^\s*[(（]?\d{1,2}(?:\.\d{1,2})*[.、)） ]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence of a hit, with its place in the passage and its surroundings."""

    hit: Hit
    start: int
    end: int
    evidence: Evidence
    is_statement: bool

    @property
    def folded(self) -> str:
        """The sentence itself."""
        return self.evidence.sentence


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its scores.

    Attributes:
        local: share of each question word in the sentence itself, shape (W,).
        covered: the same with its surroundings, each at its discount, shape (W,).
        prior: what `score_sentences` made of it, whatever ranked it since.
        fit: how well it suits the asked kind, see `rag.spans.kind_fit`.
        told: what the ranker found, as the reader takes it; see `rag.rank`.
    """

    candidate: Candidate
    local: np.ndarray
    covered: np.ndarray
    score: float
    prior: float = 0.0
    fit: float = 0.0
    told: tuple[float, ...] = ()


def find_candidates(hits: Sequence[Hit], before: Mapping[str, str], openings: Mapping[str, str]) -> list[Candidate]:
    """Every sentence of the hits with its surroundings."""
    found = []
    for hit in hits:
        passage = hit.passage
        folded, sentences = sentences_of(passage.text)
        around = fold(before.get(passage.id, "")) + "\n" + folded
        opening = fold(passage.title + "\n" + openings.get(passage.document_id, ""))
        for start, end, scope_start, states in sentences:
            near = Evidence(folded[start:end], folded[scope_start:end], around, opening)
            found.append(Candidate(hit, start, end, near, states))
    return found


@lru_cache(maxsize=256)  # the parts of a question often look at the same passages
def sentences_of(text: str) -> tuple[str, tuple[tuple[int, int, int, bool], ...]]:
    """A passage's text folded, and of each sentence its start, end, the start of its scope, and whether it states."""
    folded = fold(text)
    found = []
    scope_start = 0
    for start, end in split_sentences(text):
        own = subject(folded[start : start + 40])
        if own and is_named(own):
            scope_start = start
        found.append((start, end, scope_start, _is_statement(text[start:end])))
    return folded, tuple(found)


def _is_statement(sentence: str) -> bool:
    """Whether a sentence states something: not a heading, not a question. A row or 名称：值 does, in few words."""
    last = sentence.rstrip('”’」』）)】" ')[-1:]
    if last in "?？:：":
        return len(sentence) >= 25 and last in ":："
    if last in "。！!.…；;" or len(sentence) >= 25 or _ROW.search(sentence):
        return True
    return any(c.isdigit() for c in _LIST_NUMBER.sub("", sentence))


def score_sentences(question: Question, candidates: Sequence[Candidate], similarity: Similarity | None) -> list[Scored]:
    """Score every candidate for one question, best first, ties by place; scores are roughly in [-0.5, 1.3]."""
    if not candidates:
        return []
    best_hit = max(candidate.hit.score for candidate in candidates)
    share, focus = weights(question), focus_weights(question)
    near = [candidate.evidence for candidate in candidates]

    def held(texts: Iterable[str]) -> np.ndarray:
        """Share of each question word in each text, shape (len(candidates), W)."""
        return np.array([word_coverage(question, text) for text in texts])

    local = held(one.sentence for one in near)
    surroundings = (
        IN_SCOPE * held(one.scope for one in near),
        IN_PASSAGE * held(one.around for one in near),
        IN_OPENING * held(one.opening for one in near),
    )
    covered = np.maximum.reduce([local, *surroundings])
    # another word for it counts only where the word itself is nowhere near
    soft = np.where(covered < SAME_MEANING, _paraphrases(question, candidates, similarity), 0.0)
    local, covered = np.maximum(local, soft), np.maximum(covered, soft)
    scored = []
    for candidate, own, wide in zip(candidates, local, covered, strict=True):
        score = LOCAL_SHARE * float(focus @ own) + (1 - LOCAL_SHARE) * float(share @ wide)
        fit = kind_fit(question, candidate.folded)
        score += KIND_BONUS * fit
        if question.subject and 0 <= candidate.folded.find(question.subject) < 5:
            score += SUBJECT_BONUS
        if not candidate.is_statement:
            score -= NOT_A_STATEMENT
        if best_hit > 0:
            score += RETRIEVAL_BONUS * candidate.hit.score / best_hit
        scored.append(Scored(candidate, own, wide, score, score, fit))
    return sorted(scored, key=lambda item: (-item.score, item.candidate.hit.passage.id, item.candidate.start))


def _paraphrases(question: Question, candidates: Sequence[Candidate], similarity: Similarity | None) -> np.ndarray:
    """How near each candidate's nearest word is to each question word, shape (candidates, W); 0 below SAME_MEANING."""
    soft = np.zeros((len(candidates), len(question.words)))
    asked = [i for i, word in enumerate(question.words) if not (word.is_name or word.is_role) and _may_vary(word.text)]
    if similarity is None or not asked:
        return soft
    there = [
        [word for word in dict(tagged(candidate.folded)) if word.isalnum() and _may_vary(word)]
        for candidate in candidates
    ]
    near = nearest([question.words[i].text for i in asked], there, similarity)
    soft[:, asked] = np.where(near >= SAME_MEANING, PARAPHRASED * near, 0.0)
    return soft


def _may_vary(word: str) -> bool:
    """Whether another word can say the same: names, numbers and single characters have no synonyms."""
    return len(word) > 1 and not word.isascii()
