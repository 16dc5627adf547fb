"""Questions that people wrote about news articles: each with the sentence that answers and the answer in it, if any."""

from __future__ import annotations

import json
import lzma
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.documents import document_from_text
from rag.types import Document

ASKED_OF_NEWS = Path(__file__).with_name("asked_of_news.jsonl")
NEWS = "news.txt.xz"
# One article in so many is never trained on.
HELD_OUT = 3
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NewsQuestion:
    """A question about one article, `document.text[start:end]` being what the offsets point at.

    Attributes:
        article: the line of news.txt.xz, from 1.
        kind: what it asks for, or what makes it unanswerable; "" where nobody noted it.
        answers: one place for each part of the question; () where it can't be answered or nobody marked the places.
        sentences: where the answers stand, in the same order.
    """

    article: int
    text: str
    answerable: bool
    kind: str
    answers: tuple[Place, ...]
    sentences: tuple[Place, ...]

    @property
    def held_out(self) -> bool:
        """Whether nothing may be trained on its article."""
        return zlib.crc32(str(self.article).encode()) % HELD_OUT == 0


def read_questions(path: Path = ASKED_OF_NEWS) -> list[NewsQuestion]:
    """All questions in the order of the file."""
    return [_question(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _question(row: dict[str, Any]) -> NewsQuestion:
    """One line of the file."""

    def places(*names: str) -> tuple[Place, ...]:
        return tuple((row[name][0], row[name][1]) for name in names if name in row)

    return NewsQuestion(
        row["article"],
        row["question"],
        row["answerable"],
        row.get("kind", ""),
        places("answer", "answer2"),
        places("sentence", "sentence2"),
    )


def read_articles(folder: Path, numbers: Collection[int]) -> dict[int, Document]:
    """The articles with these numbers, as the product loads a text file.

    Raises:
        FileNotFoundError: there is no news.txt.xz in `folder`.
    """
    with lzma.open(folder / NEWS, "rt", encoding="utf-8") as lines:
        return {
            number: document_from_text(line.strip(), source=f"{number}.txt")
            for number, line in enumerate(lines, start=1)
            if number in numbers
        }
