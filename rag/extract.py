"""The embedded answerer: the sentences that answer, cut to the clauses that matter, or a refusal. No LLM. Pure.

Every candidate sentence is scored by how much of the question it covers, weighted by how rare each word is: in the
sentence itself, in its scope (the sentences before it that share its subject), in its passage, and in the title and
opening of its document. A sentence that holds a thing of the asked kind (a number, a date, a person) is preferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag import refuse
from rag.coverage import Similarity, focus_weights, weights, word_coverage
from rag.language import language_of
from rag.question import Kind, Question, analyse, is_named, split_parts, subject
from rag.sentences import split_clauses, split_sentences
from rag.spans import Span, find_short, kind_fit
from rag.types import Hit, Passage
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
SAME_MEANING = 0.5
PARAPHRASED = 0.85
# A second sentence is added when it covers this much of the question's weight that the first leaves uncovered.
WORTH_ADDING = 0.3
# Longest quote in characters before it is cut to the clauses that answer.
LONG_QUOTE = 90
# A name this rare (nats) may alone lead from an English question to a Chinese sentence.
TELLING_NAME = 6.0
# What a character of quote costs against a share of the question covered, and what starting at the subject is worth.
LENGTH_PRICE = 1 / 400
WHOLE_START = 0.08
MOST_QUOTES = 4
_CLAUSE_MARKS = "，,；;：:、 "


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of a passage that answers: `document.text[start:end]`, with the short answer's place in it."""

    passage: Passage
    start: int
    end: int
    highlight: Span | None
    score: float


@dataclass(frozen=True, slots=True)
class Extract:
    """What the embedded answerer found: quotes in the order to be read, or why there are none.

    Attributes:
        reason: why nothing was found; with quotes, which part of the question stays open.
        score: coverage of the weakest answered part, in [0, 1]; of the best rejected sentence for a refusal.
    """

    quotes: tuple[Quote, ...]
    reason: str
    short: str
    score: float

    @property
    def refused(self) -> bool:
        """Whether no part of the question is answered."""
        return not self.quotes


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence of a hit, with its place in the passage and its surroundings."""

    hit: Hit
    start: int
    end: int
    evidence: refuse.Evidence
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
    """

    candidate: Candidate
    local: np.ndarray
    covered: np.ndarray
    score: float


def extract(
    text: str,
    hits: Sequence[Hit],
    *,
    before: Mapping[str, str] | None = None,
    openings: Mapping[str, str] | None = None,
    similarity: Similarity | None = None,
) -> Extract:
    """Answer a standalone question from retrieved passages.

    Args:
        text: the question; several questions in one message are answered one by one.
        hits: passages, best first.
        before: passage id → text that stands just before it in its document.
        openings: document id → its first lines.
        similarity: cosines between two lists of words, for paraphrases; None matches by characters only.
    """
    candidates = _candidates(hits, before or {}, openings or {})
    quotes: list[Quote] = []
    reasons: list[str] = []
    scores: list[float] = []
    for part in split_parts(text):
        found, reason, score = _answer_part(analyse(part), candidates, similarity)
        scores.append(score)
        reasons += [reason] if reason else []
        quotes += [quote for quote in found if not any(_overlap(quote, other) for other in quotes)]
    shorts = [_text(quote, quote.highlight) for quote in quotes if quote.highlight]
    return Extract(
        quotes=tuple(quotes[:MOST_QUOTES]),
        reason="；".join(dict.fromkeys(reasons)),
        short="；".join(dict.fromkeys(shorts)),
        score=min(scores) if scores else 0.0,
    )


def _candidates(hits: Sequence[Hit], before: Mapping[str, str], openings: Mapping[str, str]) -> list[Candidate]:
    """Every sentence of the hits with its surroundings."""
    found = []
    for hit in hits:
        passage = hit.passage
        folded = fold(passage.text)
        around = fold(before.get(passage.id, "")) + "\n" + folded
        opening = fold(passage.title + "\n" + openings.get(passage.document_id, ""))
        scope_start = 0
        for start, end in split_sentences(passage.text):
            own = subject(folded[start : start + 40])
            if own and is_named(own):
                scope_start = start
            found.append(
                Candidate(
                    hit=hit,
                    start=start,
                    end=end,
                    evidence=refuse.Evidence(folded[start:end], folded[scope_start:end], around, opening),
                    is_statement=_is_statement(passage.text[start:end]),
                )
            )
    return found


def _is_statement(sentence: str) -> bool:
    """Whether a sentence states something: not a heading, not a question."""
    last = sentence.rstrip('”’」』）)】" ')[-1:]
    return last not in "?？" and (last in "。！!.…；;" or len(sentence) >= 25 or any(c.isdigit() for c in sentence))


def score_sentence(question: Question, candidate: Candidate, similarity: Similarity | None, best_hit: float) -> Scored:
    """Score one candidate sentence for one question; higher is better, roughly in [-0.5, 1.3]."""
    local = word_coverage(question, candidate.folded)
    covered = np.maximum.reduce(
        [
            local,
            IN_SCOPE * word_coverage(question, candidate.evidence.scope),
            IN_PASSAGE * word_coverage(question, candidate.evidence.around),
            IN_OPENING * word_coverage(question, candidate.evidence.opening),
        ]
    )
    if similarity is not None:
        soft = _paraphrases(question, candidate, covered, similarity)
        local, covered = np.maximum(local, soft), np.maximum(covered, soft)
    score = LOCAL_SHARE * float(focus_weights(question) @ local) + (1 - LOCAL_SHARE) * float(
        weights(question) @ covered
    )
    score += KIND_BONUS * kind_fit(question, candidate.folded)
    score += SUBJECT_BONUS if question.subject and 0 <= candidate.folded.find(question.subject) < 5 else 0.0
    score -= 0.0 if candidate.is_statement else NOT_A_STATEMENT
    score += RETRIEVAL_BONUS * candidate.hit.score / best_hit if best_hit > 0 else 0.0
    return Scored(candidate, local, covered, score)


