"""Frozen records of an evaluation: a question with its gold answer, what was replied, how it scored, a whole run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the documents say the answer: `document.text[start:end] == quote` once the checker has set the offsets.

    An empty quote without offsets means the whole document.
    """

    source: str
    quote: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One case of a question set.

    Attributes:
        answerable: whether the documents hold the answer; an unanswerable question should be refused.
        facts: the facts an answer has to state, each as its accepted wordings.
        evidence: the places that hold them; empty for an unanswerable question.
        any_evidence: each piece of evidence alone suffices; otherwise all are needed.
        history: (question, answer) pairs that came before, oldest first.
        split: "dev" to tune on, "test" to look at in the end.
        core: whether it belongs to the small set for everyday use.
        note: why it can't be answered, or anything else a reader should know.
    """

    id: str
    question: str
    answerable: bool
    facts: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    category: str = "fact"
    split: str = "dev"
    core: bool = False
    any_evidence: bool = False
    history: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A citation as shown.

    Attributes:
        exact: whether the stored document reads `text` at [start, end), to the character.
        around: the passage it was cut from; names and dates may be taken from it, nothing else.
    """

    number: int
    source: str
    text: str
    start: int
    end: int
    exact: bool
    around: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A retrieved passage, in rank order. Its text is for the judge and is not kept in results."""

    id: str
    source: str
    start: int
    end: int
    score: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one question, as far as a reader can see it.

    Attributes:
        text: prose with its markers.
        short: the fact alone where the answerer names one.
        confidence: how sure the answerer was that the documents hold an answer, in [0, 1]; None when it doesn't say.
        seconds: wall time of the call.
        error: what was raised, "" when all went well.
    """

    text: str
    refused: bool
    reason: str = ""
    short: str = ""
    standalone: str = ""
    quotes: tuple[Quote, ...] = ()
    found: tuple[Found, ...] = ()
    confidence: float | None = None
    model: str = ""
    notice: str = ""
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of a reply against what it cites.

    Attributes:
        markers: the numbers it cites, in order, each once; they may lead nowhere.
        supported: what it cites says it.
        elsewhere: it is not supported by what it cites, but by something else that was retrieved.
        grade: support in LongBench-Cite's steps: 1.0 full, 0.5 for a part, 0.0 none.
        relevant: for each marker whether it is needed or suffices alone (ALCE), aligned with `markers`.
        reason: why it is not supported.
    """

    text: str
    markers: tuple[int, ...]
    supported: bool
    elsewhere: bool = False
    grade: float = 0.0
    relevant: tuple[bool, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One question, its reply, the findings per sentence and the scores by metric name; None is "does not apply"."""

    question: Question
    reply: Reply
    findings: tuple[Finding, ...]
    scores: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run.

    Attributes:
        name: file stem of the result.
        commit: short commit, with "+" when files had been changed since; "" outside a checkout.
        settings: settings of the assistant, without secrets.
        index: fingerprint of what was searched: embedder, documents, passages.
        judges: figures of further judges: name → part of the data → figure.
    """

    name: str
    started: str
    commit: str
    questions: str
    split: str
    settings: Mapping[str, str]
    index: Mapping[str, str]
    records: tuple[Record, ...]
    judges: Mapping[str, Mapping[str, Mapping[str, float | int]]] = field(default_factory=dict)
