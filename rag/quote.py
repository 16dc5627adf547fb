"""The piece of a passage that answers: cut to the clauses that matter, whole where it would be unclear. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from rag.coverage import focus_weights, word_coverage
from rag.question import Question, is_named, subject
from rag.score import Candidate, Scored
from rag.sentences import split_clauses, split_sentences
from rag.short import CERTAIN, Short, is_worth_showing, is_wrong_kind, says_nothing
from rag.spans import Span, find_short
from rag.tagging import tagged
from rag.types import Passage
from rag.whole import whole
from vectorstore.tokens import fold

# Longest quote in characters before it is cut to the clauses that answer.
LONG_QUOTE = 90
# The same for a row of a table, whose values mean little without the name of the row.
LONG_ROW = 180
# A clause longer than that, in a text without marks, falls into runs of whole words of about so many characters.
RUN = 30
# A guess at the short answer that is less likely or longer tells nothing of where to cut.
LEAST_GUESSED, LONGEST_GUESS = 0.04, 60
# A shorter run of clauses says nothing by itself (本次论坛).
SHORT_QUOTE = 10
# What a character of quote costs against a share of the question covered, and what starting at the subject is worth.
LENGTH_PRICE = 1 / 400
WHOLE_START = 0.08
# Longest quote with the sentence before it, which names whom 他 or 该公司 means.
WITH_ANTECEDENT = 140
# 职级：经理；一类城市：550元；二类城市：450元
_NAMED = r"[^：:；;。]{1,40}(?:：|: )[^；;。]{1,120}"
_ROW = re.compile(rf"(?:[^：:；;。]{{1,40}}(?:；|; ))?(?:{_NAMED}(?:；|; ))+{_NAMED}")
_CLAUSE_MARKS = "，,；;：:、 "
_REFERS = re.compile(
    r"[“「『\"]?(?:同时|此外|另外|目前|随后|不过|但|而且|并且|后来|之后)?[,，]?"
    r"(?:他们?|她们?|它们?|其[^中他余实]|该[^校园]|此[举次类外项]?|这(?:里|些|家|个|项|是|也|一)|两人|二人|双方|前者|后者)"
)


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

    @property
    def short(self) -> str:
        """The highlighted text, "" where there is none."""
        return "" if self.highlight is None else self._said(self.highlight)

    def _said(self, span: Span) -> str:
        """What the document says at these offsets, inside the passage."""
        return self.passage.text[span[0] - self.passage.start : span[1] - self.passage.start]


def cut(question: Question, scored: Scored, read: Short | None) -> Quote:
    """The sentence, cut to the clauses that answer when it is long; the short answer as read where that is sure.

    What rules take for the short answer stands in where nothing was read.
    A sentence that only says 他 or 该公司 takes the one before it along, where that names whom it means.
    """
    candidate = scored.candidate
    passage = candidate.hit.passage
    guess, short = _guess(question, candidate.folded, read), None
    if read is None:
        short = _short_by_rule(question, candidate.folded)
    elif is_worth_showing(question, candidate.folded, read):
        short = (read.start, read.end)
    else:  # where the reader is not sure, the rules are right in one of ten cases
        read = None
    is_sure = bool(short) and (read is None or read.confidence >= CERTAIN)
    start, end = _answering_clauses(question, passage.text, candidate, short or guess, is_sure=is_sure)
    end = start + len(passage.text[start:end].rstrip(_CLAUSE_MARKS))
    highlight = None
    if short:
        first, last = candidate.start + short[0], candidate.start + short[1]
        if start <= first and last <= end:
            highlight = (passage.start + first, passage.start + last)
    start = _antecedent(passage.text, candidate, start, end)
    return Quote(
        passage,
        passage.start + start,
        passage.start + end,
        highlight,
        scored.score,
        read.confidence if read else None,
    )


def _short_by_rule(question: Question, folded: str) -> Span | None:
    """What the rules take for the short answer of a sentence, unless the question says that itself."""
    short = find_short(question, folded)
    if short is None:
        return None
    start, end = whole(question, folded, *short)
    return None if says_nothing(question, folded[start:end]) else (start, end)


def _guess(question: Question, folded: str, read: Short | None) -> Span | None:
    """Where the short answer may be, though it may not be sure enough to be shown."""
    if read is None or read.confidence < LEAST_GUESSED or read.end - read.start > LONGEST_GUESS:
        return None
    if is_wrong_kind(question, folded[read.start : read.end]):
        return _short_by_rule(question, folded)
    return read.start, read.end


def merged(quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes with those that share text joined into one, in the place of the first."""
    kept: list[Quote] = []
    for quote in quotes:
        for number, other in enumerate(kept):
            if other.passage.id == quote.passage.id and quote.start < other.end and other.start < quote.end:
                first, last = min(other.start, quote.start), max(other.end, quote.end)
                kept[number] = replace(other, start=first, end=last, highlight=other.highlight or quote.highlight)
                break
            if _overlap(quote, other):
                break
        else:
            kept.append(quote)
    return kept


