"""One conversation on the page, step by step: a question in, ever more complete turns out."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from rag.errors import WenjuError
from rag.types import Answered, Delta, Document, Event, Retrieved
from rag.ui.labels import Language, say
from rag.ui.render import Turn, render_sources

# Seconds between two repaints of a draft: faster than reading, slow enough for a long conversation.
REPAINT = 0.05

log = logging.getLogger(__name__)

Turns = tuple[Turn, ...]


class Answerer(Protocol):
    """What a conversation needs of an `Assistant`."""

    def stream(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Iterator[Event]:
        """The events of one answer."""

    def document(self, document_id: str) -> Document:
        """A stored document."""


def converse(assistant: Answerer, question: str, turns: Turns, language: Language) -> Iterator[Turns]:
    """Ask one question; every step yields the whole conversation with its last turn grown.

    Args:
        turns: the conversation so far; it is not changed.

    Yields:
        Conversations whose last turn is `asking`, and at the end `answered` or `failed`.
    """
    turn = Turn(question)
    history = [(past.question, past.answer.text) for past in turns if past.answer is not None]
    yield (*turns, turn)
    painted = time.monotonic()
    try:
        for event in assistant.stream(question, history=history):
            match event:
                case Retrieved(standalone_question=standalone):
                    turn = replace(turn, standalone=standalone)
                case Delta(text=text):
                    turn = replace(turn, draft=turn.draft + text)
                    if time.monotonic() - painted < REPAINT:
                        continue
                case Answered(answer=answer):
                    sources = render_sources(answer, len(turns), language, lambda id_: find_document(assistant, id_))
                    turn = replace(turn, answer=answer, progress="answered", sources=sources)
            yield (*turns, turn)
            painted = time.monotonic()
    except WenjuError as error:
        yield (*turns, replace(turn, progress="failed", error=str(error)))
    except Exception:
        # The page is the last boundary: without this the reader would look at an endless "searching".
        log.exception("answering a question failed")
        yield (*turns, replace(turn, progress="failed", error=say(language, "unexpected")))


def stop(turns: Turns) -> Turns:
    """The conversation with an unfinished last turn marked as stopped."""
    if turns and turns[-1].progress == "asking":
        return (*turns[:-1], replace(turns[-1], progress="stopped"))
    return turns


def find_document(assistant: Answerer, document_id: str) -> Document | None:
    """The stored document, or None when it was removed since."""
    try:
        return assistant.document(document_id)
    except (KeyError, WenjuError):
        return None
