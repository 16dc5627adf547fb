"""LightGBM's dump of a model → the flat arrays that ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.trees import LEAF, Trees

# One way to grow trees for every small model: few leaves, each of many rows, columns and rows drawn anew for each tree.
GROWTH: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "use_missing": False,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


# Nodes are numbered in two bytes.
MOST_NODES = 2**16


def flatten(dump: Mapping[str, Any], names: Sequence[str]) -> Trees:
    """Trees from `Booster.dump_model()`, trained on float32 rows without missing values.

    Thresholds lie between two float32 values and are rounded down to the lower one, so that every float32 row goes the
    way it went in training.
    """
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    right: list[int] = []
    value: list[float] = []

    def add(node: Mapping[str, Any]) -> tuple[int, int]:
        """(index of the node, depth below it)."""
        index = len(feature)
        feature.append(0)
        threshold.append(0.0)
        left.append(index)
        right.append(index)
        value.append(node.get("leaf_value", 0.0))
        if "split_feature" not in node:
            return index, 0
        feature[index], threshold[index] = node["split_feature"], node["threshold"]
        left[index], below_left = add(node["left_child"])
        right[index], below_right = add(node["right_child"])
        return index, 1 + max(below_left, below_right)

    added = [add(tree["tree_structure"]) for tree in dump["tree_info"]]
    exact = np.array(threshold)
    rounded = exact.astype(np.float32)
    rounded = np.where(rounded > exact, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)
    return Trees(
        names=tuple(names),
        feature=np.array(feature, np.int32),
        threshold=rounded,
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        value=np.array(value),
        roots=np.array([index for index, _ in added], np.int32),
        depth=max(depth for _, depth in added),
    )


def save(trees: Trees, path: Path) -> None:
    """Write a `.safetensors` file that `rag.trees.load` reads; the values of leaves are rounded to single precision.

    Raises:
        ValueError: there are more nodes than the file can number, or a left child that is not next to its node.
    """
    from safetensors.numpy import save_file

    own = np.arange(len(trees.feature))
    is_leaf = trees.left == own
    if len(own) > MOST_NODES:
        raise ValueError(f"{len(own)} nodes, at most {MOST_NODES} can be written: train fewer trees, or smaller ones")
    if (trees.left[~is_leaf] != own[~is_leaf] + 1).any():
        raise ValueError("a left child is not next to its node: make the trees with `flatten`")
    arrays: dict[str, np.ndarray] = {
        "feature": np.where(is_leaf, LEAF, trees.feature).astype(np.int16),
        "number": np.where(is_leaf, trees.value, trees.threshold).astype(np.float32),
        "right": trees.right.astype(np.uint16),
        "roots": trees.roots.astype(np.uint16),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, path, metadata={"names": " ".join(trees.names), "depth": str(trees.depth)})
    path.chmod(0o644)
