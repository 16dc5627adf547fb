"""Kept conversations: JSON there and back, what is refused, Markdown with footnotes, eval cases, files on disk."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import check_questions, read_questions
from rag.types import Answer, Citation, Claim, Document, Hit, Passage
from rag.ui.diary import Diary
from rag.ui.export import answer_to_markdown, conversation_to_markdown
from rag.ui.feedback import rate
from rag.ui.keep import as_markdown, check_record, diary_folder
from rag.ui.record import MAX_TURNS, RecordRefused, mark_gone, read_conversation, turn_to_json
from rag.ui.turns import Feedback, Turn

#       0         1         2
#       0123456789012345678901234567
TEXT = "量子院位于中关村软件园。它有217名全职人员。"
PASSAGE = Passage("d:0", "d", 0, "量子.txt", "量子院巡礼", TEXT, 0, len(TEXT), page=3, date="2022-06-13")
DOCUMENT = Document("d", "量子.txt", "/量子.txt", "量子院巡礼", TEXT)
CITATION = Citation(1, "量子.txt", "量子院巡礼", TEXT[:12], 0, 12, PASSAGE, 3, "2022-06-13", (5, 11))
ANSWER = Answer(
    "量子院位于中关村软件园。[1]",
    False,
    "它在哪里？",
    "量子院在哪里？",
    short="中关村软件园",
    claims=(Claim("量子院位于中关村软件园。", (1,), True),),
    citations=(CITATION,),
    hits=(Hit(PASSAGE, 1.0),) * 6,
    grounding=1.0,
)
REFUSAL = Answer("文档里没有。", True, "红烧肉怎么做？", "红烧肉怎么做？", "没有提到。", hits=(Hit(PASSAGE, 1.0),) * 6)
TURNS = (
    Turn("它在哪里？", answer=ANSWER, progress="answered", sources="<section>…</section>"),
    Turn("红烧肉怎么做？", answer=REFUSAL, progress="answered", feedback=Feedback(False, "there")),
    Turn("断了", draft="甲", progress="stopped"),
    Turn("坏了", progress="failed", error="索引被占用。"),
)


def record(turns=TURNS, **changes: object) -> str:
    kept = [turn_to_json(turn) for turn in turns]
    return json.dumps(
        {"version": 1, "id": "c-1", "title": "量子", "created": 1, "updated": 2, "turns": kept, **changes}
    )


def test_a_conversation_comes_back_without_what_can_be_made_again() -> None:
    read = read_conversation(record())
    assert (read.title, len(read.turns)) == ("量子", 4)
    assert read.turns[0] == replace(TURNS[0], sources="", answer=replace(ANSWER, hits=()))
    assert len(read.turns[1].answer.hits) == 3  # what the panel lists under a refusal
    assert read.turns[1].feedback == Feedback(False, "there")
    assert [turn.progress for turn in read.turns] == ["answered", "answered", "stopped", "failed"]


def test_markup_from_outside_never_comes_in() -> None:
    turn = turn_to_json(TURNS[2]) | {"sources": "<img src=x onerror=alert(1)>", "gone": [1], "progress": "asking"}
    read = read_conversation(record(()).replace('"turns": []', f'"turns": [{json.dumps(turn)}]'))
    assert (read.turns[0].sources, read.turns[0].gone, read.turns[0].progress) == ("", frozenset(), "stopped")


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("", "JSON", "Invalid JSON"),
        ("[]", "JSON", "object"),
        (record(version=2), "版本是 2", "version 2"),
        (record(id="../../etc/passwd"), "编号", "id"),
        (record(id="甲"), "编号", "id"),
        (record(title=5), "title", "title"),
        (record((Turn("问"),) * (MAX_TURNS + 1)), "501 轮", "501 turns"),
        (record().replace('"start": 0', '"start": "零"'), "turns.0.answer", "turns.0.answer"),
        ("[" * 9_000_000, "太大", "Too long"),
    ],
)
def test_what_is_no_conversation_is_refused_in_both_languages(text: str, zh: str, en: str) -> None:
    with pytest.raises(RecordRefused) as caught:
        read_conversation(text)
    assert zh in caught.value.zh
    assert en in caught.value.en


def test_a_quote_that_is_no_longer_there_is_noted() -> None:
    assert mark_gone(TURNS, lambda _: DOCUMENT)[0].gone == frozenset()
    assert mark_gone(TURNS, lambda _: None)[0].gone == {1}
    assert mark_gone(TURNS, lambda _: replace(DOCUMENT, text="改" + TEXT))[0].gone == {1}


def test_markdown_has_a_footnote_for_every_quote() -> None:
    assert answer_to_markdown(ANSWER, "zh") == (
        "量子院位于中关村软件园。[^1]\n\n[^1]: “量子院位于中关村软件园。” — 量子院巡礼, 量子.txt, 2022-06-13, 第 3 页"
    )
    whole = conversation_to_markdown("量子", TURNS, "en")
    assert whole.startswith(
        "# 量子\n\n## 它在哪里？\n\n*Understood as: 量子院在哪里？*\n\n量子院位于中关村软件园。[^1-1]"
    )
    assert "page 3" in whole
    assert "## 坏了\n\n*索引被占用。*" in whole


def test_a_marker_without_a_source_makes_no_footnote() -> None:
    assert answer_to_markdown(replace(ANSWER, text="甲。[7]", citations=()), "zh") == "甲。\\[7\\]"


@pytest.mark.parametrize(
    "payload", ["<img src=x onerror=alert(1)>", "[点](javascript:alert(1))", "`a` *b* __c__ | # d"]
)
def test_untrusted_text_is_plain_in_markdown(payload: str) -> None:
    from markdown_it import MarkdownIt

    citation = replace(CITATION, quote=payload, title=payload, source=payload, date=payload)
    answer = replace(ANSWER, text=f"{payload}[1]", citations=(citation,), standalone_question=payload)
    text = conversation_to_markdown(payload, [Turn(payload, answer=answer), Turn("问", draft=payload)], "zh")
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    for tag in ("<img", "<a ", "<code", "<strong", "<table"):
        assert tag not in html


@given(st.text(max_size=60))
def test_any_text_survives_keeping(text: str) -> None:
    answer = replace(ANSWER, text=text, short=text)
    turn = Turn(text, answer=answer, progress="answered")
    try:
        json.dumps(text).encode()
        text.encode()
    except UnicodeEncodeError:
        return
    assert read_conversation(record((turn,))).turns[0].answer.text == text


def test_a_bad_answer_becomes_a_case_that_the_evals_take(tmp_path: Path) -> None:
    right = rate(TURNS[0], (), [DOCUMENT], False, "wrong", "２１７名")
    assert right.case["facts"] == [["２１７名"]]
    assert right.case["evidence"] == [{"source": "量子.txt", "quote": TEXT[12:], "start": 12, "end": len(TEXT)}]
    refuse = rate(TURNS[0], TURNS[1:2], [DOCUMENT], False, "invented", "")
    assert (refuse.case["answerable"], refuse.case["history"]) == (False, [["红烧肉怎么做？", "文档里没有。"]])
    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(json.dumps(feedback.case) + "\n" for feedback in (right, refuse)), "utf-8")
    checked = check_questions(read_questions(path), {"量子.txt": TEXT})
    assert checked.problems == ()


def test_feedback_that_says_too_little_is_kept_without_a_case() -> None:
    assert rate(TURNS[0], (), [DOCUMENT], False, "quote", "") == Feedback(False, "quote")
    assert rate(TURNS[0], (), [DOCUMENT], False, "wrong", "三百名").case is None
    assert rate(TURNS[0], (), [DOCUMENT], False, "<script>", "") == Feedback(False)
    assert rate(TURNS[0], (), [DOCUMENT], True, "wrong", "217") == Feedback(True)


def test_the_diary_keeps_lists_replaces_and_forgets(tmp_path: Path) -> None:
    diary = Diary(diary_folder(tmp_path / "index"))
    assert diary.folder.name == "index-conversations"
    assert diary.kept_list() == []
    feedback = rate(TURNS[0], (), [DOCUMENT], False, "wrong", "217名")
    diary.kept_put(json.loads(record((replace(TURNS[0], feedback=feedback),))))
    diary.kept_put(json.loads(record(id="c-2", updated=9, title="后来")))
    diary.kept_put(json.loads(record(id="c-2", updated=10, title="改名")))
    assert [kept["title"] for kept in diary.kept_list()] == ["改名", "量子"]
    assert stat.S_IMODE((diary.folder / "c-1.json").stat().st_mode) == 0o600
    assert [question.id for question in read_questions(diary.folder / "feedback.jsonl")] == [feedback.case["id"]]
    (diary.folder / "坏.json").write_text("{", "utf-8")
    diary.kept_remove("c-1")
    assert [kept["id"] for kept in diary.kept_list()] == ["c-2"]
    assert diary.kept_get("c-1") is None
    assert not (diary.folder / "feedback.jsonl").exists()


@pytest.mark.parametrize("name", ["../c-1", "a/b", "", "甲", "x" * 65, 5, None])
def test_the_diary_opens_no_other_file(tmp_path: Path, name: object) -> None:
    diary = Diary(tmp_path)
    for act in (diary.kept_get, diary.kept_remove):
        with pytest.raises(RecordRefused):
            act(name)
    with pytest.raises(RecordRefused):
        diary.kept_put({"id": name})


def test_what_the_browser_calls_answers_in_its_language() -> None:
    assert as_markdown({"record": record(), "language": "zh"})["text"].startswith("# 量子\n")
    assert "不是导出的对话" in as_markdown({"record": "x", "language": "zh"})["error"]
    assert "no exported conversation" in check_record({"record": "x", "language": "en"})["error"]
    assert check_record({"record": record(), "language": "en"}) == {}
