import json

import pytest

from eval.authoring import make_case
from eval.cases import SEEDS, QuestionSetError, check_questions
from eval.draft import clozes_of, draft_questions, drafts_from_model, near_misses, review
from eval.records import Evidence, Question
from rag.documents import find_files, load_document
from rag.types import Document
from vectorstore.tokens import fold

TEXT = (
    "量子院已入职的全职科研人员217名。物理所从2003年开始布局超导量子计算。量子院院长助理张硕介绍，量子院位于中关村软件园。"
    "其中包括12名外籍人员。《2021年全球创新指数》已经发布。"
)
DOCUMENT = Document(id="a" * 16, source="院.txt", path="", title="量子院", text=TEXT)


def drafted() -> dict[str, Question]:
    return {question.question: question for question in clozes_of(DOCUMENT)}


def test_a_clause_with_its_fact_left_out_is_a_question():
    found = drafted()
    assert found["量子院已入职的全职科研人员多少名？"].facts == (("217名",),)
    assert found["物理所从哪一年开始布局超导量子计算？"].facts == (("2003年",),)
    assert found["量子院院长助理是谁？"].facts == (("张硕",),)
    assert found["量子院位于哪里？"].facts == (("中关村软件园",),)


def test_a_vague_beginning_and_a_year_in_a_title_make_none():
    assert not any("外籍" in question or "指数" in question for question in drafted())


def test_drafts_are_proven_by_the_checker_and_the_same_every_time():
    documents = [load_document(path, source=source) for path, source in find_files([SEEDS])]
    drafts = draft_questions(documents, 30)
    assert drafts == draft_questions(documents, 30) != draft_questions(documents, 30, seed=1)
    checked = check_questions(drafts, {document.source: document.text for document in documents})
    assert checked.problems == ()
    assert len({question.id for question in drafts}) == len(drafts) >= 20
    assert {question.evidence[0].source for question in drafts if question.evidence} == {d.source for d in documents}
    assert sum(not question.answerable for question in drafts) >= 5


def test_near_misses_name_what_no_document_has():
    texts = [fold(TEXT + "北京大学2021年、2020年和2022年都有。")]
    asked = Question("q", "北京大学2021年招了多少人？", True)
    assert [question.question for question in near_misses([asked], texts)] == [
        "北京大学2019年招了多少人？",
        "兰州大学2021年招了多少人？",
        "北京大学的注册资本是什么？",
    ]
    assert not any(question.answerable or not question.note for question in near_misses([asked], texts))


def test_a_person_accepts_rewords_refuses_and_stops():
    drafts = [Question(str(n), f"问题{n}？", True, (("217名",),)) for n in range(4)] + [Question("4", "无？", False)]
    typed = iter(["", "e", "改过的？", "n", "q"])
    shown: list[str] = []
    kept = review(drafts, lambda prompt: next(typed), shown.append)
    assert [question.question for question in kept] == ["问题0？", "改过的？"]
    assert any("217名" in line for line in shown)


def test_what_a_model_made_up_is_dropped():
    def model(prompt: str) -> str:
        assert "量子院" in prompt
        quote = "量子院已入职的全职科研人员217名。"
        rows = [
            {"question": "量子院有多少人？", "answer": "217名", "quote": quote},
            {"question": "量子院有多少人？", "answer": "218名", "quote": quote},
            {"question": "院长是谁？", "answer": "李四", "quote": "院长是李四。"},
            {"question": "少了字段"},
        ]
        return "好的：\n```json\n" + "\n".join(json.dumps(row, ensure_ascii=False) + "," for row in rows) + "\n[1]\n```"

    (question,) = drafts_from_model(DOCUMENT, TEXT, model)
    assert question.facts == (("217名",),)
    assert question.evidence == (Evidence("院.txt", "量子院已入职的全职科研人员217名。", 0, 18),)


def test_a_case_is_made_with_the_sentence_that_states_the_fact():
    texts = {"院.txt": TEXT}
    case = make_case("u1", "有多少外籍人员？", texts, facts=[("12名", "十二名")])
    assert case.evidence[0].quote == "其中包括12名外籍人员。" and case.evidence[0].start == TEXT.index("其中")
    quoted = make_case("u1", "有多少外籍人员？", texts, facts=[("12名",)], quotes=["12名外籍人员"])
    assert quoted.evidence[0].quote == "12名外籍人员"
    turns = [["介绍量子院", "好"]]
    missing = make_case("u2", "院长是谁？", texts, unanswerable=True, history=turns, note="没有")
    assert (missing.answerable, missing.history, missing.note) == (False, (("介绍量子院", "好"),), "没有")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "--fact"),
        ({"facts": [("量子院",)]}, "sentences state"),
        ({"facts": [("999",)]}, "0 sentences state"),
        ({"facts": [("12名",)], "quotes": ["13名外籍人员"]}, "none of the documents"),
        ({"facts": [("217名",)], "quotes": ["12名外籍人员"]}, "no quote states the fact"),
    ],
)
def test_a_case_that_the_documents_dont_bear_out_is_refused(options, said):
    with pytest.raises(QuestionSetError, match=said):
        make_case("u1", "多少？", {"院.txt": TEXT}, **options)
