"""The head of the page: name, language switch, the button that starts over."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.language import Language
from rag.ui.labels import say
from rag.ui.markup import attribute, element, escaped
from rag.ui.page import Page, language_of

if TYPE_CHECKING:
    import gradio as gr

# The browser keeps the choice in a cookie; the server re-renders what it has rendered in the other language.
CLICK_LANGUAGE = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-language]");
  if (!button) return;
  wenju.choose(button.dataset.language);
  trigger("language", {});
});
"""


@dataclass(frozen=True)
class Head:
    """What other areas need of the head.

    Attributes:
        row: the head itself, for what other areas put there.
        new: the button that starts a new conversation.
        switch: the event of the language changing.
    """

    row: "gr.Row"
    new: "gr.Button"
    switch: Any


def build_head(page: Page) -> Head:
    """Name and promise on the left, language and new conversation on the right."""
    import gradio as gr

    def shown(request: gr.Request) -> tuple[str, str, str]:
        language = language_of(request)
        return render_history(language), render_brand(language), render_switch(language)

    with gr.Row(elem_id="wj-head") as row:
        brand, history = page.html(), page.html(elem_id="wj-history")
        switch = page.html(CLICK_LANGUAGE, elem_id="wj-language")
        new = page.name(gr.Button(page.words("new"), size="sm", elem_id="wj-new"), value="new")
    page.show(shown, [], [history, brand, switch])
    return Head(row, new, switch.language)


def render_history(language: Language) -> str:
    """The button that opens the drawer of kept conversations."""
    name = escaped(say(language, "kept"))
    return f'<button type="button" aria-expanded="false" aria-controls="wj-drawer">{name}</button>'


def render_brand(language: Language) -> str:
    """The name of the product and what it promises."""
    return f'<div class="wj-brand">{element("h1", say(language, "name"))}{element("p", say(language, "tagline"))}</div>'


def render_switch(language: Language) -> str:
    """A button that names the other language in that language."""
    other = "en" if language == "zh" else "zh"
    label = attribute(say(language, "switch"))
    name = escaped(say(language, "other_language"))
    return f'<button type="button" lang="{other}" data-language="{other}" title="{label}">{name}</button>'
