"""The embedded answerer: the sentences that answer, cut to the clauses that matter, or a refusal. No LLM. Pure.

English questions of English passages go their own way, see `rag.english`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag import conflicts, refuse
from rag.answerable import probability
from rag.coverage import HELD, Similarity, focus_weights, weights, word_coverage
from rag.injection import disarm
from rag.language import language_of, mostly_chinese
from rag.parts import split_parts
from rag.question import Kind, Question, analyse
from rag.quote import Quote, cut, merged
from rag.rank import rank_sentences
from rag.reader import Embed
from rag.score import Candidate, Scored, find_candidates
from rag.short import SURE, Place, Read, choose
from rag.types import Hit

# A second sentence is added when it covers this much of the question's weight that the first leaves uncovered.
WORTH_ADDING = 0.3
# A name this rare (nats) may alone lead from an English question to a Chinese sentence.
TELLING_NAME = 6.0
MOST_QUOTES = 4
# A list may go on in another document: in one of so many best sentences, which holds this share of the question.
LISTED_AMONG = 6
MOSTLY_LISTED = 0.8
# Where less than this of what was read for an answer lies in the best sentence, the next best is quoted beside it: one
# of so many.
TORN = 0.9
RUNNERS_UP = 2


@dataclass(frozen=True, slots=True)
class Extract:
    """What the embedded answerer found: quotes in the order to be read, or why there are none.

    Attributes:
        reason: why nothing was found; with quotes, which part of the question stays open.
        score: how likely the passages hold the answer to every part, in [0, 1]: the least of the parts'.
        notice: which documents give which value, where they differ; a caution where the answer may be none.
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
    parts: Mapping[str, Sequence[Hit]] | None = None,
    before: Mapping[str, str] | None = None,
    openings: Mapping[str, str] | None = None,
    similarity: Similarity | None = None,
    embed: Embed | None = None,
) -> Extract:
    """Answer a standalone question from retrieved passages.

    Args:
        text: the question; several questions in one message are answered one by one.
        hits: passages, best first; instructions in them are never quoted.
        parts: the questions inside the message, each with the passages found for it by itself; None takes `hits` for
            every part.
        before: passage id → text that stands just before it in its document.
        openings: document id → its first lines.
        similarity: cosines between two lists of words, for paraphrases; None matches by characters only.
        embed: words → their vectors in the embedded model, to read the short answer; None leaves that to rules.
    """
    parts = parts or dict.fromkeys(split_parts(text), hits)
    quotes: list[Quote] = []
    reasons: list[str] = []
    notices: list[str] = []
    scores: list[float] = []
    for part, found_for_it in parts.items():
        candidates = find_candidates(disarm(found_for_it), before or {}, openings or {})
        question = analyse(part)
        found = _answer_part(question, candidates, similarity, embed)
        if given := _given_before(found.quotes, quotes):  # two parts ask for two things: look for another answer
            found = _another(question, candidates, given, similarity, embed) or found
        scores.append(found.score)
        reasons.append(_about(part, found.reason) if len(parts) > 1 else found.reason)
        notices.append(found.notice)
        quotes += found.quotes
    shorts = [quote.short for quote in quotes if quote.highlight]
    quotes = merged(quotes)
    return Extract(
        quotes=tuple(quotes[:MOST_QUOTES]),
        reason=" ".join(dict.fromkeys(filter(None, reasons))),
        short="；".join(dict.fromkeys(shorts)),
        score=min(scores) if scores else 0.0,
        notice=" ".join(dict.fromkeys(filter(None, notices))),
    )


def _another(
    question: Question,
    candidates: Sequence[Candidate],
    given: Quote,
    similarity: Similarity | None,
    embed: Embed | None,
) -> Extract | None:
    """What answers beside a short answer that another part got: a sure one near it, else another sentence."""
    if given.highlight:
        place = (given.passage.document_id, *given.highlight)
        near = _answer_part(question, candidates, similarity, embed, [place])
        if near.quotes and (near.quotes[0].confidence or 0.0) >= SURE:
            return near
    left = [one for one in candidates if not _holds(one, given)]
    other = _answer_part(question, left, similarity, embed)
    return None if other.refused else other


def _given_before(found: Sequence[Quote], before: Sequence[Quote]) -> Quote | None:
    """The earlier quote whose short answer the first of those found gives again."""
    place = (found[0].passage.document_id, found[0].highlight) if found and found[0].highlight else None
    return next((one for one in before if place and (one.passage.document_id, one.highlight) == place), None)


