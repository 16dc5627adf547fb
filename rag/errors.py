"""What can go wrong, from reading a file to asking a model.

WenjuError
├── EmbedderError          the embedding model can't be loaded
├── StoreError … (see vectorstore.errors)
├── TwoTongued             has its message in Chinese and in English
│   ├── CollectionError    no collection of that name, or a name that can't be used
│   └── LoadError          a file can't be read as text
│       └── UnsupportedFormat  no loader for this kind of file
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
    "TwoTongued",
    "UnsupportedFormat",
    "WenjuError",
]


class TwoTongued(WenjuError):
    """An error that a reader of the page may see, in the language of the page.

    Attributes:
        en, zh: the same message in English and in Chinese; `str()` gives the English one.
    """

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh or en


class CollectionError(TwoTongued):
    """A collection of documents can't be found, named or made."""


class LoadError(TwoTongued):
    """A file can't be read as text."""

    def about(self, name: str) -> LoadError:
        """The same error with the name of the file in front."""
        return type(self)(f"{name}: {self.en}", f"{name}：{self.zh}")


class UnsupportedFormat(LoadError):
    """No loader reads this kind of file."""


class DocumentUnknown(WenjuError):
    """No document of that name is in the index."""


class QuestionError(WenjuError):
    """The question is empty or too long."""


class ModelError(WenjuError):
    """The LLM can't be reached, refused the call, is not installed, or wrote nothing provable. Never holds a key.

    Attributes:
        zh, en: the same message in Chinese and in English; `str()` gives both.
    """

    def __init__(self, zh: str, en: str = "") -> None:
        super().__init__(f"{zh} / {en}" if en else zh)
        self.zh = zh
        self.en = en or zh
