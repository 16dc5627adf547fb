"""What the reranker is trained and measured on: other wordings, the split, the search to compare with."""

from __future__ import annotations

import json
from pathlib import Path

from rag.train.reranker import (
    _REWORDED,
    _SYNONYMS,
    Asked,
    Reference,
    _held_out,
    _mistyped,
    _other_script,
    _reworded,
    _wide,
)
from rag.train.written import Written
from vectorstore.records import Document, Hit, Passage
from vectorstore.tokens import fold
from vectorstore.train.evaluate import SETS, Question


def _asked(*texts: str) -> list[Asked]:
    return [Asked(Question(text, "甲:0", "DRCD dev"), "as asked", False) for text in texts]


def _texts(asked: list[Asked]) -> list[str]:
    return [item.question.text for item in asked]


def test_the_words_measured_are_not_the_words_trained() -> None:
    trained, measured = (
        {tuple(line.split()) for line in file.read_text(encoding="utf-8").splitlines()}
        for file in (_SYNONYMS, _REWORDED)
    )
    assert len(measured) >= 150
    assert not {frozenset(pair) for pair in trained} & {frozenset(pair) for pair in measured}


def test_other_wordings() -> None:
    asked = _asked("公司何时成立？", "谁？")
    assert _texts(_reworded(asked, _REWORDED, "reworded")) == ["商号何时创建?"]
    assert _reworded(asked, _REWORDED, "reworded", at_least=3) == []
    assert _texts(_other_script(_asked("臺灣在哪", "台湾在哪", "a"))) == ["台湾在哪", "臺灣在哪"]
    assert _texts(_wide(_asked("gpu有3块", "院"))) == ["ＧＰＵ有３块"]


def test_a_typing_error_changes_one_character_of_a_content_word() -> None:
    (wrong,) = _texts(_mistyped(_asked("量子院在哪里？"), ["错", "量"]))
    right = fold("量子院在哪里？")
    changed = [index for index, (one, other) in enumerate(zip(right, wrong, strict=True)) if one != other]
    assert len(changed) == 1 and changed[0] < 4
    assert _texts(_mistyped(_asked("量子院在哪里？"), ["错", "量"])) == [wrong]
    assert _mistyped(_asked("哪里？", "GPU?"), ["错"]) == []


def test_articles_are_held_out_whole(tmp_path: Path) -> None:
    for file in SETS.values():
        articles = [{"title": f"文章{number // 2}", "paragraphs": []} for number in range(20)]
        (tmp_path / file).write_text(json.dumps({"data": articles}), encoding="utf-8")
    held_out = _held_out(tmp_path)
    assert len(held_out) == 6
    assert held_out == _held_out(tmp_path)


def test_the_search_to_compare_with() -> None:
    texts = ("量子院位于中关村。", "物理所位于怀柔。", "今天天气很好。")
    documents = [Document(str(number), "", "", "", text) for number, text in enumerate(texts)]
    reference = Reference(documents, ["物理所在哪里", "量子院"])
    assert reference.search("物理所在哪里")[0] == "1:0"
    assert reference.search("量子院")[0] == "0:0"


def test_the_words_of_the_answer_elsewhere_are_neither_right_nor_wrong() -> None:
    def hit(document: str, text: str, start: int = 0) -> Hit:
        return Hit(Passage(f"{document}:0", document, 0, document, "", text, start, start + len(text)), 1.0, 1.0, 0.0)

    one = Written("住房有多少套？", "甲", 12, "1.8万套", False)
    told = [
        one.answered_by(found)
        for found in (
            hit("甲", "建成房源1.8万套。", 8),
            hit("甲", "共１．８万套。"),
            hit("乙", "1.8万套。"),
            hit("乙", "2万套。"),
        )
    ]
    assert told == [True, None, None, False]
    assert Written("有几套？", "甲", 12, "两套", False).answered_by(hit("乙", "两套")) is False
