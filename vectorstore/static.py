"""The embedded model: a table of vectors for Chinese character pairs, characters, Latin words and numbers.

A text is the sum of its tokens' vectors, normalised. Kept apart from `embedding.py`, so that a worker which only embeds
need not wait for LangChain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vectorstore.errors import EmbedderError
from vectorstore.pieces import Pieces

EMBEDDED = "embedded"
MODEL_FOLDER = Path(__file__).parent / "model"
_BATCH = 512  # texts cut at a time: large enough to amortise the call, small enough to stay in cache
_FEW = 64  # characters that are cut faster one by one than as arrays
_WORD = 5  # tokens that a word has at most, one of four Han characters


class StaticModel:
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
        self._fingerprint = digest([tokenizer, weights], folder)

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self._rows.shape[1])

    @property
    def fingerprint(self) -> str:
        """Hash of the model's files."""
        return self._fingerprint

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts, shape (len(texts), dimension), float32 unit rows; a text without known tokens is 0."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        if len(texts) < _FEW and sum(map(len, texts)) < _FEW:
            for vector, text in zip(vectors, texts, strict=True):
                self._rows.take(self._pieces.encode_one(text), axis=0).sum(axis=0, out=vector)
            return unit(vectors)
        for start in range(0, len(texts), _BATCH):
            ids, lengths = self._pieces.encode(texts[start : start + _BATCH])
            self._sum(ids, lengths, vectors[start : start + _BATCH])
        return unit(vectors)

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
        """Vector of one question, shape (dimension,), as `embed` gives it."""
        return self.embed([text])[0]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 in place; zero rows stay zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, norms, out=vectors, where=norms > 0)
    return vectors


def digest(files: Sequence[Path], folder: Path) -> str:
    """SHA-256 over the names and contents of files, 32 hex digits."""
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            total.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:32]
