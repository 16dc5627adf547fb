"""Word vectors are made once and are the embedder's own."""

from __future__ import annotations

import numpy as np

from rag import similarity
from rag.similarity import word_similarity, word_vectors
from vectorstore.embedding import load_embedder


def test_vectors_are_the_embedders_whether_kept_or_made():
    words = ["搬迁", "搬家", "", "搬迁", "9000M2"]
    expected = load_embedder("embedded").embed(words)
    for _ in range(2):
        assert np.array_equal(word_vectors(words), expected)
    assert word_vectors([]).shape == (0, expected.shape[1])


def test_what_is_kept_stays_bounded(monkeypatch):
    monkeypatch.setattr(similarity, "MOST_KEPT", 10)
    many = [f"第{number}号" for number in range(25)]
    assert word_vectors(many).shape[0] == 25
    word_vectors(["甲", "乙"])
    assert len(similarity._kept()) <= 25 + 2
    word_vectors(["丙"])
    assert len(similarity._kept()) <= 10


def test_a_word_is_nearest_to_itself():
    cosines = word_similarity(["搬迁"], ["搬迁", "天气"])
    assert cosines.shape == (1, 2)
    assert cosines[0, 0] > 0.999 > cosines[0, 1]