def _paraphrases(question: Question, candidate: Candidate, covered: np.ndarray, similarity: Similarity) -> np.ndarray:
    """For each question word that is not there, how near the sentence's nearest word is; 0 below SAME_MEANING."""
    from vectorstore.tokens import words

    soft = np.zeros(len(question.words))
    open_words = [
        i
        for i, word in enumerate(question.words)
        if covered[i] < SAME_MEANING and not word.is_name and _may_vary(word.text)
    ]
    there = [word for word in dict.fromkeys(words(candidate.folded)) if _may_vary(word)]
    if open_words and there:
        nearest = similarity([question.words[i].text for i in open_words], there).max(axis=1)
        soft[open_words] = np.where(nearest >= SAME_MEANING, PARAPHRASED * nearest, 0.0)
    return soft


def _may_vary(word: str) -> bool:
    """Whether another word can say the same: names, numbers and single characters have no synonyms."""
    return len(word) > 1 and not word.isascii()


def _answer_part(
    question: Question, candidates: Sequence[Candidate], similarity: Similarity | None
) -> tuple[list[Quote], str, float]:
    """(quotes in reading order, reason when there are none, coverage) for one question."""
    if not question.words:
        return [], refuse.empty(question), 0.0
    if not candidates:
        return [], refuse.nothing(question), 0.0
    if _is_foreign(question, candidates):
        question = _names_only(question, candidates)
        if not any(word.weight >= TELLING_NAME for word in question.words):
            return [], refuse.foreign(question), 0.0
    best_hit = max(candidate.hit.score for candidate in candidates)
    scored = sorted(
        (score_sentence(question, candidate, similarity, best_hit) for candidate in candidates),
        key=lambda item: (-item.score, item.candidate.hit.passage.id, item.candidate.start),
    )
    best = scored[0]
    coverage = float(weights(question) @ best.covered)
    if reason := refuse.check(question, best.candidate.evidence, best.local, best.covered):
        return [], reason, coverage
    chosen = [best]
    if question.kind in {Kind.LIST, Kind.OPEN, Kind.WHICH, Kind.REASON, Kind.METHOD, Kind.YES_NO}:
        chosen += _complements(question, best, scored[1:])
    return [_quote(question, item) for item in chosen], "", coverage


def _is_foreign(question: Question, candidates: Sequence[Candidate]) -> bool:
    """Whether an English question meets Chinese passages."""
    return language_of(question.text) == "en" and language_of(candidates[0].evidence.around) == "zh"


def _names_only(question: Question, candidates: Sequence[Candidate]) -> Question:
    """The question with only those words that the passages hold: names and codes look alike in both languages."""
    everything = "\n".join(dict.fromkeys(candidate.evidence.around for candidate in candidates))
    held = word_coverage(question, everything)
    words = tuple(word for word, share in zip(question.words, held, strict=True) if share == 1.0)
    return replace(question, words=words, subject="")


def _complements(question: Question, best: Scored, others: Sequence[Scored]) -> list[Scored]:
    """Up to one further sentence that covers what the best one leaves open."""
    share = weights(question)
    for other in others:
        gain = float(share @ np.maximum(other.local - best.local, 0))
        if gain >= WORTH_ADDING and other.candidate.is_statement:
            return [other]
    return []


def _quote(question: Question, scored: Scored) -> Quote:
    """The sentence, cut to the clauses that answer when it is long."""
    candidate = scored.candidate
    passage = candidate.hit.passage
    short = find_short(question, candidate.folded)
    start, end = _answering_clauses(question, passage.text, candidate, short)
    end = start + len(passage.text[start:end].rstrip(_CLAUSE_MARKS))
    highlight = None
    if short:
        first, last = candidate.start + short[0], candidate.start + short[1]
        if start <= first and last <= end:
            highlight = (passage.start + first, passage.start + last)
    return Quote(passage, passage.start + start, passage.start + end, highlight, scored.score)


def _answering_clauses(question: Question, text: str, candidate: Candidate, short: Span | None) -> Span:
    """Offsets in the passage of the run of whole clauses that holds the short answer and most of the question."""
    start, end = candidate.start, candidate.end
    clauses = split_clauses(text, start, end)
    if end - start <= LONG_QUOTE or len(clauses) < 2:
        return start, end
    share = focus_weights(question)
    price = LENGTH_PRICE if short else 0.0
    best, best_value = (start, end), -np.inf
    for first in range(len(clauses)):
        for last in range(first, len(clauses)):
            a, b = clauses[first][0], clauses[last][1]
            holds_short = not short or (a <= start + short[0] and start + short[1] <= b)
            if not holds_short or (b - a > LONG_QUOTE and first < last):
                continue
            value = float(share @ word_coverage(question, candidate.folded[a - start : b - start]))
            value += WHOLE_START * (first == 0) - price * (b - a)
            # without a short answer to point at, what follows the question's words is what was asked for
            value += 0.0 if short else 0.001 * last - 0.01 * first
            if value > best_value:
                best, best_value = (a, b), value
    return best


def _text(quote: Quote, span: Span) -> str:
    """What the document says at these offsets, inside the quote."""
    return quote.passage.text[span[0] - quote.passage.start : span[1] - quote.passage.start]


def _overlap(one: Quote, other: Quote) -> bool:
    """Whether two quotes share text of one document."""
    return one.passage.document_id == other.passage.document_id and one.start < other.end and other.start < one.end
