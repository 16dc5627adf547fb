"""The store on one machine: the catalog, and the two indexes made from it.

A change goes to the catalog first, in one transaction, then to the keyword index, in one commit. Both carry the
catalog's generation; the dense index lives in memory and follows the catalog. An index found behind (a crash between
the two commits, another process's change) is brought up to date from the catalog, one found damaged is made anew.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np

from vectorstore import tokens
from vectorstore.allowed import Allowed, find_allowed
from vectorstore.base import Embedder
from vectorstore.catalog import Catalog
from vectorstore.change import Change, Entry
from vectorstore.errors import StoreDamaged, StoreError
from vectorstore.filters import Filter
from vectorstore.fingerprint import check_embedder, embedder_meta
from vectorstore.inspection import describe, find_problems
from vectorstore.keyword import KeywordIndex, KeywordWriter, question_weights
from vectorstore.lock import WriterLock
from vectorstore.names import PassageNames
from vectorstore.neighbours import Neighbours
from vectorstore.prepared import BATCH, Prepared, embedded, with_vectors
from vectorstore.records import Document, DocumentInfo, Passage
from vectorstore.upkeep import KeywordUpkeep, batches, keyword_folders, write_terms

logger = logging.getLogger(__name__)

CATALOG = "catalog.sqlite"
LOCK = "write.lock"
PATIENCE = 3.0  # seconds a search is tried again while changes keep taking its passages away; then they are left out
LOCK_TIMEOUT = 30.0  # seconds a change waits for another writer


class LocalStore:
    """Documents, passages and both searches in one folder; see `vectorstore.base.Store` for the contract.

    Any number of threads and processes may have the folder open. Each search sees the changes that were finished when
    it began, whoever made them; changes take turns. A search waits for no one, except for a moment (`WRITER_WAIT`) when
    a writer is just between its two commits and has replaced or removed documents.
    """

    def __init__(self, folder: Path, catalog: Catalog, embedder: Embedder, lock_timeout: float) -> None:
        """Use `create` or `open`."""
        self.folder = folder
        self.embedder = embedder
        self.read_only = catalog.read_only
        self._catalog = catalog
        self._lock = WriterLock(folder / LOCK, lock_timeout)
        self._keyword = KeywordUpkeep(folder, catalog, self._lock)
        self._names = PassageNames(catalog)
        self._dense = Neighbours(
            folder, catalog, self._lock, lambda changes: check_embedder(folder, changes.meta, embedder), embedder.embed
        )
        # One retrieval asks for a search and for single scores; a large model takes 0.1 s for each question.
        self._question_vector = lru_cache(maxsize=64)(embedder.embed_question)
        self._looked_up = lru_cache(maxsize=8)(self._look_up)

    # Opening and closing

    @classmethod
    def create(cls, folder: Path | str, embedder: Embedder, *, lock_timeout: float = LOCK_TIMEOUT) -> Self:
        """Make an empty store.

        Raises:
            StoreError: the folder holds an index already.
            StoreLocked: another process is making one there.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with WriterLock(folder / LOCK, lock_timeout).held():
            if (folder / CATALOG).exists() or keyword_folders(folder):
                raise StoreError(
                    f"{folder} holds an index already. Add to it, or name another folder.",
                    f"{folder} 里已有索引。请往里添加，或换一个文件夹。",
                )
            meta = {"keyword": "", "cutter": tokens.cutter(), **embedder_meta(embedder)}
            catalog = Catalog.create(folder / CATALOG, meta)
        return cls._opened(folder, catalog, embedder, lock_timeout)

    @classmethod
    def open(
        cls, folder: Path | str, embedder: Embedder, *, read_only: bool = False, lock_timeout: float = LOCK_TIMEOUT
    ) -> Self:
        """Open a store; an index that is behind or damaged is mended from the catalog, which the log says.

        Args:
            embedder: the one the store was made with; no vector is computed before it is needed.
            read_only: change nothing, mend nothing.
            lock_timeout: seconds to wait for another writer.

        Raises:
            StoreMissing: there is no index in the folder.
            StoreDamaged: the catalog can't be read.
            EmbedderMismatch: another embedder made the vectors.
            StoreError: a newer version of this program wrote it.
        """
        folder = Path(folder)
        if not (folder / CATALOG).exists() and keyword_folders(folder):
            raise StoreDamaged(
                f"{folder} has lost its catalog {CATALOG}. Put back a copy of it, or index the documents again into a "
                "new folder: wenju index --index NEW_FOLDER PATH…",
                f"{folder} 丢了目录文件 {CATALOG}。请把备份放回去，"
                "或把文档重新索引到新文件夹：wenju index --index 新文件夹 路径…",
            )
        return cls._opened(folder, Catalog(folder / CATALOG, read_only=read_only), embedder, lock_timeout)

    @classmethod
    def rebuild(cls, folder: Path | str, embedder: Embedder, *, lock_timeout: float = LOCK_TIMEOUT) -> Self:
        """Open a store with any embedder: embed every passage again and make both indexes anew.

        The documents' text comes from the catalog; no file is read again. Raises what `open` does but EmbedderMismatch.
        """
        folder = Path(folder)
        catalog = Catalog(folder / CATALOG)
        try:
            store = cls(folder, catalog, embedder, lock_timeout)
            with store._lock.held():
                store._keyword.renew(embedder_meta(embedder), store._embed_anew)
                store._dense.tend()
        except BaseException:
            catalog.close()
            raise
        return store

    @classmethod
    def _opened(cls, folder: Path, catalog: Catalog, embedder: Embedder, lock_timeout: float) -> Self:
        try:
            meta = catalog.meta()
            check_embedder(folder, meta, embedder)
            store = cls(folder, catalog, embedder, lock_timeout)
            if not store.read_only and meta.get("cutter") != tokens.cutter():
                logger.warning("%s was cut by %s, this is %s", folder, meta.get("cutter"), tokens.cutter())
                with store._lock.held():
                    store._keyword.renew()
            store._keyword.current()
            store._dense.open()
        except BaseException:
            catalog.close()
            raise
        return store

    def close(self) -> None:
        """Release files; the store can't be used afterwards."""
        self._dense.forget()
        self._keyword.forget_index()
        self._catalog.close()

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

        One call is one change: when it returns, all of it is on disk; when it raises or the machine stops, none of it
        is. Documents are taken one by one, so an iterator may be longer than memory.

        Args:
            progress: told after each batch how many passages are embedded; what it raises undoes the change.

        Raises:
            ValueError: a passage is not the text of its document at its offsets.
            StoreLocked: another process kept writing for longer than the time-out.
        """
        with self._changing() as (change, writer):
            written = 0
            for entries in batches(_added(change, documents), BATCH):
                self._index(change, writer, entries)
                written += len(entries)
                if progress:
                    progress(written)
        return written

    def add_prepared(self, documents: Iterable[Prepared]) -> int:
        """As `add`, for documents that were cut and perhaps embedded ahead; see `vectorstore.prepared`."""
        written = 0
        with self._changing() as (change, writer):
            for group in with_vectors(documents, self.embedder):
                for item, (document, first) in zip(group, change.put(group), strict=True):
                    for key, terms in enumerate(item.terms, start=first):
                        writer.add(key, document, terms)
                    written += len(item.terms)
        return written

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove documents with all their passages; unknown ids are ignored; returns how many were there.

        When it returns, no search finds them and no file holds their text or their vectors. Nor does one hold a word
        that only they had, but for the dictionary of a large index, until it is next merged or made anew.
        """
        with self._changing(forget=True) as (change, _):
            change.remove(document_ids)
        return len(change.removed)

    def compact(self) -> None:
        """Make the keyword index anew without any trace of removed documents, and give free space back to the disk."""
        with self._writing():
            self._keyword.renew()
            self._catalog.clean()

    # Reading

    def documents(self) -> list[DocumentInfo]:
        """All documents, by source then id."""
        return self._catalog.documents()

    def digests(self) -> dict[str, str]:
        """Document id → digest, to see at little cost which files have changed."""
        return self._catalog.digests()

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises KeyError for an unknown id."""
        return self._catalog.document(document_id)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages with these ids, in that order. Raises KeyError for an unknown id."""
        found = self._catalog.passages(self._names.keys(ids))
        by_id = {passage.id: passage for passage in found.values()}
        return [by_id[passage_id] for passage_id in ids]

    def document_passages(self, document_id: str, start: int = 0, stop: int | None = None) -> list[Passage]:
        """The passages of a document in reading order, those numbered start ≤ n < stop; [] for an unknown id."""
        return self._catalog.document_passages(document_id, start, stop)

    def vectors(self, document_id: str) -> np.ndarray:
        """Vectors of a document's passages in reading order, shape (n, dimension), float16; none for an unknown id."""
        return self._catalog.vectors(document_id)

    def stored(self, document_ids: Sequence[str]) -> list[Prepared]:
        """Documents with their passages and vectors, in that order, their terms left open; unknown ids left out."""
        found = []
        for id in document_ids:
            with suppress(KeyError):
                spans = [(passage.start, passage.end, passage.page) for passage in self.document_passages(id)]
                found.append(Prepared(self.document(id), spans, (), self.vectors(id)))
        return found

    def __len__(self) -> int:
        """Number of passages."""
        return self._names.count()

    def meta(self) -> dict[str, str]:
        """Format, generation, embedder and segmenter of the store."""
        return self._catalog.meta()

    def problems(self) -> list[str]:
        """What a full check of every file finds wrong, in plain words; [] for a sound store. Reads everything."""
        return find_problems(self._catalog, self._keyword, self._dense)

    def condition(self) -> list[str]:
        """Generation, fingerprint and size of each part, a line each, for people."""
        return describe(self.folder, self._catalog, self._keyword, self._dense)

    # Searching

    def search_keyword(self, question: str, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """Up to k (passage id, BM25 > 0) among the documents the filter lets through, best first, ties by id."""
        weights = question_weights(question)
        return self._ranked(lambda allowed: self._keyword.current().search(weights, k, allowed), k, filter)

    def search_dense(self, question: str, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """Up to k (passage id, cosine) among the documents the filter lets through, best first, ties by id.

        [] for a question the embedder knows nothing of.
        """
        return self.search_vector(self._question_vector(question), k, filter)

    def search_vector(self, vector: np.ndarray, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """As `search_dense`, for a vector of unit length, shape (dimension,), float32."""
        return self._ranked(lambda allowed: self._dense.current().search(vector, k, allowed), k, filter)

    def dense_scores(self, question: str, ids: Sequence[str]) -> np.ndarray:
        """Cosine of the question with each named passage, shape (len(ids),), float32. Raises KeyError."""
        keys = self._names.keys(ids)
        return self._dense.current().scores(self._question_vector(question), keys)

    def keyword_scores(self, question: str, ids: Sequence[str]) -> np.ndarray:
        """BM25 of the question with each named passage, shape (len(ids),), float32; 0 where no term is shared.

        Raises KeyError for an unknown id.
        """
        return self._keyword.current().scores(question_weights(question), self._names.keys(ids))

    def document_frequency(self, terms: Sequence[str]) -> np.ndarray:
        """In how many passages each index term occurs, shape (len(terms),), int64."""
        return self._keyword.current().document_frequency(terms)

    def _ranked(
        self, search: Callable[[Allowed | None], list[tuple[int, float]]], k: int, filter: Filter | None
    ) -> list[tuple[str, float]]:
        """What a search finds, under passage ids; searched again when a change took a passage away meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while True:
            allowed = self._allowed(filter) if filter else None
            hits = search(allowed)
            ids = self._names.ids([key for key, _ in hits])
            # A document replaced since the filter was looked up has other keys by now.
            steady = allowed is None or allowed.generation == self._catalog.generation()
            if (steady and len(ids) == len(hits)) or time.monotonic() > deadline:
                break
        named = [(ids[key], score) for key, score in hits if key in ids]
        return sorted(named, key=lambda hit: (-hit[1], hit[0]))[:k]

    def _allowed(self, filter: Filter) -> Allowed:
        """What the filter lets through now; the last few answers are kept until the next change."""
        return self._looked_up(filter, self._catalog.generation())

    def _look_up(self, filter: Filter, generation: int) -> Allowed:
        with self._catalog.reading() as connection:
            return find_allowed(connection, generation, filter)

    # Keeping the indexes in step with the catalog

    @contextmanager
    def _writing(self) -> Iterator[KeywordIndex]:
        """The writer lock, and a keyword index that is in step."""
        if self.read_only:
            raise StoreError(f"The index in {self.folder} is open for reading only. Open it without read_only.")
        with self._lock.held():
            yield self._keyword.mended()

    @contextmanager
    def _changing(self, *, forget: bool = False) -> Iterator[tuple[Change, KeywordWriter]]:
        """One change to the catalog, then the same to the keyword index, where no word stays if it is to forget."""
        with self._writing() as keyword:
            with keyword.writer() as writer:
                with self._catalog.writing() as change:
                    yield change, writer
                if change.changed:
                    with ThreadPoolExecutor(1) as beside:
                        tended = beside.submit(self._dense.tend)  # both indexes follow the catalog, not each other
                        removed = [gone.document for gone in change.removed]
                        writer.remove(removed)
                        if forget:
                            self._keyword.forget(keyword, writer, removed)
                        writer.commit(change.generation)
                        writer.sweep()
                    tended.result()
            if change.removed:
                self._catalog.clean()

    def _index(self, change: Change, writer: KeywordWriter, entries: Sequence[Entry]) -> None:
        """Embed and cut some passages, but for those of a document that came a second time meanwhile."""
        gone = {removed.document for removed in change.removed}
        entries = [entry for entry in entries if entry.document not in gone]
        change.put_vectors([entry.key for entry in entries], self._embedded(entries))
        write_terms(writer, entries)

    def _embed_anew(self, change: Change, entries: Sequence[Entry]) -> None:
        """Embed some passages again, as part of doing so with all."""
        change.put_vectors([entry.key for entry in entries], self._embedded(entries))
        change.set_meta("embedded", str(change.generation))

    def _embedded(self, entries: Sequence[Entry]) -> np.ndarray:
        """Vectors of passages, shape (len(entries), dimension); ValueError if the embedder gives something else."""
        return embedded(self.embedder, [(entry.title, entry.text) for entry in entries])


def _added(change: Change, documents: Iterable[tuple[Document, Sequence[Passage]]]) -> Iterator[Entry]:
    """Write documents as they come and give their passages on."""
    for document, passages in documents:
        yield from change.add(document, passages)
