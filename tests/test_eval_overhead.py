"""Time around the model: every stage is measured for every question, and an index is made where none is named."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from eval.cli import main
from eval.overhead import measure_overhead
from rag import Assistant


def test_every_stage_of_every_question_is_timed(seeds_assistant: Assistant) -> None:
    questions = ["量子院位于哪里？", "建成房源多少套？", "红烧肉怎么做？"]
    spent = measure_overhead(seeds_assistant, questions)
    assert list(spent) == ["retrieve", "pack and fence", "verify", "all"]
    assert all(len(pairs) == 2 for pairs in spent.values())  # the first warms up
    for question in range(2):
        stages = [spent[stage][question] for stage in list(spent)[:3]]
        assert spent["all"][question][1] == pytest.approx(sum(clock for _, clock in stages))
        assert all(clock > 0 for _, clock in stages)


def test_the_command_makes_an_index_of_the_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"量子院第{i}次会议在中关村软件园召开，有{i + 20}人参加。会议讨论了科研经费的使用。" * 8 for i in range(4)]
    with lzma.open(tmp_path / "news.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    assert main(["overhead", str(tmp_path), "--passages", "4", "--questions", "2"]) == 0
    out = capsys.readouterr().out
    assert "4 passages, 2 questions" in out
    assert "verify" in out
    assert main(["overhead"]) == 1
    assert "--index" in capsys.readouterr().err
