"""Settings, and the language to answer in."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.errors import LoadError, ModelError, QuestionError, StoreMissing
from rag.language import language_of, terminal_language
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


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        ({}, None),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": ""}, "en"),
    ],
)
def test_the_terminal_says_its_language(
    wishes: dict[str, str], language: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, wish in wishes.items():
        monkeypatch.setenv(name, wish)
    assert terminal_language() == language


def test_an_error_is_told_in_both_languages_and_survives_a_process() -> None:
    missing = StoreMissing("There is no index.", "没有索引。")
    assert (str(missing), missing.told("zh"), missing.told("en")) == (
        "There is no index.",
        "没有索引。",
        "There is no index.",
    )
    model = ModelError("连不上", "Can't reach it")
    assert (str(model), model.told("zh")) == ("连不上 / Can't reach it", "连不上")
    for error in (missing, model, LoadError("no text", "没有文字"), QuestionError("Empty.", "空的。")):
        again = copy.copy(error)  # as pickling does: made anew from its arguments
        assert (again.en, again.zh) == (error.en, error.zh)
