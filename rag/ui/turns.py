"""One question of a conversation and how far its answer has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.types import Answer

Progress = Literal["asking", "answered", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation and how far its answer has come.

    Attributes:
        draft: the unchecked text so far; the checked `answer` replaces it.
        standalone: the question that was searched for, "" until known.
        error: what went wrong, in the reader's words; for `failed` only.
        sources: the turn's rendered source panel, "" until answered.
    """

    question: str
    draft: str = ""
    standalone: str = ""
    answer: Answer | None = None
    progress: Progress = "asking"
    error: str = ""
    sources: str = ""


Turns = tuple[Turn, ...]
