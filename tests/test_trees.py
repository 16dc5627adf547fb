"""Trees in numpy: the way of each row by hand, and the trainer's own predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from rag.train import export
from rag.train.export import flatten, save
from rag.trees import LEAF, Trees, load


def leaf(value: float) -> dict[str, float]:
    return {"leaf_value": value}


# 长度 ≤ 0.5 → 1; else 位置 ≤ -2 → 10, else 100. A second tree is a lone leaf.
DUMP = {
    "tree_info": [
        {
            "tree_structure": {
                "split_feature": 0,
                "threshold": 0.5,
                "left_child": leaf(1.0),
                "right_child": {
                    "split_feature": 1,
                    "threshold": -2.0,
                    "left_child": leaf(10.0),
                    "right_child": leaf(100.0),
                },
            }
        },
        {"tree_structure": leaf(0.25)},
    ]
}


@pytest.fixture
def trees() -> Trees:
    return flatten(DUMP, ["长度", "位置"])


@pytest.mark.parametrize(
    ("row", "expected"),
    [((0.0, 0.0), 1.25), ((0.5, 9.0), 1.25), ((0.51, -2.0), 10.25), ((0.51, -1.99), 100.25)],
    ids=["left", "equal goes left", "right then left", "right then right"],
)
def test_a_row_goes_left_up_to_the_threshold(trees: Trees, row: tuple[float, float], expected: float) -> None:
    assert trees.predict(np.array([row], np.float32)).tolist() == [expected]


def test_no_rows_give_no_scores(trees: Trees) -> None:
    assert trees.predict(np.zeros((0, 2), np.float32)).shape == (0,)


def test_rows_of_another_width_are_refused(trees: Trees) -> None:
    with pytest.raises(ValueError, match=r"\(1, 3\).*\(R, 2\)"):
        trees.predict(np.zeros((1, 3), np.float32))


def test_a_threshold_between_two_float32_values_is_rounded_down() -> None:
    # 0.1 in float64 lies below the float32 nearest to it, so that row has to go right
    dump = {
        "tree_info": [
            {
                "tree_structure": {
                    "split_feature": 0,
                    "threshold": 0.1,
                    "left_child": leaf(0.0),
                    "right_child": leaf(1.0),
                }
            }
        ]
    }
    below = np.nextafter(np.float32(0.1), np.float32(0))
    assert flatten(dump, ["值"]).predict(np.array([[np.float32(0.1)], [below]])).tolist() == [1.0, 0.0]


def test_saved_trees_predict_the_same(trees: Trees, tmp_path: Path) -> None:
    save(trees, tmp_path / "trees.safetensors")
    again = load(tmp_path / "trees.safetensors")
    assert again.names == ("长度", "位置")
    rows = np.array([[0.1, 0.0], [0.6, -3.0], [0.6, 3.0]], np.float32)
    assert again.predict(rows).tolist() == trees.predict(rows).tolist() == [1.25, 10.25, 100.25]


def test_a_node_is_eight_bytes_and_what_the_file_cannot_hold_is_refused(
    trees: Trees, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(trees, tmp_path / "trees.safetensors")
    arrays = load_file(tmp_path / "trees.safetensors")
    assert arrays["feature"].tolist() == [0, LEAF, 1, LEAF, LEAF, LEAF]
    assert arrays["number"].tolist() == [0.5, 1.0, -2.0, 10.0, 100.0, 0.25]
    assert arrays["right"].tolist() == [2, 1, 4, 3, 4, 5]
    assert sum(arrays[name].nbytes for name in ("feature", "number", "right")) == 6 * 8
    with pytest.raises(ValueError, match="not next to its node"):
        save(replace(trees, left=trees.right, right=trees.left), tmp_path / "turned.safetensors")
    monkeypatch.setattr(export, "MOST_NODES", 5)
    with pytest.raises(ValueError, match="6 nodes, at most 5"):
        save(trees, tmp_path / "large.safetensors")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python -m rag\.train spans"):
        load(tmp_path / "spans.safetensors")


def test_the_trainer_predicts_the_same() -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is only needed to train")
    random = np.random.default_rng(3)
    rows = random.normal(size=(300, 3)).astype(np.float32)
    labels = rows[:, 0] * rows[:, 1] + (rows[:, 2] > 0.3)
    settings = {"num_leaves": 7, "verbosity": -1, "min_data_in_leaf": 5, "num_threads": 1, "use_missing": False}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, labels), 12)
    ours = flatten(booster.dump_model(), ["a", "b", "c"]).predict(rows)
    np.testing.assert_allclose(ours, booster.predict(rows), rtol=0, atol=1e-12)
