"""Kept conversations: a drawer that lists, searches, opens, renames, deletes, exports and imports them.

Where they are kept is a setting. By default each browser keeps its own (IndexedDB), and nobody else ever sees them;
with `RAG_KEEP=disk`, for one person's own machine, they lie beside the index. The list itself is made in the browser by
`static/keep.js`, which sees the same four functions in both cases.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import WenjuError
from rag.language import Language
from rag.ui.chat import Chat, with_sources
from rag.ui.conversation import Latest, find_document
from rag.ui.diary import Diary
from rag.ui.export import conversation_to_markdown
from rag.ui.labels import say
from rag.ui.markup import attribute, button, escaped, verbatim
from rag.ui.page import Page, Session, language_of
from rag.ui.record import RecordRefused, mark_gone, read_conversation

if TYPE_CHECKING:
    import gradio as gr

# Words that keep.js fills in.
_WORDS = ("untitled", "rename", "delete", "confirm_delete", "kept_none", "kept_no_match", "save", "cancel", "imported")


# `keep.js` may be loaded a moment after the drawer is on the page.
START = """
const start = () => {
  if (!window.wenju || !wenju.keep) return setTimeout(start, 20);
  wenju.keep(element, (record) => trigger("open", { record }), watch, server);
};
start();
"""


def build_keep(page: Page) -> tuple["gr.HTML", "gr.HTML"]:
    """The drawer and the outbox, which carries finished turns to the browser; `wire_keep` connects them."""
    import gradio as gr

    settings = page.desk.default.settings
    functions: list[Callable[..., Any]] = [as_markdown, check_record]
    if settings.keep == "disk":
        functions += disk_functions(Diary(diary_folder(settings.index)))
    drawer = page.html(START, elem_id="wj-drawer", server_functions=functions)
    outbox = page.html(
        "watch('value', () => wenju.kept(props.value));", html_template="", visible="hidden", elem_id="wj-outbox"
    )

    def shown(request: gr.Request) -> str:
        return render_drawer(language_of(request))

    page.show(shown, [], [drawer])
    return drawer, outbox


def wire_keep(page: Page, drawer: "gr.HTML", chat: Chat) -> None:
    """Open a kept conversation in the chat."""
    import gradio as gr

    def opened(session: Session, latest: Latest, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        language, assistant = language_of(request), page.open(session)
        try:
            record = read_conversation(str(event.record))
        except RecordRefused as error:
            gr.Warning(escaped(error.told(language)))
            return (gr.skip(),) * 4
        if run := latest.run:
            run.stop_and_wait()
        turns = mark_gone(record.turns, lambda id_: find_document(assistant, id_))
        turns = with_sources(turns, assistant, language)
        return turns, *chat.draw(session, turns, language)

    drawer.open(opened, [page.session, chat.latest], [chat.turns, *chat.view], queue=False, **page.own)


def disk_functions(diary: Diary) -> list[Callable[..., Any]]:
    """What keep.js calls in place of the browser's store; plain functions, for Gradio marks them."""

    def kept_list(_: Any) -> list[Any]:
        return diary.kept_list()

    def kept_get(name: str) -> Any:
        return diary.kept_get(name)

    def kept_put(record: dict[str, Any]) -> None:
        diary.kept_put(record)

    def kept_remove(name: str) -> None:
        diary.kept_remove(name)

    return [kept_list, kept_get, kept_put, kept_remove]


def render_drawer(language: Language) -> str:
    """The empty drawer: search field, list, import; keep.js fills the list."""
    words = json.dumps({key: say(language, key) for key in _WORDS}, ensure_ascii=False)
    search, title = attribute(say(language, "search_kept")), attribute(say(language, "kept"))
    return (
        f'<aside class="wj-kept" aria-label="{title}" data-words="{verbatim(words)}">'
        f"<header><h2>{escaped(say(language, 'kept'))}</h2>"
        f"{button(say(language, 'close'), classes='wj-act', close='')}</header>"
        f'<input type="search" class="wj-search" placeholder="{search}" aria-label="{search}">'
        f'<ul class="wj-kept-list"></ul><p class="wj-note" role="status"></p>'
        f"<footer>{button(say(language, 'export_md'), classes='wj-act', export='md')}"
        f"{button(say(language, 'export_json'), classes='wj-act', export='json')}"
        f"{button(say(language, 'import'), classes='wj-act', bring='')}</footer></aside>"
    )


def as_markdown(asked: dict[str, str]) -> dict[str, str]:
    """For the export in the browser: {"record": JSON, "language"} → {"text"} or {"error"}; sees only its input."""
    language: Language = "en" if asked.get("language") == "en" else "zh"
    try:
        record = read_conversation(str(asked.get("record", "")))
    except RecordRefused as error:
        return {"error": error.told(language)}
    return {"text": conversation_to_markdown(record.title, record.turns, language)}


def check_record(asked: dict[str, str]) -> dict[str, str]:
    """For the import in the browser: {"record": JSON, "language"} → {} or {"error"}."""
    language: Language = "en" if asked.get("language") == "en" else "zh"
    try:
        read_conversation(str(asked.get("record", "")))
    except WenjuError as error:
        return {"error": error.told(language)}
    return {}


def diary_folder(index: Path) -> Path:
    """Where conversations lie on disk: beside the index, for they are the reader's and not the documents'."""
    index = Path(index)
    return index.with_name(f"{index.name}-conversations")
