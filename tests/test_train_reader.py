"""Training a reader: batches of sentences of like length."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from rag.reading import read
from rag.train import reader
from rag.train.reader import Item, Sentence


def an_item(words: int) -> Item:
    """A question on a sentence of so many words and on one of a single word."""
    readings = [read("，" * words), read("好")]
    sentences = tuple(Sentence(k, one, k, 0.0, np.zeros((1, 1)), ()) for k, one in enumerate(readings))
    return Item(read("谁"), np.zeros((1, 1)), 0, sentences)


def test_every_question_is_in_one_batch_beside_others_of_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH", 4)
    monkeypatch.setattr(reader, "SORTED", 100)
    items = [an_item(words) for words in (5, 1, 9, 3, 7, 2, 8, 4, 6, 10)]
    batches = reader._batches(items, random.Random(0))
    lengths = [[reader._longest(one) for one in batch] for batch in batches]
    assert sorted(lengths) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    orders = [[len(batch) for batch in reader._batches(items, random.Random(seed))] for seed in range(20)]
    assert any(one != other for one, other in pairwise(orders))  # drawn anew
