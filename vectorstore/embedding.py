"""Text → unit vectors, as LangChain `Embeddings`.

`load_embedder("embedded")` reads the model that ships in `vectorstore/model/`: a table of vectors for Chinese
character pairs, characters, Latin words and numbers, summed and normalised. It needs neither torch nor a download.
Any other name is a sentence-transformers model, by folder or hub name.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from vectorstore.errors import EmbedderError
from vectorstore.pieces import Pieces

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

EMBEDDED = "embedded"
MODEL_FOLDER = Path(__file__).parent / "model"

# Weight of the dense leg for a model whose weight nobody has measured here; see `vectorstore/model/README.md`.
UNMEASURED_DENSE_WEIGHT = 0.3

HUB_TIMEOUT = 5.0  # seconds to wait for the hub; sentence-transformers alone would hang for over a minute
_BATCH = 512  # texts cut at a time: large enough to amortise the call, small enough to stay in cache
_WORD = 5  # tokens that a word has at most, one of four Han characters


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


class StaticEmbedder(Embedder):
    """The embedded model: the sum of the vectors of a text's tokens, normalised.

    The folder is in sentence-transformers' own format (a `StaticEmbedding`), read here without torch.
    """

    def __init__(self, folder: Path = MODEL_FOLDER, name: str = EMBEDDED) -> None:
        from safetensors.numpy import load_file

        tokenizer, weights, recipe = (folder / file for file in ("tokenizer.json", "model.safetensors", "recipe.json"))
        for file in (tokenizer, weights, recipe):
            if not file.is_file():
                raise EmbedderError(
                    f"the embedding model in {folder} has no {file.name}; "
                    "it needs tokenizer.json, model.safetensors and recipe.json: "
                    "reinstall wenju, or run `python -m vectorstore.train DATA_FOLDER`"
                )
        vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
        made = json.loads(recipe.read_text(encoding="utf-8"))
        self.name = name
        self.dense_weight = float(made["dense_weight"])
        self._pieces = Pieces(sorted(vocabulary, key=vocabulary.__getitem__), dict(zip(*made["folded"], strict=True)))
        self._rows = load_file(weights)["embedding.weight"]
        self._fingerprint = _digest([tokenizer, weights], folder)

    @property
    def dimension(self) -> int:
        return int(self._rows.shape[1])

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _BATCH):
            ids, lengths = self._pieces.encode(texts[start : start + _BATCH])
            self._sum(ids, lengths, vectors[start : start + _BATCH])
        return _unit(vectors)

    def _sum(self, ids: np.ndarray, lengths: np.ndarray, out: np.ndarray) -> None:
        """Add up the vectors of each text's tokens, in their order."""
        firsts = np.cumsum(lengths) - lengths
        # Words by their number of tokens, all of one length at once: twice as fast.
        for length in range(1, _WORD + 1):
            texts = np.flatnonzero(lengths == length)
            sums = self._rows.take(ids[firsts[texts]], axis=0)
            for place in range(1, length):
                sums += self._rows.take(ids[firsts[texts] + place], axis=0)
            out[texts] = sums
        # One sum per longer text: six times as fast as np.add.reduceat over the batch.
        for row in np.flatnonzero(lengths > _WORD).tolist():
            first = firsts[row]
            self._rows.take(ids[first : first + lengths[row]], axis=0).sum(axis=0, out=out[row])

    def embed_question(self, text: str) -> np.ndarray:
        return self.embed([text])[0]


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
        return _unit(vectors)


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
    return SentenceTransformerEmbedder(name, str(folder), None, _digest(files, folder))


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


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 in place; zero rows stay zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, norms, out=vectors, where=norms > 0)
    return vectors


def _digest(files: Sequence[Path], folder: Path) -> str:
    """SHA-256 over the names and contents of files, 32 hex digits."""
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            total.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:32]
