"""How well an English sentence answers a question, in numbers: for the ranker, and for the refusal. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rag.english.held import Held, counts
from rag.english.question import NUMERIC, Question, Wanted
from rag.english.typed import things
from rag.english.words import STOP_WORDS, spelled, tokens
from rag.reader import Embed
from rag.score import Candidate, sentences_of
from rag.spans import Span
from vectorstore.tokens import fold

# What a word is worth that stands in a heading above, or so many sentences before; how many of those are looked at.
LED, BEFORE, FURTHEST = 0.9, 0.85, 6
# The same for the opening of the document, and for the rest of the passage.
OPENED, AROUND = 0.85, 0.7
# A line of fewer characters without a mark at its end is a heading.
HEADING = 60
# How much less a word counts that the opening of the document has, and how long that is.
KNOWN, OPENING = 0.7, 300
MOST_THINGS = 8
GROUPS = ("numeric", "person", "place", "reason", "method", "yes_no", "thing")
# Of these the ranker also sees how far a sentence is behind the best.
COMPARED = (
    "own", "near", "wide", "titled", "beside", "focus own", "focus near", "focus wide", "focus meant", "focus beside",
    "predicate own", "cosine",
)  # fmt: skip
_LABEL = re.compile(r"[^.!?:]{2,40}:\s+\S")


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A candidate as the features see it. Compared by identity.

    Attributes:
        text: the sentence as it was written.
        things: where things of the asked kind stand in it, each with how much of the question stands near it.
        own: how far it holds each word of the question, shape (W,), in [0, 1].
        titled: the same with what stands above it and the opening of its document.
        share: what each word counts, shape (W,), summing to 1.
        columns: what the ranker sees.
    """

    candidate: Candidate
    text: str
    things: tuple[tuple[Span, float], ...]
    own: np.ndarray
    titled: np.ndarray
    share: np.ndarray
    columns: dict[str, float]


def look(question: Question, candidates: Sequence[Candidate], embed: Embed) -> list[Looked]:
    """Every candidate described.

    Args:
        question: analysed, W > 0 words.
        candidates: sentences of the passages found, at least one.
        embed: the static embedder.
    """
    surroundings = (text for one in candidates for text in (one.evidence.opening, one.evidence.around))
    held = Held(question, [one.folded for one in candidates], list(dict.fromkeys(surroundings)), embed)
    predicate = held.share * (1 - held.is_name)
    predicate = predicate / (predicate.sum() or 1.0)
    best = max(candidates, key=lambda one: one.hit.score).hit
    cosines = _cosines(question, candidates, embed)
    of_question = _of_question(question, held)
    looked = []
    for candidate, cosine in zip(candidates, cosines, strict=True):
        one = _look(question, held, predicate, candidate)
        one.columns["hit"] = candidate.hit.score / (best.score or 1.0)
        one.columns["first document"] = float(candidate.hit.passage.document_id == best.passage.document_id)
        one.columns["cosine"] = float(cosine)
        one.columns.update(of_question)
        looked.append(one)
    for name in COMPARED:
        most = max(one.columns[name] for one in looked)
        for one in looked:
            one.columns[f"{name} behind"] = most - one.columns[name]
    return looked


