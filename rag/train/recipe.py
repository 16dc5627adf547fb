"""Every step in order, each left out that was made before from the same data by the same code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.train import folds
from rag.train.office import IN_ENGLISH, INVENTED
from rag.train.questions import ASKED_IN_ENGLISH, ASKED_OF_NEWS, ASKED_OF_OFFICE, ASKED_UNREAD

RAG = Path(__file__).resolve().parents[1]
EVAL = RAG.parent / "eval"
RECORD = RAG / "model" / "recipe.json"
_READ = (
    "alike question asked parts coverage score spans features rank sentences passages retrieve rerank synonyms".split()
)
_SPANS = "reader reading span_features short whole measures".split()
_WEIGHED = "evidence answerable against attributes backdrop typed vicinity names".split()
_DATA = (
    "train/data train/folds train/news train/office train/questions train/export train/pipeline train/sentences".split()
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of training.

    Attributes:
        name: as `python -m rag.train` takes it.
        code: the modules of `rag` that its result depends on.
        data: files of the data folder that it reads.
        made: what it writes, in `rag/model`; later steps depend on it.
        left: a folder that it leaves for later steps, which is not kept with the code; "" for none.
    """

    name: str
    code: tuple[str, ...]
    data: tuple[str, ...]
    made: tuple[str, ...]
    left: str = ""


_NEWS, _ASKED = "news.txt.xz", ("drcd_dev.json", "cmrc2018_trial.json")
STEPS = (
    Step("words", ("train/words",), (_NEWS,), ("terms.txt.gz",)),
    Step(
        "reranker",
        ("rerank", "retrieve", "passages", "question", *_DATA, "train/reranker", "train/written"),
        (_NEWS, *_ASKED),
        ("reranker.safetensors",),
    ),
    Step("sentences", (*_READ, *_DATA), (_NEWS, *_ASKED), ("sentences.safetensors",)),
    Step(
        "spans",
        (*_READ, *_SPANS, *_DATA, "train/reader", "train/net", "train/spans"),
        (_NEWS, *_ASKED),
        ("reader.safetensors", "spans.safetensors"),
        folds.FOLDED.name,
    ),
    Step(
        "answerability",
        (*_READ, *_SPANS, *_WEIGHED, "train/answerability", "train/near_misses"),
        (_NEWS, *_ASKED),
        ("answerability.safetensors",),
    ),
    Step(
        "verifier",
        ("verify", "train/claims", "train/lies", "train/verifier", "train/export"),
        (_NEWS, "citecheck_dev.jsonl"),
        ("verifier.safetensors",),
    ),
    Step(
        "english",
        (
            *("english/answer", "english/evidence", "english/features", "english/held", "english/question"),
            *("english/typed", "english/words", "train/english", "train/export"),
        ),
        (),
        ("english_sentences.safetensors", "english_answerability.safetensors"),
    ),
)


def fingerprint(step: Step, folder: Path) -> str:
    """What a step's result depends on, in 16 hexadecimal digits.

    Raises:
        FileNotFoundError: a file of the data folder is missing.
    """
    digest = hashlib.sha256()
    for path in _inputs(step, folder):
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _inputs(step: Step, folder: Path) -> Iterator[Path]:
    """Files whose change makes a step's result another: data, questions, code, what earlier steps made."""
    yield from (folder / name for name in step.data)
    yield from (ASKED_OF_NEWS, ASKED_OF_OFFICE)
    if step.name == "answerability":
        yield ASKED_UNREAD
    yield from sorted(INVENTED.iterdir())
    if step.name == "english":
        yield from (ASKED_IN_ENGLISH, *sorted(IN_ENGLISH.iterdir()))
    yield from sorted((EVAL / "questions").glob("*.jsonl"))
    yield from (RAG / f"{name}.py" for name in step.code)
    for earlier in STEPS[: STEPS.index(step)]:
        yield from (RAG / "model" / name for name in earlier.made)


def run_all(folder: Path, run: Callable[[str], object], say: Callable[[str], object]) -> None:
    """Run every step that is not up to date, in order; what is done is noted after each, so it may be interrupted.

    Args:
        run: runs one step by name.
        say: takes a line about each.
    """
    for step in STEPS:
        if _is_current(step, folder) and not _is_wanted(step, folder):
            say(f"{step.name}: up to date")
            continue
        run(step.name)
        record([step], folder)
        say(f"{step.name}: made")


def _is_current(step: Step, folder: Path) -> bool:
    """Whether what a step makes was made from what there is now."""
    return read_record(RECORD).get(step.name) == fingerprint(step, folder)


def _is_wanted(step: Step, folder: Path) -> bool:
    """Whether a later step has to run that needs what this one leaves, and that is not here."""
    later = STEPS[STEPS.index(step) + 1 :]
    return (
        bool(step.left) and not (RAG / "train" / step.left).is_dir() and not all(_is_current(s, folder) for s in later)
    )


def read_record(path: Path) -> dict[str, str]:
    """Step → fingerprint of what its files were made from; {} where nothing was noted."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def record(steps: Sequence[Step], folder: Path) -> None:
    """Note that these steps' files are made from what there is now."""
    known = read_record(RECORD) | {step.name: fingerprint(step, folder) for step in steps}
    RECORD.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
