"""Frozen records the store keeps: documents, their passages, and what a search finds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One file as readable text.

    Attributes:
        id: 16 hex digits, stable for one path; `document_id(path)` makes it.
        source: the name people know it by: the file name, or the path inside the folder they gave.
        path: where it was read from, absolute; "" for text that never was a file.
        title: a non-empty title; the file's stem where the text names none.
        text: the readable text. All offsets in this project count its characters (code points).
        date: ISO date `YYYY-MM-DD` of the document, or None.
        metadata: small extra facts (tags, categories, author), strings only.
        pages: offset in `text` at which each page starts, first is 0; () where the format has no pages.
        digest: SHA-256 hex of the file's bytes, to know an unchanged file.
    """

    id: str
    source: str
    path: str
    title: str
    text: str
    date: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[int, ...] = ()
    digest: str = ""

    def page_at(self, offset: int) -> int | None:
        """The 1-based page that holds the character at `offset`; None without pages."""
        return bisect_right(self.pages, offset) if self.pages else None


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one document: `document.text[start:end] == text`.

    Attributes:
        id: `"{document_id}:{ordinal}"`.
        ordinal: position in its document, from 0.
        page: 1-based page on which it starts, or None.
    """

    id: str
    document_id: str
    ordinal: int
    source: str
    title: str
    text: str
    start: int
    end: int
    page: int | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage a search found.

    Attributes:
        score: the fused score the ranking is sorted by; higher is better, compares within one query only.
        keyword: raw BM25 (≥ 0, higher is better), 0 when the keyword leg did not find it.
        dense: cosine similarity in [-1, 1], 0 when the dense leg did not find it.
    """

    passage: Passage
    score: float
    keyword: float = 0.0
    dense: float = 0.0


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document in a listing, without its text."""

    id: str
    source: str
    path: str
    title: str
    date: str | None
    characters: int
    passages: int
    digest: str
    metadata: Mapping[str, str] = field(default_factory=dict)
