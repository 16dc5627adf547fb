"""The chat area: the conversation, the field to ask in, and their events."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.assistant import SEEDS
from rag.language import Language
from rag.ui.conversation import Run, converse
from rag.ui.page import DAY, Page, Session, language_of
from rag.ui.sources import render_panel
from rag.ui.transcript import render_turn, render_turns, render_welcome
from rag.ui.turns import Turns

if TYPE_CHECKING:
    import gradio as gr

# Natural first questions for the two seed documents, the last of which they do not answer.
SEED_QUESTIONS = (
    "量子院位于哪里？",
    "荷塘生华的硬科技孵化器有多大？",
    "怀柔科学城建成了多少套住房？",
    "红烧肉怎么做？",
)

# Questions answered at the same time; further ones wait their turn.
ASKS_AT_ONCE = 8

# Clicks inside our own HTML that the server hears as events.
CLICK_QUESTION = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (button) trigger("ask", { question: button.dataset.ask });
});
"""


@dataclass(frozen=True)
class Chat:
    """What other areas need of the chat.

    Attributes:
        turns: the visitor's conversation.
        welcome: what to show when the documents have changed: (function, inputs, outputs) for an event's `then`.
    """

    turns: "gr.State"
    welcome: tuple[Any, list[Any], list[Any]]


def build_chat(page: Page, sources: "gr.HTML", new: "gr.Button") -> Chat:
    """The conversation above the field to ask in.

    Args:
        sources: where the source panel goes.
        new: the button that starts over.
    """
    import gradio as gr

    ask: dict[str, Any] = {"concurrency_limit": ASKS_AT_ONCE, "concurrency_id": "ask", **page.own}
    same = gr.skip()
    ready: dict[str, Any] = {"submit_btn": True, "stop_btn": False}

    def welcome(session: Session, language: Language) -> str:
        documents = page.open(session).documents()
        return render_welcome(documents, suggest_questions([info.source for info in documents]), language)

    def shown(session: Session, turns: Turns, request: gr.Request) -> tuple[Any, ...]:
        language = language_of(request)
        if not turns:
            return "", welcome(session, language), render_panel((), language)
        return render_turns(turns[:-1], language), render_turn(turns[-1], len(turns) - 1, language), same

    def welcomed(session: Session, turns: Turns, request: gr.Request) -> Any:
        return same if turns else welcome(session, language_of(request))

    def asked(question: str, session: Session, turns: Turns, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        question, language = question.strip(), language_of(request)
        if not question:
            yield (same,) * 6  # a generator that yields nothing would empty every output
            return
        run = Run()
        finished: Any = render_turns(turns, language)
        field: Any = gr.update(value="", submit_btn=False, stop_btn=True)
        hold: Any = run
        try:
            for conversation in converse(page.open(session), question, turns, language, run):
                last, panel = conversation[-1], same
                if last.progress != "asking":
                    panel, field = render_panel(conversation, language), gr.update(**ready)
                yield conversation, finished, render_turn(last, len(turns), language), panel, field, hold
                finished = field = hold = same
            yield (same,) * 6  # Gradio sends the last step once more at the end; it must not overwrite a new chat
        finally:
            run.finish()

    def suggested(
        session: Session, turns: Turns, request: gr.Request, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        yield from asked(str(event.question), session, turns, request)

    def stopped(run: Run | None) -> None:
        if run:
            run.stop()

    def renewed(session: Session, run: Run | None, request: gr.Request) -> tuple[Any, ...]:
        if run:
            run.stop_and_wait()
        language = language_of(request)
        empty = (), "", welcome(session, language), render_panel((), language)
        return (*empty, gr.update(value="", **ready))

    turns, run = gr.State((), time_to_live=DAY), gr.State(time_to_live=DAY)
    with gr.Column(elem_id="wj-log"):
        past, live = page.html(), page.html(CLICK_QUESTION)
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

    view = [turns, past, live, sources]
    box.submit(asked, [box, page.session, turns], [*view, box, run], **ask)
    live.ask(suggested, [page.session, turns], [*view, box, run], **ask)
    box.stop(stopped, [run], None, queue=False, **page.own)
    new.click(renewed, [page.session, run], [*view, box], concurrency_limit=ASKS_AT_ONCE, **page.own)
    page.show(shown, [page.session, turns], [past, live, sources])
    return Chat(turns, (welcomed, [page.session, turns], [live]))


def suggest_questions(sources: list[str]) -> tuple[str, ...]:
    """Questions to start with when exactly the seed documents are loaded, else none."""
    return SEED_QUESTIONS if sorted(sources) == sorted(path.name for path in SEEDS.glob("*.txt")) else ()
