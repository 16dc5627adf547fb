"""The piece of an English passage that answers, and the short answer in it. Pure."""

from __future__ import annotations

from rag.english.features import Looked
from rag.english.held import counts
from rag.english.question import Question, Wanted
from rag.quote import Quote
from rag.sentences import split_clauses
from rag.spans import Span

# Longest quote in characters before it is cut to the clauses that answer.
LONG_QUOTE = 260
# What starting where the sentence does is worth beside a share of the question covered, and what a character costs.
WHOLE_START, LENGTH_PRICE = 0.1, 1 / 2000
# Kinds whose things are whole answers; of a reason only the word that marks it is known, of a place too much.
SHOWN = frozenset(Wanted) - {
    Wanted.REASON, Wanted.PLACE, Wanted.METHOD, Wanted.YES_NO, Wanted.THING, Wanted.VOLUME, Wanted.CLOCK,
}  # fmt: skip
# A thing is shown as the short answer where more of the question than this stands beside it than beside any other.
AHEAD = 0.12
# What it is worth that a figure counts what is asked for.
COUNTS = 0.3


def cut(question: Question, looked: Looked, *, shows: bool) -> Quote:
    """The sentence, cut to the clauses that answer when it is long; the short answer where it is clear.

    Args:
        shows: whether a short answer may be shown at all.
    """
    candidate, passage = looked.candidate, looked.candidate.hit.passage
    places = sorted(
        ((_worth(question, looked, *place), -place[0][0], place[0]) for place in looked.things), reverse=True
    )
    guess = places[0][2] if places else None
    is_clear = len(places) == 1 or (len(places) > 1 and places[0][0] - places[1][0] >= AHEAD)
    start, end = _clauses(passage.text, candidate.start, candidate.end, guess)
    highlight = None
    if guess and shows and is_clear and question.wanted in SHOWN:
        first, last = _trimmed(passage.text, candidate.start + guess[0], candidate.start + guess[1])
        if start <= first and last <= end:
            highlight = (passage.start + first, passage.start + last)
    return Quote(passage, passage.start + start, passage.start + end, highlight, 0.0)


def _worth(question: Question, looked: Looked, span: Span, nearby: float) -> float:
    """How much speaks for a thing of the asked kind being the answer."""
    is_counted = bool(question.counted) and counts(question.counted, looked.candidate.folded, span)
    return nearby + (COUNTS if is_counted else 0.0)


def _trimmed(text: str, start: int, end: int) -> Span:
    """A span without blanks and marks at its ends."""
    while end > start and text[end - 1] in " ,;:.":
        end -= 1
    while start < end and text[start] in " ,;:.":
        start += 1
    return start, end


def _clauses(text: str, start: int, end: int, kept: Span | None) -> Span:
    """The run of whole clauses of a long sentence that holds the short answer, or its first ones."""
    if end - start <= LONG_QUOTE:
        return start, end
    clauses = split_clauses(text, start, end)
    best, most = (start, end), -1.0
    for first in range(len(clauses)):
        for last in range(first, len(clauses)):
            a, b = clauses[first][0], clauses[last][1]
            if b - a > LONG_QUOTE or (kept and not (a <= start + kept[0] and start + kept[1] <= b)):
                continue
            value = (b - a) * LENGTH_PRICE + WHOLE_START * (first == 0)
            if value > most:
                best, most = (a, b), value
    return best