def _overlap(one: Quote, other: Quote) -> bool:
    """Whether two quotes share text of one document."""
    return one.passage.document_id == other.passage.document_id and one.start < other.end and other.start < one.end


def _antecedent(text: str, candidate: Candidate, start: int, end: int) -> int:
    """Where the quote starts: at the sentence before where this one names its subject only by 他, 该 or 其."""
    if start != candidate.start or not _REFERS.match(candidate.folded):
        return start
    before = [place for place in split_sentences(text) if place[1] <= start]
    if not before:
        return start
    first, last = before[-1]
    named = is_named(subject(fold(text[first:last])[:40]))
    near = not text[last:start].strip(" \t") and end - first <= WITH_ANTECEDENT
    return first if named and near else start


def _answering_clauses(
    question: Question, text: str, candidate: Candidate, kept: Span | None, *, is_sure: bool
) -> Span:
    """Offsets in the passage of the run of whole clauses that holds the short answer and most of the question.

    Args:
        kept: where the short answer is, or may be: the reader's guess still tells which clause stays in.
        is_sure: that it is there. Otherwise what follows stays too: of 在美国用高通芯片，其它市场用三星芯片 the
            reader may have taken the wrong one.
    """
    start, end = candidate.start, candidate.end
    longest = LONG_ROW if _ROW.fullmatch(text, start, end) else LONG_QUOTE
    if end - start <= longest:
        return start, end
    clauses = [run for clause in split_clauses(text, start, end) for run in _runs(candidate, clause)]
    share = focus_weights(question)
    price = LENGTH_PRICE if is_sure else 0.0
    best, best_value = (start, end), -np.inf
    for first in range(len(clauses)):
        for last in range(first, len(clauses)):
            a, b = clauses[first][0], clauses[last][1]
            holds = not kept or (a <= start + kept[0] and start + kept[1] <= b)
            too_long = b - a > longest and clauses[last][0] - a >= SHORT_QUOTE
            if not holds or too_long or b - a < SHORT_QUOTE:
                continue
            value = float(share @ word_coverage(question, candidate.folded[a - start : b - start]))
            value += WHOLE_START * (first == 0) - price * (b - a)
            # without a sure answer to point at, what follows the question's words is what was asked for
            value += 0.0 if is_sure else 0.001 * last - 0.01 * first
            if value > best_value:
                best, best_value = (a, b), value
    return best


def _runs(candidate: Candidate, clause: Span) -> list[Span]:
    """A clause, or the runs of words that one without any mark is cut into where it is long; a list stays whole."""
    start, end = clause
    folded = candidate.folded[start - candidate.start : end - candidate.start]
    if end - start <= LONG_QUOTE or "、" in folded:
        return [clause]
    cuts, place = [start], start
    for word, _ in tagged(folded):
        if place - cuts[-1] >= RUN:
            cuts.append(place)
        place += len(word)
    return list(pairwise([*cuts, end]))
