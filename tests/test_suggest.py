"""Questions drawn from documents: each form by hand, nothing vague, and never one that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Assistant, Document, Settings
from rag.suggest import Proposal, propose, suggest


def proposed(text: str) -> list[Proposal]:
    return list(propose(Document("d", "甲.txt", "/甲.txt", "甲", text)))


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("试验地位于泽北市柳圩镇，土壤为砂质。", "试验地位于哪里？", "泽北市柳圩镇"),
        ("量子院成立于2017年12月。", "量子院是什么时候成立的？", "2017年12月"),
        ("望京食堂自2024年3月5日起营业，本办法自2023年7月1日起施行。", "", ""),
        ("请假规定自2023年7月1日起施行。", "请假规定什么时候施行？", "2023年7月1日"),
        ("望京食堂由赵师傅负责。", "望京食堂由谁负责？", "赵师傅"),
        ("额定重量：11.2吨", "额定重量是多少？", "11.2吨"),
        ("开标时间：2024年5月21日14时", "开标时间是什么时候？", "2024年5月21日"),
        ("开会地点：三楼会议室", "开会地点在哪里？", "三楼会议室"),
        ("3. 研发费用4,530万元。", "研发费用多少元？", "4,530万元"),
        ("公司共有研发人员612人。", "公司共有研发人员多少人？", "612人"),
        ("其中有12人。该院成立于2017年。超过3天的，另行通知。第二条 不足10公里。", "", ""),
    ],
)
def test_a_clear_fact_becomes_its_question(text: str, question: str, answer: str) -> None:
    assert proposed(text) == ([Proposal(question, answer)] if question else [])


def test_places_come_before_numbers_and_nothing_twice() -> None:
    found = proposed("全年投入3亿元。量子院位于中关村软件园。全年投入3亿元。")
    assert [proposal.question for proposal in found] == ["量子院位于哪里？", "全年投入多少元？"]


@given(st.text(alphabet="量子院位于中关村成立2017年3月5日由负责：:，。（）\n1.A <", max_size=80))
def test_any_text_is_borne_and_the_answer_stands_in_it(text: str) -> None:
    for proposal in proposed(text):
        assert proposal.answer in text
        assert proposal.question.endswith("？")


def test_every_suggestion_is_answered(seeds_assistant: Assistant) -> None:
    found = suggest(seeds_assistant)
    assert found[0] == "量子院位于哪里？"
    assert 2 <= len(found) <= 4
    assert not any(seeds_assistant.answer(question).refused for question in found)


def test_documents_without_facts_suggest_nothing(tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("床前明月光，疑是地上霜。\nWords only, no facts.\n", "utf-8")
    with Assistant.build(tmp_path / "poem.txt", settings=Settings(index=tmp_path / "index")) as assistant:
        assert suggest(assistant) == ()
