"""What can go wrong, from reading a file to asking a model.

WenjuError
├── EmbedderError          the embedding model can't be loaded
├── StoreError … (see vectorstore.errors)
├── CollectionError        no collection of that name, or a name that can't be used
├── LoadError              a file can't be read as text
│   └── UnsupportedFormat  no loader for this kind of file
├── DocumentUnknown        no document of that name in the index
├── QuestionError          the question is empty or too long
└── ModelError             the LLM can't be reached, refused the call, is not installed, or wrote nothing provable
"""

from __future__ import annotations

from vectorstore.errors import (
    EmbedderError,
    EmbedderMismatch,
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreUnreachable,
    WenjuError,
)

__all__ = [
    "CollectionError",
    "DocumentUnknown",
    "EmbedderError",
    "EmbedderMismatch",
    "LoadError",
    "ModelError",
    "QuestionError",
    "StoreDamaged",
    "StoreError",
    "StoreLocked",
    "StoreMissing",
    "StoreUnreachable",
    "UnsupportedFormat",
    "WenjuError",
]


class CollectionError(WenjuError):
    """A collection of documents can't be found, named or made."""


class LoadError(WenjuError):
    """A file can't be read as text."""

    def about(self, name: str) -> LoadError:
        """The same error with the name of the file in front."""
        return type(self)(f"{name}: {self.en}", f"{name}：{self.zh}")


class UnsupportedFormat(LoadError):
    """No loader reads this kind of file."""


class DocumentUnknown(WenjuError):
    """No document of that name is in the index."""


class _InBoth(WenjuError):
    """An error that may be told to anybody: `str()` gives both languages."""

    def __str__(self) -> str:
        return self.en if self.en == self.zh else f"{self.zh} / {self.en}"


class QuestionError(_InBoth):
    """The question is empty or too long."""


class ModelError(_InBoth):
    """The LLM can't be reached, refused the call, is not installed, or wrote nothing provable. Never holds a key."""

    def __init__(self, zh: str, en: str = "") -> None:
        super().__init__(en or zh, zh)
        self.args = zh, en
