"""The chat page: `python app.py [--host 127.0.0.1] [--port 7860] [--index index]`.

Assembly only: each area of the page is built by a file of its own in `rag/ui/`; answers come from `rag/assistant.py`.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.page import build_evaluation
from rag.errors import WenjuError
from rag.ui.chat import build_chat
from rag.ui.desk import Desk
from rag.ui.frame import build_head
from rag.ui.intake import Intake
from rag.ui.jobs import Jobs
from rag.ui.keep import build_keep, wire_keep
from rag.ui.library import build_library, build_picker
from rag.ui.look import launch_options
from rag.ui.models import build_models
from rag.ui.page import DAY, Page, Session
from rag.ui.reader import add_reader
from rag.ui.routes import Routes
from rag.ui.serving import OWN, free_port, names_of

if TYPE_CHECKING:
    import gradio as gr

    from rag import Assistant


def build_page(desk: Desk, routes: Routes) -> "gr.Blocks":
    """The page over the open collections; `launch(**launch_options(routes))` serves it.

    Args:
        routes: what the page's scripts fetch; the areas add theirs.

    All visitors share the assistant's documents. Conversations live in per-session state and are never shared.
    """
    import gradio as gr

    with gr.Blocks(title="文据 Wenju", fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600)) as blocks:
        page = Page(desk, gr.State(Session(), time_to_live=DAY))
        head = build_head(page)
        with head.row:
            picker = build_picker(page)
        drawer, outbox = build_keep(page)
        with gr.Tabs(elem_id="wj-tabs"):
            with page.name(gr.Tab(page.words("ask"), id="ask"), label="ask"), gr.Row(elem_id="wj-main"):
                chat_column = gr.Column(elem_id="wj-chat")
                with gr.Column(elem_id="wj-side"):
                    sources = page.html()
                with chat_column:
                    chat = build_chat(page, sources, head.new, outbox)
            with page.name(gr.Tab(page.words("documents"), id="documents"), label="documents"):
                library = build_library(page, picker, routes.base)
            with page.name(gr.Tab(page.words("models"), id="models"), label="models"):
                build_models(page)
            with page.name(gr.Tab(page.words("evaluation"), id="evaluation"), label="evaluation"):
                build_evaluation(page)
        wire_keep(page, drawer, chat)
        library.chosen.then(None, js="() => wenju.library.chosen()", queue=False, **page.own)
        for change in library.changes:
            for refill in chat.refills:
                change.then(*refill, queue=False, **page.own)
        page.wire(blocks.load, head.switch)
    add_reader(routes, desk)
    Intake(desk, Jobs(), routes.base).add_to(routes)
    return blocks


def open_assistant(index: Path | None) -> "Assistant":
    """Open the named index, or build it from the seed documents, and say so."""
    from rag import Assistant, Settings
    from rag.stores import place_name

    settings = Settings() if index is None else Settings(index=index)
    print(f"Opening the index in {place_name(settings)} …", flush=True)

    def show(done: int, files: int, name: str, _passages: int) -> None:
        if done == 1:
            print("There is none yet: indexing the seed documents.", flush=True)
        print(f"  [{done}/{files}] {name}", flush=True)

    assistant = Assistant.default(settings, progress=show)
    assistant.retrieve("预热")  # loads the dictionary and the model now, not while the first reader waits
    print(f"{len(assistant.documents())} documents are ready.", flush=True)
    return assistant


def serve(assistant: "Assistant", host: str, port: int, taken: int | None = None, allowed: Sequence[str] = ()) -> None:
    """Serve the page until Ctrl-C, saying where.

    Args:
        taken: the port that was asked for and not free.
        allowed: names besides this machine's own that it answers to.
    """
    if taken is not None:
        print(f"Port {taken} is taken, using {port} instead (choose another with --port).", flush=True)
    if host not in OWN:
        print(f"Whoever can reach {host} can read, add and remove documents here: there is no password.", flush=True)
        if assistant.settings.keep == "disk":
            print("They read the conversations too; RAG_KEEP=browser keeps them in each browser.", flush=True)
    print("Starting the page …", flush=True)
    desk, routes = Desk(assistant), Routes()
    page = build_page(desk, routes)
    served = launch_options(routes, names_of(host, allowed))
    page.launch(server_name=host, server_port=port, prevent_thread_lock=True, **served)
    shown = f"[{host}]" if ":" in host else host
    print(f"Open http://{shown}:{port} in your browser. Stop with Ctrl-C.", flush=True)
    try:
        page.block_thread()
    finally:
        desk.close()


def main(arguments: list[str] | None = None) -> int:
    """Open the index, building it from `seeds/` the first time, and serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="app.py", description="Chat page over your own documents.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=7860, help="first port to try (default: 7860)")
    parser.add_argument("--index", type=Path, help="folder of the index (default: RAG_INDEX, or ./index)")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="also answer to this name, as behind a proxy"
    )
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
            taken = options.port if port != options.port else None
            serve(assistant, options.host, port, taken, options.allow_host)
    return 0


if __name__ == "__main__":
    sys.exit(main())
