"""How likely the evidence holds what a question asks for.

The probability is the mean log-odds of a logistic regression and of boosted trees over the numbers of `rag.evidence`,
calibrated on questions that neither had seen. `python -m rag.train answerability` makes both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rag.coverage import Similarity
from rag.evidence import describe
from rag.question import Question
from rag.short import Read

MODEL = Path(__file__).parent / "model" / "answerability.json"


@dataclass(frozen=True, slots=True)
class Tree:
    """One regression tree; node n goes left where `value[feature[n]] <= threshold[n]`, a child ~k is leaf k."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    leaf: tuple[float, ...]

    def read(self, values: Sequence[float]) -> float:
        """The leaf that these values lead to."""
        node = 0 if self.feature else -1
        while node >= 0:
            low = values[self.feature[node]] <= self.threshold[node]
            node = self.left[node] if low else self.right[node]
        return self.leaf[~node]


@dataclass(frozen=True, slots=True)
class Model:
    """Both parts and how they are put together.

    Attributes:
        names: the features, in the order of `weights`.
        scale, shift: of the calibration, on the mean log-odds.
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float
    trees: tuple[Tree, ...]
    scale: float
    shift: float

    def probability(self, features: Mapping[str, float]) -> float:
        """In [0, 1]."""
        values = [features[name] for name in self.names]
        linear = self.bias + sum(w * v for w, v in zip(self.weights, values, strict=True))
        boosted = sum(tree.read(values) for tree in self.trees)
        odds = self.scale * (linear + boosted) / 2 + self.shift
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def model_from(data: Mapping[str, Any]) -> Model:
    """The model that a JSON object describes."""
    trees = tuple(
        Tree(*(tuple(tree[part]) for part in ("feature", "threshold", "left", "right", "leaf")))
        for tree in data["trees"]
    )
    return Model(tuple(data["names"]), tuple(data["weights"]), data["bias"], trees, data["scale"], data["shift"])


@cache
def _shipped() -> Model:
    """The model that comes with the package."""
    return model_from(json.loads(MODEL.read_text(encoding="utf-8")))


def probability(question: Question, read: Sequence[Read], similarity: Similarity | None) -> float:
    """How likely the evidence holds the answer, in [0, 1]; arguments as for `describe`."""
    return _shipped().probability(describe(question, read, similarity))
