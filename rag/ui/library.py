"""The documents area: choose a collection, drop files, follow them, list, read again and remove documents."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rag.errors import CollectionError
from rag.loaders import SUFFIXES
from rag.ui.intake import file_address
from rag.ui.page import Page, Session, language_of
from rag.ui.shelf import one_suffix_each, render_frame, render_picker
from rag.ui.uploads import MAX_FILES, MAX_MEGABYTES

if TYPE_CHECKING:
    import gradio as gr

# library.js does the rest; it tells the server of a chosen collection, and that documents have changed.
CHOOSING = """
element.addEventListener("change", (event) => {
  if (event.target.matches("select[data-collection]")) wenju.library.go(event.target.value);
});
wenju.library.listen((id) => trigger("choose", { collection: id }), () => trigger("changed", {}));
"""


@dataclass(frozen=True)
class Library:
    """What other areas need of the documents.

    Attributes:
        changes: the events after which the documents are no longer what they were.
        chosen: the event after which another collection is asked.
    """

    changes: tuple[Any, ...]
    chosen: Any


def build_picker(page: Page) -> "gr.HTML":
    """The choice of a collection, for the head of the page; it is always there, so it also carries the events."""
    return page.html(CHOOSING, elem_id="wj-collection")


def build_library(page: Page, picker: "gr.HTML", base: str) -> Library:
    """The area itself; the routes of `rag.ui.intake`, below `base`, serve what its script fetches."""
    import gradio as gr

    limits = (MAX_MEGABYTES, MAX_FILES)
    suffixes = (*one_suffix_each(SUFFIXES.items()), ".zip")

    def shown(session: Session, request: gr.Request) -> tuple[str, str]:
        language, collections = language_of(request), page.desk.collections.all()
        documents = page.open(session).documents()
        file = file_address(base, session.collection)
        frame = render_frame(collections, session.collection, documents, suffixes, limits, file, language)
        return render_picker(collections, session.collection, language), frame

    def chosen(session: Session, request: gr.Request, event: gr.EventData) -> tuple[Session, str, str]:
        wanted = replace(session, collection=str(event.collection))
        try:
            page.open(wanted)
        except CollectionError:  # deleted meanwhile, perhaps in another window
            wanted = replace(session, collection="")
        return wanted, *shown(wanted, request)

    frame = page.html(elem_id="wj-library")
    chosen_event = picker.choose(chosen, [page.session], [page.session, picker, frame], queue=False, **page.own)
    changed = picker.changed(lambda: None, None, None, queue=False, **page.own)
    page.show(shown, [page.session], [picker, frame])
    return Library((chosen_event, changed), chosen_event)
