"""Models that have not seen some of the documents: what they say of those is what a shipped model says of new ones.

`python -m rag.train spans` leaves them here for `python -m rag.train answerability`, which learns from what a search
finds for a question: of documents a ranker or reader was trained on it is surer than of anything a user brings.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag import rank, reader, short

FOLDS = 3
FOLDED = Path(__file__).with_name("unseen")


def fold_of(document_id: str) -> int:
    """Which fold a document falls into."""
    return zlib.crc32(document_id.encode()) % FOLDS


def place(fold: int, shipped: Path) -> Path:
    """Where the model of a fold stands that stands for a shipped one."""
    return FOLDED / str(fold) / shipped.name


def note(trained_on: set[str]) -> None:
    """Keep which documents the shipped models were trained on."""
    FOLDED.mkdir(parents=True, exist_ok=True)
    (FOLDED / "documents.json").write_text(json.dumps(sorted(trained_on)), encoding="utf-8")


def trained_on() -> frozenset[str]:
    """The documents that the shipped models were trained on.

    Raises:
        FileNotFoundError: `python -m rag.train spans` was not run here.
    """
    path = FOLDED / "documents.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `python -m rag.train spans DATA_FOLDER` first")
    return frozenset(json.loads(path.read_text(encoding="utf-8")))


@contextmanager
def models(fold: int | None) -> Iterator[None]:
    """Inside, sentences are ranked and read by the models of a fold; None stands for the shipped ones."""
    shipped = rank.WEIGHTS, reader.WEIGHTS, short.WEIGHTS
    try:
        if fold is not None:
            rank.WEIGHTS, reader.WEIGHTS, short.WEIGHTS = (place(fold, path) for path in shipped)
        _forget()
        yield
    finally:
        rank.WEIGHTS, reader.WEIGHTS, short.WEIGHTS = shipped
        _forget()


def _forget() -> None:
    """Let the models be read again."""
    for loaded in (rank._trees, reader._weights, short._trees):
        loaded.cache_clear()
