"""Other words for what a question says: the table itself, and that they find and prove the passage."""

from __future__ import annotations

from pathlib import Path

from rag.documents import document_from_text
from rag.extract import extract
from rag.passages import split_passages
from rag.retrieve import in_words_there
from rag.synonyms import TABLE, synonyms
from rag.types import Hit
from vectorstore.embedding import load_embedder
from vectorstore.local import LocalStore
from vectorstore.tokens import fold

TEXT = "量子院有外籍人员12名。怀柔的道路已基本建成，形成八横五纵格局。"


def test_the_table_is_folded_and_repeats_nothing() -> None:
    lines = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(len(line) > 1 and len(set(line)) == len(line) for line in lines)
    assert all(fold(word) == word for line in lines for word in line)
    assert len({line[0] for line in lines}) == len(lines)


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


def test_another_word_of_the_table_counts_as_said() -> None:
    document = document_from_text(TEXT, source="甲")
    found = extract("量子院有几个老外？", [Hit(passage, 1.0) for passage in split_passages(document)])
    assert found.short == "12名"
