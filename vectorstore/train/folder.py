"""Writes the model folder: the files that sentence-transformers and `vectorstore.embedding` both read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vectorstore.pieces import DROPPED
from vectorstore.train.charsmap import character_map

BREAK = "▁"  # stands between the two copies of a character; never a token
# Beyond the characters people fold on purpose, two lower-case to ASCII (İ, K): they end a run, as in `Pieces`.
_BREAKING = ("\u0130", "\u212a")


def tokenizer(tokens: Sequence[str], folded: Mapping[str, str]) -> dict[str, Any]:
    """`tokenizer.json` for the vocabulary: the same cut as `vectorstore.pieces.Pieces`.

    A tokenizer can't cut overlapping pieces, so the normaliser doubles each Han character (量子院 → 量▁量子▁子院▁院)
    and the pre-tokenizer then cuts 量, 量子, 子院, 院. BPE without merges takes a pair that is in the vocabulary whole
    and falls back to its characters otherwise.
    """
    alphabet = [token for token in tokens[1:] if len(token) == 1]
    doubled = {character: f"{character}{BREAK}{character}" for character in alphabet}
    replacements = doubled | {old: doubled.get(new, new) for old, new in folded.items()}
    replacements |= {chr(code): "" for code in DROPPED} | dict.fromkeys(_BREAKING, BREAK)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Precompiled", "precompiled_charsmap": character_map(replacements)},
                {"type": "Lowercase"},
            ],
        },
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": f"[{''.join(alphabet)}]{{1,2}}|[a-z0-9]+"},
            "behavior": "Removed",
            "invert": True,
        },
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": tokens[0],
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": {token: row for row, token in enumerate(tokens)},
            "merges": [],
        },
    }


def save(
    folder: Path, tokens: Sequence[str], folded: Mapping[str, str], rows: np.ndarray, recipe: Mapping[str, Any]
) -> None:
    """Write tokenizer.json, model.safetensors, modules.json and recipe.json.

    Args:
        rows: Shape (len(tokens), dimension), float32.
        recipe: Everything that made the model; `dense_weight` in it is read back by `load_embedder`.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    modules = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (path, kind) in enumerate((("", "StaticEmbedding"), ("1_Normalize", "Normalize")))
    ]
    _write_json(folder / "tokenizer.json", tokenizer(tokens, folded), indent=None)
    _write_json(folder / "modules.json", modules)
    _write_json(folder / "recipe.json", {**recipe, "folded": ["".join(folded), "".join(folded.values())]})
    # Half precision in single-precision clothes: torch's bags want the latter, and the zero bits pack to nothing.
    rounded = rows.astype(np.float16).astype(np.float32)
    save_file({"embedding.weight": np.ascontiguousarray(rounded)}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)


def _write_json(path: Path, content: Any, indent: int | None = 2) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
