"""Passages and a model → a proven answer: pack, draft, prove, and once, repair. Readable on one screen."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from rag.entail import load_verifier
from rag.errors import ModelError
from rag.generate import stream_draft, stream_repair
from rag.ground import Grounded, Outcome, ground
from rag.language import Language
from rag.pack import pack
from rag.settings import Settings
from rag.types import Delta, Hit

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def write_answer(
    question: str, hits: Sequence[Hit], llm: BaseChatModel, settings: Settings, language: Language
) -> Generator[Delta, None, Grounded]:
    """The draft as it comes, then what the passages prove of it.

    When some of its sentences can't be proven, the model is told which and why, and may write once more; the better of
    the two drafts counts. The second one is not shown while it is written: its pieces are empty Deltas, so that the
    caller can still stop.

    Args:
        question: one that stands alone.
        hits: best first.
        language: of the messages to the reader.

    Raises:
        ModelError: the model failed, the verifier can't be loaded, or nothing that was written could be proven. A
            failed repair is no failure.
        ValueError: no hits.
    """
    entails = load_verifier(settings.verifier) if settings.verifier else None
    packed = pack(hits, settings.llm_context)
    draft = ""
    for piece in stream_draft(question, packed, llm, settings):
        draft += piece
        yield Delta(piece)
    grounded = ground(draft, packed, language, entails)
    if settings.llm_repair and grounded.outcome is Outcome.ANSWERED and grounded.share < 1:
        repaired = ""
        try:
            for piece in stream_repair(question, packed, draft, grounded.claims, llm, settings):
                repaired += piece
                yield Delta("")
            grounded = max(grounded, ground(repaired, packed, language, entails), key=_proven)
        except ModelError:
            pass  # what the first draft proved stands
    if grounded.outcome is Outcome.UNSUPPORTED:  # the documents may well hold what the model missed
        raise ModelError(grounded.reason.rstrip("。."))
    return grounded


def _proven(grounded: Grounded) -> tuple[int, float]:
    """How many sentences are shown, and which share of all that is; `max` keeps the first of equals."""
    return sum(claim.supported for claim in grounded.claims), grounded.share
