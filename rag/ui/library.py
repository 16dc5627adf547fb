"""The documents area: drop files, see what became of them, list and remove documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.loaders import SUFFIXES
from rag.ui.page import Page, Session, language_of
from rag.ui.shelf import render_documents, render_limits, render_results
from rag.ui.uploads import MAX_FILES, MAX_MEGABYTES, add_files, remove_document

if TYPE_CHECKING:
    pass

# One suffix for each format, for the reader's eyes.
KINDS = tuple({loader: suffix for suffix, loader in reversed(SUFFIXES.items())}.values())[::-1]

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


@dataclass(frozen=True)
class Library:
    """What other areas need of the documents: the events after which the documents are no longer what they were."""

    changes: tuple[Any, ...]


def build_library(page: Page) -> Library:
    """Drop zone, results and list."""
    import gradio as gr

    own = {"concurrency_id": "change", **page.own}
    same = gr.skip()

    def folder(session: Session) -> Path:
        return Path(page.open(session).settings.index) / "files"

    def listed(session: Session, request: gr.Request) -> tuple[str, str]:
        language = language_of(request)
        limits = render_limits(KINDS, MAX_MEGABYTES, MAX_FILES, language)
        return limits, render_documents(page.open(session).documents(), language)

    def uploaded(files: list[str], session: Session, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        language, assistant = language_of(request), page.open(session)
        for lines in add_files(assistant, files, folder(session), SUFFIXES, language):
            yield render_results(lines), same, same
        yield same, render_documents(assistant.documents(), language), gr.update(value=None)

    def removed(session: Session, request: gr.Request, event: gr.EventData) -> tuple[str, str]:
        language, assistant = language_of(request), page.open(session)
        result = remove_document(assistant, str(event.document), folder(session), language)
        return render_results([result]), render_documents(assistant.documents(), language)

    with gr.Column(elem_id="wj-library"):
        drop = gr.File(label=page.words("drop"), show_label=False, file_count="multiple", height=128, elem_id="wj-drop")
        page.name(drop, label="drop")
        limits, results, documents = page.html(), page.html(), page.html(CLICK_REMOVE)
    added = drop.upload(uploaded, [drop, page.session], [results, documents, drop], **own)
    taken = documents.remove(removed, [page.session], [results, documents], **own)
    page.show(listed, [page.session], [limits, documents])
    return Library((added, taken))
