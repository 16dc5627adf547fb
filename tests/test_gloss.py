"""English questions about Chinese documents: in whose words they are searched, and how they are answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.assistant import Assistant
from rag.documents import document_from_text
from rag.gloss import NOTICE, gloss
from rag.passages import split_passages
from rag.settings import Settings
from rag.types import Hit

RULES = "霜叶空调整机保修三年,压缩机保修六年。滤网每两周清洗一次。霜叶公司2017年8月6日成立,位于怀柔。"
MEETING = "会议由主任李红主持。会议决定明年在通州建设新的仓库,预算为1200万元。"


def hits_of(*texts: str) -> list[Hit]:
    documents = [document_from_text(text, source=f"{number}.txt") for number, text in enumerate(texts)]
    return [Hit(passage, 1.0, 1.0, 1.0) for document in documents for passage in split_passages(document)]


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("How long is the warranty?", "保修多长？"),
        ("How long are the compressor warranties?", "压缩机保修多长？"),
        ("Where is the company located?", "公司位于哪里？"),
        ("Was the company established on August 6, 2017?", "公司成立8月6日2017年吗？"),
        ("Which year was the company founded?", "公司成立哪年？"),
        ("保修多久？", ""),  # Chinese already
        ("xyzzy?", ""),  # no word of it is known
    ],
)
def test_a_question_in_the_words_of_the_passages(question: str, meant: str) -> None:
    assert gloss(question, hits_of(RULES)) == meant


def test_passages_in_english_need_no_gloss() -> None:
    english = "The warranty lasts three years."
    assert gloss("How long is the warranty?", hits_of(english)) == ""
    assert gloss("How long is the warranty?", hits_of(english, RULES)) == ""
    assert gloss("How long is the warranty?", []) == ""


@given(st.text(max_size=80))
def test_any_question_has_a_gloss_or_none(question: str) -> None:
    meant = gloss(question, hits_of(RULES))
    assert not meant or meant.endswith("？")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "空调.txt").write_text(RULES, encoding="utf-8")
    (folder / "纪要.txt").write_text(MEETING, encoding="utf-8")
    return Assistant.build(folder, settings=Settings(index=Path(tmp_path_factory.mktemp("index")) / "index"))


def test_an_english_question_is_answered_from_a_chinese_document_with_a_caution(assistant: Assistant) -> None:
    for question, quote in (
        ("How often is the filter cleaned?", "滤网每两周清洗一次"),
        ("How long is the compressor warranty?", "压缩机保修六年"),
        ("Who chaired the meeting?", "会议由主任李红主持"),
    ):
        answer = assistant.answer(question)
        assert quote in answer.text
        assert (answer.notice, answer.standalone_question) == (NOTICE, question)
    assert assistant.retrieve("How big is the budget for the warehouse?")[0].passage.source == "纪要.txt"


def test_what_is_not_there_is_refused_in_english(assistant: Assistant) -> None:
    answer = assistant.answer("Who is the ambassador to Brazil?")
    assert answer.refused
    assert answer.reason.isascii()
    assert answer.hits
