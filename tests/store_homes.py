"""The two homes of a store behind one handle, so that one suite runs both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vectorstore.local import LocalStore
from vectorstore.milvus import MilvusStore
from vectorstore.milvus_server import Place


@dataclass(frozen=True)
class Home:
    """Where a store lives: a folder, or collections on a server."""

    place: Path | Place

    @property
    def kind(self) -> type[LocalStore] | type[MilvusStore]:
        """The class of the store."""
        return LocalStore if isinstance(self.place, Path) else MilvusStore

    def create(self, embedder: Any) -> Any:
        """An empty store."""
        return self.kind.create(self.place, embedder)  # type: ignore[arg-type]

    def open(self, embedder: Any) -> Any:
        """The store that is there."""
        return self.kind.open(self.place, embedder)  # type: ignore[arg-type]

    def rebuild(self, embedder: Any) -> Any:
        """The store that is there, with another embedder."""
        return self.kind.rebuild(self.place, embedder)  # type: ignore[arg-type]
