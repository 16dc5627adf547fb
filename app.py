"""The chat page: `python app.py [--host 127.0.0.1] [--port 7860] [--index index]`.

Widgets and their wiring only: what is shown is made in `rag/ui/render.py`, what is answered in `rag/assistant.py`.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.assistant import SEEDS
from rag.errors import WenjuError
from rag.loaders import SUFFIXES
from rag.ui.conversation import Run, Turns, converse
from rag.ui.labels import CHINESE, ENGLISH, Language, choose_language
from rag.ui.render import (
    render_brand,
    render_documents,
    render_limits,
    render_panel,
    render_results,
    render_turn,
    render_turns,
    render_welcome,
)
from rag.ui.serving import SecurityHeaders, free_port
from rag.ui.uploads import MAX_FILES, MAX_MEGABYTES, add_files, remove_document

if TYPE_CHECKING:
    import gradio as gr

    from rag import Assistant

UI = Path(__file__).resolve().parent / "rag" / "ui"

# Latin letters from the system's face, Chinese from the best face each system ships; nothing is downloaded.
FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei UI",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "sans-serif",
)

# Natural first questions for the two seed documents, the last of which they do not answer.
SEED_QUESTIONS = (
    "量子院位于哪里？",
    "荷塘生华的硬科技孵化器有多大？",
    "怀柔科学城建成了多少套住房？",
    "红烧肉怎么做？",
)

# One suffix for each format, for the reader's eyes.
KINDS = tuple({loader: suffix for suffix, loader in reversed(SUFFIXES.items())}.values())[::-1]

DAY = 24 * 3600.0

# Questions answered at the same time; further ones wait their turn.
ASKS_AT_ONCE = 8

# Clicks inside our own HTML that the server hears as events.
CLICK_QUESTION = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (button) trigger("ask", { question: button.dataset.ask });
});
"""
CLICK_REMOVE = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-document]");
  if (!button) return;
  if (button.dataset.armed) return trigger("remove", { document: button.dataset.document });
  const label = button.textContent;
  button.dataset.armed = "yes";
  button.textContent = button.dataset.confirm;
  setTimeout(() => {
    delete button.dataset.armed;
    button.textContent = label;
  }, 4000);
});
"""


def build_page(assistant: "Assistant") -> "gr.Blocks":
    """The page over one open assistant; `launch(**launch_options())` serves it.

    All visitors share the assistant's documents. Conversations live in per-session state and are never shared.
    """
    import gradio as gr

    # These events belong to the page: not listed in the API description, not callable by name, no progress overlay.
    own: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    ask: dict[str, Any] = {"concurrency_limit": ASKS_AT_ONCE, "concurrency_id": "ask", **own}
    folder = Path(assistant.settings.index) / "files"
    words = interface_words()
    same = gr.skip()
    ready: dict[str, Any] = {"submit_btn": True, "stop_btn": False}

    def welcome(language: Language) -> str:
        documents = assistant.documents()
        return render_welcome(documents, suggest_questions([info.source for info in documents]), language)

    def blank(language: Language) -> tuple[Turns, str, str, str]:
        """An empty conversation as `view` shows it."""
        return (), "", welcome(language), render_panel((), language)

    def opened(request: gr.Request) -> tuple[Any, ...]:
        language = language_of(request)
        documents = render_documents(assistant.documents(), language)
        limits = render_limits(KINDS, MAX_MEGABYTES, MAX_FILES, language)
        return (*blank(language), render_brand(language), documents, limits)

    def asked(question: str, turns: Turns, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        question, language = question.strip(), language_of(request)
        if not question:
            yield (same,) * 6  # a generator that yields nothing would empty every output
            return
        run = Run()
        finished: Any = render_turns(turns, language)
        field: Any = gr.update(value="", submit_btn=False, stop_btn=True)
        hold: Any = run
        try:
            for conversation in converse(assistant, question, turns, language, run):
                last, panel = conversation[-1], same
                if last.progress != "asking":
                    panel, field = render_panel(conversation, language), gr.update(**ready)
                yield conversation, finished, render_turn(last, len(turns), language), panel, field, hold
                finished = field = hold = same
            yield (same,) * 6  # Gradio sends the last step once more at the end; it must not overwrite a new chat
        finally:
            run.finish()

    def suggested(turns: Turns, request: gr.Request, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        yield from asked(str(event.question), turns, request)

    def stopped(run: Run | None) -> None:
        if run:
            run.stop()

    def renewed(run: Run | None, request: gr.Request) -> tuple[Any, ...]:
        if run:
            run.stop_and_wait()
        return (*blank(language_of(request)), gr.update(value="", **ready))

    def uploaded(files: list[str], turns: Turns, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        language = language_of(request)
        for lines in add_files(assistant, files, folder, SUFFIXES, language):
            yield render_results(lines), same, same, same
        documents = render_documents(assistant.documents(), language)
        yield same, documents, same if turns else welcome(language), gr.update(value=None)

    def removed(turns: Turns, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        language = language_of(request)
        result = remove_document(assistant, str(event.document), folder, language)
        documents = render_documents(assistant.documents(), language)
        return render_results([result]), documents, same if turns else welcome(language)

    def html(js: str | None = None) -> gr.HTML:
        return gr.HTML(js_on_load=js, apply_default_css=False, elem_classes="wj")

    with gr.Blocks(title="文据 Wenju", fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        turns, run = gr.State((), time_to_live=DAY), gr.State(time_to_live=DAY)
        with gr.Row(elem_id="wj-head"):
            brand = html()
            new = gr.Button(words("new"), size="sm", elem_id="wj-new")
        with gr.Row(elem_id="wj-main"):
            with gr.Column(elem_id="wj-chat"):
                with gr.Column(elem_id="wj-log"):
                    past, live = html(), html(CLICK_QUESTION)
                with gr.Column(elem_id="wj-ask"):
                    box = gr.Textbox(
                        label=words("placeholder"),
                        placeholder=words("placeholder"),
                        show_label=False,
                        container=False,
                        max_lines=6,
                        max_length=assistant.settings.question_max,
                        submit_btn=True,
                        autofocus=True,
                    )
            with gr.Column(elem_id="wj-side"):
                sources = html()
                with gr.Accordion(words("documents"), open=False, elem_id="wj-documents"):
                    drop = gr.File(
                        label=words("drop"), show_label=False, file_count="multiple", height=128, elem_id="wj-drop"
                    )
                    limits, results, documents = html(), html(), html(CLICK_REMOVE)

        view = [turns, past, live, sources]
        box.submit(asked, [box, turns], [*view, box, run], **ask)
        live.ask(suggested, [turns], [*view, box, run], **ask)
        box.stop(stopped, [run], None, queue=False, **own)
        new.click(renewed, [run], [*view, box], concurrency_limit=ASKS_AT_ONCE, **own)
        drop.upload(uploaded, [drop, turns], [results, documents, live, drop], concurrency_id="change", **own)
        documents.remove(removed, [turns], [results, documents, live], concurrency_id="change", **own)
        page.load(opened, None, [*view, brand, documents, limits], queue=False, **own)
    return page


def launch_options() -> dict[str, Any]:
    """What `build_page(…).launch` needs besides host and port: our styles, script, words and headers."""
    import gradio as gr
    from starlette.middleware import Middleware

    # 600 is the accent on light ground (5.5:1 on white), 400 on dark.
    shades = "f0f9f7 d5efea abded6 7ccabf 5ec9bd 17877c 0f766e 0d5f59 0c4c47 0a3f3b 062825"
    accent = gr.themes.Color(*(f"#{shade}" for shade in shades.split()))
    return {
        "theme": gr.themes.Base(primary_hue=accent, secondary_hue=accent, neutral_hue="zinc", font=FONTS),
        "css": (UI / "page.css").read_text("utf-8"),
        "head": f"<script>{(UI / 'page.js').read_text('utf-8')}</script>",
        "i18n": interface_words(),
        "app_kwargs": {"middleware": [Middleware(SecurityHeaders)]},
        "max_file_size": MAX_MEGABYTES * 2**20,
        "state_session_capacity": 1000,
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
        "ssr_mode": False,
        "quiet": True,
    }


def interface_words() -> "gr.I18n":
    """The words of the widgets, picked by Gradio in the browser; rendered HTML gets its own from the request."""
    import gradio as gr

    return gr.I18n(en=ENGLISH, **{"zh-CN": CHINESE, "zh-TW": CHINESE})


def language_of(request: "gr.Request") -> Language:
    """The interface language of the browser that sent a request."""
    return choose_language(request.headers.get("accept-language"))


def suggest_questions(sources: list[str]) -> tuple[str, ...]:
    """Questions to start with when exactly the seed documents are loaded, else none."""
    return SEED_QUESTIONS if sorted(sources) == sorted(path.name for path in SEEDS.glob("*.txt")) else ()


def open_assistant(index: Path | None) -> "Assistant":
    """Open the named index, or build it from the seed documents, and say so."""
    from rag import Assistant, Settings

    settings = Settings() if index is None else Settings(index=index)
    print(f"Opening the index in {settings.index} …", flush=True)

    def show(done: int, files: int, name: str) -> None:
        if done == 1:
            print("There is none yet: indexing the seed documents.", flush=True)
        print(f"  [{done}/{files}] {name}", flush=True)

    assistant = Assistant.default(settings, progress=show)
    assistant.retrieve("预热")  # loads the dictionary and the model now, not while the first reader waits
    print(f"{len(assistant.documents())} documents are ready.", flush=True)
    return assistant


def serve(assistant: "Assistant", host: str, port: int, taken: int | None = None) -> None:
    """Serve the page until Ctrl-C, saying where; `taken` is the port that was asked for and not free."""
    if taken is not None:
        print(f"Port {taken} is taken, using {port} instead (choose another with --port).", flush=True)
    if host not in ("127.0.0.1", "localhost", "::1"):
        print(f"Whoever can reach {host} can read, add and remove documents here: there is no password.", flush=True)
    print("Starting the page …", flush=True)
    page = build_page(assistant)
    page.launch(server_name=host, server_port=port, prevent_thread_lock=True, **launch_options())
    shown = f"[{host}]" if ":" in host else host
    print(f"Open http://{shown}:{port} in your browser. Stop with Ctrl-C.", flush=True)
    page.block_thread()


def main(arguments: list[str] | None = None) -> int:
    """Open the index, building it from `seeds/` the first time, and serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="app.py", description="Chat page over your own documents.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=7860, help="first port to try (default: 7860)")
    parser.add_argument("--index", type=Path, help="folder of the index (default: RAG_INDEX, or ./index)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # clean up as after Ctrl-C
    # Read when gradio is imported: no telemetry, and uploads in a folder that no other user can read.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    with tempfile.TemporaryDirectory(prefix="wenju-page-") as uploads:
        os.environ["GRADIO_TEMP_DIR"] = uploads
        try:
            assistant = open_assistant(options.index)
            port = free_port(options.host, options.port)
        except (WenjuError, OSError, ValueError) as error:  # ValueError: a setting has a wrong value
            print(f"error: {error}", file=sys.stderr)
            return 1
        with assistant:
            serve(assistant, options.host, port, taken=options.port if port != options.port else None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
