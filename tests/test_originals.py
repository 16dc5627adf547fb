"""The original of a document: at its path or below the index, and only while it is the same file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rag.documents import document_from_text, load_document
from rag.originals import find_original


def test_the_original_is_found_only_while_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "文件夹" / "章程.txt"
    path.parent.mkdir()
    path.write_text("协会设理事九人。", "utf-8")
    document = load_document(path)
    assert find_original(document, tmp_path / "index") == path
    path.write_text("协会设理事八人。", "utf-8")
    os.utime(path, ns=(1, 1))
    assert find_original(document, tmp_path / "index") is None
    path.unlink()
    assert find_original(document, tmp_path / "index") is None
    path.mkdir()
    assert find_original(document, tmp_path / "index") is None


def test_an_upload_moves_with_its_index(tmp_path: Path) -> None:
    kept = tmp_path / "index" / "files" / "包.zip" / "files" / "a.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("甲", "utf-8")
    document = load_document(kept)
    shutil.move(tmp_path / "index", tmp_path / "moved")
    assert find_original(document, tmp_path / "index") is None
    moved = tmp_path / "moved" / "files" / "包.zip" / "files" / "a.txt"
    assert find_original(document, tmp_path / "moved") == moved


def test_text_that_never_was_a_file_has_no_original(tmp_path: Path) -> None:
    assert find_original(document_from_text("甲", source="甲"), tmp_path) is None
