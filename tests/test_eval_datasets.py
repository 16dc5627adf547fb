import json
import lzma
import os
from pathlib import Path

import pytest

from eval.cases import QuestionSetError
from eval.datasets import read_noise, read_public
from eval.records import Evidence
from eval.run import rank, run, temporary_assistant_over
from rag.settings import Settings


def write_json(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def write_lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


SQUAD = {
    "data": [
        {
            "title": "量子院",
            "paragraphs": [
                {
                    "context": "量子院成立于2017年。量子院位于中关村软件园。",
                    "qas": [
                        {"id": 1, "question": "量子院哪年成立？", "answers": [{"text": "2017年", "answer_start": 6}]},
                        {"id": 2, "question": "在哪？", "answers": [{"text": "软件园", "answer_start": 0}]},
                        {"id": 3, "question": "院长是谁？", "answers": [], "is_impossible": True},
                        {"id": 4, "question": "电话？", "answers": [{"text": "", "answer_start": -1}]},
                        {"id": 5, "question": " ", "answers": [{"text": "软件园", "answer_start": 20}]},
                    ],
                }
            ],
        }
    ]
}


def test_squads_layout(tmp_path):
    found = read_public("squad", write_json(tmp_path / "cmrc.json", SQUAD))
    assert [(d.source, d.title) for d in found.documents] == [("00000", "量子院")] and found.answers
    year, place, head, phone = found.questions
    assert year.facts == (("2017年",),) and year.evidence == (Evidence("00000", "2017年", 6, 11),) and year.any_evidence
    assert place.evidence == (Evidence("00000", "软件园", 20, 23),)  # a wrong offset is found again
    assert not head.answerable and not phone.answerable


def test_rgb_with_and_without_its_positive_passages(tmp_path):
    path = write_lines(
        tmp_path / "zh.json",
        {"id": 0, "query": "谁夺冠？", "answer": ["甲队"], "positive": ["甲队夺冠。"], "negative": ["乙队出局。"]},
        {
            "id": 1, "query": "哪年和哪里？", "answer": [["2022年", "22年"], "北京"],
            "positive": [["2022年举办。"], ["在北京。"]], "negative": ["乙队出局。"],
        },
    )  # fmt: skip
    found = read_public("rgb", path)
    assert len(found.documents) == 4 and all(question.answerable for question in found.questions)
    assert found.questions[0].facts == (("甲队",),) and found.questions[1].facts == (("2022年", "22年"), ("北京",))
    negatives = read_public("rgb-negatives", path)
    assert [d.text for d in negatives.documents] == ["乙队出局。"]
    assert not any(question.answerable for question in negatives.questions)


def test_crud_gives_questions_over_one_two_or_three_articles(tmp_path):
    row = {"questions": "发生了什么？", "answers": "很多。", "news1": "甲新闻。", "news2": "乙新闻。"}
    found = read_public("crud", write_json(tmp_path / "c.json", {"questanswer_2docs": [row], "event_summary": []}))
    assert len(found.documents) == 2 and not found.answers
    assert [piece.quote for piece in found.questions[0].evidence] == ["", ""]


@pytest.mark.parametrize("qrels", ["qrels/test.tsv", "qrels.tsv", "qrels.jsonl"])
def test_beir_and_mteb_folders(tmp_path, qrels):
    write_lines(
        tmp_path / "corpus.jsonl",
        {"_id": "d1", "title": "量子院", "text": "量子院位于中关村软件园。"},
        {"_id": "d2", "title": "", "text": "怀柔科学城建成房源1.8万套。"},
    )
    write_lines(tmp_path / "queries.jsonl", {"_id": "q1", "text": "量子院在哪里"}, {"_id": "q2", "text": "没有判断的"})
    if qrels.endswith("jsonl"):
        write_lines(tmp_path / qrels, {"query-id": "q1", "corpus-id": "d1", "score": 1})
    else:
        (tmp_path / qrels).parent.mkdir(exist_ok=True)
        (tmp_path / qrels).write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq1\tgone\t1\n")
    found = read_public("beir", tmp_path)
    (question,) = found.questions
    assert question.evidence == (Evidence("d1", ""),) and not found.answers
    with temporary_assistant_over(found.documents, Settings()) as assistant:
        (record,) = rank(assistant, found.questions)
    assert record.reply.found[0].source == "d1"
    assert record.scores["ndcg"] == record.scores["recall_1"] == 1.0 and "good" not in record.scores


def test_a_document_counts_once_however_many_of_its_passages_are_found(tmp_path):
    long = "".join(f"量子院的第{n}个实验室位于中关村软件园的{n}号楼。" for n in range(80))
    write_lines(tmp_path / "corpus.jsonl", {"_id": "d1", "text": long}, {"_id": "d2", "text": "软件园里还有食堂。"})
    write_lines(tmp_path / "queries.jsonl", {"_id": "q", "text": "量子院实验室软件园"})
    (tmp_path / "qrels.tsv").write_text("q\td2\t1\n")
    found = read_public("beir", tmp_path)
    with temporary_assistant_over(found.documents, Settings()) as assistant:
        (record,) = rank(assistant, found.questions)
    assert [hit.source for hit in record.reply.found] == ["d1", "d2"]
    assert record.scores["mrr"] == 0.5


@pytest.mark.parametrize(
    ("layout", "text"), [("squad", "[]"), ("squad", "{"), ("rgb", '{"id": 1}'), ("squad", '{"data": []}')]
)
def test_another_layout_is_named(tmp_path, layout, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(QuestionSetError, match="layout"):
        read_public(layout, path)
    with pytest.raises(QuestionSetError, match="can't read"):
        read_public(layout, tmp_path / "none.json")


def test_noise_comes_from_plain_and_packed_text(tmp_path):
    plain, packed = tmp_path / "n.txt", tmp_path / "n.txt.xz"
    plain.write_text("甲新闻。\n\n乙新闻。\n丙新闻。\n", encoding="utf-8")
    with lzma.open(packed, "wt", encoding="utf-8") as file:
        file.write("甲新闻。\n")
    assert [d.text for d in read_noise(plain, 2)] == ["甲新闻。", "乙新闻。"]
    assert [d.text for d in read_noise(packed, 2)] == ["甲新闻。"]
    with pytest.raises(QuestionSetError, match="noise"):
        read_noise(tmp_path / "none.xz", 1)


def test_a_real_set_is_measured_end_to_end():
    folder = Path(os.environ.get("WENJU_DATA", ""))
    path = folder / "cmrc2018_trial.json"
    if not os.environ.get("WENJU_DATA") or not path.exists():
        pytest.skip("set WENJU_DATA to a folder with cmrc2018_trial.json")
    found = read_public("squad", path)
    assert len(found.questions) == 1000 and len(found.documents) == 256
    by_source = {document.source: document.text for document in found.documents}
    assert all(by_source[p.source][p.start : p.end] == p.quote for q in found.questions for p in q.evidence if p.quote)
    with temporary_assistant_over(found.documents, Settings()) as assistant:
        ranked = rank(assistant, found.questions[:100])
        answered = run(assistant, found.questions[:10])
    assert sum(record.scores["recall_5"] for record in ranked) >= 90
    assert all(quote.exact for record in answered for quote in record.reply.quotes)
