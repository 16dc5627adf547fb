"""Frozen records that travel from question to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vectorstore.records import Document, Hit, Passage

__all__ = ["Answer", "Answered", "Citation", "Claim", "Delta", "Document", "Event", "Hit", "Passage", "Retrieved"]


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact quote: `document.text[start:end] == quote`, always.

    Attributes:
        number: the 1-based marker `[n]` that points here; one number is one passage.
        highlight: offsets in the document of the short answer inside the quote, or None.
    """

    number: int
    source: str
    title: str
    quote: str
    start: int
    end: int
    passage: Passage
    page: int | None = None
    date: str | None = None
    highlight: tuple[int, int] | None = None

    @property
    def document_id(self) -> str:
        """The id of the quoted document, for `Assistant.document`."""
        return self.passage.document_id


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of the answer and whether its quotes support it.

    Attributes:
        text: the sentence without its markers.
        citations: the marker numbers that stand behind it.
        score: how well it is supported, in [0, 1].
        reason: why it is not supported; "" when it is.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool
    score: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the documents say, or that they don't.

    Attributes:
        text: prose with `[1]` markers; for a refusal, the sentence that says so.
        refused: True when the documents don't hold the answer; then there are no citations, and `claims` holds at most
            what a model wrote without support.
        reason: why it was refused; "" otherwise.
        short: the fact alone ("18个"), "" when there is no single fact.
        grounding: share of claims that are supported, in [0, 1]; 0.0 for a refusal.
        confidence: how sure the answerer is that the documents hold an answer, in [0, 1]; None when it can't say.
        model: which answerer wrote it: "extractive" or the LLM's name.
        notice: one line for the reader when something went less well than asked (the model was down, say).
        timings: seconds by stage.
    """

    text: str
    refused: bool
    question: str
    standalone_question: str
    reason: str = ""
    short: str = ""
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    model: str = "extractive"
    grounding: float = 0.0
    confidence: float | None = None
    notice: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """First event of a stream: what was searched for and found."""

    standalone_question: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the draft, in order. Unchecked until `Answered` arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Last event of a stream: the checked answer, which replaces every Delta."""

    answer: Answer


Event = Retrieved | Delta | Answered
