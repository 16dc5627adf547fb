"""Where pairs of neighbouring characters of a question stand in many sentences, all compared at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_BITS = 21  # of a code point

# Two neighbouring characters; ("", "") stands for none.
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class PairPlaces:
    """Which of P pairs stand where in S sentences.

    Attributes:
        held: 1 where a sentence has a pair, shape (S, P), float64.
        sizes: how many different pairs each sentence has, shape (S,), float64.
        places: of each sentence, (offset, number of the pair) of every pair found, by offset; of pairs that are the
            same, the first number.
    """

    held: np.ndarray
    sizes: np.ndarray
    places: list[list[tuple[int, int]]]


def locate_pairs(pairs: Sequence[Pair], sentences: Sequence[str]) -> PairPlaces:
    """Find every pair in every sentence.

    >>> found = locate_pairs([("量", "子"), ("子", "院")], ["量子院和量子", "院子", ""])
    >>> found.held.tolist(), found.sizes.tolist(), found.places
    ([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]], [4.0, 1.0, 0.0], [[(0, 0), (1, 1), (4, 0)], [], []])
    """
    # one character more after each sentence, so that none is empty; the pairs it would make are not looked at
    lengths = np.array([len(sentence) + 1 for sentence in sentences])
    starts = np.cumsum(lengths) - lengths
    codes = np.frombuffer("\0".join([*sentences, ""]).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    there = codes << _BITS
    there[:-1] |= codes[1:]
    there[starts + lengths - 1] = -2
    inner = lengths > 1
    there[(starts + lengths - 2)[inner]] = -2
    wanted = np.array([ord(a) << _BITS | ord(b) if a else -1 for a, b in pairs])
    same = there == wanted[:, None]
    held = np.ascontiguousarray(np.logical_or.reduceat(same, starts, axis=1).T, float)
    number = np.repeat(np.arange(len(sentences)), lengths)
    order = np.lexsort((there, number))
    there, of_sentence = there[order], number[order]
    new = np.concatenate([[True], (there[1:] != there[:-1]) | (of_sentence[1:] != of_sentence[:-1])]) & (there >= 0)
    sizes = np.bincount(of_sentence[new], minlength=len(sentences)).astype(float)
    found = np.flatnonzero(same.any(axis=0))
    offsets = (found - starts[number[found]]).tolist()
    numbers = same[:, found].argmax(axis=0).tolist()
    bounds = np.searchsorted(found, [*starts, len(codes)]).tolist()
    places = [list(zip(offsets[a:b], numbers[a:b], strict=True)) for a, b in pairwise(bounds)]
    return PairPlaces(held, sizes, places)


def held_in(pairs: Sequence[Pair], text: str) -> list[bool]:
    """Which pairs stand in one text.

    >>> held_in([("量", "子"), ("子", "院"), ("", "")], "量子")
    [True, False, False]
    """
    return [bool(a) and a + b in text for a, b in pairs]


def densest(places: Sequence[tuple[int, int]], weights: Sequence[float], width: int) -> float:
    """Most weight of different pairs within `width` characters; windows open where a run of found pairs starts.

    Args:
        places: (offset, number of the pair), by offset.
        weights: of the pairs, by number.
    """
    telling = [(offset, number) for offset, number in places if weights[number]]
    best = 0.0
    for k, (start, _) in enumerate(telling):
        if not k or start - telling[k - 1][0] > 1:
            inside = {number for offset, number in telling[k : k + width] if offset - start < width}
            best = max(best, sum(weights[number] for number in inside))
    return best
