"""What the areas of the chat page share while it is built: the assistant, the visitor's choices, the language.

The files that build widgets do without `from __future__ import annotations`: Gradio reads the types of event functions,
and is itself imported only inside functions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from rag.language import Language
from rag.ui.choice import Choice
from rag.ui.labels import CHINESE, ENGLISH, choose_language

if TYPE_CHECKING:
    import gradio as gr

    from rag import Assistant
    from rag.ui.desk import Desk

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Session:
    """What one visitor chose: kept in this process while the visit lasts, never stored, logged or shared.

    Attributes:
        collection: id of the collection that is asked; "" is the default one.
        choice: who answers.
    """

    collection: str = ""
    choice: Choice = field(default_factory=Choice)


@dataclass
class Page:
    """The page in the making; each area's `build_…` gets it and adds its own widgets and events.

    Attributes:
        desk: the open collections, shared by all visitors; `open` gives the assistant that a visitor asks.
        session: the visitor's `Session`.
        own: options of an event that belongs to the page: not listed in the API description, not callable by name, no
            progress overlay.
    """

    desk: "Desk"
    session: "gr.State"
    own: dict[str, Any] = field(default_factory=lambda: {"api_visibility": "private", "show_progress": "hidden"})
    _views: WeakKeyDictionary[Choice, dict[str, Any]] = field(default_factory=WeakKeyDictionary)
    _shown: list[tuple[Callable[..., Any], list[Any], list[Any]]] = field(default_factory=list)
    _named: list[tuple[Any, dict[str, str]]] = field(default_factory=list)

    def open(self, session: Session) -> "Assistant":
        """The assistant that this visitor asks."""
        assistant = self.desk.open(session.collection)
        if session.choice == Choice():
            return assistant
        views = self._views.setdefault(session.choice, {})
        view = views.get(session.collection)
        if view is None or view.store is not assistant.store:
            view = views[session.collection] = assistant.using(session.choice.settings(assistant.settings))
        return view

    def words(self, key: str) -> Any:
        """A word of a widget, picked in the browser on the first sight; `name` also follows the language switch."""
        return interface_words()(key)

    def name(self, widget: Any, **keys: str) -> Any:
        """Let a widget's texts follow the language switch: `name(button, value="new")`. Returns the widget."""
        self._named.append((widget, keys))
        return widget

    def html(self, js: str | None = None, **options: Any) -> "gr.HTML":
        """An empty place for our own markup; `js` runs once, with `element` and `trigger(event, data)` at hand."""
        import gradio as gr

        return gr.HTML(js_on_load=js, apply_default_css=False, elem_classes="wj", **options)

    def show(self, fill: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Run `fill(*inputs, request)` when the page opens and again whenever the language changes."""
        self._shown.append((fill, list(inputs), list(outputs)))

    def wire(self, load: Any, switch: Any) -> None:
        """Bind what the areas asked for; called once, when all of them are built.

        Args:
            load: the event of the page opening.
            switch: the event of the language changing, after the browser has set the cookie.
        """
        import gradio as gr

        for fill, inputs, outputs in self._shown:
            for event in (load, switch):
                event(fill, inputs, outputs, queue=False, **self.own)

        def rename(request: gr.Request) -> Any:
            words = CHINESE if language_of(request) == "zh" else ENGLISH
            updates: list[Any] = []
            for _, keys in self._named:
                texts: dict[str, Any] = {prop: words[key] for prop, key in keys.items()}
                updates.append(gr.update(**texts))
            return updates[0] if len(updates) == 1 else updates

        # On opening too: Gradio picks the words by the browser alone, and the reader may have chosen otherwise.
        for event in (load, switch):
            event(rename, None, [widget for widget, _ in self._named], queue=False, **self.own)


def interface_words() -> "gr.I18n":
    """The words of the widgets, picked by Gradio in the browser; rendered HTML gets its own from the request."""
    import gradio as gr

    return gr.I18n(en=ENGLISH, **{"zh-CN": CHINESE, "zh-TW": CHINESE})


def language_of(request: "gr.Request") -> Language:
    """The interface language of the browser that sent a request."""
    return choose_language(request.headers.get("accept-language"), request.headers.get("cookie"))
