"""Replies → scores: what is measured, how, and which way is better. Pure.

Every score belongs to one question and lies in [0, 1] (lengths and seconds apart); None means that the metric does not
apply, and such questions stay out of its mean. A refused or empty reply to an answerable question scores 0 on
correctness and grounding, never 1, and has no part in the rates of exact, unsupported or misattributed statements.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.ranking import gold_groups, ndcg_at, recall_at, reciprocal_rank
from eval.records import Evidence, Finding, Found, Question, Record, Reply
from eval.statistics import Figure, bootstrap_mean
from eval.text import character_f1, characters, exact_match, read_sentences, stated_facts, strip_markers
from rag.language import LATIN_STRETCH, language_of

# An answer is short with this many characters per required fact, and as many more for a lead-in. Twice the median
# sentence of the seed documents (58 characters) is enough for any fact with its sentence.
CHARACTERS_PER_FACT = 120
CHARACTERS_BESIDE = 60

# The figures that stand first: on the report, on the evaluation tab, and among those that a change is held to.
HEADLINE = (
    "good",
    "correct",
    "refusal_recall",
    "false_refusal",
    "citation_recall",
    "citation_precision",
    "exact_quote",
    "unsupported",
)


@dataclass(frozen=True, slots=True)
class Metric:
    """A score's name, label, what it says, and whether higher is better (+1), lower (-1) or neither (0)."""

    name: str
    label: str
    better: int
    about: str


METRICS: tuple[Metric, ...] = (
    Metric(
        "good",
        "right, cited and short",
        1,
        "every fact stated, every sentence cited by an exact quote, the evidence of each document quoted, "
        "at most 120 characters a fact + 60 (in English 2.5 times as many); an unanswerable question refused",
    ),
    Metric(
        "correct", "answer correctness", 1, "share of the required facts that the answer states; refused or empty: 0"
    ),
    Metric("refusal_recall", "refusal recall", 1, "unanswerable questions: share refused"),
    Metric("refusal_precision", "refusal precision", 1, "refusals: share whose question is unanswerable"),
    Metric("false_refusal", "false refusals", -1, "answerable questions: share refused"),
    Metric(
        "citation_recall",
        "citation recall",
        1,
        "ALCE: sentences that their own quotes support, mean over answerable questions; refused or empty: 0",
    ),
    Metric(
        "citation_precision",
        "citation precision",
        1,
        "ALCE: citations that their sentence needs, mean over answerable questions; refused or no marker: 0",
    ),
    Metric("citation_f1", "citation F1", 1, "harmonic mean of the two, per question"),
    Metric(
        "citation_grade",
        "graded citation recall",
        1,
        "LongBench-Cite: full support 1, partial 0.5, none 0, mean over sentences",
    ),
    Metric(
        "exact_quote",
        "exact-quote rate",
        1,
        "answers given: share of quotes that the document reads at their offsets, to the character; no quote: 0",
    ),
    Metric(
        "unsupported",
        "unsupported claims",
        -1,
        "answers given: share of sentences that nothing cited or retrieved supports",
    ),
    Metric(
        "misattributed",
        "misattributed claims",
        -1,
        "answers given: share of sentences that other retrieved text supports, but not what they cite",
    ),
    Metric("uncited", "uncited claims", -1, "answers given: share of sentences without a marker that leads to a quote"),
    Metric("evidence", "evidence quoted", 1, "share of the gold evidence that an exact quote touches; refused: 0"),
    Metric(
        "exact_match",
        "exact match",
        1,
        "one-fact questions: the short answer (or the answer) is a gold wording, to the character",
    ),
    Metric(
        "character_f1",
        "character F1",
        1,
        "one-fact questions: CMRC 2018's F1 of the short answer (or the answer), best gold wording",
    ),
    Metric("recall_1", "retrieval recall@1", 1, "share of the passages with gold evidence that are ranked first"),
    Metric("recall_5", "retrieval recall@5", 1, "share of the passages with gold evidence among the first five"),
    Metric("mrr", "retrieval MRR@10", 1, "1 / rank of the first passage with gold evidence, among ten"),
    Metric("ndcg", "retrieval nDCG@10", 1, "discounted gain over the best possible ranking, among ten"),
    Metric("length", "answer length", 0, "answers given: characters without markers and blanks"),
    Metric("seconds", "seconds", -1, "wall time of one answer"),
)
BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}


