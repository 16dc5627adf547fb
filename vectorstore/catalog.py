"""The catalog: documents, passages and vectors in one SQLite file. It is the truth; every index is made from it.

Text is kept once, in pieces of `PIECE` characters, and passages are offsets into it: a passage is read from one or
two pieces, however long its document is.

Every change happens in one transaction that raises the generation by one. A document carries the generation that
added it, and `removed` remembers (as numbers only) which keys went in which generation, so an index that stands at
generation g is brought up to date from the rows after g.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vectorstore import schema
from vectorstore.catalog_file import GENERATION, CatalogFile, read_meta, single
from vectorstore.change import PIECE, Entry, Removed
from vectorstore.records import Document, DocumentInfo, Passage

BLOCK = 50_000  # vectors read at a time

_DOCUMENTS = """
SELECT d.id, d.source, d.path, d.title, d.date, d.metadata, d.digest, d.characters,
    (SELECT count(*) FROM passages p WHERE p.document = d.key)
FROM documents d ORDER BY d.source, d.id
"""
_DOCUMENT = "SELECT id, source, path, title, date, metadata, pages, digest, key FROM documents WHERE id = ?"
_PIECES = "SELECT text FROM pieces WHERE document = ? ORDER BY number"
_PASSAGES = """
SELECT p.key, d.id, p.ordinal, d.source, d.title, p.start, p.stop, p.page, d.date, s.number, s.text
FROM json_each(:keys) j JOIN passages p ON p.key = j.value JOIN documents d ON d.key = p.document
LEFT JOIN pieces s ON s.document = p.document AND s.number BETWEEN p.start / :piece AND (p.stop - 1) / :piece
ORDER BY p.key, s.number
"""
_ENTRIES = "SELECT key, start, stop FROM passages WHERE document = ? ORDER BY ordinal"


class Changes(NamedTuple):
    """What became of the vectors after a generation.

    Attributes:
        since: that generation; 0 when all vectors were made anew, so that nothing older is of use.
        meta: the meta values after the changes.
        removed: documents that went.
        keys: passages that came, shape (n,), int64, ascending.
        vectors: shape (n, dimension), float16.
    """

    since: int
    meta: dict[str, str]
    removed: list[Removed]
    keys: np.ndarray
    vectors: np.ndarray


class Arrivals(NamedTuple):
    """Documents with passages that came after a generation: D ids, and keys of their first and last passages.

    Attributes:
        generation: as of which this is so.
        first, last: shape (D,), int64, ascending.
        removed: documents that went.
    """

    generation: int
    ids: list[str]
    first: np.ndarray
    last: np.ndarray
    removed: list[Removed]


class Catalog(CatalogFile):
    """What is in the catalog: documents, passages, vectors, and what of them came and went."""

    @classmethod
    def create(cls, path: Path, meta: Mapping[str, str]) -> Catalog:
        """Make an empty catalog; an interrupted call leaves none behind.

        Args:
            meta: values of our caller's, among them "dimension"; "format", "generation" and "embedded" (the generation
                at which all vectors were last made anew) are the catalog's own.
        """
        schema.create(path, meta)
        return cls(path)

    def count(self) -> int:
        """The number of passages."""
        with self._connection() as connection:
            return int(single(connection, "SELECT count(*) FROM passages"))

    def digests(self) -> dict[str, str]:
        """Document id → digest of the file it was read from."""
        with self._connection() as connection:
            return dict(connection.execute("SELECT id, digest FROM documents"))

    def documents(self) -> list[DocumentInfo]:
        """All documents, by source then id."""
        with self._connection() as connection:
            rows = connection.execute(_DOCUMENTS).fetchall()
        return [
            DocumentInfo(id, source, path, title, date, characters, passages, digest, json.loads(metadata))
            for id, source, path, title, date, metadata, digest, characters, passages in rows
        ]

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises KeyError for an unknown id."""
        with self.reading() as connection:
            row = connection.execute(_DOCUMENT, (document_id,)).fetchone()
            if row is None:
                raise KeyError(document_id)
            id, source, path, title, date, metadata, pages, digest, key = row
            text = _text(connection, key)
        return Document(id, source, path, title, text, date, json.loads(metadata), tuple(json.loads(pages)), digest)

    def passage_keys(self, ids: Sequence[str]) -> list[int]:
        """The keys of these passages, in that order. Raises KeyError for an unknown id."""
        wanted = json.dumps([split_id(passage_id) for passage_id in ids])
        sql = """SELECT j.key, p.key FROM json_each(?) j
                 JOIN documents d ON d.id = json_extract(j.value, '$[0]')
                 JOIN passages p ON p.document = d.key AND p.ordinal = json_extract(j.value, '$[1]')"""
        with self._connection() as connection:
            found = dict(connection.execute(sql, (wanted,)))
        for position, passage_id in enumerate(ids):
            if position not in found:
                raise KeyError(passage_id)
        return [found[position] for position in range(len(ids))]

    def passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        """Key → passage, for the keys that are still there."""
        with self._connection() as connection:
            rows = connection.execute(_PASSAGES, {"keys": json.dumps(list(keys)), "piece": PIECE}).fetchall()
        found: dict[int, list[tuple]] = {}
        for key, *row in rows:
            found.setdefault(key, []).append(tuple(row))
        return {key: _passage(parts) for key, parts in found.items()}

    def document_passages(self, document_id: str, start: int = 0, stop: int | None = None) -> list[Passage]:
        """The passages of a document in reading order, those numbered start ≤ n < stop; [] for an unknown id."""
        sql = """SELECT p.key FROM passages p JOIN documents d ON d.key = p.document
                 WHERE d.id = ? AND p.ordinal >= ? AND p.ordinal < ? ORDER BY p.ordinal"""
        with self._connection() as connection:
            end = sys.maxsize if stop is None else stop
            keys = [key for (key,) in connection.execute(sql, (document_id, start, end))]
        found = self.passages(keys)
        return [found[key] for key in keys if key in found]

    def vectors(self, document_id: str) -> np.ndarray:
        """Vectors of a document's passages in reading order, shape (n, dimension), float16."""
        sql = """SELECT v.vector FROM documents d JOIN passages p ON p.document = d.key
                 JOIN vectors v ON v.passage = p.key WHERE d.id = ? ORDER BY p.ordinal"""
        with self.reading() as connection:
            rows = connection.execute(sql, (document_id,)).fetchall()
            dimension = int(read_meta(connection)["dimension"])
        return np.frombuffer(b"".join(vector for (vector,) in rows), np.float16).reshape(len(rows), dimension)

    # What an index needs to catch up

    def removed_since(self, generation: int) -> list[Removed]:
        """The documents removed after a generation, in key order."""
        with self._connection() as connection:
            return _removed_since(connection, generation)

    def documents_since(self, generation: int) -> Arrivals:
        """The documents with passages that were added after a generation, and all that were removed."""
        sql = """SELECT d.id, min(p.key), max(p.key) FROM documents d JOIN passages p ON p.document = d.key
                 WHERE d.generation > ? GROUP BY d.key ORDER BY d.key"""
        ids: list[str] = []
        keys = array("q")
        with self.reading() as connection:
            for document_id, first, last in connection.execute(sql, (generation,)):
                ids.append(document_id)
                keys.extend((first, last))
            first_last = np.array(keys, np.int64).reshape(-1, 2)
            now = int(single(connection, GENERATION))
            return Arrivals(now, ids, first_last[:, 0], first_last[:, 1], _removed_since(connection, generation))

    def entries_since(self, generation: int) -> Iterator[Entry]:
        """The passages of documents added after a generation, in key order, without holding them all."""
        documents = "SELECT key, title FROM documents WHERE generation > ? ORDER BY key"
        with self.reading() as connection:
            for document, title in connection.execute(documents, (generation,)):
                text = _text(connection, document)
                for key, start, stop in connection.execute(_ENTRIES, (document,)):
                    yield Entry(key, document, title, text[start:stop])

    def entries(self, keys: Sequence[int]) -> Iterator[Entry]:
        """These passages, in key order; those that are gone are left out."""
        sql = """SELECT DISTINCT d.key, d.title FROM json_each(?) j JOIN passages p ON p.key = j.value
                 JOIN documents d ON d.key = p.document ORDER BY d.key"""
        wanted = set(keys)
        with self.reading() as connection:
            for document, title in connection.execute(sql, (json.dumps(list(keys)),)).fetchall():
                text = _text(connection, document)
                for key, start, stop in connection.execute(_ENTRIES, (document,)):
                    if key in wanted:
                        yield Entry(key, document, title, text[start:stop])

    def changes_since(self, generation: int) -> Changes:
        """What a dense index at a generation lacks, all as of one state of the catalog."""
        sql = "SELECT passage, vector FROM vectors"
        with self.reading() as connection:
            meta = read_meta(connection)
            if generation < int(meta["embedded"]):
                generation = 0
            if generation > 0:
                sql += """ WHERE passage IN (SELECT p.key FROM documents d JOIN passages p ON p.document = d.key
                                             WHERE d.generation > :generation)"""
            removed = _removed_since(connection, generation) if generation > 0 else []
            rows = connection.execute(f"{sql} ORDER BY passage", {"generation": generation}).fetchall()
        keys, vectors = self._arrays(rows, int(meta["dimension"]))
        return Changes(generation, meta, removed, keys, vectors)

    @contextmanager
    def all_vectors(self) -> Iterator[tuple[dict[str, str], Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]]]:
        """One state's meta values, and what reads all its vectors in blocks of (keys, vectors) as in `Changes`."""
        with self.reading() as connection:
            meta = read_meta(connection)

            def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
                cursor = connection.execute("SELECT passage, vector FROM vectors ORDER BY passage")
                while rows := cursor.fetchmany(BLOCK):
                    yield self._arrays(rows, int(meta["dimension"]))

            yield meta, blocks

    def count_after(self, key: int) -> int:
        """The number of passages with a higher key."""
        with self._connection() as connection:
            sql = "SELECT count(*) FROM passages WHERE key > ?"
            return int(connection.execute(sql, (key,)).fetchone()[0])

    def _arrays(self, rows: Sequence[tuple[int, bytes]], dimension: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of keys and vectors as arrays. Raises StoreDamaged where a vector has another length."""
        keys = np.fromiter((key for key, _ in rows), np.int64, len(rows))
        data = b"".join(vector for _, vector in rows)
        if len(data) != len(rows) * dimension * 2:
            raise self.damaged(f"vectors of {len(data):,} bytes where {len(rows):,} x {dimension} x 2 belong")
        return keys, np.frombuffer(data, np.float16).reshape(len(rows), dimension)

    def problems(self) -> list[str]:
        """What a full check finds wrong; [] for a sound catalog. Reads the whole file."""
        with self.reading() as connection:
            return schema.problems(connection)


def split_id(passage_id: str) -> tuple[str, int]:
    """`"document:7"` → `("document", 7)`. Raises KeyError for anything else."""
    document_id, _, ordinal = passage_id.rpartition(":")
    if not ordinal.isdecimal() or not ordinal.isascii():
        raise KeyError(passage_id)
    return document_id, int(ordinal)


def _passage(parts: Sequence[tuple]) -> Passage:
    """One passage from its rows, one a piece of text."""
    id, ordinal, source, title, start, stop, page, date, number, _ = parts[0]
    offset = start - number * PIECE
    text = "".join(part[-1] for part in parts)[offset : offset + stop - start]
    return Passage(f"{id}:{ordinal}", id, ordinal, source, title, text, start, stop, page, date)


def _text(connection: sqlite3.Connection, document: int) -> str:
    """The whole text of a document, by its key."""
    return "".join(piece for (piece,) in connection.execute(_PIECES, (document,)))


def _removed_since(connection: sqlite3.Connection, generation: int) -> list[Removed]:
    sql = "SELECT document, first, last FROM removed WHERE generation > ? ORDER BY document"
    return [Removed(*row) for row in connection.execute(sql, (generation,))]
