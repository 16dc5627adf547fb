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

# Sentences are ranked for the reader by a ranker of each fold; one more reader leaves out the documents of a fold.
FOLDS = 3
UNREAD = 0
# The documents of that fold come in parts: spans of one are weighed by trees that learned from the others.
PARTS = 2
FOLDED = Path(__file__).with_name("unseen")


def fold_of(document_id: str) -> int:
    """Which fold a document falls into."""
    return zlib.crc32(document_id.encode()) % FOLDS


def part_of(document_id: str) -> int:
    """Which part of its fold."""
    return zlib.crc32(document_id.encode()) // FOLDS % PARTS


def place(part: int, shipped: Path) -> Path:
    """Where the model stands that stands for a shipped one, of documents of a part of the fold UNREAD."""
    return FOLDED / str(part) / shipped.name


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
def models(part: int | None) -> Iterator[None]:
    """Inside, sentences are ranked and read by models that saw no document of a part; None: by the shipped ones."""
    shipped = rank.WEIGHTS, reader.WEIGHTS, short.WEIGHTS
    try:
        if part is not None:
            rank.WEIGHTS, reader.WEIGHTS, short.WEIGHTS = (place(part, path) for path in shipped)
        _forget()
        yield
    finally:
        rank.WEIGHTS, reader.WEIGHTS, short.WEIGHTS = shipped
        _forget()


def _forget() -> None:
    """Let the models be read again."""
    for loaded in (rank._trees, reader._nets, short._trees):
        loaded.cache_clear()
