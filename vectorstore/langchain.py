"""The store as a LangChain `VectorStore`: one text is one document with one passage.

    store = WenjuVectorStore.open("my-index", embeddings)
    store.add_documents(documents, ids=ids)
    store.similarity_search("……", k=4, filter={"source": "年报/*", "date": {"$gte": "2023-01-01"}})

It keeps its texts in any home of `vectorstore.base.Store`, by default a folder: no pickle, safe against kill -9, and
several processes may use it at once.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from langchain_core.documents import Document as Found
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from vectorstore.base import Embedder, Store
from vectorstore.errors import StoreMissing
from vectorstore.filters import Filter
from vectorstore.prepared import Prepared, titled_terms
from vectorstore.records import Document, Passage

# Metadata key under which we note which other values are JSON; records of ours hold strings only.
TYPED = "_json"

Wanted = Filter | Mapping[str, Any] | None


class WenjuVectorStore(VectorStore):
    """Texts with metadata, searched by vector; scores are cosines in [-1, 1], higher is better."""

    def __init__(self, store: Store, embedding: Embeddings) -> None:
        """
        Args:
            store: open, made with `as_embedder(embedding)`; `open` does both.
            embedding: makes the vectors of texts and questions.
        """
        self.store = store
        self._embedding = embedding

    @classmethod
    def open(cls, folder: str | Path, embedding: Embeddings) -> Self:
        """Open the store in a folder, or make an empty one there.

        Raises:
            EmbedderMismatch: another embedding model made its vectors.
            StoreDamaged: its catalog can't be read.
        """
        from vectorstore.local import LocalStore

        embedder = as_embedder(embedding)
        try:
            store = LocalStore.open(folder, embedder)
        except StoreMissing:
            store = LocalStore.create(folder, embedder)
        return cls(store, embedding)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict] | None = None,
        *,
        ids: list[str] | None = None,
        folder: str | Path = "index",
        **kwargs: Any,
    ) -> Self:
        """Open the store in a folder and add texts to it; arguments as of `open` and `add_texts`."""
        store = cls.open(folder, embedding)
        store.add_texts(texts, metadatas, ids=ids, **kwargs)
        return store

    @property
    def embeddings(self) -> Embeddings:
        """What makes the vectors."""
        return self._embedding

    def close(self) -> None:
        """Release the store's files."""
        self.store.close()

    # Changing

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts, or replace those of the same ids, in one change that is on disk when it returns.

        Args:
            metadatas: one for each text; values are anything that JSON holds. `source` (a string), `title` and `date`
                (`YYYY-MM-DD`) can be filtered by as such.
            ids: one for each text; None makes one up.

        Returns:
            The ids.

        Raises:
            ValueError: the lengths differ, or an argument is unknown.
        """
        if kwargs:
            raise ValueError(f"unknown arguments: {', '.join(kwargs)}")
        texts = list(texts)
        metadatas = metadatas if metadatas is not None else [{} for _ in texts]
        ids = ids if ids is not None else [None] * len(texts)
        if not len(texts) == len(metadatas) == len(ids):
            raise ValueError(f"{len(texts)} texts, {len(metadatas)} metadatas and {len(ids)} ids: as many are needed")
        named = [id if id is not None else uuid.uuid4().hex for id in ids]
        documents = [_document(*each) for each in zip(named, texts, metadatas, strict=True)]
        vectors = _unit(self._embedding.embed_documents(texts), self.store.embedder.dimension)
        terms = titled_terms(
            [(metadata.get("title") or "", text) for text, metadata in zip(texts, metadatas, strict=True)]
        )
        self.store.add_prepared(
            Prepared(
                document,
                [(0, len(document.text), None)] if document.text else [],
                [line] if document.text else [],
                vectors[row : row + bool(document.text)].astype(np.float16),
            )
            for row, (document, line) in enumerate(zip(documents, terms, strict=True))
        )
        return named

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Delete by ids, all without; unknown ids are ignored."""
        if kwargs:
            raise ValueError(f"unknown arguments: {', '.join(kwargs)}")
        self.store.remove(list(self.store.digests()) if ids is None else ids)
        return True

    # Reading

    def get_by_ids(self, ids: Sequence[str], /) -> list[Found]:
        """The documents with these ids, in that order; unknown ids are left out."""
        found = []
        for id in ids:
            try:
                document = self.store.document(id)
            except KeyError:
                continue
            found.append(Found(id=id, page_content=document.text, metadata=_metadata(document)))
        return found

    def similarity_search(self, query: str, k: int = 4, filter: Wanted = None, **kwargs: Any) -> list[Found]:
        """The k texts nearest to a question.

        Args:
            filter: a `Filter`, or a mapping: `source` (name or list, with `*` and `?`), `date` (`{"$gte": …, "$lte":
                …}`), any other key of the metadata (a value, or a list of which one must match). All must be met, and
                the search looks only among those that do.
        """
        return [found for found, _ in self.similarity_search_with_score(query, k, filter, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: Wanted = None, **kwargs: Any
    ) -> list[tuple[Found, float]]:
        """As `similarity_search`, with cosines."""
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, filter, **kwargs)

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: Wanted = None, **kwargs: Any
    ) -> list[Found]:
        """As `similarity_search`, for a vector of any length but 0."""
        return [found for found, _ in self.similarity_search_with_score_by_vector(embedding, k, filter, **kwargs)]

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: Wanted = None, **kwargs: Any
    ) -> list[tuple[Found, float]]:
        """As `similarity_search_by_vector`, with cosines."""
        if kwargs:
            raise ValueError(f"unknown arguments: {', '.join(kwargs)}")
        (vector,) = _unit([embedding], self.store.embedder.dimension)
        hits = dict(self.store.search_vector(vector, k, as_filter(filter)))
        return [(self._found(passage), hits[passage.id]) for passage in self.store.passages(list(hits))]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Wanted = None,
        **kwargs: Any,
    ) -> list[Found]:
        """The k of the nearest `fetch_k` texts that are near the question and unlike each other.

        Args:
            lambda_mult: 1 weighs nearness alone, 0 difference alone.
        """
        from langchain_core.vectorstores.utils import maximal_marginal_relevance

        if kwargs:
            raise ValueError(f"unknown arguments: {', '.join(kwargs)}")
        (vector,) = _unit([self._embedding.embed_query(query)], self.store.embedder.dimension)
        hits = [name for name, _ in self.store.search_vector(vector, fetch_k, as_filter(filter))]
        passages = self.store.passages(hits)
        near = [self.store.vectors(each.document_id)[each.ordinal].astype(np.float32) for each in passages]
        chosen = maximal_marginal_relevance(vector, near, lambda_mult, k) if near else []
        return [self._found(passages[row]) for row in chosen]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        """Cosine → [0, 1]."""
        return lambda cosine: (1.0 + cosine) / 2.0

    def _found(self, passage: Passage) -> Found:
        """A passage as a LangChain document; one that Wenju itself indexed keeps the passage's id and place."""
        document = self.store.document(passage.document_id)
        if TYPED in document.metadata:
            return Found(id=document.id, page_content=passage.text, metadata=_metadata(document))
        place = {"source": passage.source, "title": passage.title, "start": passage.start, "end": passage.end}
        return Found(id=passage.id, page_content=passage.text, metadata={**document.metadata, **place})


