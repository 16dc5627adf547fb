"""Reading an index on Milvus: documents, passages and vectors by id, and how often terms occur."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

import numpy as np

from vectorstore.base import Embedder
from vectorstore.catalog import split_id
from vectorstore.errors import StoreDamaged
from vectorstore.milvus_rows import (
    DOCUMENT,
    NEVER,
    Row,
    among,
    document_key,
    document_of,
    info_of,
    passage_of,
    piece_count,
    pieces_needed,
    row_key,
)
from vectorstore.milvus_server import Server
from vectorstore.prepared import Prepared
from vectorstore.records import Document, DocumentInfo, Passage

INFO = ("version", "id", "source", "path", "title", "digest", "facts", "characters", "passages")
TRIES = 20  # how often something is read again while documents keep being replaced under it
FRESH = 10.0  # seconds that a count is used again: it only weighs words
FEW = 2000  # passages, up to which terms are counted here
ALL = -1  # stands for any term in `Counts`

_Result = TypeVar("_Result")


class MilvusReader:
    """What can be read by id; the searches are in `vectorstore.milvus`."""

    embedder: Embedder

    def __init__(self, server: Server, documents: str, texts: str, passages: str) -> None:
        self.server = server
        self._documents = documents
        self._texts = texts
        self._passages = passages

    def documents(self) -> list[DocumentInfo]:
        """All documents, by source then id."""
        rows = self.server.scan(self._documents, is_kind(DOCUMENT), INFO)
        return sorted((info_of(row) for row in rows), key=lambda info: (info.source, info.id))

    def digests(self) -> dict[str, str]:
        """Document id → digest, to see at little cost which files have changed."""
        rows = self.server.scan(self._documents, is_kind(DOCUMENT), ("id", "digest"))
        return {row["id"]: row["digest"] for row in rows}

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises KeyError for an unknown id."""
        return self._steady(lambda: self._document(document_id))

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages with these ids, in that order. Raises KeyError for an unknown id."""
        return self._steady(lambda: self._read_passages(ids))

    def document_passages(self, document_id: str, start: int = 0, stop: int | None = None) -> list[Passage]:
        """The passages of a document in reading order, those numbered start ≤ n < stop; [] for an unknown id."""
        key = document_key(document_id)
        for _ in range(TRIES):
            row = self._rows([key], ("passages",)).get(key)
            try:
                numbers = range(row["passages"])[start:stop] if row else ()
                return self.passages([f"{document_id}:{n}" for n in numbers])
            except KeyError:
                continue  # replaced by a shorter one meanwhile
        return []

    def vectors(self, document_id: str) -> np.ndarray:
        """Vectors of a document's passages in reading order, shape (n, dimension), float16; none for an unknown id."""
        return self._vectors([passage.id for passage in self.document_passages(document_id)])

    def stored(self, document_ids: Sequence[str]) -> list[Prepared]:
        """Documents with their passages and vectors, in that order, their terms left open; unknown ids left out."""
        return self._steady(lambda: self._stored(document_ids))

    def _stored(self, document_ids: Sequence[str]) -> list[Prepared]:
        rows = self._rows([document_key(id) for id in document_ids], INFO)
        texts = {key: [row_key(key, n, row["version"]) for n in range(piece_count(row))] for key, row in rows.items()}
        places = {key: [row_key(key, n, row["version"]) for n in range(row["passages"])] for key, row in rows.items()}
        pieces = self.server.get(self._texts, list(chain.from_iterable(texts.values())), ("text",))
        passages = self.server.get(
            self._passages, list(chain.from_iterable(places.values())), ("start", "stop", "page", "dense")
        )
        found = []
        for key, row in rows.items():
            document = document_of(row, [pieces[piece]["text"] for piece in texts[key] if piece in pieces])
            own = [passages[place] for place in places[key] if place in passages]
            if len(own) != row["passages"]:
                raise StoreDamaged(f"Milvus ({self.server.place}) lacks passages of {document.source}.")
            spans = [(each["start"], each["stop"], each["page"] or None) for each in own]
            found.append(Prepared(document, spans, (), self._matrix(own)))
        order = {id: place for place, id in enumerate(document_ids)}
        return sorted(found, key=lambda item: order[item.document.id])

    def _matrix(self, rows: Sequence[Row]) -> np.ndarray:
        """The vectors of passages' rows, shape (n, dimension), float16."""
        if not rows:
            return np.zeros((0, self.embedder.dimension), np.float16)
        return np.array([row["dense"] for row in rows], np.float32).astype(np.float16)

    def _vectors(self, ids: Sequence[str]) -> np.ndarray:
        """Vectors of passages. Raises KeyError for an unknown id."""
        rows = self._steady(lambda: self._passage_rows(ids, ("dense",))[0])
        return self._matrix(rows)

    def __len__(self) -> int:
        """Number of passages; those of a change under way may be among them."""
        return self.server.count(self._passages)

    def _document(self, document_id: str) -> Document:
        key = document_key(document_id)
        row = self._rows([key], INFO).get(key)
        if row is None:
            raise KeyError(document_id)
        keys = [row_key(key, number, row["version"]) for number in range(piece_count(row))]
        pieces = self.server.get(self._texts, keys, ("text",))
        return document_of(row, [pieces[key]["text"] for key in keys if key in pieces])

    def _read_passages(self, ids: Sequence[str]) -> list[Passage]:
        rows, documents = self._passage_rows(ids, ("document", "version", "ordinal", "start", "stop", "page"))
        keys = [
            row_key(row["document"], number, row["version"])
            for row in rows
            for number in pieces_needed(row["start"], row["stop"])
        ]
        pieces: dict[str, dict[int, str]] = {}
        for piece in self.server.get(self._texts, keys, ("document", "number", "text")).values():
            pieces.setdefault(piece["document"], {})[piece["number"]] = piece["text"]
        try:
            infos = {key: info_of(row) for key, row in documents.items()}
            return [passage_of(infos[row["document"]], row, pieces.get(row["document"], {})) for row in rows]
        except KeyError as error:
            raise StoreDamaged(
                f"Milvus ({self.server.place}) lacks a piece of text. Look with wenju doctor, then index it again."
            ) from error

    def _passage_rows(self, ids: Sequence[str], fields: Sequence[str]) -> tuple[list[Row], dict[str, Row]]:
        """The rows of passages, and those of their documents. Raises KeyError for an unknown id."""
        places = [(document_key(id), ordinal) for id, ordinal in map(split_id, ids)]
        documents = self._rows({key for key, _ in places}, INFO)
        keys = []
        for passage_id, (key, ordinal) in zip(ids, places, strict=True):
            if key not in documents or ordinal >= documents[key]["passages"]:
                raise KeyError(passage_id)
            keys.append(row_key(key, ordinal, documents[key]["version"]))
        found = self.server.get(self._passages, keys, fields)
        if any(key not in found for key in keys):
            raise StoreDamaged(f"Milvus ({self.server.place}) lacks a passage. Look with wenju doctor.")
        return [found[key] for key in keys], documents

    def _rows(self, keys: Iterable[str], fields: Sequence[str]) -> dict[str, Row]:
        """The rows of documents that are there, by key."""
        return self.server.get(self._documents, list(keys), fields)

    def _steady(self, read: Callable[[], _Result]) -> _Result:
        """What is read; read again where a document was replaced between two calls, so that rows seemed missing."""
        for _ in range(TRIES):
            try:
                return read()
            except StoreDamaged:
                time.sleep(0.01)
        return read()


