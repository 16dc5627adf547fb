"""How likely the evidence holds what a question asks for: boosted trees over the numbers of `rag.evidence`.

Calibrated on questions that the trees had not seen. `python -m rag.train answerability` makes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from rag.coverage import Similarity
from rag.evidence import describe
from rag.question import Question
from rag.short import Read
from rag.trees import Trees, load

WEIGHTS = Path(__file__).parent / "model" / "answerability.safetensors"


def row(features: Mapping[str, float], names: Sequence[str]) -> np.ndarray:
    """The named features as the trees take them, shape (1, len(names)); a blank in a name is written `_` there."""
    known = {name.replace(" ", "_"): value for name, value in features.items()}
    return np.array([[known[name] for name in names]], np.float32)


def rows(described: Iterable[Mapping[str, float]], names: Sequence[str]) -> np.ndarray:
    """The same of several, shape (how many, len(names)); at least one."""
    return np.concatenate([row(features, names) for features in described])


def chance(odds: float) -> float:
    """The probability of log-odds, in [0, 1]."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


@cache
def _trees() -> Trees:
    """The shipped trees."""
    return load(WEIGHTS)


def probability(question: Question, read: Sequence[Read], similarity: Similarity | None) -> float:
    """How likely the evidence holds the answer, in [0, 1]; arguments as for `describe`."""
    trees = _trees()
    return chance(float(trees.predict(row(describe(question, read, similarity), trees.names))[0]))