def score(question: Question, reply: Reply, findings: Sequence[Finding]) -> dict[str, float | None]:
    """All scores of one reply, by metric name.

    Args:
        findings: of `grounding.examine`, one per sentence.

    >>> question = Question("q1", "量子院有多少全职科研人员？", True, facts=(("217",),))
    >>> silent = score(question, Reply("文档里没有这个问题的答案。", refused=True), ())
    >>> silent["correct"], silent["citation_recall"], silent["unsupported"], silent["false_refusal"]
    (0.0, 0.0, None, 1.0)
    """
    given = not reply.refused and bool(read_sentences(reply.text))
    facts = stated_facts(reply.text, question.facts) if given else [False] * len(question.facts)
    scores: dict[str, float | None] = dict.fromkeys(BY_NAME)
    scores |= _refusals(question, reply)
    scores |= _grounding(question, reply, findings, given)
    scores |= _spans(question, reply, given)
    scores["good"] = float(is_good(question, reply))
    scores["correct"] = sum(facts) / len(facts) if question.answerable and facts else None
    scores["length"] = float(characters(reply.text)) if given else None
    scores["seconds"] = reply.seconds
    return scores | score_ranking(question, reply.found)


def score_ranking(question: Question, found: Sequence[Found]) -> dict[str, float | None]:
    """The retrieval scores of a ranking; {} for a question without gold evidence."""
    if not question.evidence:
        return {}
    names, gold = gold_groups(found, question.evidence, question.any_evidence)
    return {
        "recall_1": recall_at(names, gold, 1),
        "recall_5": recall_at(names, gold, 5),
        "mrr": reciprocal_rank(names, gold),
        "ndcg": ndcg_at(names, gold),
    }


def shortcomings(question: Question, reply: Reply) -> list[str]:
    """What keeps a reply from being right, cited and short; [] when it is. For unanswerable: whether it was refused.

    >>> question = Question("q1", "量子院有多少全职科研人员？", True, facts=(("217",),))
    >>> shortcomings(question, Reply("量子院有218名。", refused=False))
    ['missing fact: 217', 'uncited: 量子院有218名。']
    """
    if reply.error:
        return [f"error: {reply.error}"]
    if not question.answerable:
        return [] if reply.refused else ["answered, but the documents don't say"]
    if reply.refused:
        return ["refused"]
    sentences = read_sentences(reply.text)
    if not sentences:
        return ["empty answer"]
    stated = stated_facts(reply.text, question.facts)
    found = [f"missing fact: {fact[0]}" for fact, there in zip(question.facts, stated, strict=True) if not there]
    exact = {quote.number for quote in reply.quotes} - {quote.number for quote in reply.quotes if not quote.exact}
    found += [f"uncited: {item.text}" for item in sentences if not item.markers or not set(item.markers) <= exact]
    found += [f"evidence not quoted: {source}" for source in _unquoted(question, reply)]
    limit = length_limit(question)
    if (length := characters(reply.text)) > limit:
        found.append(f"too long: {length} of {limit} characters")
    return found


def _unquoted(question: Question, reply: Reply) -> list[str]:
    """The documents whose gold evidence no quote touches; where any evidence suffices, none of them when one is."""
    sources = list(dict.fromkeys(piece.source for piece in question.evidence))
    quoted = {piece.source for piece in question.evidence if _touched(reply, piece)}
    if question.any_evidence:
        return [] if quoted else sources[:1]
    return [source for source in sources if source not in quoted]


