"""A zip from anyone: Chinese names as they were written, nothing outside the folder, no link, no bomb."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from rag import archives
from rag.archives import ENTRIES_MAX, entry_name, unpack
from rag.errors import LoadError
from rag.ui.uploads import safe_name

MEGABYTE = 2**20


def pack(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def opened(path: Path, tmp_path: Path, largest: int = MEGABYTE) -> dict[str, str | bytes]:
    """Name → content, or the Chinese words of the refusal."""
    into = tmp_path / "into"
    into.mkdir()
    found = {}
    for entry in unpack(path, into, safe_name, largest):
        found[entry.name] = entry.file.read_bytes() if entry.file else entry.error.zh
    assert {file.parent for file in into.rglob("*")} <= {into}
    return found


def test_files_come_out_under_their_paths(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "a.zip",
        ("报告/一.txt", "甲".encode()),
        ("报告/", b""),
        ("b<1>.md", b"x"),
        ("b>1<.md", b"y"),
        ("__MACOSX/._一.txt", b"junk"),
        (".DS_Store", b"junk"),
        ("~$草稿.docx", b"junk"),
    )
    assert opened(path, tmp_path) == {"报告/一.txt": "甲".encode(), "b_1_.md": b"x", "b_1_ (2).md": b"y"}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_without_the_utf8_flag(tmp_path: Path, encoding: str) -> None:
    name = "荷塘月色/臺灣·𠮷.txt"
    raw = name.encode(encoding)
    path = pack(tmp_path / "a.zip", ("A" * len(raw), b"data"))
    data = path.read_bytes().replace(b"A" * len(raw), raw)  # what a Chinese Windows or an old zip program writes
    path.write_bytes(data)
    assert opened(path, tmp_path) == {name: b"data"}


def test_a_western_name_stays_readable() -> None:
    info = zipfile.ZipInfo("été.txt")
    info.flag_bits |= 0x800
    assert entry_name(info) == "été.txt"


@pytest.mark.parametrize(
    "name",
    ["../../evil.txt", "/etc/passwd.txt", "a/../../b.txt", "..\\..\\evil.txt", "C:\\windows\\a.txt", "a/\x01/b.txt"],
)
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    (said,) = opened(pack(tmp_path / "a.zip", (name, b"evil")), tmp_path).values()
    assert said == "它的路径指向压缩包之外"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "into"]


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    fifo = zipfile.ZipInfo("fifo.txt")
    fifo.external_attr = (stat.S_IFIFO | 0o644) << 16
    said = opened(pack(tmp_path / "a.zip", (link, b"/etc/passwd"), (fifo, b"")), tmp_path)
    assert said == {"link.txt": "它是链接或设备，不是文件", "fifo.txt": "它是链接或设备，不是文件"}


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    zeros = pack(tmp_path / "a.zip", ("零.txt", bytes(20 * MEGABYTE)))
    assert opened(zeros, tmp_path, 50 * MEGABYTE) == {"零.txt": "它解开后大得不像文档，没有解开"}


def test_a_file_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", ("a.txt", bytes(range(256)) * 400))
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 10)  # says that it unpacks to ten bytes
    path.write_bytes(data)
    (said,) = opened(path, tmp_path).values()
    assert isinstance(said, str)
    assert not list((tmp_path / "into").iterdir())


def test_large_locked_and_damaged_files_are_named(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "a.zip", ("大.txt", bytes(range(256)) * 8192), ("锁.txt", b"secret"), ("坏.txt", b"whole " * 50)
    )
    data = bytearray(path.read_bytes())
    locked = data.rindex("锁.txt".encode()) - 46
    data[locked + 8] |= 1
    start = data.index("坏.txt".encode()) + len("坏.txt".encode())
    data[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    said = opened(path, tmp_path)
    assert said["大.txt"] == "它有 2 MB，上限是 1 MB"
    assert said["锁.txt"] == "它有密码，请去掉密码重新打包"
    assert said["坏.txt"].startswith("它已损坏（")


def test_too_much_is_refused_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = pack(tmp_path / "many.zip", *((f"{i}.txt", b"") for i in range(ENTRIES_MAX + 1)))
    with pytest.raises(LoadError, match="1001 files; at most 1000"):
        opened(many, tmp_path)
    monkeypatch.setattr(archives, "UNPACKED_MAX", 5)
    with pytest.raises(LoadError, match="unpacks to more than") as caught:
        list(unpack(pack(tmp_path / "b.zip", ("a.txt", b"123456")), tmp_path / "into", safe_name, MEGABYTE))
    assert caught.value.zh.startswith("压缩包解开后超过")


@pytest.mark.parametrize("data", [b"", b"PK no zip", b"Rar!\x1a\x07\x00"])
def test_what_is_no_zip(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(LoadError, match="damaged or of a kind") as caught:
        opened(tmp_path / "a.zip", tmp_path)
    assert "请重新打成 .zip" in caught.value.zh
