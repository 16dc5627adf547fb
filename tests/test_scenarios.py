"""Every fault and every dishonest answer: nothing false is shown, nothing hangs, the reader is told."""

from __future__ import annotations

import pytest

from tests.llm_server import FABRICATED, ORDERED, PARTS
from tests.scenarios import POISONED_PARTS, SEEDS_PARTS, Seen, as_markdown, play

# The model's own words are shown, in full or in part.
KEPT = set(
    "honest no_markers full_width wrong_marker out_of_range half_true repairs worsens declines_late fails_late "
    "stalls_late leaky thinking chatty json slow rate_limited_once broken_once obedient half_captured".split()
)
# Some of its sentences were struck, and the reader is told so.
STRUCK = set("half_true worsens declines_late fails_late stalls_late half_captured".split())


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    return list(play(tmp_path_factory.mktemp("scenarios")))


def test_every_part_of_the_server_is_played(rows: list[Seen]) -> None:
    assert set(PARTS) <= {*SEEDS_PARTS, *POISONED_PARTS}
    assert {row.part for row in rows} == {*SEEDS_PARTS, *POISONED_PARTS, "closed"}


def test_nothing_made_up_and_nothing_ordered_is_shown(rows: list[Seen]) -> None:
    for row in rows:
        shown = f"{row.answer.text} {row.answer.short}" + " ".join(c.quote for c in row.answer.citations)
        for lie in (FABRICATED, ORDERED, "爱因斯坦", "99999", "dragon", "evil", "年鉴", "secret", "<资料"):
            assert lie not in shown, row.part
        assert "secret" not in row.answer.notice, row.part


def test_the_reader_gets_the_true_sentence_or_is_told_why_not(rows: list[Seen]) -> None:
    for row in rows:
        if row.part == "refusal" or row.answer.question.startswith("青河机械厂的董事会"):
            assert row.answer.refused, row.part
            continue
        assert not row.answer.refused, row.part
        assert row.answer.citations, row.part
        written_by_model = row.answer.model != "extractive"
        assert written_by_model == (row.part in KEPT), (row.part, row.answer.text)
        if not written_by_model:
            assert row.answer.notice.startswith("语言模型没有答成（"), row.part
        if row.part in STRUCK:
            assert "已删去" in row.answer.notice, row.part


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("unauthorized", "拒绝了密钥 (401)"),
        ("no_credit", "余额不足 (402)"),
        ("not_found", "没有模型 openai:not_found"),
        ("rate_limited", "请求太多或额度用完 (429)"),
        ("broken", "出了故障 (500)"),
        ("overflow", "调小 RAG_LLM_CONTEXT"),
        ("silent", "没有回应"),
        ("trickle", "没有回应"),
        ("endless", "还没停，已中止"),
        ("empty", "没有写出任何内容"),
        ("half", "中途断了"),
        ("dropped", "断开了连接"),
        ("invalid_utf8", "读不懂"),
        ("html", "读不懂"),
        ("closed", "连不上"),
        ("parrot", "只重复了资料"),
    ],
)
def test_a_line_says_why_the_embedded_answerer_took_over(rows: list[Seen], part: str, told: str) -> None:
    [row] = [row for row in rows if row.part == part]
    assert told in row.answer.notice


def test_nothing_hangs(rows: list[Seen]) -> None:
    # a limit against hanging, not a measurement: the slowest part is given up after a second and its retries
    assert all(row.seconds < 30 for row in rows)


def test_documents_that_give_orders_are_flagged(rows: list[Seen]) -> None:
    assert all(row.warned for row in rows if row.part in POISONED_PARTS)
    assert not any(row.warned for row in rows if row.part in SEEDS_PARTS)


def test_the_table_is_markdown(rows: list[Seen]) -> None:
    lines = list(as_markdown(iter(rows)))
    assert len(lines) == len(rows) + 2
    assert all(line.count(" | ") == 4 and line.startswith("| ") and line.endswith(" |") for line in lines[2:])
