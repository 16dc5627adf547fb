"""The chat area: the conversation, the field to ask in, and their events."""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rag.errors import WenjuError
from rag.language import Language
from rag.suggest import suggest
from rag.types import Document
from rag.ui.conversation import Latest, converse, find_document
from rag.ui.feedback import rate
from rag.ui.page import DAY, Page, Session, language_of
from rag.ui.record import turn_to_json
from rag.ui.sources import render_panel, render_sources
from rag.ui.transcript import render_hints, render_turn, render_turns, render_welcome
from rag.ui.turns import Turn, Turns

if TYPE_CHECKING:
    import gradio as gr

    from rag import Assistant

# Questions offered to start with.
HINTS = 4

# Questions answered at the same time; further ones wait their turn.
ASKS_AT_ONCE = 8

# Clicks inside our own HTML that the server hears as events; chat.js does what needs no server.
CLICKS = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { ask, turn, retry, rate, reason } = button.dataset;
  if (ask !== undefined) trigger("ask", { question: ask, turn: turn === undefined ? null : Number(turn) });
  if (retry !== undefined) trigger("ask", { question: null, turn: Number(retry) });
  if (rate !== undefined) trigger("rate", { turn: Number(turn), good: rate === "good", reason: "", right: "" });
  if (reason !== undefined) {
    const right = button.closest(".wj-feedback").querySelector(".wj-right").value;
    trigger("rate", { turn: Number(turn), good: false, reason, right });
  }
});
"""


@dataclass(frozen=True)
class Chat:
    """What other areas need of the chat.

    Attributes:
        turns: the visitor's conversation.
        latest: what is being answered for the visitor.
        view: where it is drawn: the turns before the last, the last one, the source panel.
        refills: what to show anew when the documents have changed: (function, inputs, outputs) for an event's `then`.
        draw: a conversation as `view` shows it.
    """

    turns: "gr.State"
    latest: "gr.State"
    view: list["gr.HTML"]
    refills: tuple[tuple[Any, list[Any], list[Any]], ...]
    draw: Callable[[Session, Turns, Language], tuple[str, str, str]]


def build_chat(page: Page, sources: "gr.HTML", new: "gr.Button", outbox: "gr.HTML") -> Chat:
    """The conversation above the field to ask in.

    Args:
        sources: where the source panel goes.
        new: the button that starts over.
        outbox: carries what is to be kept to the browser, see `rag.ui.keep`.
    """
    import gradio as gr

    ask: dict[str, Any] = {"concurrency_limit": ASKS_AT_ONCE, "concurrency_id": "ask", **page.own}
    hints, same = Hints(), gr.skip()
    ready: dict[str, Any] = {"submit_btn": True, "stop_btn": False}

    def welcome(session: Session, language: Language) -> str:
        documents = page.open(session).documents()
        return render_welcome(documents, language)

    def draw(session: Session, turns: Turns, language: Language) -> tuple[str, str, str]:
        if not turns:
            return "", welcome(session, language), render_panel((), language)
        last = len(turns) - 1
        return render_turns(turns[:-1], language), render_turn(turns[-1], last, language), render_panel(turns, language)

    def shown(session: Session, turns: Turns, request: gr.Request) -> tuple[str, str, str]:
        language, assistant = language_of(request), page.open(session)
        return draw(session, with_sources(turns, assistant, language), language)

    def welcomed(session: Session, turns: Turns, request: gr.Request) -> Any:
        return same if turns else welcome(session, language_of(request))

    def hinted(session: Session, request: gr.Request) -> str:
        return render_hints(hints.of(page.open(session)), language_of(request))

    def asked(
        question: str, session: Session, turns: Turns, latest: Latest, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        question, language = question.strip(), language_of(request)
        if not question:
            yield (same,) * 6  # a generator that yields nothing would empty every output
            return
        turns = latest.going_on(turns)
        run, number = latest.begin(), len(turns)
        finished: Any = render_turns(turns, language)
        field: Any = gr.update(value="", submit_btn=False, stop_btn=True)
        try:
            for conversation in converse(page.open(session), question, turns, language, run):
                if run.discarded:
                    break
                last, panel, keep = conversation[-1], same, same
                run.turns = conversation
                if last.progress != "asking":
                    panel, field = render_panel(conversation, language), gr.update(**ready)
                    keep = turn_to_keep(number, last)
                yield conversation, finished, render_turn(last, number, language), panel, field, keep
                finished = field = same
            yield (same,) * 6  # Gradio sends the last step once more at the end; it must not overwrite a new chat
        finally:
            latest.finish(run)

    def clicked(
        session: Session, turns: Turns, latest: Latest, request: gr.Request, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """A suggested question, or one of the conversation asked again from its place, changed or not."""
        if run := latest.run:
            run.stop_and_wait()
            turns = run.turns or turns
        turns = latest.going_on(turns)
        number = len(turns) if event.turn is None else int(event.turn)
        if not 0 <= number <= len(turns):
            yield (same,) * 6
            return
        question = turns[number].question if event.question is None and number < len(turns) else str(event.question)
        yield from asked(question, session, turns[:number], latest, request)

    def rated(session: Session, turns: Turns, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        number, language = int(event.turn), language_of(request)
        if not (0 <= number < len(turns) and turns[number].answer):
            return (same,) * 4
        turn, assistant = turns[number], page.open(session)
        if turn.feedback and turn.feedback.good is bool(event.good) and not event.reason:
            judged = replace(turn, feedback=None)  # the same button again takes the judgement back
        else:
            sources = likely_documents(assistant, turn)
            feedback = rate(turn, turns[:number], sources, bool(event.good), str(event.reason), str(event.right))
            judged = replace(turn, feedback=feedback)
        turns = (*turns[:number], judged, *turns[number + 1 :])
        past, live, _ = draw(session, turns, language)
        return turns, past, live, turn_to_keep(number, judged, following=True)

    def stopped(latest: Latest) -> None:
        if run := latest.run:
            run.stop()

    def renewed(session: Session, turns: Turns, latest: Latest, request: gr.Request) -> tuple[Any, ...]:
        latest.close(turns)
        if run := latest.run:
            run.stop_and_wait()
        return (), *draw(session, (), language_of(request)), gr.update(value="", **ready), start_anew()

    turns, latest = gr.State((), time_to_live=DAY), gr.State(Latest(), time_to_live=DAY)
    with gr.Column(elem_id="wj-log"):
        past, live = page.html(CLICKS), page.html(CLICKS)
        starts = page.html(CLICKS, elem_id="wj-hints")
    with gr.Column(elem_id="wj-ask"):
        box = gr.Textbox(
            label=page.words("placeholder"),
            placeholder=page.words("placeholder"),
            show_label=False,
            container=False,
            max_lines=6,
            max_length=page.desk.default.settings.question_max,
            submit_btn=True,
            autofocus=True,
        )
    page.name(box, label="placeholder", placeholder="placeholder")

    view = [past, live, sources]
    box.submit(asked, [box, page.session, turns, latest], [turns, *view, box, outbox], **ask)
    for place in (past, live, starts):
        place.ask(clicked, [page.session, turns, latest], [turns, *view, box, outbox], **ask)
        place.rate(rated, [page.session, turns], [turns, past, live, outbox], queue=False, **page.own)
    box.stop(stopped, [latest], None, queue=False, **page.own)
    renewal = [turns, *view, box, outbox]
    new.click(renewed, [page.session, turns, latest], renewal, concurrency_limit=ASKS_AT_ONCE, **page.own)
    page.show(shown, [page.session, turns], view)
    page.show(hinted, [page.session], [starts])
    refills = ((welcomed, [page.session, turns], [live]), (hinted, [page.session], [starts]))
    return Chat(turns, latest, view, refills, draw)


class Hints:
    """Questions to start with, found once for each state of the documents."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, ...], tuple[str, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, assistant: "Assistant") -> tuple[str, ...]:
        """The questions for what an assistant holds now; () when they can't be found."""
        state = tuple(sorted(f"{info.id} {info.digest}" for info in assistant.documents()))
        with self._lock:  # one search at a time: the same one is mostly asked for by several
            if state not in self._found:
                try:
                    self._found[state] = suggest(assistant, HINTS)
                except WenjuError:
                    return ()
                while len(self._found) > 8:
                    self._found.popitem(last=False)
            return self._found[state]


