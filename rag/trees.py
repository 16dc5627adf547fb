"""Boosted regression trees as flat arrays: trained elsewhere, evaluated here with numpy alone. Pure but for `load`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

# Steps after which rows that have reached a leaf rest: half of them have after the first, nearly all after the second.
_REST_AFTER = (4, 6)
# What a file has as the feature of a leaf.
LEAF = -1


@dataclass(frozen=True, eq=False)
class Trees:
    """T trees over F named features, their nodes one after the other.

    A row goes left where its feature is ≤ the threshold. Leaves point to themselves, so that every row may take as many
    steps as the deepest tree.

    Attributes:
        names: the features, in the order of the columns.
        feature, left, right: of each node, shape (N,); indices are into the node arrays.
        threshold: of each node, shape (N,), float32.
        value: what a leaf adds, shape (N,), float64; 0 for inner nodes.
        roots: first node of each tree, shape (T,).
        depth: steps from the root to the deepest leaf.
    """

    names: tuple[str, ...]
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    depth: int

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Sum of the leaves each row reaches, shape (len(rows),).

        Args:
            rows: shape (R, F), float32, columns in the order of `names`.

        Raises:
            ValueError: the rows don't have F columns.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            raise ValueError(f"rows have shape {rows.shape}, these trees need (R, {len(self.names)})")
        flat = np.ascontiguousarray(rows, np.float32).ravel()
        reached = np.tile(self.roots, len(rows))
        going, node = np.arange(len(reached)), reached
        offset = np.repeat(np.arange(len(rows)) * len(self.names), len(self.roots))
        for step in range(self.depth):
            if step in _REST_AFTER:
                reached[going] = node
                on_the_way = np.flatnonzero(self._children.take(2 * node) != node)
                going, node, offset = (array.take(on_the_way) for array in (going, node, offset))
            # take is twice as fast as indexing
            goes_right = flat.take(offset + self.feature.take(node)) > self.threshold.take(node)
            node = self._children.take(2 * node + goes_right)
        reached[going] = node
        return self.value.take(reached.reshape(len(rows), len(self.roots))).sum(axis=1)

    @cached_property
    def _children(self) -> np.ndarray:
        """Left and right child of each node in turn, shape (2N,)."""
        return np.stack([self.left, self.right], axis=1).ravel()


def load(path: Path) -> Trees:
    """Trees from a `.safetensors` file written by `rag.train.export`, eight bytes a node.

    A left child stands next to its node, so that only the right one is written. What is written as the number is a
    leaf's value, and of other nodes the threshold; a leaf has the feature LEAF.

    Raises:
        FileNotFoundError: there is no such file.
    """
    from safetensors import safe_open

    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: reinstall wenju, or run `python -m rag.train {path.stem} DATA_FOLDER`"
        )
    with safe_open(path, "numpy") as file:
        feature, number, right, roots = (file.get_tensor(name) for name in ("feature", "number", "right", "roots"))
        described = file.metadata()
    is_leaf, own = feature == LEAF, np.arange(len(feature))
    return Trees(
        names=tuple(described["names"].split(" ")),
        feature=np.where(is_leaf, 0, feature).astype(np.intp),
        threshold=np.where(is_leaf, 0, number).astype(np.float32),
        left=np.where(is_leaf, own, own + 1),
        right=right.astype(np.intp),
        value=np.where(is_leaf, number, 0).astype(np.float64),
        roots=roots.astype(np.intp),
        depth=int(described["depth"]),
    )