class Counts:
    """In how many passages terms occur, counted by the server and kept for a while."""

    def __init__(self, server: Server, passages: str) -> None:
        self._server = server
        self._passages = passages
        self._known: dict[int, tuple[float, int]] = {}  # term code → (until when it is good, how many)
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="milvus-counts")

    def of(self, codes: Sequence[int]) -> list[int]:
        """The number of passages for each term code; `ALL` stands for any term."""
        now, known = time.monotonic(), self._known
        missing = [code for code in dict.fromkeys([ALL, *codes]) if code not in known or known[code][0] < now]
        fresh = self._counted(missing, known) if missing else {}
        known.update({code: (now + FRESH, count) for code, count in fresh.items()})
        return [fresh[code] if code in fresh else known[code][1] for code in codes]

    def forget(self) -> None:
        """Count anew from now on."""
        self._known = {}

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False)

    def _counted(self, codes: Sequence[int], known: Mapping[int, tuple[float, int]]) -> dict[int, int]:
        """The counts of these, from the server."""
        terms = [code for code in codes if code != ALL]
        total = known[ALL][1] if len(terms) == len(codes) else self._server.count(self._passages)
        if total > FEW:
            counts = dict(zip(terms, self._threads.map(self._count, terms), strict=True))
        else:  # one call is faster than one for each term
            condition = f"array_contains_any(terms, {terms})" if terms else NEVER
            rows = self._server.query(self._passages, condition, ("terms",))
            held = Counter(chain.from_iterable(row["terms"] for row in rows))
            counts = {term: held[term] for term in terms}
        return {ALL: total, **counts}

    def _count(self, term: int) -> int:
        return self._server.count(self._passages, f"array_contains(terms, {term})")


def is_kind(kind: str) -> str:
    """The condition for rows of one kind in the collection of documents."""
    return among("kind", [kind])
