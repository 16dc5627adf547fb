"""The writing side of the catalog: what one transaction does to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from vectorstore.prepared import Prepared, Span
from vectorstore.records import Document, Passage

# Characters of text in one row. A passage is read from one or two rows, however long its document is.
PIECE = 2048


_as_json = json.JSONEncoder(ensure_ascii=False).encode


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
        spans = [(passage.start, passage.end, passage.page) for passage in passages]
        ((key, first),) = self._insert([(document, spans)])
        return [Entry(first + passage.ordinal, key, passage.title, passage.text) for passage in passages]

    def put(self, prepared: Sequence[Prepared]) -> list[tuple[int, int]]:
        """Write prepared documents with their vectors, each in place of the one with its id.

        Returns:
            For each the key of the document and that of its first passage; the others follow without a gap.

        Raises:
            ValueError: spans outside the text, another number of vectors or terms than of spans, or text as in `add`.
        """
        if len({item.document.id for item in prepared}) < len(prepared):  # the later one replaces the earlier one
            return [keys for item in prepared for keys in self.put([item])]
        for item in prepared:
            _check_prepared(item)
        self.remove(item.instead_of for item in prepared if item.instead_of is not None)
        keys = self._insert([(item.document, item.spans) for item in prepared])
        vectors = [item.vectors for item in prepared if item.vectors is not None and len(item.spans)]
        if vectors:  # the passages of all of them have keys without a gap
            rows = np.concatenate(vectors)
            self.put_vectors(range(keys[0][1], keys[0][1] + len(rows)), rows)
        return keys

    def _insert(self, cut: Sequence[tuple[Document, Sequence[Span]]]) -> list[tuple[int, int]]:
        """Write documents of different ids and their passages; the keys are as `put` gives them."""
        self.remove(document.id for document, _ in cut)
        document_key, passage_key = self._last("documents") + 1, self._last("passages") + 1
        keys, documents, pieces, passages = [], [], [], []
        for document, spans in cut:
            keys.append((document_key, passage_key))
            documents.append(self._row(document_key, document))
            text = document.text
            for number, start in enumerate(range(0, len(text), PIECE)):
                pieces.append((document_key, number, text[start : start + PIECE]))
            for ordinal, span in enumerate(spans):
                passages.append((passage_key, document_key, ordinal, *span))
                passage_key += 1
            document_key += 1
        run = self._connection.executemany
        try:
            run("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", documents)
            run("INSERT INTO pieces VALUES (?, ?, ?)", pieces)
        except UnicodeEncodeError as error:
            raise _unwritable([document for document, _ in cut], error) from error
        run("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", passages)
        self.changed = self.changed or bool(cut)
        return keys

    def put_vectors(self, keys: Sequence[int], vectors: np.ndarray) -> None:
        """Write the vectors of passages, shape (len(keys), dimension), over any they had."""
        rows = np.ascontiguousarray(vectors, np.float16)
        size = rows.shape[1] * 2
        data = rows.tobytes()
        blobs = (data[start : start + size] for start in range(0, len(data), size))
        self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", zip(keys, blobs, strict=True))

    def remove(self, document_ids: Iterable[str]) -> None:
        """Delete documents with everything they own; those that were there join `removed`."""
        wanted = list(dict.fromkeys(document_ids))
        sql = "SELECT id, key FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        there = dict(self._connection.execute(sql, (json.dumps(wanted),)))
        for key in (there[document_id] for document_id in wanted if document_id in there):
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

    def _row(self, key: int, document: Document) -> tuple[object, ...]:
        """A document as the catalog lists it."""
        return (
            key,
            document.id,
            self.generation,
            document.source,
            document.path,
            document.title,
            document.date,
            _as_json(dict(document.metadata)),
            _as_json(document.pages),
            document.digest,
            len(document.text),
        )

    def _last(self, table: str) -> int:
        """The highest key ever given in a table; keys are never used twice."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(row[0]) if row else 0


def _check_prepared(prepared: Prepared) -> None:
    """Raise ValueError unless the parts of a prepared document belong together."""
    document, spans, vectors = prepared.document, prepared.spans, prepared.vectors
    given = (len(spans), len(prepared.terms), 0 if vectors is None else len(vectors))
    if given != (len(spans),) * 3:
        raise ValueError(f"{document.source}: {given} passages, terms and vectors; as many of each are needed")
    if not all(0 <= start < end <= len(document.text) for start, end, _ in spans):
        raise ValueError(f"{document.source}: passages {spans} in a text of {len(document.text)} characters")


def _unwritable(documents: Sequence[Document], error: UnicodeEncodeError) -> ValueError:
    """What to say of the document that holds half of a surrogate pair."""
    half = error.object[error.start]
    source = next((document.source for document in documents if half in document.text), documents[0].source)
    return ValueError(
        f"{source}: character U+{ord(half):04X} is half of a surrogate pair and can't be stored; "
        "decode the file with errors='replace'"
    )


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
