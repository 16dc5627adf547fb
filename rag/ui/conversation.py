"""One conversation on the page, step by step: a question in, ever more complete turns out."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.errors import WenjuError
from rag.types import Answered, Delta, Document, Event, Retrieved
from rag.ui.labels import Language, say
from rag.ui.sources import render_sources
from rag.ui.turns import Turn, Turns

# Seconds between two repaints of a draft: faster than reading, slow enough for a long conversation.
REPAINT = 0.05
# Seconds within which a wish to stop is heard while the model is silent.
HEARING = 0.1

log = logging.getLogger(__name__)


class Answerer(Protocol):
    """What a conversation needs of an `Assistant`."""

    def stream(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Iterator[Event]:
        """The events of one answer."""

    def document(self, document_id: str) -> Document:
        """A stored document."""


class Run:
    """One answer in the making, as the other buttons of the page see it.

    Attributes:
        turns: the conversation as it was last shown.
        discarded: whether another conversation takes its place, so that nothing more of it may be shown.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._over = threading.Event()
        self.discarded = False
        self.turns: Turns = ()

    @property
    def stopping(self) -> bool:
        """Whether the reader wants no more."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Ask for the end; `converse` marks the turn as stopped."""
        self._stopping.set()

    def finish(self) -> None:
        """Say that nothing more will be shown."""
        self._over.set()

    def stop_and_wait(self, seconds: float = 5.0) -> None:
        """Ask for the end, whatever was written, and wait until nothing more is shown or `seconds` have passed."""
        self.discarded = True
        self._stopping.set()
        self._over.wait(seconds)


@dataclass
class Latest:
    """The answer being made for a visitor; their events share this one record.

    A value handed from event to event would not do: between a question and its first sight on the page, the other
    buttons would still stop the run before it.

    Attributes:
        run: None when nothing is being answered.
        closed: the conversation that a new chat ended. A question on its way may still bring it along: the server reads
            an event's inputs before it runs it.
    """

    run: Run | None = None
    closed: Turns = ()

    def close(self, turns: Turns) -> None:
        """Say that a conversation is at its end."""
        self.closed = turns

    def going_on(self, turns: Turns) -> Turns:
        """The conversation that a question belongs to: nothing where a new chat has ended it meanwhile."""
        return () if turns and turns is self.closed else turns

    def begin(self) -> Run:
        """A new run, known to every event from now on."""
        self.run = run = Run()
        return run

    def finish(self, run: Run) -> None:
        """Say that nothing more of a run will be shown."""
        run.finish()
        if self.run is run:
            self.run = None


def converse(assistant: Answerer, question: str, turns: Turns, language: Language, run: Run) -> Iterator[Turns]:
    """Ask one question; every step yields the whole conversation with its last turn grown.

    Args:
        turns: the conversation so far; it is not changed.
        run: tells when to stop.

    Yields:
        Conversations whose last turn is `asking`, and at the end `answered`, `stopped` or `failed`.
    """
    turn = Turn(question)
    history = [(past.question, past.answer.text) for past in turns if past.answer is not None]
    yield (*turns, turn)
    painted = time.monotonic()
    try:
        for event in _events(assistant, question, history, run):
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
        if turn.answer is None:
            yield (*turns, replace(turn, progress="stopped"))
    except WenjuError as error:
        yield (*turns, replace(turn, progress="failed", error=error.told(language)))
    except Exception:
        # The page is the last boundary: without this the reader would look at an endless "searching".
        log.exception("answering a question failed")
        yield (*turns, replace(turn, progress="failed", error=say(language, "unexpected")))


def _events(assistant: Answerer, question: str, history: Sequence[tuple[str, str]], run: Run) -> Iterator[Event]:
    """The events of one answer, cut short when `run` is stopped.

    The answer is made in a thread of its own, so that a model that has fallen silent can be stopped as well.
    """
    events: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
    abandoned = threading.Event()

    def work() -> None:
        try:
            for event in assistant.stream(question, history=history):
                events.put(event)
                if abandoned.is_set():
                    break
            events.put(None)
        except Exception as error:  # raised again on the reader's side
            events.put(error)

    threading.Thread(target=work, name="wenju-answer", daemon=True).start()
    try:
        while not run.stopping:
            try:
                event = events.get(timeout=HEARING)
            except queue.Empty:
                continue
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        abandoned.set()


def find_document(assistant: Answerer, document_id: str) -> Document | None:
    """The stored document, or None when it was removed since."""
    try:
        return assistant.document(document_id)
    except (KeyError, WenjuError):
        return None
