"""Word vectors are made once and are the embedder's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

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
    embed = load_embedder("embedded").embed
    kept = similarity._Kept()
    many = [f"第{number}号" for number in range(25)]
    for words in (["甲", "乙"], ["甲", "乙", *many[:8]], many[6:14], many, ["丙", "丙", many[0]], ["甲"]):
        assert np.array_equal(kept.of(words), embed(words))
        assert len(kept) <= max(10, len(words))


def test_threads_that_ask_at_once_get_their_own_words(monkeypatch):
    monkeypatch.setattr(similarity, "MOST_KEPT", 40)
    kept = similarity._Kept()
    questions = [[f"第{number}号", "量子院", f"{number}年"] for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(kept.of, questions * 5))
    embed = load_embedder("embedded").embed
    assert all(np.array_equal(one, embed(words)) for one, words in zip(found, questions * 5, strict=True))


def test_a_word_is_nearest_to_itself():
    cosines = word_similarity(["搬迁"], ["搬迁", "天气"])
    assert cosines.shape == (1, 2)
    assert cosines[0, 0] > 0.999 > cosines[0, 1]
