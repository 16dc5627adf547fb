"""The store contract: what the rest of the project may ask of any home for passages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from vectorstore.filters import Filter
from vectorstore.records import Document, DocumentInfo, Passage

if TYPE_CHECKING:
    from vectorstore.prepared import Prepared


class Embedder(Protocol):
    """What a store asks of an embedding model. Name and fingerprint must be cheap: they are read at every opening."""

    @property
    def name(self) -> str:
        """What people call it; RAG_EMBEDDER takes it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would."""
        ...

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of passages, shape (len(texts), dimension), float32, rows of unit length or all 0."""
        ...

    def embed_question(self, text: str) -> np.ndarray:
        """Vector of one question, shape (dimension,), float32, of unit length or all 0."""
        ...


class Store(Protocol):
    """Keeps documents and passages, and searches them by keyword and by vector.

    Every change is durable when the call returns. A document added again under the same id replaces the old one.
    """

    @property
    def embedder(self) -> Embedder:
        """What makes the vectors."""
        ...

    def add(
        self,
        documents: Iterable[tuple[Document, Sequence[Passage]]],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Add or replace documents with their passages; returns the number of passages written.

        `progress` is told after each batch how many passages are embedded; what it raises undoes the change.
        """
        ...

    def add_prepared(self, documents: Iterable[Prepared]) -> int:
        """As `add`, for documents that were cut and perhaps embedded ahead; see `vectorstore.prepared`."""
        ...

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove documents with all their passages; unknown ids are ignored; returns how many were there."""
        ...

    def documents(self) -> list[DocumentInfo]:
        """All documents, by source then id."""
        ...

    def digests(self) -> dict[str, str]:
        """Document id → digest, to see at little cost which files have changed."""
        ...

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises KeyError for an unknown id."""
        ...

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages with these ids, in that order. Raises KeyError for an unknown id."""
        ...

    def document_passages(self, document_id: str, start: int = 0, stop: int | None = None) -> list[Passage]:
        """The passages of a document in reading order, those numbered start ≤ n < stop; [] for an unknown id."""
        ...

    def vectors(self, document_id: str) -> np.ndarray:
        """Vectors of a document's passages in reading order, shape (n, dimension), float16; none for an unknown id."""
        ...

    def stored(self, document_ids: Sequence[str]) -> list[Prepared]:
        """Documents with their passages and vectors, in that order, their terms left open; unknown ids left out."""
        ...

    def meta(self) -> dict[str, str]:
        """Format, embedder and segmenter of the store."""
        ...

    def problems(self) -> list[str]:
        """What a full check finds wrong, in plain words; [] for a sound store. Reads everything."""
        ...

    def search_keyword(self, question: str, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """Up to k (passage id, BM25 > 0) among the documents the filter lets through, best first, ties by id."""
        ...

    def search_dense(self, question: str, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """Up to k (passage id, cosine) among the documents the filter lets through, best first, ties by id."""
        ...

    def search_vector(self, vector: np.ndarray, k: int, filter: Filter | None = None) -> list[tuple[str, float]]:
        """As `search_dense`, for a vector of unit length, shape (dimension,), float32."""
        ...

    def dense_scores(self, question: str, ids: Sequence[str]) -> np.ndarray:
        """Cosine of the question with each named passage, shape (len(ids),), float32."""
        ...

    def keyword_scores(self, question: str, ids: Sequence[str]) -> np.ndarray:
        """BM25 of the question with each named passage (0 where no word is shared), shape (len(ids),), float32."""
        ...

    def document_frequency(self, terms: Sequence[str]) -> np.ndarray:
        """In how many passages each index term (see `vectorstore.tokens.terms`) occurs, shape (len(terms),), int64."""
        ...

    def __len__(self) -> int:
        """Number of passages."""
        ...

    def close(self) -> None:
        """Release files; the store can't be used afterwards."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
