"""Do two documents give different values for the same thing? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from rag.coverage import HELD, weights
from rag.language import language_of
from rag.numbers import dates, quantities
from rag.question import Kind, Question, Word
from rag.refuse import Evidence
from rag.score import IN_SCOPE, Scored
from rag.spans import find_short

# What is rounded may differ by this share: 约500 and 512 are one figure.
ROUNDED = Decimal("0.05")
_ABOUT = re.compile(r"约|近|超|逾|余|多|达到?|以上|左右")
_SCALED = re.compile(r"\d[\d,]*(?:\.(?P<decimals>\d+))?(?P<power>[十百千万亿]+)")
_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
MOST_VERSIONS = 3
# Both sentences have to hold this share of the question's weight.
MOSTLY = 0.7


def other_versions(question: Question, best: Scored, others: Sequence[Scored]) -> list[Scored]:
    """The best sentence of each further document that answers the same with another value, best first.

    It has to hold every word of the question that the best sentence holds, and name a value of the same sort. Where the
    question names a year, the sentence has to speak of that year.
    """
    if question.kind not in (Kind.NUMBER, Kind.DATE, Kind.PERSON):
        return []
    value = short_of(question, best)
    if not value:
        return []
    seen = {best.candidate.hit.passage.document_id}
    found: list[Scored] = []
    for other in others:
        document = other.candidate.hit.passage.document_id
        if document in seen or not other.candidate.is_statement or not _same_matter(question, best, other):
            continue
        seen.add(document)
        theirs = short_of(question, other)
        if theirs and all(differ(question.kind, theirs, short_of(question, known)) for known in (best, *found)):
            found.append(other)
    return found[: MOST_VERSIONS - 1]


def newest_first(versions: Sequence[Scored]) -> list[Scored]:
    """Dated documents before undated ones, later before earlier; else as given."""
    return sorted(versions, key=lambda item: item.candidate.hit.passage.date or "", reverse=True)


def notice(question: Question, versions: Sequence[Scored]) -> str:
    """One line that says which document gives which value."""
    chinese = language_of(question.text) == "zh"
    told = []
    for item in versions:
        passage = item.candidate.hit.passage
        start, end = item.candidate.start, item.candidate.end
        span = find_short(question, item.candidate.folded) or (0, end - start)
        value = passage.text[start + span[0] : start + span[1]]
        date = passage.date or ("无日期" if chinese else "undated")
        told.append(f"《{passage.title}》（{date}）：{value}" if chinese else f"“{passage.title}” ({date}): {value}")
    if chinese:
        return f"文档的说法不一致，从新到旧：{'；'.join(told)}。"
    return f"The documents differ, newest first: {'; '.join(told)}."


def short_of(question: Question, scored: Scored) -> str:
    """The short answer in a sentence, "" when there is none."""
    text = scored.candidate.folded
    span = find_short(question, text)
    return text[span[0] : span[1]] if span else ""


def differ(kind: Kind, one: str, other: str) -> bool:
    """Whether two short answers contradict each other; False when they can't be compared.

    >>> differ(Kind.NUMBER, "1.8万套", "18000套"), differ(Kind.NUMBER, "54项", "60项")
    (False, True)
    >>> differ(Kind.DATE, "2017年12月", "2017年"), differ(Kind.DATE, "2017年12月", "2018年")
    (False, True)
    """
    if kind is Kind.PERSON:
        return one not in other and other not in one
    if kind is Kind.DATE:
        ours, theirs = dates(quantities(one)), dates(quantities(other))
        if not ours or not theirs:
            return False
        shared = ours[0].keys() & theirs[0].keys()
        return any(ours[0][unit] != theirs[0][unit] for unit in shared)
    mine, yours = quantities(one), quantities(other)
    if not mine or not yours or mine[0].unit != yours[0].unit:
        return False
    gap = abs(mine[0].value - yours[0].value)
    slack = max(_resolution(one), _resolution(other)) / 2
    if _ABOUT.search(one) or _ABOUT.search(other):
        slack = max(slack, ROUNDED * max(mine[0].value, yours[0].value))
    return gap > slack


def _resolution(text: str) -> Decimal:
    """What the last digit of a figure in 万 or 亿 stands for; 0 for one written out."""
    found = _SCALED.search(text)
    if not found:
        return Decimal(0)
    power = Decimal(1)
    for character in found["power"]:
        power *= _POWERS[character]
    return power / 10 ** len(found["decimals"] or "")


def _holds_post(question: Question, evidence: Evidence) -> bool:
    """Whether a sentence names the post asked for, as the subject's where it names that: 量子院(的)院长.

    False where no post is asked for: 谁来了, several may have come.
    """
    posts = [re.escape(word.text) for word in question.words if word.is_role]
    if not posts:
        return False
    whose = re.escape(question.subject)
    pattern = f"{whose}.{{0,4}}?(?:{'|'.join(posts)})" if question.subject in evidence.sentence else "|".join(posts)
    return re.search(pattern, evidence.sentence) is not None


def _covered(question: Question, best: Scored, other: Scored) -> Iterator[tuple[Word, float, float]]:
    """Each word of the question with its share in both sentences and their surroundings."""
    return zip(question.words, best.covered.tolist(), other.covered.tolist(), strict=True)


def _same_matter(question: Question, best: Scored, other: Scored) -> bool:
    """Whether another sentence speaks of the same thing's same attribute, of the asked year too.

    Both have to name the subject themselves or go on about it, and to hold most of the question; the other has to hold
    every word that the best one holds. Where a post is asked for, both have to name it.
    """
    near, theirs = best.candidate.evidence, other.candidate.evidence
    if any((year in near.scope) and (year not in theirs.scope) for year in question.years):
        return False
    start = question.folded.find(question.subject) if question.subject else -1
    end = start + len(question.subject)
    in_subject = np.array([start <= word.start < end for word in question.words])
    share = weights(question)
    held = np.where(in_subject, best.covered >= IN_SCOPE, best.local >= HELD)
    also = np.where(in_subject, other.covered >= IN_SCOPE, other.local >= HELD)
    if not held.any() or not also[held].all() or not held[in_subject].all():
        return False
    if any(word.text.isascii() and ours > others for word, ours, others in _covered(question, best, other)):
        return False  # 3.3.0 is not 3.2.1
    if question.kind is Kind.PERSON and not (_holds_post(question, near) and _holds_post(question, theirs)):
        return False
    named = np.array([word.is_name or word.is_role for word in question.words])
    return bool(held[named].all()) and float(share[held].sum()) >= MOSTLY
