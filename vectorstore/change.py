"""The writing side of the catalog: what one transaction does to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from vectorstore.records import Document, Passage

# Characters of text in one row. A passage is read from one or two rows, however long its document is.
PIECE = 2048


class Removed(NamedTuple):
    """A document that is gone: its key and the keys of its passages, `first` to `last` (none when first > last)."""

    document: int
    first: int
    last: int


class Entry(NamedTuple):
    """A passage as an index needs it."""

    key: int
    document: int
    title: str
    text: str


class Change:
    """What one transaction does to the catalog."""

    def __init__(self, connection: sqlite3.Connection, generation: int) -> None:
        self._connection = connection
        self.generation = generation
        self.removed: list[Removed] = []
        self.changed = False

    def add(self, document: Document, passages: Sequence[Passage]) -> list[Entry]:
        """Write a document and its passages in place of the one with its id.

        Raises:
            ValueError: a passage does not belong to the document or is not the text at its offsets, or the text
                can't be written as UTF-8.
        """
        check_passages(document, passages)
        self.remove([document.id])
        try:
            key = self._insert_document(document)
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{document.source}: character U+{ord(error.object[error.start]):04X} is half of a surrogate pair and "
                "can't be stored; decode the file with errors='replace'"
            ) from error
        first = self._last_passage() + 1
        entries = [Entry(first + passage.ordinal, key, passage.title, passage.text) for passage in passages]
        rows = (
            (entry.key, key, passage.ordinal, passage.start, passage.end, passage.page)
            for entry, passage in zip(entries, passages, strict=True)
        )
        self._connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", rows)
        return entries

    def put_vectors(self, keys: Sequence[int], vectors: np.ndarray) -> None:
        """Write the vectors of passages, shape (len(keys), dimension), over any they had."""
        rows = zip(keys, vectors.astype(np.float16), strict=True)
        self._connection.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?)", ((key, vector.tobytes()) for key, vector in rows)
        )

    def remove(self, document_ids: Iterable[str]) -> None:
        """Delete documents with everything they own; those that were there join `removed`."""
        for document_id in document_ids:
            row = self._connection.execute("SELECT key FROM documents WHERE id = ?", (document_id,)).fetchone()
            if row is None:
                continue
            (key,) = row
            first, last = self._connection.execute(
                "SELECT coalesce(min(key), 1), coalesce(max(key), 0) FROM passages WHERE document = ?", (key,)
            ).fetchone()
            self._connection.execute("DELETE FROM documents WHERE key = ?", (key,))
            self._connection.execute("INSERT INTO removed VALUES (?, ?, ?, ?)", (key, self.generation, first, last))
            self.removed.append(Removed(key, first, last))
            self.changed = True

    def set_meta(self, name: str, value: str) -> None:
        """Set one meta value."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
        self.changed = True

    def _insert_document(self, document: Document) -> int:
        cursor = self._connection.execute(
            "INSERT INTO documents (id, generation, source, path, title, date, metadata, pages, digest, characters) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                self.generation,
                document.source,
                document.path,
                document.title,
                document.date,
                json.dumps(dict(document.metadata), ensure_ascii=False),
                json.dumps(document.pages),
                document.digest,
                len(document.text),
            ),
        )
        self.changed = True
        key = int(cursor.lastrowid or 0)
        pieces = (
            (key, number, document.text[start : start + PIECE])
            for number, start in enumerate(range(0, len(document.text), PIECE))
        )
        self._connection.executemany("INSERT INTO pieces VALUES (?, ?, ?)", pieces)
        return key

    def _last_passage(self) -> int:
        """The highest key ever given to a passage; keys are never used twice."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
        return int(row[0]) if row else 0


def check_passages(document: Document, passages: Sequence[Passage]) -> None:
    """Raise ValueError unless every passage is exactly what the document says at its offsets, in order."""
    for ordinal, passage in enumerate(passages):
        expected = Passage(
            id=f"{document.id}:{ordinal}",
            document_id=document.id,
            ordinal=ordinal,
            source=document.source,
            title=document.title,
            text=document.text[passage.start : passage.end],
            start=passage.start,
            end=passage.end,
            page=passage.page,
            date=document.date,
        )
        if passage != expected or not 0 <= passage.start < passage.end <= len(document.text):
            raise ValueError(f"{document.source}: passage {passage} does not match its document; expected {expected}")