def is_good(question: Question, reply: Reply) -> bool:
    """Whether the reply is right, cited and short; for an unanswerable question, whether it was refused."""
    return not shortcomings(question, reply)


def length_limit(question: Question) -> int:
    """Most characters a short answer may have."""
    limit = CHARACTERS_PER_FACT * max(1, len(question.facts)) + CHARACTERS_BESIDE
    return round(LATIN_STRETCH * limit) if language_of(question.question) == "en" else limit


def has_failed(record: Record) -> bool:
    """Whether a question was answered or refused, and not as it should have been."""
    return record.scores.get("good") == 0.0


def summarise(records: Sequence[Record]) -> dict[str, Figure]:
    """Each metric's mean with its bootstrap interval."""
    return {metric.name: bootstrap_mean([r.scores.get(metric.name) for r in records]) for metric in METRICS}


def slices(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    """All records, the core set, answerable and unanswerable ones, and each category; empty slices are left out."""
    groups = [
        ("all", list(records)),
        ("core", [record for record in records if record.question.core]),
        ("answerable", [record for record in records if record.question.answerable]),
        ("unanswerable", [record for record in records if not record.question.answerable]),
    ]
    for category in dict.fromkeys(record.question.category for record in records):
        groups.append((category, [record for record in records if record.question.category == category]))
    return [(name, group) for name, group in groups if group]


def _refusals(question: Question, reply: Reply) -> dict[str, float | None]:
    """Refusal recall, precision and false refusals."""
    refused = float(reply.refused)
    return {
        "refusal_recall": None if question.answerable else refused,
        "refusal_precision": float(not question.answerable) if reply.refused else None,
        "false_refusal": refused if question.answerable else None,
    }


def _grounding(question: Question, reply: Reply, findings: Sequence[Finding], given: bool) -> dict[str, float | None]:
    """Citation recall and precision, and the rates of what is wrong with the statements."""
    scores: dict[str, float | None] = {}
    if question.answerable:
        citations = [relevant for finding in findings for relevant in finding.relevant]
        recall = _share([finding.supported for finding in findings])
        precision = _share(citations)
        scores |= {
            "citation_recall": recall,
            "citation_precision": precision,
            "citation_f1": 2 * recall * precision / (recall + precision) if recall + precision else 0.0,
            "citation_grade": sum(finding.grade for finding in findings) / len(findings) if findings else 0.0,
        }
        if question.evidence:
            touched = [_touched(reply, piece) for piece in question.evidence]
            scores["evidence"] = float(any(touched)) if question.any_evidence else _share(touched)
    if given:
        numbers = {quote.number for quote in reply.quotes}
        scores |= {
            "exact_quote": _share([quote.exact for quote in reply.quotes]),
            "unsupported": _share([not (finding.supported or finding.elsewhere) for finding in findings]),
            "misattributed": _share(
                [finding.elsewhere and bool(numbers & set(finding.markers)) for finding in findings]
            ),
            "uncited": _share([not numbers & set(finding.markers) for finding in findings]),
        }
    return scores


def _spans(question: Question, reply: Reply, given: bool) -> dict[str, float | None]:
    """Exact match and character F1 where one fact is asked for."""
    if not question.answerable or len(question.facts) != 1:
        return {}
    answer = (reply.short or strip_markers(reply.text)) if given else ""
    return {
        "exact_match": max(exact_match(answer, wording) for wording in question.facts[0]),
        "character_f1": max(character_f1(answer, wording) for wording in question.facts[0]),
    }


def _touched(reply: Reply, piece: Evidence) -> bool:
    """Whether an exact quote of the reply shares text with a piece of gold evidence."""
    start, end = (0, sys.maxsize) if piece.start is None or piece.end is None else (piece.start, piece.end)
    return not reply.refused and any(
        quote.exact and quote.source == piece.source and quote.start < end and start < quote.end
        for quote in reply.quotes
    )


def _share(truths: Sequence[bool]) -> float:
    """Share of true values; 0 without any."""
    return sum(truths) / len(truths) if truths else 0.0
