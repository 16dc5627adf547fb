"""A store is searched only with the embedder that made its vectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vectorstore.base import Embedder
from vectorstore.errors import EmbedderMismatch


def embedder_meta(embedder: Embedder) -> dict[str, str]:
    """What a store keeps of the embedder that made its vectors."""
    return {
        "embedder": embedder.name,
        "fingerprint": embedder.fingerprint,
        "dimension": str(embedder.dimension),
    }


def check_embedder(folder: Path, meta: Mapping[str, str], embedder: Embedder) -> None:
    """Raise EmbedderMismatch, with the way out, unless this embedder made the vectors of the store in the folder."""
    if meta["fingerprint"] == embedder.fingerprint:
        return
    made, asked = (
        f"{meta['embedder']!r} ({meta['fingerprint'][:12]})",
        f"{embedder.name!r} ({embedder.fingerprint[:12]})",
    )
    if meta["embedder"] == embedder.name:
        cure = "The model has changed since"
    else:
        cure = f"To keep it, set RAG_EMBEDDER={meta['embedder']}; to change it"
    raise EmbedderMismatch(
        f"The index in {folder} was made with the embedder {made}, not with {asked}. "
        f"{cure}: embed its passages anew with: wenju index --rebuild --index {folder}",
        f"{folder} 的索引是用向量模型 {made} 做的，现在设的是 {asked}。"
        f"要换模型请重做：wenju index --rebuild --index {folder}；要沿用请设 RAG_EMBEDDER={meta['embedder']}",
        made_with=meta["embedder"],
    )
