"""Dense search: exact, the same in any order of arrival, unmoved by later changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vectorstore.change import Removed
from vectorstore.dense import MOST_TIES, DenseIndex

EAST, NORTH, NORTHEAST = [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]


def index_of(rows: dict[int, list[float]], dimension: int = 2) -> DenseIndex:
    vectors = np.array(list(rows.values()), np.float16).reshape(len(rows), dimension)
    return DenseIndex(dimension).updated(1, [], np.array(list(rows), np.int64), vectors)


def question(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


def test_cosines_by_hand():
    index = index_of({1: EAST, 2: NORTH, 5: NORTHEAST})
    hits = index.search(question(0.0, 1.0), 2)
    assert [key for key, _ in hits] == [2, 5]
    assert [score for _, score in hits] == pytest.approx([1.0, 0.8], abs=1e-3)
    assert index.scores(question(0.0, 1.0), [5, 1, 2]).tolist() == pytest.approx([0.8, 0.0, 1.0], abs=1e-3)


def test_no_cosine_leaves_its_range():
    row = np.full(3, 3**-0.5)
    index = index_of({1: row.tolist()}, 3)
    ((_, score),) = index.search(row.astype(np.float32), 1)
    assert score <= 1.0
    assert index.scores(row.astype(np.float32), [1])[0] <= 1.0


def test_all_that_tie_with_the_last_are_given():
    index = index_of(dict.fromkeys(range(1, 101), EAST) | {101: NORTH})
    hits = index.search(question(1.0, 0.0), 3)
    assert [key for key, _ in hits] == list(range(1, 101))


def test_endless_ties_end():
    size = 10 * MOST_TIES
    index = index_of(dict.fromkeys(range(1, size + 1), EAST))
    assert 3 <= len(index.search(question(1.0, 0.0), 3)) < size


@pytest.mark.parametrize("k", [0, -1])
def test_nothing_asked_nothing_found(k):
    assert index_of({1: EAST}).search(question(1.0, 0.0), k) == []


def test_an_empty_index_and_an_empty_question():
    assert DenseIndex(2).search(question(1.0, 0.0), 5) == []
    assert DenseIndex(2).scores(question(1.0, 0.0), [1]).tolist() == [0.0]
    assert index_of({1: EAST}).search(question(0.0, 0.0), 5) == []


def test_keys_that_are_not_here_score_nothing():
    index = index_of({2: EAST, 4: EAST})
    assert index.scores(question(1.0, 0.0), [1, 2, 3, 4, 5]).tolist() == [0, 1, 0, 1, 0]
    assert index.scores(question(1.0, 0.0), []).shape == (0,)


def test_an_update_leaves_the_index_it_came_from():
    before = index_of({1: EAST, 2: NORTH})
    after = before.updated(2, [Removed(1, 1, 1)], np.array([3], np.int64), np.array([EAST], np.float16))
    assert (len(before), len(after), after.generation) == (2, 2, 2)
    assert [key for key, _ in before.search(question(1.0, 0.0), 1)] == [1]
    assert [key for key, _ in after.search(question(1.0, 0.0), 1)] == [3]
    assert after.scores(question(1.0, 0.0), [1, 3]).tolist() == [0.0, 1.0]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    steps=st.lists(st.tuples(st.integers(0, 12), st.lists(st.integers(0, 60), max_size=3)), min_size=1, max_size=12),
    k=st.integers(1, 20),
)
def test_any_history_gives_what_comparing_all_gives(seed, steps, k):
    random = np.random.default_rng(seed)
    index, alive, last = DenseIndex(8), {}, 0
    for generation, (more, gone) in enumerate(steps, 1):
        removed = [Removed(0, first, first + 2) for first in gone]
        alive = {key: row for key, row in alive.items() if not any(r.first <= key <= r.last for r in removed)}
        keys = np.arange(last + 1, last + more + 1)
        # Few values make many ties; eighths keep every product exact and within [-1, 1].
        vectors = (random.integers(-1, 2, (more, 8)) / 8).astype(np.float16)
        alive |= dict(zip(keys.tolist(), vectors, strict=True))
        last += more
        index = index.updated(generation, removed, keys, vectors)
    vector = random.integers(-1, 2, 8).astype(np.float32)
    exact = {key: float(row.astype(np.float32) @ vector) for key, row in alive.items()}
    hits = index.search(vector, k)
    assert len(index) == len(alive)
    if not vector.any():
        assert hits == []
        return
    ranked = sorted(exact.items(), key=lambda item: (-item[1], item[0]))
    assert hits[:k] == ranked[:k]
    assert index.scores(vector, list(exact)).tolist() == list(exact.values())
