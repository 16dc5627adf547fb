"""Files dropped on the page: safe names, plain-word refusals, and an old file that survives a bad replacement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Assistant
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


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    first = tmp_path / "docs" / "章程.txt"
    first.parent.mkdir()
    first.write_text("章程\n\n协会设理事九人。", "utf-8")
    with Assistant.build(first, index=tmp_path / "index") as assistant:
        yield assistant


def drop(folder: Path, name: str, text: str) -> Path:
    """A file as the page leaves it: in an upload folder of its own."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return folder / name


def texts(assistant: Assistant) -> dict[str, str]:
    return {info.source: assistant.document(info.id).text for info in assistant.documents()}


def test_a_file_is_copied_indexed_and_replaced(assistant: Assistant, tmp_path: Path) -> None:
    files = tmp_path / "index" / "files"
    dropped = drop(tmp_path / "up", "纪要.md", "# 纪要\n\n会议定于三月五日。")
    assert add_file(assistant, dropped, files, SUFFIXES, "zh") == (True, "纪要.md：已读入，1 段")
    assert not dropped.exists()
    assert [path.name for path in files.iterdir()] == ["纪要.md"]
    drop(tmp_path / "up", "纪要.md", "# 纪要\n\n会议改到四月一日。")
    assert add_file(assistant, dropped, files, SUFFIXES, "zh") == (True, "纪要.md：已更新，1 段")
    assert "四月一日" in texts(assistant)["纪要.md"]
    assert len(assistant.documents()) == 2


def test_a_name_with_glob_characters_is_a_plain_name(assistant: Assistant, tmp_path: Path) -> None:
    dropped = drop(tmp_path / "up", "[1]笔记.txt", "会议定于三月五日。")
    assert add_file(assistant, dropped, tmp_path / "files", SUFFIXES, "zh") == (True, "[1]笔记.txt：已读入，1 段")


def test_a_bad_replacement_leaves_the_old_file(assistant: Assistant, tmp_path: Path) -> None:
    files = tmp_path / "index" / "files"
    add_file(assistant, drop(tmp_path / "up", "纪要.txt", "会议定于三月五日。"), files, SUFFIXES, "zh")
    bad = drop(tmp_path / "up", "纪要.txt", "")
    bad.write_bytes(bytes(range(256)) * 40)
    well, line = add_file(assistant, bad, files, SUFFIXES, "zh")
    assert (well, line.startswith("纪要.txt：没有读入。")) == (False, True)
    assert [path.name for path in files.iterdir()] == ["纪要.txt"]
    assert (files / "纪要.txt").read_text("utf-8") == "会议定于三月五日。"
    assert "三月五日" in texts(assistant)["纪要.txt"]


def test_each_refusal_says_why(assistant: Assistant, tmp_path: Path) -> None:
    files = tmp_path / "index" / "files"
    large = drop(tmp_path / "up", "大.txt", "")
    with large.open("r+b") as file:
        file.truncate((MAX_MEGABYTES + 1) * 2**20)
    dropped = [large, drop(tmp_path / "up", "程序.exe", "x"), drop(tmp_path / "up", "无后缀", "x")]
    *_, lines = add_files(assistant, [str(path) for path in dropped], files, SUFFIXES, "zh")
    assert lines == [
        (False, "大.txt：没有读入。文件有 51.0 MB，上限是 50 MB。"),
        (False, "程序.exe：没有读入。不支持 .exe 文件，可用的是 .txt .md。"),
        (False, "无后缀：没有读入。文件名没有扩展名，可用的是 .txt .md。"),
    ]
    assert not files.exists()
    assert list((tmp_path / "up").iterdir()) == []


def test_too_many_files_are_said_and_the_first_ones_taken(assistant: Assistant, tmp_path: Path) -> None:
    dropped = [str(drop(tmp_path / "up", f"{i}.exe", "x")) for i in range(MAX_FILES + 2)]
    *_, lines = add_files(assistant, dropped, tmp_path / "files", SUFFIXES, "zh")
    assert len(lines) == MAX_FILES + 1
    assert lines[0] == (False, "一次最多 20 个文件，这次有 22 个；其余请再拖一次。")
    assert list((tmp_path / "up").iterdir()) == []


def test_removing_deletes_copies_but_never_the_readers_own_files(assistant: Assistant, tmp_path: Path) -> None:
    files = tmp_path / "index" / "files"
    add_file(assistant, drop(tmp_path / "up", "纪要.txt", "会议定于三月五日。"), files, SUFFIXES, "zh")
    own, copy = sorted(assistant.documents(), key=lambda info: info.source == "纪要.txt")
    assert remove_document(assistant, copy.id, files, "zh") == (True, "已移除 纪要.txt")
    assert list(files.iterdir()) == []
    assert remove_document(assistant, own.id, files, "zh") == (True, "已移除 章程.txt")
    assert (tmp_path / "docs" / "章程.txt").exists()
    assert assistant.documents() == []
    assert remove_document(assistant, own.id, files, "zh")[0] is False
