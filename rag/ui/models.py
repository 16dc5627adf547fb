"""The models area: who answers this visitor's questions, with a test; and how much is looked up."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from rag.errors import ModelError
from rag.language import Language
from rag.settings import EXTRACTIVE, Settings
from rag.ui.choice import DEFAULT, EMBEDDED, OTHER, PROVIDERS, Choice
from rag.ui.labels import say
from rag.ui.markup import element
from rag.ui.page import Page, Session, language_of

# Seconds that a test waits for the model.
TEST_SECONDS = 20.0
# Tests at the same time, over all visitors.
TESTS_AT_ONCE = 2


def build_models(page: Page) -> None:
    """Provider, model, address and key for this visit; a test; how many passages are looked up."""
    import gradio as gr

    base = page.desk.default.settings

    def shown(session: Session, request: gr.Request) -> tuple[Any, str]:
        language = language_of(request)
        names = {DEFAULT: writer(base, language), OTHER: say(language, "other_provider")}
        if base.llm != EXTRACTIVE:
            names[EMBEDDED] = say(language, "by_embedded")
        names |= {provider.key: provider.name for provider in PROVIDERS}
        order = [DEFAULT, *([EMBEDDED] if EMBEDDED in names else []), *(p.key for p in PROVIDERS), OTHER]
        return gr.update(choices=[(names[key], key) for key in order]), current(session, language)

    def picked(provider: str) -> tuple[Any, Any, Any]:
        known = next((one for one in PROVIDERS if one.key == provider), None)
        remote = provider not in (DEFAULT, EMBEDDED)
        address = known.base_url if known else ""
        return gr.update(visible=remote), known.model if known else "", address

    def chosen(provider: str, model: str, address: str, key: str, top_k: float, repair: bool) -> Choice:
        return Choice(
            provider=str(provider),
            model=model or "",
            base_url=address or "",
            key=SecretStr(key) if key else None,
            top_k=int(top_k),
            repair=bool(repair),
        )

    def current(session: Session, language: Language) -> str:
        try:
            name = writer(session.choice.settings(base), language)
        except ModelError:
            name = writer(base, language)
        return element("p", say(language, "answers_now", model=name), "wj-status")

    def used(
        provider: str,
        model: str,
        address: str,
        key: str,
        top_k: float,
        repair: bool,
        session: Session,
        request: gr.Request,
    ) -> tuple[Any, str]:
        language = language_of(request)
        choice = chosen(provider, model, address, key, top_k, repair)
        try:
            choice.settings(base)
        except ModelError as error:
            return gr.skip(), element("p", error.told(language), "wj-status wj-wrong")
        session = replace(session, choice=choice)
        return session, current(session, language)

    def tested(
        provider: str, model: str, address: str, key: str, top_k: float, repair: bool, request: gr.Request
    ) -> Iterator[str]:
        language = language_of(request)
        yield element("p", say(language, "testing"), "wj-status wj-doing")
        try:
            settings = chosen(provider, model, address, key, top_k, repair).settings(base)
            yield try_model(settings, language)
        except ModelError as error:
            yield element("p", error.told(language), "wj-status wj-wrong")

    with gr.Column(elem_id="wj-models"):
        heading = page.html()
        provider = gr.Dropdown(
            [(writer(base, "zh"), DEFAULT)], value=DEFAULT, label=page.words("provider"), filterable=False
        )
        with gr.Column(visible=False) as remote:
            model = gr.Textbox(label=page.words("model"), html_attributes=plain_field(), max_length=200)
            address = gr.Textbox(
                label=page.words("address"),
                info=page.words("address_note"),
                html_attributes=plain_field(),
                max_length=500,
            )
            key = gr.Textbox(
                label=page.words("key"),
                info=page.words("key_note"),
                type="password",
                html_attributes=plain_field("new-password"),
                max_length=500,
            )
            repair = gr.Checkbox(base.llm_repair, label=page.words("repair"), info=page.words("repair_note"))
        top_k = gr.Slider(1, 20, base.top_k, step=1, label=page.words("top_k"), info=page.words("top_k_note"))
        with gr.Row(elem_classes="wj-actions"):
            use = gr.Button(page.words("use"), variant="primary", size="sm")
            test = gr.Button(page.words("test_model"), size="sm")
        status = page.html(elem_id="wj-model-status")
    page.name(provider, label="provider")
    page.name(model, label="model")
    page.name(address, label="address", info="address_note")
    page.name(key, label="key", info="key_note")
    page.name(repair, label="repair", info="repair_note")
    page.name(top_k, label="top_k", info="top_k_note")
    page.name(use, value="use")
    page.name(test, value="test_model")

    def headed(request: gr.Request) -> str:
        language = language_of(request)
        return element("h2", say(language, "models")) + element("p", say(language, "models_note"), "wj-note")

    fields = [provider, model, address, key, top_k, repair]
    provider.input(picked, [provider], [remote, model, address], queue=False, **page.own)
    use.click(used, [*fields, page.session], [page.session, status], queue=False, **page.own)
    test.click(tested, fields, [status], concurrency_limit=TESTS_AT_ONCE, **page.own)
    page.show(headed, [], [heading])
    page.show(shown, [page.session], [provider, status])


def plain_field(autocomplete: str = "off") -> Any:
    """Attributes of a field that the browser neither fills in nor corrects."""
    import gradio as gr

    return gr.InputHTMLAttributes(autocomplete=autocomplete, autocorrect="off", spellcheck=False)


def writer(settings: Settings, language: Language) -> str:
    """Who answers under these settings."""
    return say(language, "by_embedded") if settings.llm == EXTRACTIVE else settings.llm


def try_model(settings: Settings, language: Language) -> str:
    """One small call, told in plain words. Raises ModelError."""
    if settings.llm == EXTRACTIVE:
        return element("p", say(language, "test_embedded"), "wj-status")
    from rag.generate import check_llm

    start = time.perf_counter()
    check_llm(settings.model_copy(update={"llm_timeout": min(settings.llm_timeout, TEST_SECONDS)}))
    seconds = f"{time.perf_counter() - start:.1f}"
    return element("p", say(language, "test_well", model=settings.llm, seconds=seconds), "wj-status wj-well")
