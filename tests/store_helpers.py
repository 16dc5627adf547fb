"""What the store tests share: a small embedder that means something, and documents cut into passages by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vectorstore.records import Document, Passage


class CharacterEmbedder:
    """Counts characters, each in one of `dimension` buckets: the more characters two texts share, the closer."""

    def __init__(self, dimension: int = 64, name: str = "characters") -> None:
        self.dimension = dimension
        self.name = name
        self.fingerprint = f"{name}-{dimension}"
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += len(texts)
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for character in text:
                row[ord(character) % self.dimension] += 1
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, norms, out=vectors, where=norms > 0)

    def embed_question(self, text: str) -> np.ndarray:
        return self.embed([text])[0]


def cut(document_id: str, *texts: str, title: str = "", date: str | None = None) -> tuple[Document, list[Passage]]:
    """A document whose passages are exactly these texts, one after the other."""
    text = "".join(texts)
    document = Document(
        id=document_id,
        source=f"{document_id}.txt",
        path=f"/文件/{document_id}.txt",
        title=title or f"标题{document_id}",
        text=text,
        date=date,
        digest=f"digest-of-{text[:8]}",
    )
    passages, start = [], 0
    for ordinal, piece in enumerate(texts):
        passages.append(span(document, ordinal, start, start + len(piece)))
        start += len(piece)
    return document, passages


def span(document: Document, ordinal: int, start: int, end: int) -> Passage:
    """The passage at these offsets of a document."""
    return Passage(
        id=f"{document.id}:{ordinal}",
        document_id=document.id,
        ordinal=ordinal,
        source=document.source,
        title=document.title,
        text=document.text[start:end],
        start=start,
        end=end,
        page=document.page_at(start),
        date=document.date,
    )
