"""The store: documents, passages and vectors, searched by keyword and by meaning.

`vectorstore.local.LocalStore` keeps them on one machine, `vectorstore.embedding.load_embedder` loads the model that
makes the vectors; both are imported from there, since they take longer to import than these records.
"""

from vectorstore.errors import (
    EmbedderMismatch,
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreUnreachable,
    WenjuError,
)
from vectorstore.filters import Filter
from vectorstore.records import Document, DocumentInfo, Hit, Passage

__all__ = [
    "Document",
    "DocumentInfo",
    "Passage",
    "Hit",
    "Filter",
    "WenjuError",
    "StoreError",
    "StoreMissing",
    "StoreDamaged",
    "StoreLocked",
    "StoreUnreachable",
    "EmbedderMismatch",
]
