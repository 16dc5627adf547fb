"""Files dropped on the page: safe names, plain-word refusals, and an old file that survives a bad replacement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Assistant
from rag.errors import LoadError
from rag.ui.uploads import (
    MAX_MEGABYTES,
    MAX_NAME_BYTES,
    UploadRefused,
    check_upload,
    keep_file,
    read_again,
    remove_documents,
    safe_name,
)

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
    """An upload as it comes in: under a name that means nothing."""
    folder.mkdir(exist_ok=True)
    place = folder / f"incoming-{name}"
    place.write_text(text, "utf-8")
    return place


def kept(assistant: Assistant) -> list[str]:
    """The copies in the index folder."""
    files = Path(assistant.settings.index) / "files"
    return sorted(path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file())


def texts(assistant: Assistant) -> dict[str, str]:
    return {info.source: assistant.document(info.id).text for info in assistant.documents()}


def put(assistant: Assistant, folder: Path, name: str, text: str) -> tuple[str, str]:
    report = keep_file(assistant, drop(folder, Path(name).name, text), name)
    return report.outcome, report.source


def test_a_file_is_kept_indexed_and_replaced(assistant: Assistant, tmp_path: Path) -> None:
    assert put(assistant, tmp_path, "纪要.md", "# 纪要\n\n会议定于三月五日。") == ("added", "纪要.md")
    assert put(assistant, tmp_path, "纪要.md", "# 纪要\n\n会议定于三月五日。") == ("unchanged", "纪要.md")
    assert put(assistant, tmp_path, "纪要.md", "# 纪要\n\n会议改到四月一日。") == ("replaced", "纪要.md")
    assert put(assistant, tmp_path, "包/[1]笔记.txt", "另一次会议。") == ("added", "包/[1]笔记.txt")
    assert kept(assistant) == ["包/[1]笔记.txt", "纪要.md"]
    assert "四月一日" in texts(assistant)["纪要.md"]
    assert len(assistant.documents()) == 3


def test_the_same_content_under_another_name_is_not_kept_twice(assistant: Assistant, tmp_path: Path) -> None:
    put(assistant, tmp_path, "纪要.txt", "会议定于三月五日。")
    assert put(assistant, tmp_path, "纪要 (1).txt", "会议定于三月五日。") == ("duplicate", "纪要.txt")
    # The copy of a file that lies elsewhere, dropped over a file that is here: both stay as they were.
    assert put(assistant, tmp_path, "纪要.txt", "章程\n\n协会设理事九人。") == ("duplicate", "章程.txt")
    assert kept(assistant) == ["纪要.txt"]
    assert texts(assistant)["纪要.txt"] == "会议定于三月五日。"


def test_a_bad_replacement_leaves_the_old_file(assistant: Assistant, tmp_path: Path) -> None:
    put(assistant, tmp_path, "夹/纪要.txt", "会议定于三月五日。")
    for name in ("夹/纪要.txt", "新夹/图.txt"):
        bad = drop(tmp_path, "坏", "")
        bad.write_bytes(bytes(range(256)) * 40)
        with pytest.raises(LoadError, match="NUL bytes"):
            keep_file(assistant, bad, name)
    assert kept(assistant) == ["夹/纪要.txt"]
    assert not (tmp_path / "index" / "files" / "新夹").exists()
    assert "三月五日" in texts(assistant)["夹/纪要.txt"]


def test_a_file_and_a_folder_do_not_share_a_name(assistant: Assistant, tmp_path: Path) -> None:
    put(assistant, tmp_path, "甲.txt", "会议定于三月五日。")
    put(assistant, tmp_path, "夹/乙.txt", "会议改到四月一日。")
    for name in ("夹", "甲.txt/丙.txt"):
        with pytest.raises(UploadRefused, match="can't have one name"):
            put(assistant, tmp_path, name, "又一份。")
    assert kept(assistant) == ["夹/乙.txt", "甲.txt"]


@pytest.mark.parametrize(
    ("name", "size", "zh", "en"),
    [
        ("大.txt", (MAX_MEGABYTES + 1) * 2**20, "文件有 51.0 MB，上限是 50 MB。", "has 51.0 MB, the limit is 50 MB"),
        ("程序.exe", 1, "不支持 .exe 文件，可用的是 .txt .md。", "files are not supported; use .txt .md"),
        ("无后缀", 1, "文件名没有扩展名，可用的是 .txt .md。", "has no extension"),
        ("..", 1, "文件名不能用。", "can't be used"),
    ],
)
def test_each_refusal_says_why(name: str, size: int, zh: str, en: str) -> None:
    with pytest.raises(UploadRefused, match=en) as caught:
        check_upload(name, size, SUFFIXES)
    assert caught.value.zh == zh


def test_reading_again_takes_what_the_file_says_now(assistant: Assistant, tmp_path: Path) -> None:
    (own,) = assistant.documents()
    (tmp_path / "docs" / "章程.txt").write_text("章程\n\n协会设理事十一人。", "utf-8")
    assert read_again(assistant, own.id).outcome == "replaced"
    assert "十一人" in texts(assistant)["章程.txt"]
    (tmp_path / "docs" / "章程.txt").unlink()
    with pytest.raises(LoadError) as caught:
        read_again(assistant, own.id)
    assert caught.value.zh == "原文件已不在原处，无法重新读入；可以重新添加。"
    assert "十一人" in texts(assistant)["章程.txt"]
    with pytest.raises(UploadRefused):
        read_again(assistant, "0" * 16)


def test_reading_again_after_the_index_has_moved(assistant: Assistant, tmp_path: Path) -> None:
    put(assistant, tmp_path, "纪要.txt", "会议定于三月五日。")
    assistant.close()
    (tmp_path / "index").rename(tmp_path / "moved")
    with Assistant.open(tmp_path / "moved") as moved:
        (old,) = (info for info in moved.documents() if info.source == "纪要.txt")
        report = read_again(moved, old.id)
        assert report.document_id != old.id
        assert sorted(texts(moved)) == ["章程.txt", "纪要.txt"]


def test_removing_deletes_copies_but_never_the_readers_own_files(assistant: Assistant, tmp_path: Path) -> None:
    put(assistant, tmp_path, "包/纪要.txt", "会议定于三月五日。")
    assert remove_documents(assistant, [info.id for info in assistant.documents()] + ["0" * 16]) == 2
    assert assistant.documents() == []
    assert list((tmp_path / "index" / "files").iterdir()) == []
    assert (tmp_path / "docs" / "章程.txt").exists()
    assert remove_documents(assistant, [""]) == 0
