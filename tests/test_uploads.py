"""Files dropped on the page: safe names, plain-word refusals, and an old file that survives a bad replacement."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ui.uploads import MAX_FILES, MAX_MEGABYTES, MAX_NAME_BYTES, add_file, add_files, remove_document, safe_name

SUFFIXES = (".txt", ".md")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("荷塘生华.txt", "荷塘生华.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\资料\\报告.docx", "报告.docx"),
        ("a\x00b\r\nc\u202e.txt", "abc.txt"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("...", ""),
        ("", ""),
        (".txt", "txt"),
        ("ＡＢ é.md", "ＡＢ é.md"),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_suffix() -> None:
    name = safe_name("长" * 300 + ".docx")
    assert name.endswith("长.docx")
    assert MAX_NAME_BYTES - 3 < len(name.encode()) <= MAX_NAME_BYTES


@given(st.text())
def test_a_safe_name_never_leaves_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe in ("", Path(safe).name)
    assert not safe.startswith(".")
    assert safe_name(safe) == safe
