"""The embedded answerer: the sentences that answer, cut to the clauses that matter, or a refusal. No LLM. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag import conflicts, refuse
from rag.answerable import probability
from rag.coverage import Similarity, focus_weights, weights, word_coverage
from rag.injection import disarm
from rag.language import language_of
from rag.question import Kind, Question, analyse, split_parts
from rag.rank import rank_sentences
from rag.reader import Embed
from rag.score import Candidate, Scored, find_candidates
from rag.sentences import split_clauses
from rag.short import Short, choose, is_worth_showing
from rag.spans import Span, find_short
from rag.types import Hit, Passage

# A second sentence is added when it covers this much of the question's weight that the first leaves uncovered.
WORTH_ADDING = 0.3
# Longest quote in characters before it is cut to the clauses that answer.
LONG_QUOTE = 90
# A shorter run of clauses says nothing by itself (本次论坛).
SHORT_QUOTE = 10
# A name this rare (nats) may alone lead from an English question to a Chinese sentence.
TELLING_NAME = 6.0
# What a character of quote costs against a share of the question covered, and what starting at the subject is worth.
LENGTH_PRICE = 1 / 400
WHOLE_START = 0.08
MOST_QUOTES = 4
_CLAUSE_MARKS = "，,；;：:、 "


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of a passage that answers: `document.text[start:end]`, with the short answer's place in it.

    Attributes:
        confidence: how likely the highlight is exactly the answer, in [0, 1]; None where rules found it.
    """

    passage: Passage
    start: int
    end: int
    highlight: Span | None
    score: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """What the embedded answerer found: quotes in the order to be read, or why there are none.

    Attributes:
        reason: why nothing was found; with quotes, which part of the question stays open.
        score: how likely the passages hold the answer to every part, in [0, 1]: the least of the parts'.
        notice: which documents give which value, where they differ; "" where they don't.
    """

    quotes: tuple[Quote, ...]
    reason: str
    short: str
    score: float
    notice: str = ""

    @property
    def refused(self) -> bool:
        """Whether no part of the question is answered."""
        return not self.quotes


def extract(
    text: str,
    hits: Sequence[Hit],
    *,
    before: Mapping[str, str] | None = None,
    openings: Mapping[str, str] | None = None,
    similarity: Similarity | None = None,
    embed: Embed | None = None,
) -> Extract:
    """Answer a standalone question from retrieved passages.

    Args:
        text: the question; several questions in one message are answered one by one.
        hits: passages, best first; instructions in them are never quoted.
        before: passage id → text that stands just before it in its document.
        openings: document id → its first lines.
        similarity: cosines between two lists of words, for paraphrases; None matches by characters only.
        embed: words → their vectors in the embedded model, to read the short answer; None leaves that to rules.
    """
    candidates = find_candidates(disarm(hits), before or {}, openings or {})
    quotes: list[Quote] = []
    reasons: list[str] = []
    notices: list[str] = []
    scores: list[float] = []
    for part in split_parts(text):
        found = _answer_part(analyse(part), candidates, similarity, embed)
        scores.append(found.score)
        reasons.append(found.reason)
        notices.append(found.notice)
        quotes += [quote for quote in found.quotes if not any(_overlap(quote, other) for other in quotes)]
    shorts = [_text(quote, quote.highlight) for quote in quotes if quote.highlight]
    return Extract(
        quotes=tuple(quotes[:MOST_QUOTES]),
        reason="；".join(dict.fromkeys(filter(None, reasons))),
        short="；".join(dict.fromkeys(shorts)),
        score=min(scores) if scores else 0.0,
        notice=" ".join(dict.fromkeys(filter(None, notices))),
    )


def _answer_part(
    question: Question, candidates: Sequence[Candidate], similarity: Similarity | None, embed: Embed | None
) -> Extract:
    """What is found for one question."""
    if not question.words:
        return _refusal(refuse.empty(question))
    if not candidates:
        return _refusal(refuse.nothing(question))
    foreign = _is_foreign(question, candidates)
    if foreign:
        question = _names_only(question, candidates)
        if not any(word.weight >= TELLING_NAME for word in question.words):
            return _refusal(refuse.foreign(question))
    ranked = rank_sentences(question, candidates, similarity)
    by_cover = _by_cover(ranked)
    shorts: dict[int, Short] = {}
    if embed:
        read = choose(question, ranked, embed)
        ranked = [item.scored for item in read]
        shorts = {id(item.scored.candidate): item.short for item in read if item.short}
    # the model is trained on questions in the documents' language, over sentences in the order of coverage
    likely = _share_covered(question, by_cover[0]) if foreign else probability(question, by_cover, similarity)
    reason, sure = refuse.check(question, ranked, likely)
    if reason:  # what the ranker puts first may not answer where the sentence that covers most does
        ranked = by_cover
        reason, sure = refuse.check(question, ranked, likely)
    if reason:
        return _refusal(reason, sure)
    best, others = ranked[0], ranked[1:]
    chosen, notice = [best], ""
    if versions := conflicts.other_versions(question, best, others):
        chosen = conflicts.newest_first([best, *versions])
        notice = conflicts.notice(question, chosen)
    elif question.kind in {Kind.LIST, Kind.OPEN, Kind.WHICH, Kind.REASON, Kind.METHOD, Kind.YES_NO}:
        chosen += _complements(question, best, others)
    quotes = tuple(_quote(question, item, shorts.get(id(item.candidate))) for item in chosen)
    return Extract(quotes, "", "", sure, notice)


def _by_cover(ranked: Sequence[Scored]) -> list[Scored]:
    """The sentences by how much of the question they cover, as `rag.score` scores and orders them."""
    scored = [replace(item, score=item.prior) for item in ranked]
    return sorted(scored, key=lambda item: (-item.score, item.candidate.hit.passage.id, item.candidate.start))


def _share_covered(question: Question, best: Scored) -> float:
    """The weight of the question's words that the sentence and its surroundings hold, in [0, 1]."""
    return min(1.0, float(weights(question) @ best.covered))  # a sum of shares may round past 1


def _refusal(reason: str, score: float = 0.0) -> Extract:
    """Nothing found, and why."""
    return Extract((), reason, "", score)


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


def _quote(question: Question, scored: Scored, read: Short | None) -> Quote:
    """The sentence, cut to the clauses that answer when it is long; the short answer as read where that is sure."""
    candidate = scored.candidate
    passage = candidate.hit.passage
    if read and not is_worth_showing(question, candidate.folded, read):
        read = None
    short = (read.start, read.end) if read else find_short(question, candidate.folded)
    start, end = _answering_clauses(question, passage.text, candidate, short)
    end = start + len(passage.text[start:end].rstrip(_CLAUSE_MARKS))
    highlight = None
    if short:
        first, last = candidate.start + short[0], candidate.start + short[1]
        if start <= first and last <= end:
            highlight = (passage.start + first, passage.start + last)
    return Quote(
        passage,
        passage.start + start,
        passage.start + end,
        highlight,
        scored.score,
        read.confidence if read else None,
    )


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
            too_long = b - a > LONG_QUOTE and clauses[last][0] - a >= SHORT_QUOTE
            if not holds_short or too_long or b - a < SHORT_QUOTE:
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