def _look(question: Question, held: Held, predicate: np.ndarray, candidate: Candidate) -> Looked:
    """One sentence, beside nothing but the question."""
    folded, passage = candidate.folded, candidate.hit.passage
    text = passage.text[candidate.start : candidate.end]
    before, heading = _above(passage.text, candidate.start)
    own = held.of(folded)
    near = np.maximum(own, LED * held.of(heading))
    if before:
        near = np.maximum(near, BEFORE * held.of(before[0]))
    wide = np.maximum.reduce([near, *(BEFORE**gap * held.of(line) for gap, line in enumerate(before, start=1))])
    titled = np.maximum(wide, OPENED * held.of(candidate.evidence.opening))
    around = np.maximum(titled, AROUND * held.of(candidate.evidence.around))
    # what the opening of the document says, all of it is about: its sentences have to say the rest
    is_opening = passage.start + candidate.start <= OPENING
    told = held.of(fold(passage.title) if is_opening else candidate.evidence.opening)
    focus = held.share * (1 - KNOWN * told)
    focus = focus / focus.sum()
    meant = held.meant(folded)
    spans = tuple(things(question, text))
    beside = [held.beside(folded, span) for span in spans[:MOST_THINGS]]
    has_form = question.wanted in NUMERIC or question.wanted in (Wanted.PERSON, Wanted.REASON, Wanted.PLACE)
    counted = float(any(counts(question.counted, folded, span) for span in spans)) if question.counted else 0.5
    together, dense = held.pairs(folded)
    columns = {
        "own exact": float(held.share @ held.exact(folded)),
        "own": float(held.share @ own),
        "near": float(held.share @ near),
        "wide": float(held.share @ wide),
        "titled": float(held.share @ titled),
        "around": float(held.share @ around),
        "meant": float(held.share @ meant),
        "lacking own": float((held.share * (1 - own)).max()),
        "lacking titled": float((held.share * (1 - titled)).max()),
        "lacking around": float((held.share * (1 - around)).max()),
        "names lacking own": float(held.share @ (held.is_name * (own < 0.5))),
        "names lacking titled": float(held.share @ (held.is_name * (titled < 0.5))),
        "names lacking around": float(held.share @ (held.is_name * (around < 0.5))),
        "focus own": float(focus @ own),
        "focus near": float(focus @ near),
        "focus wide": float(focus @ wide),
        "focus around": float(focus @ around),
        "focus meant": float(focus @ meant),
        "focus beside": max((float(focus @ value) for value in beside), default=0.0),
        "lacking focus": float((focus * (1 - own)).max()),
        "lacking focus near": float((focus * (1 - near)).max()),
        "predicate own": float(predicate @ own),
        "predicate wide": float(predicate @ wide),
        "predicate meant": float(predicate @ meant),
        "predicate beside": max((float(predicate @ value) for value in beside), default=0.0),
        "lacking predicate": float((predicate * (1 - own)).max()),
        "things": float(min(len(spans), 4)) if has_form else -1.0,
        "beside": max((float(held.share @ value) for value in beside), default=0.0)
        if has_form
        else float(held.share @ own),
        "counts": counted,
        "pairs": together,
        "density": dense,
        "words": float(len(tokens(folded))),
        "statement": float(candidate.is_statement),
        "asks": float(text.rstrip().endswith("?")),
        "label": float(_LABEL.match(text) is not None),
    }
    placed = tuple((span, held.nearby(folded, span)) for span in spans)
    return Looked(candidate, text, placed, own, titled, held.share, columns)


def _of_question(question: Question, held: Held) -> dict[str, float]:
    """What the question itself is like."""
    group = "numeric" if question.wanted in NUMERIC else question.wanted.value
    found = {f"asks {name}": float(name == group) for name in GROUPS}
    found["asked words"] = float(len(question.words))
    found["asked names"] = float(held.is_name.sum())
    return found


def _cosines(question: Question, candidates: Sequence[Candidate], embed: Embed) -> np.ndarray:
    """How near each sentence is to the question, both without words that only join, shape (len(candidates),)."""
    said = [
        " ".join(spelled(token) for token in tokens(one.folded) if token.text not in STOP_WORDS) or "-"
        for one in candidates
    ]
    asked = " ".join(spelled(word.token) for word in question.words)
    return embed([asked])[0] @ embed(said).T


@lru_cache(maxsize=512)
def _above(passage: str, start: int) -> tuple[tuple[str, ...], str]:
    """The folded sentences before a place of a passage, the nearest first, and the headings above the place."""
    before: list[str] = []
    headings: list[str] = []
    folded, sentences = sentences_of(passage)
    for first, last, *_ in sentences:
        if first >= start:
            break
        is_heading = last - first < HEADING and passage[last - 1] not in ".!?;,"
        (headings if is_heading else before).append(folded[first:last])
    return tuple(before[: -FURTHEST - 1 : -1]), " ".join(headings[-2:])
