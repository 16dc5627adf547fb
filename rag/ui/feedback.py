"""A thumbs-down → an eval case, in the format of `python -m eval run --questions`. Pure.

A case has to say what would have been right: that the documents don't hold an answer, or the fact that the answer
should have stated, with the sentence of the documents that states it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from rag.sentences import split_sentences
from rag.types import Document
from rag.ui.turns import Feedback, Turn

# Why an answer is no good; the words are in `rag.ui.words.chat` under `reason_…`.
REASONS = ("wrong", "quote", "incomplete", "invented")
# Why a refusal is no good.
REFUSAL_REASONS = ("there",)


def rate(
    turn: Turn, before: Sequence[Turn], documents: Iterable[Document], good: bool, reason: str, right: str
) -> Feedback:
    """The reader's judgement, with its eval case when it says enough for one.

    Args:
        before: the turns that came before, oldest first.
        documents: where the right answer is looked for; those that the answer drew on come first.
        reason: one of `REASONS` or `REFUSAL_REASONS`, else taken as "".
        right: what the answer should have stated, "" when the reader doesn't say.
    """
    reason = reason if reason in (*REASONS, *REFUSAL_REASONS) else ""
    right = right.strip()[:500]
    case = None if good else make_case(turn, before, documents, reason, right)
    return Feedback(good, "" if good else reason, "" if good else right, case)


def make_case(
    turn: Turn, before: Sequence[Turn], documents: Iterable[Document], reason: str, right: str
) -> dict[str, Any] | None:
    """The eval case of a bad answer, or None when what would have been right is not known or not in the documents."""
    history = [[past.question, past.answer.text] for past in before if past.answer is not None]
    told = turn.answer.text if turn.answer else ""
    common = {
        "id": f"feedback-{sha256(repr((turn.question, history)).encode()).hexdigest()[:10]}",
        "split": "dev",
        "category": "feedback",
        "question": turn.question,
        "history": history,
    }
    if reason == "invented":
        return {**common, "answerable": False, "facts": [], "evidence": [], "note": f"answered: {told}"}
    place = _stated(right, documents) if right else None
    if place is None:
        return None
    return {**common, "answerable": True, "facts": [[right]], "evidence": [place], "note": f"answered: {told}"}


def _stated(fact: str, documents: Iterable[Document]) -> dict[str, Any] | None:
    """The first sentence that holds the fact, as a piece of evidence."""
    wanted = _folded(fact)
    for document in documents:
        if wanted not in _folded(document.text):
            continue
        for start, end in split_sentences(document.text):
            quote = document.text[start:end]
            if wanted in _folded(quote):
                return {"source": document.source, "quote": quote, "start": start, "end": end}
    return None


def _folded(text: str) -> str:
    """Text as compared: one width, one case, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
