"""News articles by their line in the data folder's file."""

from __future__ import annotations

import lzma
import random
from collections.abc import Collection
from pathlib import Path

from rag.documents import document_from_text
from rag.types import Document

NEWS = "news.txt.xz"
# How many articles there are.
ARTICLES = 68_000
# How many articles are searched beside those asked about.
NOISE = 2000


def read_articles(folder: Path, sources: Collection[str]) -> dict[str, Document]:
    """The articles with these names (line 325 is "325.txt"), as the product loads a text file.

    Raises:
        FileNotFoundError: there is no news.txt.xz in `folder`.
    """
    with lzma.open(folder / NEWS, "rt", encoding="utf-8") as lines:
        return {
            source: document_from_text(line.strip(), source=source)
            for number, line in enumerate(lines, start=1)
            if (source := f"{number}.txt") in sources
        }


def read_among_others(folder: Path, sources: Collection[str], seed: int) -> dict[str, Document]:
    """The articles with these names and NOISE more, drawn with `seed`; raises what `read_articles` does."""
    others = random.Random(seed).sample(range(1, ARTICLES), NOISE)  # noqa: S311 - noise, no secret
    return read_articles(folder, {*sources, *(f"{number}.txt" for number in others)})
