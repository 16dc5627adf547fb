"""Anthropic, Google and Ollama over real HTTP, by their own LangChain packages, against their own wire formats."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from rag.doctor import examine
from rag.errors import ModelError
from rag.generate import check_llm, load_llm, stream_draft
from rag.ground import Outcome, ground
from rag.settings import Settings
from tests.provider_server import ProviderServer
from tests.test_generate import DOCUMENT, hits

KEY = "sk-very-secret-0123456789"
PROVIDERS = ("anthropic", "ollama", "google_genai")


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderServer]:
    with ProviderServer() as running:
        yield running


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if importlib.util.find_spec(f"langchain_{name}") is None:
        pytest.skip(f"langchain-{name.replace('_', '-')} is not installed")
    return name


def settings(server: ProviderServer, provider: str, part: str) -> Settings:
    return Settings(llm=f"{provider}:{part}", llm_base_url=server.url, llm_api_key=KEY, llm_timeout=20)


def test_an_answer_streams_and_is_proven(server: ProviderServer, provider: str) -> None:
    chosen = settings(server, provider, "honest")
    pieces = list(stream_draft("建成房源多少套？", hits(), load_llm(chosen), chosen))
    assert provider == "google_genai" or len(pieces) > 3
    answer = ground("".join(pieces), hits(), "zh")
    assert answer.outcome is Outcome.ANSWERED
    [citation] = answer.citations
    assert DOCUMENT[citation.start : citation.end] == citation.quote
    assert "1.8万套" in answer.text
    path, headers, body = server.requests[-1]
    sent = {"anthropic": "authorization x-api-key", "ollama": "authorization", "google_genai": "x-goog-api-key"}[
        provider
    ]
    assert any(KEY in headers.get(name, "") for name in sent.split())
    assert KEY not in path
    if provider == "ollama":
        assert body["options"]["num_ctx"] > chosen.llm_context


@pytest.mark.parametrize(
    ("part", "zh", "en"),
    [
        ("unauthorized", "拒绝了密钥", "refused the key (401): check RAG_LLM_API_KEY"),
        ("bad-key", "拒绝了密钥", "refused the key (400): check RAG_LLM_API_KEY"),
        ("not-found", "没有模型", "has no model"),
        ("rate-limited", "请求太多或额度用完", "too many requests or quota used up (429)"),
        ("broken", "出了故障", "failed (500)"),
        ("overflow", "超过模型的上下文长度", "longer than the model's context (400): lower RAG_LLM_CONTEXT"),
        ("half", "中途断了", "broke off"),
    ],
)
def test_faults_become_plain_words_without_the_key(
    server: ProviderServer, provider: str, part: str, zh: str, en: str
) -> None:
    if provider == "google_genai" and part in ("not-found", "rate-limited", "broken"):
        pytest.skip("its client waits two seconds before each error; the others are told by the same status")
    chosen = settings(server, provider, part)
    with pytest.raises(ModelError) as caught:
        list(stream_draft("建成房源多少套？", hits(), load_llm(chosen), chosen))
    assert zh in caught.value.zh
    assert en in caught.value.en
    assert "secret" not in str(caught.value)


def test_no_server_at_all(provider: str) -> None:
    chosen = Settings(llm=f"{provider}:x", llm_base_url="http://127.0.0.1:9", llm_api_key=KEY, llm_timeout=3)
    with pytest.raises(ModelError, match=r"Can't reach the model server at http://127.0.0.1:9"):
        check_llm(chosen)


def test_doctor_tells_what_is_wrong(server: ProviderServer, provider: str, tmp_path: object) -> None:
    chosen = settings(server, provider, "unauthorized").model_copy(update={"index": tmp_path})
    found = {check.name: check for check in examine(chosen, call_llm=True)}["answerer"]
    assert not found.ok
    assert "RAG_LLM_API_KEY" in found.text
    well = settings(server, provider, "honest").model_copy(update={"index": tmp_path})
    assert {check.name: check for check in examine(well, call_llm=True)}["answerer"].ok


def test_ollama_says_what_to_pull(server: ProviderServer) -> None:
    if importlib.util.find_spec("langchain_ollama") is None:
        pytest.skip("langchain-ollama is not installed")
    with pytest.raises(ModelError, match=r"run ollama pull not-found"):
        check_llm(settings(server, "ollama", "not-found"))