def _holds(candidate: Candidate, quote: Quote) -> bool:
    """Whether a sentence is the one that a quote's short answer stands in."""
    passage = candidate.hit.passage
    return (
        quote.highlight is not None
        and passage.document_id == quote.passage.document_id
        and passage.start + candidate.start <= quote.highlight[0] < passage.start + candidate.end
    )


def _answer_part(
    question: Question,
    candidates: Sequence[Candidate],
    similarity: Similarity | None,
    embed: Embed | None,
    given: Collection[Place] = (),
) -> Extract:
    """What is found for one question; short answers that were given to another are none of its own."""
    if not question.words:
        return _refusal(refuse.empty(question))
    if not candidates:
        return _refusal(refuse.nothing(question))
    foreign = _is_foreign(question, candidates)
    if embed and not foreign and language_of(question.text) == "en":
        from rag.english import answer as english  # its tables cost a question in Chinese 45 ms of a cold start

        return english.answer(question.text, english.readable(candidates), embed)
    if foreign:
        question = _names_only(question, candidates)
        if not any(word.weight >= TELLING_NAME for word in question.words):
            return _refusal(refuse.foreign(question))
    ranked = rank_sentences(question, candidates, similarity)
    if foreign:  # names are all that can be told, so the sentence that covers most goes first
        ranked = _by_cover(ranked)
        read = [Read(item, 0.0, None) for item in ranked]
        likely = _share_covered(question, ranked[0])
    else:
        read = choose(question, ranked, embed, given) if embed else [Read(item, 0.0, None) for item in ranked]
        ranked = [item.scored for item in read]
        likely = probability(question, read, similarity)
    shorts = {id(item.scored.candidate): item.short for item in read if item.short}
    reason, sure = refuse.check(question, ranked, likely, similarity)
    if reason:
        return _refusal(reason, sure)
    best, others = ranked[0], ranked[1:]
    chosen, notice = [best], refuse.hedge(question, sure)
    caution = notice
    if versions := conflicts.other_versions(question, best, others):  # two documents answer: it is none's guess
        chosen = conflicts.newest_first([best, *versions])
        notice, caution = conflicts.notice(question, chosen), ""
    elif question.kind in {Kind.LIST, Kind.OPEN, Kind.WHICH, Kind.REASON, Kind.METHOD, Kind.YES_NO}:
        chosen += _complements(question, best, others)
    quotes = [cut(question, item, shorts.get(id(item.candidate))) for item in chosen]
    is_torn = bool(embed) and not foreign and not quotes[0].highlight and read[0].share < TORN
    if is_torn and len(quotes) == 1:
        quotes += [_plain(cut(question, item, shorts.get(id(item.candidate)))) for item in _runner_up(best, others)]
    if caution:
        quotes = [_plain(quote) for quote in quotes]
    return Extract(tuple(quotes), "", "", sure, notice)


def _plain(quote: Quote) -> Quote:
    """The quote without its short answer: what may be no answer is quoted, never shown as the fact."""
    return replace(quote, highlight=None, confidence=None)


def _about(part: str, reason: str) -> str:
    """Why one part of a question stays open, with that part named."""
    if not reason:
        return ""
    asked = part.rstrip("?？。. ")
    return f"“{asked}”：{reason}" if language_of(part) == "zh" else f"“{asked}”: {reason}"


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
    """Whether an English question meets Chinese passages, most of them."""
    if language_of(question.text) == "zh":
        return False
    passages = {candidate.hit.passage.id: candidate.hit.passage.text for candidate in candidates}
    return mostly_chinese(passages.values())


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
    return _elsewhere(question, best, others) if question.kind is Kind.LIST else []


def _runner_up(best: Scored, others: Sequence[Scored]) -> list[Scored]:
    """The next best sentence, unless it says what the best one says."""
    for other in others[:RUNNERS_UP]:
        if other.candidate.is_statement and other.candidate.folded not in best.candidate.folded:
            return [other]
    return []


def _elsewhere(question: Question, best: Scored, others: Sequence[Scored]) -> list[Scored]:
    """The best sentence of another document that lists the same: it holds by itself what the best one does."""
    focus = focus_weights(question)
    document = best.candidate.hit.passage.document_id
    held = best.local >= HELD
    for other in others[:LISTED_AMONG]:
        if other.candidate.hit.passage.document_id == document or not other.candidate.is_statement:
            continue
        if (other.local[held] >= HELD).all() and float(focus @ other.local) >= MOSTLY_LISTED:
            return [other]
    return []
