"""The store on a Milvus server or cluster: the same contract as the local home, over gRPC.

Three collections make an index: documents (one row each, with its facts), texts (each document in pieces) and passages
(vectors, offsets and what filters ask). Milvus has no transactions, so a document is written under a version of its
own, unseen, until its one row in the documents collection names that version: it is there wholly or not at all. What
an interrupted change left is never seen, and is deleted by whoever opens the index next (`vectorstore.milvus_changes`).

The keyword leg is BM25 over our own terms (`vectorstore.sparse`), so both homes find the same words.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Self

import numpy as np

from vectorstore import tokens
from vectorstore.base import Embedder
from vectorstore.change import check_passages
from vectorstore.errors import EmbedderMismatch, StoreError, StoreMissing
from vectorstore.filters import Filter
from vectorstore.keyword import question_weights
from vectorstore.milvus_changes import Change, Changes
from vectorstore.milvus_reader import ALL, INFO, Counts, MilvusReader, is_kind
from vectorstore.milvus_rows import (
    DOCUMENT,
    INDEX,
    among,
    both,
    document_key,
    document_row,
    filter_expression,
    info_of,
    note_row,
    passage_rows,
    piece_rows,
)
from vectorstore.milvus_server import Place, Server
from vectorstore.prepared import BATCH, Prepared, Span, prepare, with_vectors
from vectorstore.records import Document, Passage
from vectorstore.sparse import dot, question_vector, term_code

logger = logging.getLogger(__name__)

FORMAT = 1
SLACK = 16  # hits asked for beyond k, for ties and for rows that are not there for readers
MANY = 100  # passages after which Milvus Lite is told to index them
MOST_ROUNDS = 20  # searches made again while found rows turn out to be gone, replaced or kept out by the filter


class MilvusStore(MilvusReader):
    """Documents, passages and both searches on a server; see `vectorstore.base.Store` for the contract.

    Any number of processes may use the index, writers too: of two that write the same document, one wins wholly.
    """

    read_only = False

    def __init__(self, server: Server, meta: Mapping[str, str], embedder: Embedder) -> None:
        """Use `create` or `open`."""
        super().__init__(server, *_names(server.place), meta["passages"])
        self.embedder = embedder
        self._meta = dict(meta)
        self._changes = Changes(server, self._documents, self._texts, self._passages)
        self._counts = Counts(server, self._passages)
        self._question_vector = lru_cache(maxsize=64)(embedder.embed_question)

    # Opening and closing

    @classmethod
    def create(cls, place: Place, embedder: Embedder) -> Self:
        """Make an empty store.

        Raises:
            StoreError: there is an index at that place already.
            StoreUnreachable: nobody answers there, or the token is refused.
        """
        server = Server(place)
        try:
            if _read_meta(server) is not None:
                raise StoreError(f"{place} holds an index already. Add to it, or set another RAG_MILVUS_COLLECTION.")
            meta = _new_meta(place, embedder, 1)
            for name in (*_names(place), meta["passages"]):
                server.create(name, embedder.dimension)
            _write_meta(server, meta)  # the last step: without it there is no index
        except BaseException:
            server.close()
            raise
        return cls(server, meta, embedder)

    @classmethod
    def open(cls, place: Place, embedder: Embedder) -> Self:
        """Open a store, and delete what interrupted changes left.

        Raises:
            StoreMissing: there is no index at that place.
            StoreUnreachable: nobody answers there, or the token is refused.
            EmbedderMismatch: another embedder made the vectors.
            StoreError: another version of this program wrote it.
        """
        server = Server(place)
        try:
            meta = _read_meta(server)
            if meta is None:
                raise StoreMissing(f"There is no index at {place}. Make one with: wenju index PATH…")
            _check(place, meta, embedder)
            store = cls(server, meta, embedder)
            if meta["cutter"] != tokens.cutter():
                logger.warning("%s was cut by %s, this is %s", place, meta["cutter"], tokens.cutter())
            store._changes.mend()
        except BaseException:
            server.close()
            raise
        return store

    @classmethod
    def rebuild(cls, place: Place, embedder: Embedder) -> Self:
        """Open a store with any embedder: cut and embed every passage again, from the text it holds.

        The new passages take the place of the old ones in one step, when they are all there. Nothing else may write
        meanwhile. Raises what `open` does but EmbedderMismatch, and StoreLocked while another process writes.
        """
        server = Server(place)
        try:
            meta = _read_meta(server)
            if meta is None:
                raise StoreMissing(f"There is no index at {place}. Make one with: wenju index PATH…")
            old = cls(server, meta, embedder)
            old._changes.sweep_all()
            old._changes.refuse_others()
            new = cls(server, _new_meta(place, embedder, 1 + int(meta["passages"].rpartition("_")[2])), embedder)
            server.drop(new._passages)
            server.create(new._passages, embedder.dimension)
            rows = server.scan(new._documents, is_kind(DOCUMENT), ("id", "version"))
            while some := list(islice(rows, BATCH)):
                versions = {row["id"]: row["version"] for row in some}
                held = old.stored(list(versions))
                for item in prepare([(item.document, item.spans) for item in held], embedder):
                    server.put(new._passages, passage_rows(item, versions[item.document.id]))
            _write_meta(server, new._meta)
            server.drop(old._passages)
        except BaseException:
            server.close()
            raise
        return new

    @classmethod
    def drop(cls, place: Place) -> None:
        """Delete the index with all it holds; nothing happens where there is none. Raises StoreUnreachable."""
        server = Server(place)
        try:
            meta = _read_meta(server)
            for name in (*_names(place), *([meta["passages"]] if meta else [])):
                server.drop(name)
        finally:
            server.close()

    def close(self) -> None:
        """End the connection; the store can't be used afterwards."""
        self._counts.close()
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Changing

    def add(
        self,
        documents: Iterable[tuple[Document, Sequence[Passage]]],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Add or replace documents with their passages; returns the number of passages written.

        Each document is there wholly or not at all, whatever happens; those before an error stay. Documents are taken
        one by one, so an iterator may be longer than memory.

        Args:
            progress: told after each batch how many passages are written; what it raises undoes that batch and ends
                the change.

        Raises:
            ValueError: a passage is not the text of its document at its offsets, or a field is too long for Milvus.
            StoreUnreachable: the server can't be reached any more.
        """
        return self.add_prepared(_prepared(documents), progress)

    def add_prepared(self, documents: Iterable[Prepared], progress: Callable[[int], None] | None = None) -> int:
        """As `add`, for documents that were cut and perhaps embedded ahead; see `vectorstore.prepared`."""
        written = 0
        with self._changes.change() as change:
            for group in with_vectors(documents, self.embedder):
                for run in _without_repeats(group):
                    # A document that came before: this one replaces it, under a version of its own.
                    if change.is_long or change.touches(document_key(item.document.id) for item in run):
                        change.renew()
                    written += self._write(change, run, written, progress)
        if written > MANY:
            self.server.settle(self._passages)
        return written

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove documents with all their passages; unknown ids are ignored; returns how many were there.

        When it returns, no search finds them. Milvus wipes what is deleted from its files when it compacts them.
        """
        rows = self._rows([document_key(id) for id in document_ids], ("version",))
        if rows:
            with self._changes.removal(list(rows)):
                self.server.delete(self._documents, among("key", rows))
                self._changes.sweep(list(rows))
            self._counts.forget()
        return len(rows)

    def compact(self) -> None:
        """Delete every row that belongs to no document; reads all of them."""
        self._changes.sweep_all()

    def _write(
        self, change: Change, group: Sequence[Prepared], before: int, progress: Callable[[int], None] | None
    ) -> int:
        """Write documents unseen, then let them be seen in place of those of their ids."""
        rows = [document_row(item.document, change.version, len(item.spans)) for item in group]
        renamed = [document_key(item.instead_of) for item in group if item.instead_of]
        change.touch((row["key"] for row in rows), renamed)
        self.server.put(self._texts, (row for item in group for row in piece_rows(item.document, change.version)))
        self.server.put(self._passages, (row for item in group for row in passage_rows(item, change.version)))
        written = sum(len(item.spans) for item in group)
        if progress:
            progress(before + written)
        self.server.put(self._documents, rows)
        if renamed:
            self.server.delete(self._documents, among("key", renamed))
        self._counts.forget()
        return written

    def meta(self) -> dict[str, str]:
        """Format, embedder and segmenter of the store."""
        return dict(self._meta)

    def problems(self) -> list[str]:
        """What a full check finds wrong, in plain words; [] for a sound store. Reads every row."""
        return self._changes.problems()

    # Searching

    def search_keyword(self, question: str, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """Up to k (passage id, BM25 > 0) among the documents the filter lets through, best first, ties by id."""
        hits = self._ranked("sparse", self._asked(question), k, filter)
        return [(id, score) for id, score in hits if score > 0]

    def search_dense(self, question: str, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """Up to k (passage id, cosine) among the documents the filter lets through, best first, ties by id.

        [] for a question the embedder knows nothing of.
        """
        return self.search_vector(self._question_vector(question), k, filter)

    def search_vector(self, vector: np.ndarray, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """As `search_dense`, for a vector of unit length, shape (dimension,), float32."""
        if not np.any(vector):
            return []
        hits = self._ranked("dense", vector.tolist(), k, filter)
        return [(id, min(1.0, max(-1.0, score))) for id, score in hits]

    def dense_scores(self, question: str, ids: Sequence[str]) -> np.ndarray:
        """Cosine of the question with each named passage, shape (len(ids),), float32. Raises KeyError."""
        return np.clip(self._vectors(ids).astype(np.float32) @ self._question_vector(question), -1, 1)

    def keyword_scores(self, question: str, ids: Sequence[str]) -> np.ndarray:
        """BM25 of the question with each named passage, shape (len(ids),), float32; 0 where no term is shared.

        Raises KeyError for an unknown id.
        """
        rows = self._steady(lambda: self._passage_rows(ids, ("sparse",))[0])
        asked = self._asked(question)
        return np.array([_rounded(dot(asked, row["sparse"])) for row in rows], np.float32)

    def document_frequency(self, terms: Sequence[str]) -> np.ndarray:
        """In how many passages each index term occurs, shape (len(terms),), int64; may be some seconds old."""
        return np.array(self._counts.of([term_code(term) for term in terms]), np.int64)

    def _asked(self, question: str) -> dict[int, float]:
        """The question as a sparse vector; {} where it shares no term with any passage."""
        weights = question_weights(question)
        passages, *frequency = self._counts.of([ALL, *map(term_code, weights)])
        held = {term: weight for (term, weight), count in zip(weights.items(), frequency, strict=True) if count}
        return question_vector(held, np.array([count for count in frequency if count], np.int64), passages)

    def _ranked(self, field: str, vector: Any, k: int, filter: Filter | None) -> list[tuple[str, float]]:
        """The best k that are there and that the filter admits, under passage ids."""
        if k < 1 or not vector:
            return []
        conditions = [filter_expression(filter)] if filter else []
        good: dict[str, tuple[str, float]] = {}
        for _ in range(MOST_ROUNDS):
            hits = self.server.search(self._passages, field, vector, k + SLACK, both(*conditions))
            places = {key: key.split(":") for key, _ in hits}
            documents = self._rows({document for document, _, _ in places.values()}, INFO)
            bad = []
            for key, score in hits:
                document, ordinal, version = places[key]
                row = documents.get(document)
                if row and row["version"] == version and (not filter or filter.admits(info_of(row))):
                    good[key] = (f"{row['id']}:{ordinal}", _rounded(score) if field == "sparse" else score)
                else:
                    bad.append(key)
            if not bad or len(good) >= k or len(hits) < k + SLACK:
                break
            conditions.append(f"not ({among('key', bad)})")
        return sorted(good.values(), key=lambda hit: (-hit[1], hit[0]))[:k]


def _prepared(documents: Iterable[tuple[Document, Sequence[Passage]]]) -> Iterator[Prepared]:
    """Documents cut into index terms, some at a time."""
    group: list[tuple[Document, list[Span]]] = []
    for document, passages in documents:
        check_passages(document, passages)
        document_row(document, "", len(passages))  # what Milvus can't hold is refused before it is cut
        group.append((document, [(passage.start, passage.end, passage.page) for passage in passages]))
        if sum(1 + len(spans) for _, spans in group) >= BATCH:
            yield from prepare(group, None)
            group = []
    yield from prepare(group, None)


def _without_repeats(group: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """The same documents in lists that name each document once."""
    run: dict[str, Prepared] = {}
    for item in group:
        if item.document.id in run:
            yield list(run.values())
            run = {}
        run[item.document.id] = item
    yield list(run.values())


def _rounded(score: float) -> float:
    """BM25 to five digits, as the local home gives it, so that equal texts tie."""
    return float(f"{score:.5g}")


def _names(place: Place) -> tuple[str, str]:
    """The collections of documents and of texts."""
    return f"{place.collection}_documents", f"{place.collection}_texts"


def _new_meta(place: Place, embedder: Embedder, number: int) -> dict[str, str]:
    return {
        "format": str(FORMAT),
        "passages": f"{place.collection}_passages_{number}",
        "cutter": tokens.cutter(),
        "embedder": embedder.name,
        "fingerprint": embedder.fingerprint,
        "dimension": str(embedder.dimension),
    }


def _read_meta(server: Server) -> dict[str, str] | None:
    """The index's facts; None where there is no index."""
    documents, _ = _names(server.place)
    if not server.has(documents):
        return None
    row = server.get(documents, [INDEX], ("facts",)).get(INDEX)
    return dict(json.loads(row["facts"])) if row else None


def _write_meta(server: Server, meta: Mapping[str, str]) -> None:
    server.put(_names(server.place)[0], [note_row(INDEX, INDEX, **meta)])


def _check(place: Place, meta: Mapping[str, str], embedder: Embedder) -> None:
    if int(meta["format"]) != FORMAT:
        raise StoreError(
            f"The index at {place} has format {meta['format']}; this version reads {FORMAT}. "
            "Update with: pip install --upgrade wenju"
        )
    if meta["fingerprint"] != embedder.fingerprint:
        raise EmbedderMismatch(
            f"The index at {place} was made with the embedder {meta['embedder']!r} ({meta['fingerprint'][:12]}), not "
            f"with {embedder.name!r} ({embedder.fingerprint[:12]}). Set RAG_EMBEDDER={meta['embedder']}, or embed its "
            "passages anew with: wenju index --rebuild",
            made_with=meta["embedder"],
        )
