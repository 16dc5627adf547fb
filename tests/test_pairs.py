"""Pairs of characters, located in many sentences at once, against the plain way of looking for each."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rag.pairs import densest, held_in, locate_pairs

TEXTS = st.text(st.sampled_from("量子院的 ，\0𠮷"), max_size=12)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=6))
def test_located_as_by_looking_for_each(asked: str, sentences: list[str]) -> None:
    pairs = list(pairwise(asked)) or [("", "")]
    found = locate_pairs(pairs, sentences)
    there = [set(pairwise(sentence)) for sentence in sentences]
    assert found.held.tolist() == [[float(pair in own) for pair in pairs] for own in there]
    assert found.held.flags.c_contiguous  # another order would round another way in products
    assert found.sizes.tolist() == [len(own) for own in there]
    assert found.places == [
        [(place, pairs.index(pair)) for place, pair in enumerate(pairwise(sentence)) if pair in pairs]
        for sentence in sentences
    ]
    assert [held_in(pairs, sentence) for sentence in sentences] == (found.held > 0).tolist()


def test_what_stands_close_together_counts_once() -> None:
    weights = [2.0, 1.0, 0.0]
    assert densest([(0, 0), (1, 1), (2, 0)], weights, 30) == 3.0
    assert densest([(0, 0), (40, 1)], weights, 30) == 2.0
    assert densest([(0, 2), (5, 1), (9, 0), (34, 0)], weights, 30) == 3.0
    assert densest([], weights, 30) == 0.0
