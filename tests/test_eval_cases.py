import json
from dataclasses import replace

import pytest

from eval.cases import (
    OFFICE_QUESTIONS,
    SEED_QUESTIONS,
    SPLITS,
    QuestionSetError,
    append_question,
    check_questions,
    documents_of,
    question_from,
    question_to,
    read_questions,
    select,
    without_offsets,
    write_questions,
)
from eval.records import Evidence, Question
from rag.documents import find_files, load_document

TEXTS = {"院.txt": "量子院位于中关村软件园。共217名，外籍12名。"}
GOOD = Question("q1", "有多少人？", True, (("217", "二百一十七"),), (Evidence("院.txt", "共217名"),))


def problems(*questions: Question) -> tuple[str, ...]:
    return check_questions(questions, TEXTS).problems


@pytest.mark.parametrize("path", [SEED_QUESTIONS, OFFICE_QUESTIONS], ids=lambda path: path.stem)
def test_every_question_is_proven_against_its_documents(path):
    texts = {source: load_document(path, source=source).text for path, source in find_files([documents_of(path)])}
    questions = read_questions(path)
    checked = check_questions(questions, texts)
    assert checked.problems == () and checked.warnings == ()
    assert all(piece.start is not None for question in questions for piece in question.evidence)  # offsets are written
    assert list(checked.questions) == questions
    assert list(check_questions(without_offsets(questions), texts).questions) == questions


def test_the_seed_questions_are_as_many_and_as_varied_as_promised():
    questions = read_questions(SEED_QUESTIONS)
    assert len(questions) >= 150
    assert sum(not question.answerable for question in questions) * 3 >= len(questions)
    assert {question.split for question in questions} == {"dev", "test"}
    core = [question for question in questions if question.core]
    assert len(core) == 40 and sum(not question.answerable for question in core) == 10
    assert {question.split for question in core} == {"dev"}  # what is looked at every day is never the test split


def test_the_office_questions_keep_documents_of_the_test_split_out_of_tuning():
    questions = read_questions(OFFICE_QUESTIONS)
    assert len(questions) == 300 and sum(not question.answerable for question in questions) == 120
    seen = {
        split: {piece.source for one in questions if one.split == split for piece in one.evidence} for split in SPLITS
    }
    assert len(seen["dev"]) == 18 and len(seen["test"]) == 12
    assert not seen["dev"] & seen["test"]


def test_offsets_are_found_and_checked_to_the_character():
    checked = check_questions([GOOD], TEXTS)
    assert checked.problems == () and checked.questions[0].evidence == (Evidence("院.txt", "共217名", 12, 17),)
    assert "does not read" in problems(replace(GOOD, evidence=(Evidence("院.txt", "共217名", 13, 18),)))[0]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (replace(GOOD, evidence=(Evidence("院.txt", "共218名"),)), "is not in 院.txt"),
        (replace(GOOD, evidence=(Evidence("他.txt", "共217名"),)), "no document 他.txt"),
        (replace(GOOD, facts=(("17",),)), "no quote states the fact ['17']"),
        (replace(GOOD, facts=(("218",),)), "no quote states"),
        (replace(GOOD, facts=((),)), "has no wording"),
        (replace(GOOD, facts=()), "without facts or evidence"),
        (replace(GOOD, answerable=False), "unanswerable, but with facts"),
        (replace(GOOD, split="train"), "split is 'train'"),
    ],
    ids=["quote", "source", "digits", "fact", "no wording", "no fact", "unanswerable", "split"],
)
def test_the_checker_names_what_is_wrong(question, said):
    assert any(said in problem for problem in problems(question))


def test_a_quote_that_stands_twice_and_a_question_asked_twice_are_noted():
    twice = {"院.txt": TEXTS["院.txt"] * 2}
    checked = check_questions([GOOD, replace(GOOD, id="q2", question="有多少人?")], twice)
    assert checked.problems == ()
    assert [warning.split(":")[0] for warning in checked.warnings] == ["q1", "q2", "q2"]
    assert "asks the same as q1" in checked.warnings[-1]


def test_a_set_survives_writing_and_reading(tmp_path):
    question = replace(
        GOOD,
        history=(("量子院？", "在北京[1]。\u2028行"),),
        note="“备注”",
        core=True,
        any_evidence=True,
        category="fact",
    )
    path = tmp_path / "a" / "q.jsonl"
    write_questions(path, [question, Question("q2", "院长是谁？", False)])
    assert read_questions(path) == [question, Question("q2", "院长是谁？", False)]
    assert question_from(question_to(question)) == question
    assert [file.name for file in path.parent.iterdir()] == ["q.jsonl"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "q.jsonl:2: not a question"),
        ('["a"]', "must be an object, not list"),
        ('{"id": "x", "question": "？"}', "['answerable'] are missing"),
        ('{"id": "x", "question": " ", "answerable": true}', "must not be blank"),
        ('{"id": "x", "question": "？", "answerable": "no"}', "must be true or false"),
        ('{"id": "x", "question": "？", "answerable": false, "gold": 1}', "unknown fields ['gold']"),
        ('{"id": "q1", "question": "？", "answerable": false}', "id q1 is already used in line 1"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, said):
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(question_to(GOOD), ensure_ascii=False) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(QuestionSetError) as error:
        read_questions(path)
    assert said in str(error.value)


def test_a_missing_or_empty_file_is_an_error(tmp_path):
    with pytest.raises(QuestionSetError, match="can't read"):
        read_questions(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(QuestionSetError, match="no questions"):
        read_questions(tmp_path / "empty.jsonl")


def test_selecting_by_split_core_category_id_and_number():
    test = replace(GOOD, id="q2", split="test")
    core = replace(GOOD, id="q3", core=True, category="list")
    questions = [GOOD, test, core]
    assert select(questions) == [GOOD, core]
    assert select(questions, split="all", limit=2) == [GOOD, test]
    assert (
        select(questions, core=True)
        == select(questions, categories=["list"])
        == select(questions, ids=["q3"])
        == [core]
    )
    with pytest.raises(QuestionSetError, match=r"no question has \['lists'\]"):
        select(questions, categories=["lists"])
    with pytest.raises(QuestionSetError, match="no question is left"):
        select(questions, split="test", core=True)


def test_an_id_can_be_added_once(tmp_path):
    path = tmp_path / "q.jsonl"
    append_question(path, GOOD)
    with pytest.raises(QuestionSetError, match="q1 is taken"):
        append_question(path, GOOD)
    append_question(path, replace(GOOD, id="q2"))
    assert [question.id for question in read_questions(path)] == ["q1", "q2"]
