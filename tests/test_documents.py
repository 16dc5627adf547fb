"""Finding files and turning them into documents."""

import hashlib
import os
from pathlib import Path

import pytest

from rag import documents
from rag.documents import document_from_text, document_id, file_digest, find_files, load_document
from rag.errors import LoadError, UnsupportedFormat

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as people have them: nested, with hidden, locked and unreadable files in it."""
    for name in (
        "乙.txt",
        "甲.md",
        "子/丙.html",
        "子/深/丁.TXT",
        ".藏.txt",
        ".git/x.md",
        "~$锁.docx",
        "表.xls",
        "__MACOSX/x.txt",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("量子院位于中关村软件园。", encoding="utf-8")
    return tmp_path


def sources(paths: object) -> list[str]:
    return [source for _, source in find_files(paths)]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.HTML", "a.csv"])
def test_a_format_that_is_read_otherwise_now_is_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("量子院位于中关村。", encoding="utf-8")
    digest = load_document(path).digest
    assert digest == file_digest(path)
    assert digest != hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_is_searched_to_the_bottom_and_sorted(folder: Path) -> None:
    found = find_files([folder])
    assert [source for _, source in found] == ["乙.txt", "子/丙.html", "子/深/丁.TXT", "甲.md"]
    assert [path for path, _ in found] == [folder / source for _, source in found]


def test_a_single_file_goes_by_its_name(folder: Path) -> None:
    assert find_files([folder / "子" / "丙.html"]) == [(folder / "子" / "丙.html", "丙.html")]
    assert sources(str(folder / ".藏.txt")) == [".藏.txt"], "hidden, but named"


def test_each_file_comes_once_under_its_first_name(folder: Path) -> None:
    assert sources([folder / "子", folder, folder / "甲.md"]) == ["丙.html", "深/丁.TXT", "乙.txt", "甲.md"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["乙.txt"]),
        ("**/*.[tT]*", ["乙.txt", "子/深/丁.TXT"]),
        ("子/*", ["丙.html"]),
        ("*/*.html", ["子/丙.html"]),
    ],
)
def test_patterns(folder: Path, pattern: str, expected: list[str]) -> None:
    assert sources([folder / pattern]) == expected


def test_relative_paths_count_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert find_files(["甲.md", "./子"]) == [
        (folder / "甲.md", "甲.md"),
        (folder / "子/丙.html", "丙.html"),
        (folder / "子/深/丁.TXT", "深/丁.TXT"),
    ]


def test_a_name_with_brackets_is_a_file_first(tmp_path: Path) -> None:
    (tmp_path / "甲[1].txt").write_text("好", encoding="utf-8")
    assert sources([tmp_path / "甲[1].txt"]) == ["甲[1].txt"]


def test_links_to_folders_are_not_followed(folder: Path) -> None:
    (folder / "子" / "圈").symlink_to(folder)
    assert len(find_files([folder])) == 4


@pytest.mark.parametrize("name", ["没有.txt", "没有", "没有/*.txt", "*.csv"])
def test_what_is_not_there(folder: Path, name: str) -> None:
    with pytest.raises(LoadError, match=r"no such file or folder|no file matches") as caught:
        find_files([folder / name])
    assert name in str(caught.value)


def test_a_named_file_of_another_format(folder: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=r"表\.xls: \.xls files can't be read; supported are \.txt"):
        find_files([folder / "表.xls"])


# Reading


def test_a_file_becomes_a_document(tmp_path: Path) -> None:
    path = tmp_path / "年报_20220613.txt"
    data = "量子院年报\r\n\r\n　　全职科研人员217名。\r\n".encode("gb18030")
    path.write_bytes(data)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    document = load_document(path, source="资料/年报.txt")
    assert document.id == hashlib.sha256(str(path).encode()).hexdigest()[:16] == document_id(path)
    assert (document.source, document.path) == ("资料/年报.txt", str(path))
    assert (document.title, document.date) == ("量子院年报", "2022-06-13")
    assert document.text == "量子院年报\n全职科研人员217名。"
    assert document.metadata == {"modified": "2023-11-14"}
    assert document.digest == hashlib.sha256(data + b"\0reading 2").hexdigest()
    assert document.pages == ()


def test_a_date_in_the_text_outranks_nothing_but_the_file(tmp_path: Path) -> None:
    """Stated in the content, then in the name, then in the first lines; never guessed."""
    texts = {
        "2021-01-01-甲.md": ("---\ndate: 2022-02-02\n---\n标题\n\n正文。", "2022-02-02"),
        "2021-01-01-乙.txt": ("标题\n2022-02-02 来源：某报\n正文。", "2021-01-01"),
        "丙.txt": ("标题\n2022-02-02 来源：某报\n正文。", "2022-02-02"),
        "丁.txt": ("3月28日,论坛召开,2024年度成果丰硕。", None),
    }
    for name, (text, date) in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert load_document(tmp_path / name).date == date, name


def test_a_title_is_never_empty(tmp_path: Path) -> None:
    (tmp_path / "数表.txt").write_text("123\n456", encoding="utf-8")
    assert load_document(tmp_path / "数表.txt").title == "数表"


def test_an_upload_is_known_by_the_name_given(tmp_path: Path) -> None:
    (tmp_path / "tmp1.txt").write_text("好。", encoding="utf-8")
    assert load_document(tmp_path / "tmp1.txt", source="甲.txt", identity="甲.txt").id == document_id("甲.txt")


def test_ids_of_one_place_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert document_id(Path("子/../甲.txt")) == document_id(tmp_path / "甲.txt")
    assert document_id("甲.txt") != document_id(Path("甲.txt"))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        pytest.param("空.txt", b"", r"空\.txt: this file is empty", id="empty"),
        pytest.param("空.pdf", b" \n\t", r"空\.pdf: this file is empty", id="blank"),
        pytest.param("无.html", b"<html><body></body></html>", r"无\.html: there is no text", id="no-text"),
        pytest.param("图.txt", b"\x89PNG\x00\x00", r"图\.txt: this is no text file", id="binary"),
        pytest.param("坏.pdf", b"%PDF-1.4", r"坏\.pdf: this PDF is damaged", id="damaged"),
        pytest.param("坏.docx", b"PK", r"坏\.docx: this is no Word file", id="no-word-file"),
    ],
)
def test_files_that_hold_no_text(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LoadError, match=reason):
        load_document(tmp_path / name)


def test_a_file_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 2**20)
    (tmp_path / "大.txt").write_bytes(b"a" * (3 * 2**20))
    with pytest.raises(LoadError, match=r"大\.txt: 3 MB is over the limit of 1 MB"):
        load_document(tmp_path / "大.txt")


def test_a_parser_that_gives_up_is_a_load_error_too(tmp_path: Path) -> None:
    import io
    import zipfile

    import docx

    buffer, broken = io.BytesIO(), io.BytesIO()
    docx.Document().save(buffer)
    with zipfile.ZipFile(buffer) as package, zipfile.ZipFile(broken, "w") as changed:
        for name in package.namelist():
            # A relation without its type makes python-docx raise a TypeError.
            changed.writestr(name, package.read(name).replace(b'Target="word/document.xml"', b""))
    (tmp_path / "怪.docx").write_bytes(broken.getvalue())
    with pytest.raises(LoadError, match=r"怪\.docx: this (file can't be read|Word file is damaged)"):
        load_document(tmp_path / "怪.docx")


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="there is no such file"):
        load_document(tmp_path / "没有.txt")
    (tmp_path / "夹.txt").mkdir()
    with pytest.raises(LoadError, match="this is a folder"):
        load_document(tmp_path / "夹.txt")


# Texts


def test_a_text_becomes_a_document() -> None:
    document = document_from_text("标题\r\n正文\ud800。", source="笔记", metadata={"a": "b"})
    assert (document.id, document.source, document.path) == (document_id("笔记"), "笔记", "")
    assert (document.title, document.text, document.date) == ("标题", "标题\n正文。", None)
    assert document.metadata == {"a": "b"}
    assert document_from_text("1", source="笔记").title == "笔记"


def test_a_text_with_its_own_title_and_date() -> None:
    document = document_from_text("正文。", source="笔记", title="甲", date="2024-03-05")
    assert (document.title, document.date) == ("甲", "2024-03-05")
    with pytest.raises(ValueError, match="去年"):
        document_from_text("正文。", source="笔记", date="去年")
    with pytest.raises(LoadError, match="笔记: there is no text"):
        document_from_text(" \u200b\n", source="笔记")


# The two seeds


@pytest.fixture(scope="module")
def seeds() -> list[documents.Document]:
    return [load_document(path, source=source) for path, source in find_files([SEEDS])]


def test_seed_titles_and_dates(seeds: list[documents.Document]) -> None:
    assert [(seed.source, seed.title, seed.date) for seed in seeds] == [
        (
            "000_32e63940e2567247.txt",
            "北京国际科技创新中心建设成就巡礼：服务国家战略需求、攻坚关键核心技术、加快研究成果转化",
            "2022-06-13",
        ),
        ("004_2cd22e08cb3e0956.txt", "以“开放共享·协同创新”为主题的中关村论坛", None),
    ]
    assert seeds[0].metadata["publisher"] == "北京商报"


def test_the_first_seed_is_its_paragraphs_and_nothing_else(seeds: list[documents.Document]) -> None:
    raw = (SEEDS / "000_32e63940e2567247.txt").read_text(encoding="utf-8")
    lines = seeds[0].text.split("\n")
    assert len(lines) == raw.count("<p") - 1 == 31, "every paragraph but the line that names the source"
    assert lines[0].startswith("“建设国际科技创新中心是建设世界科技强国的需要，")
    assert lines[3] == "“三城一区”主平台建设和创新联动"
    assert lines[-1].endswith("减碳2200余吨，占比81%”。")
    assert all(line in raw for line in lines), "no character changed"


def test_the_second_seed_is_kept_to_the_character(seeds: list[documents.Document]) -> None:
    assert seeds[1].text == (SEEDS / "004_2cd22e08cb3e0956.txt").read_text(encoding="utf-8").strip()
