"""Text → unit vectors, as LangChain `Embeddings`.

`load_embedder("embedded")` reads the model that ships in `vectorstore/model/` (`static.py`); it needs neither torch nor
a download.
Any other name is a sentence-transformers model, by folder or hub name.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from vectorstore.errors import EmbedderError
from vectorstore.static import EMBEDDED, StaticModel, digest, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Weight of the dense leg for a model whose weight nobody has measured here; see `vectorstore/model/README.md`.
UNMEASURED_DENSE_WEIGHT = 0.3

HUB_TIMEOUT = 5.0  # seconds to wait for the hub; sentence-transformers alone would hang for over a minute


class Embedder(Embeddings):
    """Turns texts into unit vectors; the cosine of two is their dot product.

    Attributes:
        name: what it was loaded by: "embedded", a folder or a hub name.
        dense_weight: weight of the dense leg in the fused score.
    """

    name: str
    dense_weight: float

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Length of every vector."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Hash that changes whenever the vectors would; an index is only searched with the model that made it."""

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of passages, shape (len(texts), dimension), float32 unit rows; a text without known tokens is 0."""

    @abstractmethod
    def embed_question(self, text: str) -> np.ndarray:
        """Vector of one question, shape (dimension,), float32, unit length or all 0."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """`embed` as LangChain wants it."""
        return self.embed(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        """`embed_question` as LangChain wants it."""
        return self.embed_question(text).tolist()


class StaticEmbedder(StaticModel, Embedder):
    """The embedded model as LangChain `Embeddings`."""


class SentenceTransformerEmbedder(Embedder):
    """A sentence-transformers model; torch is imported when the first text is embedded."""

    def __init__(self, name: str, source: str, revision: str | None, fingerprint: str) -> None:
        self.name = name
        self.dense_weight = UNMEASURED_DENSE_WEIGHT
        self._source, self._revision, self._fingerprint = source, revision, fingerprint

    @cached_property
    def _model(self) -> SentenceTransformer:
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(self._source, revision=self._revision, trust_remote_code=False)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EmbedderError(
                f"sentence-transformers can't load {self.name!r}: {error}; check it with "
                f"`SentenceTransformer({self._source!r})`, or set RAG_EMBEDDER=embedded"
            ) from error

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode(self._model.encode_document, texts)

    def embed_question(self, text: str) -> np.ndarray:
        return self._encode(self._model.encode_query, [text])[0]

    def _encode(self, encode: Any, texts: Sequence[str]) -> np.ndarray:
        """Unit rows; blank texts, of which models make up a vector, stay 0."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        filled = [i for i, text in enumerate(texts) if text.strip()]
        if filled:
            vectors[filled] = encode([texts[i] for i in filled], convert_to_numpy=True, show_progress_bar=False)
        return unit(vectors)


def load_embedder(name: str = EMBEDDED) -> Embedder:
    """The embedder of that name.

    Args:
        name: "embedded" for the shipped model; else a sentence-transformers model: an existing folder, or a hub name
            such as "BAAI/bge-small-zh-v1.5", taken from the local cache or downloaded once.

    Raises:
        EmbedderError: there is no such folder and the hub has no such model or can't be reached.
    """
    if name == EMBEDDED:
        return StaticEmbedder()
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _from_folder(name, folder)
    return _from_hub(name)


def _from_folder(name: str, folder: Path) -> Embedder:
    """A sentence-transformers model saved in a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in {".md", ".py"}]
    if not any(path.name in {"modules.json", "config.json"} for path in files):
        raise EmbedderError(
            f"{folder} is not a sentence-transformers model: it has neither modules.json nor config.json; "
            "save one there with `SentenceTransformer(...).save(folder)`, or set RAG_EMBEDDER=embedded"
        )
    return SentenceTransformerEmbedder(name, str(folder), None, digest(files, folder))


def _from_hub(name: str) -> Embedder:
    """A model by hub name: what the local cache holds of it, else the hub's newest, pinned to its commit."""
    from huggingface_hub import HfApi, constants, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    hint = (
        f"no folder of that name exists here; give a sentence-transformers folder, download it where there is a "
        f"network (`hf download {name}`), or set RAG_EMBEDDER=embedded for the model that ships with wenju"
    )
    try:
        for file in ("modules.json", "config.json"):
            cached = try_to_load_from_cache(name, file)
            if isinstance(cached, str):
                snapshot = Path(cached).parent
                return SentenceTransformerEmbedder(name, str(snapshot), None, f"{name}@{snapshot.name}")
    except HFValidationError as error:
        raise EmbedderError(f"embedder {name!r} is no name the model hub could know; {hint}") from error
    if constants.HF_HUB_OFFLINE:
        raise EmbedderError(f"embedder {name!r}: not in the local cache, and HF_HUB_OFFLINE is set; {hint}")
    try:
        commit = HfApi().model_info(name, timeout=HUB_TIMEOUT).sha
    except RepositoryNotFoundError as error:
        raise EmbedderError(f"embedder {name!r}: the model hub knows no such model; {hint}") from error
    except Exception as error:  # those of the hub client's HTTP library, which changes from version to version
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise EmbedderError(f"embedder {name!r}: can't reach the model hub ({reason}); {hint}") from error
    return SentenceTransformerEmbedder(name, name, commit, f"{name}@{commit}")
