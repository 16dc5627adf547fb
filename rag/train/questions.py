"""Questions that people wrote about documents: each with the sentence that answers and the answer in it, if any."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASKED_OF_NEWS = Path(__file__).with_name("asked_of_news.jsonl")
ASKED_UNREAD = Path(__file__).with_name("asked_unread.jsonl")
ASKED_OF_OFFICE = Path(__file__).with_name("asked_of_office.jsonl")
ASKED_IN_ENGLISH = Path(__file__).with_name("asked_in_english.jsonl")
# One news article in so many is never trained on, nor is any of the documents that two of the writers invented.
HELD_OUT = 6
HELD_OUT_WRITERS = ("c", "s")
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about one document, `document.text[start:end]` being what the offsets point at.

    Attributes:
        source: the document's name; of an article its line in news.txt.xz, from 1: "325.txt".
        kind: what it asks for, or what makes it unanswerable; "" where nobody noted it.
        answers: one place for each part of the question; () where it can't be answered or nobody marked the places.
        sentences: where the answers stand, in the same order.
        held_out: whether nothing may be trained on its document.
    """

    source: str
    text: str
    answerable: bool
    kind: str
    answers: tuple[Place, ...]
    sentences: tuple[Place, ...]
    held_out: bool


def asked_of_news(path: Path = ASKED_OF_NEWS) -> list[Asked]:
    """The questions about news articles in the order of the file."""
    return [_question(row, f"{row['article']}.txt", _is_held_out(row["article"])) for row in read_rows(path)]


def asked_unread(path: Path = ASKED_UNREAD) -> list[Asked]:
    """Questions about other news that no ranker and no reader learns from, so that refusing is learned from them."""
    return asked_of_news(path)


def asked_of_office(path: Path = ASKED_OF_OFFICE) -> list[Asked]:
    """The questions about the invented documents in `rag/train/office`, in the order of the file."""
    return [_question(row, row["source"], row["source"].startswith(HELD_OUT_WRITERS)) for row in read_rows(path)]


def _is_held_out(article: int) -> bool:
    """Whether an article is one of the sixth that nothing is trained on."""
    return zlib.crc32(str(article).encode()) % HELD_OUT == 0


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a file with one on each line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _question(row: dict[str, Any], source: str, held_out: bool) -> Asked:
    """One line of a file."""

    def places(*names: str) -> tuple[Place, ...]:
        return tuple((row[name][0], row[name][1]) for name in names if name in row)

    return Asked(
        source,
        row["question"],
        row["answerable"],
        row.get("kind", ""),
        places("answer", "answer2"),
        places("sentence", "sentence2"),
        held_out,
    )
