"""What the answerer looks at beside the passages found: each part's own hits first, the texts around them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.documents import document_from_text
from rag.passages import split_passages
from rag.surroundings import distinct, parts_with_hits, texts_around
from rag.types import Hit
from vectorstore.embedding import load_embedder
from vectorstore.local import LocalStore

LINES = ("量子院成立于2017年。", "量子院院长是张硕。", "物理所在北京。")
HITS = [
    Hit(split_passages(document_from_text(text, source=str(number)))[0], 0.9 - number / 10)
    for number, text in enumerate(LINES)
]


def test_one_question_sees_what_was_found_for_it() -> None:
    asked: list[str] = []
    parts = parts_with_hits("量子院的院长是谁？", HITS, lambda text: asked.append(text) or [])
    assert parts == {"量子院的院长是谁？": HITS}
    assert asked == []


def test_a_part_sees_its_own_hits_before_those_of_the_whole() -> None:
    own = Hit(HITS[1].passage, 0.5)
    parts = parts_with_hits("量子院哪年成立，院长是谁？", HITS, lambda text: [own] if "院长" in text else [HITS[0]])
    assert list(parts) == ["量子院哪年成立", "量子院院长是谁"]
    seen = parts["量子院院长是谁"]
    assert [hit.passage.id for hit in seen] == [HITS[1].passage.id, HITS[0].passage.id, HITS[2].passage.id]
    assert [hit.score for hit in seen] == [0.5, 0.5, 0.5]


def test_each_passage_once_where_it_comes_first() -> None:
    assert distinct([HITS[1], HITS[0], HITS[1]]) == [HITS[1], HITS[0]]


def test_the_text_before_a_passage_and_the_opening_of_its_document(tmp_path: Path) -> None:
    document = document_from_text("\n".join(f"第{number}段说的是量子院的事。" * 30 for number in range(4)), source="长")
    passages = split_passages(document)
    with LocalStore.create(tmp_path / "index", load_embedder()) as store:
        store.add([(document, passages)])
        hits = [Hit(passages[0], 1.0), Hit(passages[2], 0.5)]
        opening = {document.id: passages[0].text}
        assert texts_around(store, hits) == ({passages[2].id: passages[1].text}, opening)
        # what stands before the one is the other
        neighbours = [Hit(passages[3], 1.0), Hit(passages[2], 0.5)]
        before = {passages[3].id: passages[2].text, passages[2].id: passages[1].text}
        assert texts_around(store, neighbours) == (before, opening)
        assert texts_around(store, []) == ({}, {})
        with pytest.raises(KeyError):
            texts_around(store, [Hit(replace(passages[2], document_id="0" * 16), 1.0)])
