"""Other words for what a question says: the table itself, and that they find and prove the passage."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.coverage import SYNONYMOUS, word_coverage
from rag.documents import document_from_text
from rag.extract import extract
from rag.passages import split_passages
from rag.question import analyse
from rag.retrieve import in_words_there
from rag.synonyms import ENGLISH, TABLE, synonyms
from rag.types import Hit
from vectorstore.embedding import load_embedder
from vectorstore.local import LocalStore
from vectorstore.tokens import QUESTION_WORDS, fold

TEXT = "量子院有外籍人员12名。怀柔的道路已基本建成，形成八横五纵格局。"


@pytest.mark.parametrize("table", [TABLE, ENGLISH])
def test_the_tables_are_folded_and_repeat_nothing(table: Path) -> None:
    lines = [line.split() for line in table.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(len(line) > 1 and len(set(line)) == len(line) for line in lines)
    assert all(fold(word) == word for line in lines for word in line)
    assert len({line[0] for line in lines}) == len(lines)


def test_english_words_stand_for_chinese_ones_and_they_for_them() -> None:
    lines = [line.split() for line in ENGLISH.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(line[0].isascii() and line[0].isalnum() for line in lines)
    assert not QUESTION_WORDS.intersection(line[0] for line in lines)
    assert not any(word.isascii() for line in lines for word in line[1:])
    assert "特斯拉" in synonyms("tesla")
    assert "tesla" in synonyms("特斯拉")
    assert "保修" in synonyms("warranty")
    assert synonyms("warranties") == synonyms("warranty")
    assert synonyms("qwertys") == ()


def test_the_first_of_a_line_stands_for_the_others_and_they_for_it() -> None:
    assert "外籍" in synonyms("老外")
    assert "老外" in synonyms("外籍")
    assert "外国人" not in synonyms("外籍")
    assert synonyms("荷塘生华") == ()


def test_only_words_that_no_passage_holds_are_asked_for_in_others(tmp_path: Path) -> None:
    document = document_from_text(TEXT, source="甲")
    with LocalStore.create(tmp_path / "index", load_embedder()) as store:
        store.add([(document, split_passages(document))])
        assert in_words_there(store, "量子院有几个老外？") == "量子院有几个老外？ 外籍"
        assert in_words_there(store, "量子院有多少外籍人员？") == "量子院有多少外籍人员？"
        assert in_words_there(store, "") == ""
        assert in_words_there(store, "tesla的道路") == "tesla的道路"


def test_a_name_in_the_other_script_is_asked_for_where_all_of_it_may_stand(tmp_path: Path) -> None:
    texts = ("欧洲央行加息25个基点。", "Tesla builds cars in Shanghai.", "欧洲的银行不少,央行只有一家。")
    with LocalStore.create(tmp_path / "index", load_embedder()) as store:
        documents = [document_from_text(text, source=name) for name, text in zip("甲乙丙", texts, strict=True)]
        store.add((document, split_passages(document)) for document in documents)
        assert in_words_there(store, "ECB加息多少") == "ECB加息多少 欧洲央行"  # not 欧洲中央银行
        assert in_words_there(store, "特斯拉在哪") == "特斯拉在哪 tesla"


def test_an_english_word_is_asked_for_in_chinese_where_it_is_far_rarer(tmp_path: Path) -> None:
    chinese = [document_from_text(f"保修{years}年。", source=f"{years}.txt") for years in range(1, 42)]
    english = [document_from_text(f"The warranty ends in {year}.", source=f"{year}.txt") for year in (2024, 2025, 2026)]
    with LocalStore.create(tmp_path / "index", load_embedder()) as store:
        store.add((document, split_passages(document)) for document in (*chinese, *english[:2]))
        assert in_words_there(store, "warranty") == "warranty 保修"  # 41 against 2
        store.add([(english[2], split_passages(english[2]))])
        assert in_words_there(store, "warranty") == "warranty"
        assert in_words_there(store, "保修") == "保修"  # a Chinese one only where it is missing


def test_words_of_the_other_script_count_as_said_but_not_inside_others() -> None:
    coverage = {
        text: word_coverage(analyse("EV的销量"), text).tolist()[0]
        for text in ("电动汽车卖得好", "every 汽车", "ev卖得好")
    }
    assert coverage == {"电动汽车卖得好": SYNONYMOUS, "every 汽车": 0.0, "ev卖得好": 1.0}
    assert word_coverage(analyse("特斯拉销量"), "tesla 销量").tolist()[0] == SYNONYMOUS
    assert word_coverage(analyse("特斯拉销量"), "teslas 销量").tolist()[0] == 0.0


def test_another_word_of_the_table_counts_as_said() -> None:
    document = document_from_text(TEXT, source="甲")
    found = extract("量子院有几个老外？", [Hit(passage, 1.0) for passage in split_passages(document)])
    assert found.short == "12名"
