"""One draft, one repair: how often the model is called, which draft counts, what the reader sees meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from rag import Answer, Answered, Assistant, Delta, Retrieved, Settings
from tests.llm_server import FABRICATED, ScriptedServer

ASKED = "量子院位于哪里？"


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def ask(
    seeds: Assistant, server: ScriptedServer, part: str, *, repair: bool = True, timeout: float = 20.0
) -> tuple[Answer, list[Delta], int]:
    """The answer, the deltas before it and the number of calls."""
    settings = Settings(
        index=seeds.settings.index,
        llm=f"openai:{part}",
        llm_base_url=server.url,
        llm_api_key="k",
        llm_repair=repair,
        llm_timeout=timeout,
    )
    before = server.calls[part]
    with Assistant.open(settings=settings) as assistant:
        first, *deltas, last = assistant.stream(ASKED)
    assert isinstance(first, Retrieved)
    assert isinstance(last, Answered)
    assert all(isinstance(delta, Delta) for delta in deltas)
    return last.answer, [delta for delta in deltas if isinstance(delta, Delta)], server.calls[part] - before


@pytest.mark.parametrize(
    ("part", "calls", "grounding"),
    [
        ("honest", 1, 1.0),  # nothing to repair
        ("repairs", 2, 1.0),
        ("half_true", 2, 0.5),  # says the same again
        ("worsens", 2, 0.5),
        ("declines_late", 2, 0.5),
        ("fails_late", 4, 0.5),  # 500, with the client's two retries
    ],
)
def test_the_better_draft_counts(
    seeds_assistant: Assistant, server: ScriptedServer, part: str, calls: int, grounding: float
) -> None:
    answer, deltas, called = ask(seeds_assistant, server, part)
    assert called == calls
    assert answer.model == f"openai:{part}"
    assert answer.grounding == grounding
    assert "中关村软件园" in answer.text
    assert FABRICATED not in answer.text
    assert ("已删去" in answer.notice) == (grounding < 1)
    streamed = "".join(delta.text for delta in deltas)
    assert streamed.count(FABRICATED) == (part != "honest")  # the second draft stays out of sight


def test_what_nothing_supports_is_not_repaired(seeds_assistant: Assistant, server: ScriptedServer) -> None:
    answer, _, called = ask(seeds_assistant, server, "fabricated")
    assert called == 1
    assert answer.model == "extractive"


def test_repair_can_be_switched_off(seeds_assistant: Assistant, server: ScriptedServer) -> None:
    answer, _, called = ask(seeds_assistant, server, "repairs", repair=False)
    assert (called, answer.grounding) == (1, 0.5)


def test_a_repair_that_stalls_is_given_up(seeds_assistant: Assistant, server: ScriptedServer) -> None:
    start = time.monotonic()
    answer, _, called = ask(seeds_assistant, server, "stalls_late", timeout=0.8)
    assert time.monotonic() - start < 8
    assert called == 2
    assert answer.grounding == 0.5


def test_the_model_is_told_what_was_wrong(seeds_assistant: Assistant, server: ScriptedServer) -> None:
    ask(seeds_assistant, server, "repairs")
    system, passages, draft, problems = server.requests[-1]["messages"]
    assert [message["role"] for message in (system, passages, draft, problems)] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert passages["content"].endswith(f"问题：{ASKED}")
    assert FABRICATED in draft["content"]
    assert f"- “{FABRICATED}”：" in problems["content"]
    assert "中关村软件园" not in problems["content"]