class _Adapted:
    """LangChain `Embeddings` as a store wants them; the vectors of two probes tell one model from another."""

    def __init__(self, embedding: Embeddings) -> None:
        self._embedding = embedding
        probe = np.array(embedding.embed_query("文据 Wenju"), np.float64)
        self.dimension = len(probe)
        self.name = type(embedding).__name__
        probes = np.round(probe / (np.linalg.norm(probe) or 1.0), 3) + 0.0
        self.fingerprint = hashlib.sha256(f"{self.name}/{probes.tolist()}".encode()).hexdigest()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of texts."""
        return _unit(self._embedding.embed_documents(list(texts)), self.dimension)

    def embed_question(self, text: str) -> np.ndarray:
        """Unit vector of a question."""
        vector: np.ndarray = _unit([self._embedding.embed_query(text)], self.dimension)[0]
        return vector


def as_embedder(embedding: Embeddings) -> Embedder:
    """LangChain embeddings as a store's embedder; Wenju's own are one already."""
    if all(hasattr(embedding, name) for name in ("fingerprint", "dimension", "embed", "embed_question")):
        return embedding  # type: ignore[return-value]
    return _Adapted(embedding)


def as_filter(wanted: Wanted) -> Filter | None:
    """A filter from the mapping LangChain passes on.

    Raises:
        ValueError: an operator that is not `$eq`, `$in`, or, for `date`, `$gte` and `$lte`.

    >>> as_filter({"source": "年报/*", "date": {"$gte": "2023"}, "页": 3})
    Filter(sources=('年报/*',), since='2023-01-01', until=None, metadata={'页': ('3',)})
    """
    if wanted is None or isinstance(wanted, Filter):
        return wanted or None
    sources: list[str] = []
    since = until = None
    metadata: dict[str, list[str]] = {}
    for key, value in wanted.items():
        if key == "date" and isinstance(value, Mapping):
            if unknown := value.keys() - {"$gte", "$lte", "$eq"}:
                raise ValueError(
                    f"unknown in a filter of date: {', '.join(sorted(unknown))}; $gte, $lte and $eq are known"
                )
            since = value.get("$gte", value.get("$eq"))
            until = value.get("$lte", value.get("$eq"))
            continue
        if isinstance(value, Mapping):
            if len(value) != 1 or not value.keys() <= {"$eq", "$in"}:
                raise ValueError(f"unknown in a filter of {key}: {dict(value)}; $eq and $in are known")
            (value,) = value.values()
        values = list(value) if isinstance(value, list | tuple | set) else [value]
        if key == "source":
            sources += values
        else:
            metadata[key] = [_text(each) for each in values]
    return Filter(sources, since, until, metadata) or None


def _document(id: str, text: str, metadata: Mapping[str, Any]) -> Document:
    """A text with its metadata as a document of ours."""
    typed = sorted(key for key, value in metadata.items() if not isinstance(value, str))
    plain = {key: value for key, value in metadata.items() if isinstance(value, str)}
    kept = {key: _text(value) for key, value in metadata.items()}
    return Document(
        id=id,
        source=plain.get("source") or id,
        path="",
        title=plain.get("title") or plain.get("source") or id,
        text=text,
        date=plain.get("date") or None,
        metadata={**kept, TYPED: json.dumps(typed, ensure_ascii=False)},
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _metadata(document: Document) -> dict[str, Any]:
    """The metadata as it was given."""
    kept = {key: value for key, value in document.metadata.items() if key != TYPED}
    for key in json.loads(document.metadata.get(TYPED, "[]")):
        kept[key] = json.loads(kept[key])
    return kept


def _text(value: Any) -> str:
    """A metadata value as our records hold it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unit(vectors: Sequence[Sequence[float]], dimension: int) -> np.ndarray:
    """Rows of unit length, shape (n, dimension), float32; rows of zeros stay."""
    rows = np.array(vectors, np.float32).reshape(len(vectors), dimension)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=rows, where=norms > 0)
