"""Settings, and the language to answer in."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.language import language_of
from rag.settings import Settings


def test_the_defaults_need_no_key_account_or_download() -> None:
    settings = Settings()
    assert (settings.llm, settings.embedder, settings.store) == ("extractive", "embedded", "local")
    assert settings.llm_api_key is None
    assert settings.index == Path("index")


def test_the_environment_sets_and_an_argument_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_LLM", "openai:deepseek-chat")
    monkeypatch.setenv("RAG_TOP_K", "9")
    monkeypatch.setenv("RAG_INDEX", "文档/索引")
    assert Settings().llm == "openai:deepseek-chat"
    assert Settings().index == Path("文档/索引")
    assert Settings(top_k=3).top_k == 3
    assert Settings().top_k == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"top_k": 0},
        {"dense_weight": 1.5},
        {"llm_timeout": 0},
        {"question_max": 1},
        {"store": "纸"},
        {"topk": 3},  # a typing error is no setting
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings(**wrong)  # type: ignore[arg-type]


def test_settings_are_frozen_and_hide_the_key() -> None:
    settings = Settings(llm_api_key="secret-key")
    with pytest.raises(ValidationError):
        settings.top_k = 2  # type: ignore[misc]
    assert "secret-key" not in repr(settings)
    assert "secret-key" not in str(settings)
    assert "secret-key" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("GPU是什么？", "zh"),
        ("𠮷", "zh"),
        ("？？", "zh"),
        ("What is a GPU?", "en"),
        ("Où est-ce ?", "en"),
        ("???", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_question(text: str, language: str) -> None:
    assert language_of(text) == language
