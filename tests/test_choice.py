"""A visitor's choice of model: whose key goes where, what is refused, nothing shared."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from rag import Settings
from rag.errors import ModelError
from rag.ui.choice import DEFAULT, EMBEDDED, OTHER, PROVIDERS, Choice

HOUSE = Settings(llm="openai:haus", llm_base_url="https://house.example/v1", llm_api_key=SecretStr("sk-house"))


def test_without_a_choice_all_stays_as_the_program_was_started() -> None:
    assert Choice().settings(HOUSE) == HOUSE
    assert Choice(DEFAULT, top_k=3, repair=False).settings(HOUSE).top_k == 3


def test_the_houses_key_goes_nowhere_else() -> None:
    chosen = Choice(OTHER, "qwen3", "http://127.0.0.1:11434/v1").settings(HOUSE)
    assert (chosen.llm, chosen.llm_base_url, chosen.llm_api_key) == ("openai:qwen3", "http://127.0.0.1:11434/v1", None)
    own = Choice("deepseek", "deepseek-chat", PROVIDERS[0].base_url, SecretStr("sk-mine")).settings(HOUSE)
    assert own.llm_api_key == SecretStr("sk-mine")
    assert Choice(EMBEDDED).settings(HOUSE).llm == "extractive"
    assert Choice(EMBEDDED).settings(HOUSE).llm_api_key is None


def test_a_provider_of_langchain_goes_by_its_own_name() -> None:
    assert Choice(OTHER, "anthropic:claude").settings(HOUSE).llm == "anthropic:claude"
    assert Choice(OTHER, "anthropic:claude").settings(HOUSE).llm_base_url is None


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/y", "javascript:alert(1)", "甲", "http://"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ModelError) as caught:
        Choice(OTHER, "m", address).settings(HOUSE)
    assert "http://" in caught.value.zh
    assert "http://" in caught.value.en


def test_a_model_needs_a_name_and_a_key_is_never_shown() -> None:
    with pytest.raises(ModelError):
        Choice(OTHER, " ", "http://127.0.0.1/v1").settings(HOUSE)
    assert "sk-mine" not in repr(Choice(OTHER, "m", key=SecretStr("sk-mine")))


@pytest.mark.parametrize(("asked", "taken"), [(0, 1), (7, 7), (999, 50)])
def test_the_number_of_passages_stays_in_bounds(asked: int, taken: int) -> None:
    assert Choice(top_k=asked).settings(HOUSE).top_k == taken
