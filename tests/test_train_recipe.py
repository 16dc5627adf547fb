"""All steps in order: what is up to date is left out, what changed is made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.train import recipe
from rag.train.recipe import RAG, STEPS, fingerprint, run_all


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and a record of its own."""
    for name in {name for step in STEPS for name in step.data}:
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.setattr(recipe, "RECORD", tmp_path / "recipe.json")
    monkeypatch.setattr(recipe, "_is_wanted", lambda step, folder: False)
    return tmp_path


def test_every_file_of_the_recipe_is_there() -> None:
    assert all((RAG / f"{name}.py").is_file() for step in STEPS for name in step.code)
    assert all((RAG / "model" / name).is_file() for step in STEPS for name in step.made)


def test_an_interrupted_run_goes_on_where_it_was(folder: Path) -> None:
    done: list[str] = []

    def run(name: str) -> None:
        if name == "spans" and "spans" not in done:
            done.append(name)
            raise KeyboardInterrupt
        done.append(name)

    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run_all(folder, run, said.append)
    run_all(folder, run, said.append)
    assert done == ["words", "reranker", "sentences", "spans", "spans", "answerability", "verifier", "english"]
    assert said[-7:] == [
        "words: up to date",
        "reranker: up to date",
        "sentences: up to date",
        "spans: made",
        "answerability: made",
        "verifier: made",
        "english: made",
    ]


def test_what_a_later_step_needs_is_made_again_where_it_is_not(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all(folder, lambda step: None, lambda line: None)
    monkeypatch.undo()
    monkeypatch.setattr(recipe, "RECORD", tmp_path / "recipe.json")
    spans = next(step for step in STEPS if step.left)
    there = (recipe.RAG / "train" / spans.left).is_dir()
    assert not recipe._is_wanted(spans, folder)
    record = {name: made for name, made in recipe.read_record(recipe.RECORD).items() if name != "answerability"}
    recipe.RECORD.write_text(json.dumps(record), encoding="utf-8")
    assert recipe._is_wanted(spans, folder) is not there


def test_other_data_make_every_step_anew(folder: Path) -> None:
    before = [fingerprint(step, folder) for step in STEPS]
    (folder / "drcd_dev.json").write_text("{}", encoding="utf-8")
    after = [fingerprint(step, folder) for step in STEPS]
    unchanged = [one == other for one, other in zip(before, after, strict=True)]
    assert unchanged == [True, False, False, False, False, True, True]


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"news\.txt\.xz"):
        fingerprint(STEPS[0], tmp_path)