def turn_to_keep(number: int, turn: Turn, *, following: bool = False) -> str:
    """What the browser is to keep of a turn that has come to its end.

    Args:
        following: whether the turns that follow it stay; a question asked again replaces them.
    """
    said = {"number": number, "turn": turn_to_json(turn), "following": following, "at": time.time()}
    # No "<" either, for Gradio looks for tags in what goes through its HTML component, though this is never rendered.
    return json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")


def start_anew() -> str:
    """Tells the browser that the next turn begins another conversation."""
    return json.dumps({"new": True, "at": time.time()})


def with_sources(turns: Turns, assistant: "Assistant", language: Language) -> Turns:
    """The turns with their source panels rendered in a language."""
    return tuple(
        replace(turn, sources=render_sources(turn.answer, number, language, lambda id_: find_document(assistant, id_)))
        if turn.answer
        else turn
        for number, turn in enumerate(turns)
    )


def likely_documents(assistant: "Assistant", turn: Turn) -> Iterator[Document]:
    """All documents, those that an answer drew on first."""
    drawn = [hit.passage.document_id for hit in turn.answer.hits] if turn.answer else []
    for document_id in dict.fromkeys([*drawn, *(info.id for info in assistant.documents())]):
        document = find_document(assistant, document_id)
        if document is not None:
            yield document
