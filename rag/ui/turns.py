"""One question of a conversation and how far its answer has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rag.types import Answer

Progress = Literal["asking", "answered", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the reader thinks of an answer.

    Attributes:
        reason: a key of `rag.ui.feedback.REASONS`, "" when none was given.
        right: what the answer should have been, in the reader's words.
        case: the question as an eval case, in the format of `python -m eval run --questions`; None when the feedback
            does not say enough for one.
    """

    good: bool
    reason: str = ""
    right: str = ""
    case: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation and how far its answer has come.

    Attributes:
        draft: the unchecked text so far; the checked `answer` replaces it.
        standalone: the question that was searched for, "" until known.
        error: what went wrong, in the reader's words; for `failed` only.
        feedback: what the reader thinks of it, None until said.
        gone: numbers of the citations whose quote is no longer in the documents; found when a kept conversation is
            opened.
        sources: the turn's rendered source panel, "" until answered. Made here, never kept.
    """

    question: str
    draft: str = ""
    standalone: str = ""
    answer: Answer | None = None
    progress: Progress = "asking"
    error: str = ""
    feedback: Feedback | None = None
    gone: frozenset[int] = frozenset()
    sources: str = ""


Turns = tuple[Turn, ...]
