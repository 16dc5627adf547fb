"""One file into the index: stages told, twins recognised, a stopped one undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Assistant
from rag.errors import LoadError, UnsupportedFormat
from rag.indexing import FileReport, index_file
from rag.loaders import loader_for

CANTEEN = "食堂通知\n望京食堂自2024年3月5日起营业，由赵师傅负责。\n"


class Stopped(Exception):
    pass


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open_or_create(tmp_path / "索引") as opened:
        yield opened


def test_a_file_goes_through_four_stages(assistant: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "食堂.txt"
    path.write_text(CANTEEN, "utf-8")
    told: list[tuple[str, int, int]] = []
    report = index_file(
        assistant.store, path, assistant.settings, source="通知/食堂.txt", watch=lambda *at: told.append(at)
    )
    assert told == [("read", 0, 0), ("split", 0, 0), ("embed", 0, 1), ("write", 1, 1)]
    assert report == FileReport("added", assistant.documents()[0].id, "通知/食堂.txt", 1)
    assert assistant.answer("望京食堂由谁负责？").short == "赵师傅"


def test_the_same_bytes_are_told_apart_from_new_ones(assistant: Assistant, tmp_path: Path) -> None:
    path, copy = tmp_path / "食堂.txt", tmp_path / "食堂 (1).txt"
    path.write_text(CANTEEN, "utf-8")
    copy.write_text(CANTEEN, "utf-8")

    def put(file: Path, **options: bool) -> tuple[str, str, int]:
        report = index_file(assistant.store, file, assistant.settings, **options)
        return report.outcome, report.source, report.passages

    assert put(path) == ("added", "食堂.txt", 1)
    assert put(path) == ("unchanged", "食堂.txt", 0)
    assert put(path, anew=True) == ("replaced", "食堂.txt", 1)
    assert put(copy, unique=True) == ("duplicate", "食堂.txt", 0)
    assert put(copy) == ("added", "食堂 (1).txt", 1)
    path.write_text(CANTEEN + "电话是62550000。\n", "utf-8")
    assert put(path) == ("replaced", "食堂.txt", 1)
    assert len(assistant.documents()) == 2


@pytest.mark.parametrize("stage", ["read", "split", "embed", "write"])
def test_a_stop_at_any_stage_leaves_the_index_as_it_was(assistant: Assistant, tmp_path: Path, stage: str) -> None:
    path = tmp_path / "食堂.txt"
    path.write_text("食堂改由钱师傅负责。", "utf-8")
    index_file(assistant.store, path, assistant.settings)
    before = assistant.store.digests()
    path.write_text(CANTEEN, "utf-8")

    def stop(at: str, done: int, total: int) -> None:
        if at == stage:
            raise Stopped

    with pytest.raises(Stopped):
        index_file(assistant.store, path, assistant.settings, watch=stop)
    assert assistant.store.digests() == before
    assert [passage.text for (passage,) in [assistant.store.document_passages(next(iter(before)))]] == [
        "食堂改由钱师傅负责。"
    ]
    assert assistant.store.problems() == []


def test_an_error_speaks_both_languages(assistant: Assistant, tmp_path: Path) -> None:
    empty = tmp_path / "空.txt"
    empty.touch()
    with pytest.raises(LoadError) as caught:
        index_file(assistant.store, empty, assistant.settings)
    assert (caught.value.en, caught.value.zh) == ("空.txt: this file is empty", "空.txt：这是个空文件")
    damaged = tmp_path / "坏.docx"
    damaged.write_bytes(b"PK no zip")
    with pytest.raises(LoadError, match=r"^坏\.docx: this is no Word file") as caught:
        index_file(assistant.store, damaged, assistant.settings)
    assert caught.value.zh.startswith("坏.docx：这不是 Word 文件（.docx）")
    with pytest.raises(UnsupportedFormat) as unsupported:
        loader_for("旧.doc")
    assert unsupported.value.zh.startswith("旧.doc：读不了.doc 文件，可读的是 .txt")
    assert unsupported.value.zh.endswith("请用 Word 打开，另存为 .docx")
