"""Asking a language model, by LangChain. The only file that knows there are providers.

`answer_chain` is one LCEL chain, `prompt | model | parser`, usable from LangChain as it is. `stream_draft` and
`rewrite_question` run such chains with their faults caught: whatever goes wrong becomes a `ModelError` in plain words.
What comes out is a draft; `rag.ground` decides what of it is shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError
from rag.faults import explain
from rag.language import Language, language_of
from rag.prompts import (
    REFUSAL,
    REPAIR,
    answer_messages,
    condense_messages,
    fence_passages,
    tell_conversation,
    tell_problems,
)
from rag.settings import EXTRACTIVE, Settings
from rag.types import Claim, Hit
from rag.waiting import as_async, can_connect, read_stream

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

# An answer this long is no answer: prompts ask for three sentences. Past it the model is taken to run on for ever.
DRAFT_CHARACTERS = 6000
_QUESTION_CHARACTERS = 300
# The client's own retries, after 429 (it waits as Retry-After says), 5xx and a failed connection.
_RETRIES = 2
# Room for instructions, question and answer beside the passages.
_PROMPT_TOKENS = 2500
# A whole call may take this many times the wait for one piece.
_PATIENCE = 5.0

# Providers whose package streams over HTTP only by its synchronous client.
_SYNC_ONLY = ("google_genai:", "google-genai:")

# Provider → its package; only for the message that says what to install.
_PACKAGES = {
    "anthropic": "langchain-anthropic",
    "azure_openai": "langchain-openai",
    "deepseek": "langchain-deepseek",
    "google_genai": "langchain-google-genai",
    "google_vertexai": "langchain-google-vertexai",
    "groq": "langchain-groq",
    "huggingface": "langchain-huggingface",
    "mistralai": "langchain-mistralai",
    "ollama": "langchain-ollama",
    "openai": "langchain-openai",
    "openrouter": "langchain-openrouter",
    "together": "langchain-together",
    "xai": "langchain-xai",
}


def load_llm(settings: Settings) -> BaseChatModel:
    """The chat model that the settings name; calls nothing yet.

    `openai:NAME` with a base URL speaks to any OpenAI-compatible server (DeepSeek, Qwen, Moonshot, GLM, vLLM,
    llama.cpp, LM Studio); a bare NAME with a base URL means the same. `ollama:…`, `anthropic:…`, `google_genai:…` and
    LangChain's other providers work once their package is installed.

    Raises:
        ModelError: no model is set, the provider is unknown, its package or its key is missing.
    """
    import httpx
    from langchain.chat_models import init_chat_model

    if settings.llm == EXTRACTIVE:
        raise ModelError(
            "没有设置语言模型：请设置 RAG_LLM，例如 openai:deepseek-chat",
            "No language model is set: set RAG_LLM, for example openai:deepseek-chat",
        )
    provider, name = _provider(settings)
    options: dict[str, Any] = {"temperature": 0}
    if settings.llm_base_url:
        options["base_url"] = settings.llm_base_url
    if settings.llm_api_key:
        options["api_key"] = settings.llm_api_key.get_secret_value()
    if provider == "openai":
        options |= {"timeout": settings.llm_timeout, "max_retries": _RETRIES, "use_responses_api": False}
        # A client of its own that keeps no connection: a kept one would be carried from one event loop into another.
        options["http_async_client"] = httpx.AsyncClient(
            timeout=settings.llm_timeout, limits=httpx.Limits(max_keepalive_connections=0)
        )
        if settings.llm_base_url and not settings.llm_api_key:
            options["api_key"] = "none"  # a local server wants none, and OPENAI_API_KEY is not for it
    elif provider == "ollama":
        # Ollama cuts what exceeds its window without a word, so the window is made as large as the prompt can get.
        options["num_ctx"] = settings.llm_context + _PROMPT_TOKENS
        if key := options.pop("api_key", None):
            options["client_kwargs"] = {"headers": {"Authorization": f"Bearer {key}"}}
        options["async_client_kwargs"] = {"limits": httpx.Limits(max_keepalive_connections=0)}
    else:
        options |= {"timeout": settings.llm_timeout, "max_retries": _RETRIES}
        if provider == "anthropic":
            options["default_headers"] = {"Connection": "close"}
        if provider == "google_genai":
            options["transport"] = "rest"  # goes through proxies and to other addresses, where gRPC does not
    try:
        return init_chat_model(name, model_provider=provider, **options)
    except ImportError:
        package = _PACKAGES.get(provider, f"langchain-{provider.replace('_', '-')}")
        raise ModelError(
            f"{provider} 需要另装一个包：pip install {package}", f"{provider} needs a package: pip install {package}"
        ) from None
    except Exception as error:  # each provider raises its own kind for a missing key or an unknown option
        raise explain(error, settings) from None


def answer_chain(llm: BaseChatModel, language: Language = "zh") -> Runnable[dict[str, Any], str]:
    """`prompt | model | parser`: {"passages": …, "question": …} → the draft, streamed, sync or async.

    `passages` is what `rag.prompts.fence_passages` makes of hits.
    """
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    prompt = ChatPromptTemplate.from_messages(answer_messages(language)).partial(refusal=REFUSAL[language])
    return prompt | llm | StrOutputParser()


def repair_chain(llm: BaseChatModel, language: Language = "zh") -> Runnable[dict[str, Any], str]:
    """`answer_chain` one turn on: besides, {"draft": what the model wrote, "problems": its sentences without proof}."""
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    messages = [*answer_messages(language), ("ai", "{draft}"), ("human", REPAIR[language])]
    return ChatPromptTemplate.from_messages(messages).partial(refusal=REFUSAL[language]) | llm | StrOutputParser()


def condense_chain(llm: BaseChatModel, language: Language = "zh") -> Runnable[dict[str, Any], str]:
    """`prompt | model | parser`: {"conversation": …, "question": …} → the question rewritten to stand alone."""
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    return ChatPromptTemplate.from_messages(condense_messages(language)) | llm | StrOutputParser()


def stream_draft(question: str, hits: Sequence[Hit], llm: BaseChatModel, settings: Settings) -> Iterator[str]:
    """Ask the model, and give its text piece by piece as it comes.

    Args:
        question: one that stands alone.
        hits: what `rag.pack.pack` returned; without any, the model would answer from memory.

    Raises:
        ModelError: anything that goes wrong with the model, also in the middle of the stream.
        ValueError: no hits.
    """
    if not hits:
        raise ValueError("no hits: a model must not answer from memory; refuse instead")
    language = language_of(question)
    chain = answer_chain(llm, language)
    variables = {"passages": fence_passages(hits, language), "question": question}
    yield from _run(chain, variables, settings, DRAFT_CHARACTERS)


def stream_repair(
    question: str,
    hits: Sequence[Hit],
    draft: str,
    claims: Sequence[Claim],
    llm: BaseChatModel,
    settings: Settings,
) -> Iterator[str]:
    """Ask the model to write its draft anew, without the claims that the passages don't support.

    Args:
        question, hits: as for the draft.
        claims: all of the draft; the unsupported ones are quoted with the reason.

    Raises:
        ModelError: as `stream_draft`.
    """
    language = language_of(question)
    variables = {
        "passages": fence_passages(hits, language),
        "question": question,
        "draft": draft.rsplit("</think>", 1)[-1].strip(),
        "problems": tell_problems(claims),
    }
    yield from _run(repair_chain(llm, language), variables, settings, DRAFT_CHARACTERS)


def rewrite_question(question: str, history: Sequence[tuple[str, str]], llm: BaseChatModel, settings: Settings) -> str:
    """A follow-up rewritten so that it stands alone; unchanged without history or when the model returns no question.

    Raises:
        ModelError: as `stream_draft`.
    """
    if not history:
        return question
    language = language_of(question)
    variables = {"conversation": tell_conversation(history, language), "question": question}
    written = "".join(_run(condense_chain(llm, language), variables, settings, DRAFT_CHARACTERS))
    lines = [line.strip(" \t\"“”'`*") for line in written.rsplit("</think>", 1)[-1].splitlines()]
    line = next((line for line in lines if line), "")
    for label in ("改写：", "改写:", "改写后：", "Rewritten:", "问题："):
        line = line.removeprefix(label).strip()
    return line if 0 < len(line) <= _QUESTION_CHARACTERS else question


def check_llm(settings: Settings) -> str:
    """Make one small call, and say which model answered.

    Raises:
        ModelError: says what is wrong: package, key, address, model name, network.
    """
    llm = load_llm(settings)
    start = time.perf_counter()
    prompt = condense_chain(llm, "zh")
    variables = {"conversation": "问：量子院位于哪里？\n答：中关村软件园。", "question": "它有多少人？"}
    text = "".join(_run(prompt, variables, settings, DRAFT_CHARACTERS))
    return f"{settings.llm}: {len(text)} 字 characters, {time.perf_counter() - start:.1f} s"


def _provider(settings: Settings) -> tuple[str, str]:
    """Provider and model name; a name that starts with no provider belongs to the server at the base URL."""
    from langchain.chat_models import base

    provider, colon, name = settings.llm.partition(":")
    known = set(_PACKAGES) | set(getattr(base, "_BUILTIN_PROVIDERS", ()))
    if colon and provider.replace("-", "_") in known:
        return provider.replace("-", "_"), name
    if settings.llm_base_url:
        return "openai", settings.llm
    raise ModelError(
        f"不认识模型 {settings.llm}：写成 provider:name，例如 openai:deepseek-chat、ollama:qwen3；"
        "OpenAI 兼容的服务请再设置 RAG_LLM_BASE_URL",
        f"Unknown model {settings.llm}: write provider:name, for example openai:deepseek-chat or ollama:qwen3; "
        "for an OpenAI-compatible server set RAG_LLM_BASE_URL too",
    )


def _run(
    chain: Runnable[dict[str, Any], str], variables: dict[str, Any], settings: Settings, most: int
) -> Iterator[str]:
    """The pieces of a chain's text; empty, endless, silent and failing models become a ModelError."""
    ending = _ending()
    config: Any = {"callbacks": [ending]}
    by_rest = settings.llm.startswith(_SYNC_ONLY)
    pieces = read_stream(
        as_async(chain.stream(variables, config)) if by_rest else chain.astream(variables, config),
        silence=settings.llm_timeout,
        patience=settings.llm_timeout * _PATIENCE,
        most=most,
    )
    length = 0
    said = ""
    try:
        for piece in pieces:
            length += len(piece)
            said = (said + piece)[-200:]
            if length > most:
                raise ModelError(
                    f"模型写了 {most} 字还没停，已中止",
                    f"The model did not stop after {most} characters and was cut off",
                )
            if piece:
                yield piece
    except (ModelError, GeneratorExit):
        raise
    except Exception as error:  # the outer edge: providers, HTTP clients and parsers each have their own errors
        # Some clients try a closed port again until our patience ends; that is no slow server.
        there = can_connect(settings.llm_base_url)
        raise explain(error if there else ConnectionRefusedError(), settings) from None
    finally:
        pieces.close()
    if not said.strip():
        raise ModelError("模型没有写出任何内容", "The model wrote nothing")
    if ending.reason is None and said.rstrip()[-1] not in "。！？.!?…]】）)”\"'":
        raise ModelError(
            "模型的回答中途断了，没有结束标记", "The model's answer broke off: the stream ended without its end mark"
        )


def _ending() -> Any:
    """A callback that notes why the model stopped; `reason` stays None when the stream never says."""
    from langchain_core.callbacks import BaseCallbackHandler

    class Ending(BaseCallbackHandler):
        reason: str | None = None

        def on_llm_end(self, response: Any, **_: Any) -> None:
            for generations in response.generations:
                for generation in generations:
                    metadata = getattr(getattr(generation, "message", None), "response_metadata", None) or {}
                    facts = {**metadata, **(generation.generation_info or {})}
                    keys = ("finish_reason", "stop_reason", "done_reason")
                    self.reason = next((str(facts[key]) for key in keys if facts.get(key)), self.reason)

    return Ending()
